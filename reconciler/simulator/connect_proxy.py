# tested by: tests/simulator/test_as_host.py
"""A proxy that takes CONNECT to the hosts of a tenant, and leads nowhere but to the tenant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

LONGEST_HEAD = 16 * 1024
SECONDS_FOR_HEAD = 10.0
_PIECE = 64 * 1024


class _Refused(Exception):
    """A request that leads nowhere: a status, and a sentence that says why."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class ConnectProxy:
    """Joins each connection to one port of this machine. It looks no name up and connects to nothing else.

    Args:
        is_served: whether a host is the tenant's.
        address, port: where the tenant takes TLS.
    """

    def __init__(self, is_served: Callable[[str], bool], address: str, port: int) -> None:
        self._is_served, self._address, self._port = is_served, address, port
        self._under_way: set[asyncio.Task[None]] = set()

    async def take_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client to its end."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs has a task
        self._under_way.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._under_way.discard(task)
            await _close(writer)

    async def end(self) -> None:
        """Break off what is under way."""
        tasks = [*self._under_way]
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._admit(reader)
        except _Refused as refused:
            said = f"{refused.why}\n".encode()
            head = f"HTTP/1.1 {refused.status.value} {refused.status.phrase}\r\nContent-Type: text/plain\r\n"
            writer.write(f"{head}Content-Length: {len(said)}\r\nConnection: close\r\n\r\n".encode() + said)
            await writer.drain()
            return
        inner_reader, inner_writer = await asyncio.open_connection(self._address, self._port)
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))
        finally:
            inner_writer.transport.abort()
            await _close(inner_writer)

    async def _admit(self, reader: asyncio.StreamReader) -> None:
        """Read what a client asks for; _Refused unless it is a connection to a host of the tenant."""
        try:
            async with asyncio.timeout(SECONDS_FOR_HEAD):
                head = await reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            raise _Refused(HTTPStatus.REQUEST_TIMEOUT, "no request came") from None
        except asyncio.LimitOverrunError:
            raise _Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request's head is too long") from None
        method, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
        host, _, port = rest.partition(" ")[0].rpartition(":")
        if method != "CONNECT":
            why = "this proxy takes CONNECT alone: ask for https, the tenant answers nothing in the clear here"
            raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED, why)
        if port != "443" or not self._is_served(host):
            why = f"{rest.partition(' ')[0][:200]} is no host of the embedded tenant, and this proxy leads to no other"
            raise _Refused(HTTPStatus.FORBIDDEN, why)


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close a connection, and wait until it is: a loop that ends before leaves its socket open."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, and that nothing more does."""
    while piece := await reader.read(_PIECE):
        writer.write(piece)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()


@asynccontextmanager
async def serve_proxy(proxy: ConnectProxy, address: str, port: int) -> AsyncIterator[int]:
    """Serve a proxy while the context lasts; gives its port. Raises OSError where that is taken."""
    server = await asyncio.start_server(proxy.take_connection, address, port, limit=LONGEST_HEAD)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await proxy.end()
        await server.wait_closed()
