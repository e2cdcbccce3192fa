# tested by: tests/simulator/test_embedded_tenant.py
"""Send replies whole or broken."""

from __future__ import annotations

import asyncio
import socket
import struct
from http import HTTPStatus

import orjson
from aiohttp import web

from reconciler.simulator.routing import Reply

_NO_LINGER = struct.pack("ii", 1, 0)


async def send(request: web.BaseRequest, reply: Reply, request_id: str) -> web.StreamResponse:
    """Write the reply, as much of it as `reply.wire` says, on the request's connection."""
    if reply.raw is not None and reply.wire == "whole":
        return await reply.raw(request)
    headers = {**reply.headers, "X-Request-Id": request_id}
    content = b"" if reply.body is None else orjson.dumps(reply.body)
    if content:
        headers["Content-Type"] = "application/json"
    if reply.wire == "whole":
        return web.Response(status=reply.status, headers=headers, body=content or None)
    _break(request, reply, headers, content)
    # the connection is gone: what is returned here reaches nobody, and aiohttp needs something to return
    return web.Response(status=reply.status)


def reset(transport: asyncio.Transport) -> None:
    """End a connection so that its other side is told of a reset, not of an end."""
    connection: socket.socket = transport.get_extra_info("socket")
    # with no time to linger the kernel sends RST, not FIN: "connection reset by peer"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


def _break(request: web.BaseRequest, reply: Reply, headers: dict[str, str], content: bytes) -> None:
    transport = request.transport
    if transport is None:
        return
    if reply.wire == "reset":
        reset(transport)
        return
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(content)}")
    head = "\r\n".join(lines).encode()
    # a reply without a body can only be cut in its headers
    if reply.wire == "cut-headers" or not content:
        transport.write(head[: len(lines[0]) + len(lines[1]) // 2 + 2])
    else:
        transport.write(head + b"\r\n\r\n" + content[: len(content) // 2])
    transport.close()
