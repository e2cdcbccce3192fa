"""Whoever stands between the program and the embedded tenant, and changes what comes back."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "date", "server"}
)


@dataclass
class Answer:
    """What goes back. `drip`: after its head a byte comes now and then, for ever; `repeat`: the body so many times."""

    status: int
    headers: dict[str, str]
    body: bytes
    drip: bool = False
    repeat: int = 1


Change = Callable[[Answer, int], Answer]
"""An answer into another; with how many were changed before."""


@dataclass
class Rule:
    """Which answers are changed: of this method, with such a path, so many of them; None: all."""

    method: str
    path: str
    change: Change
    times: int | None = 1
    skip: int = 0
    hit: int = 0
    seen: int = field(default=0, repr=False)

    def befalls(self, method: str, path: str) -> bool:
        if method != self.method or not re.search(self.path, path):
            return False
        self.seen += 1
        return self.seen > self.skip and (self.times is None or self.hit < self.times)


class Proxy:
    """Passes requests on to `target`, and answers back, changed by its rule."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target).netloc
        self.rule: Rule | None = None
        self.over = threading.Event()
        self._guard = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def changed(self, method: str, path: str, answer: Answer) -> Answer:
        with self._guard:
            if self.rule is None or not self.rule.befalls(method, path):
                return answer
            self.rule.hit += 1
            number = self.rule.hit - 1
            return self.rule.change(answer, number)

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is gone is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 3
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP | {"accept-encoding"}}
        answer = self._asked(headers, body)
        answer = self.server.proxy.changed(self.command, urlsplit(self.path).path, answer)
        with suppress(OSError):
            self._reply(answer)

    def _asked(self, headers: Mapping[str, str], body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.server.proxy.target, timeout=10)
        try:
            connection.request(self.command, self.path, body=body or None, headers=dict(headers))
            reply = connection.getresponse()
            kept = {name: value for name, value in reply.getheaders() if name.lower() not in HOP}
            return Answer(reply.status, kept, reply.read())
        finally:
            connection.close()

    def _reply(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        length = len(answer.body) * answer.repeat + (1_000_000 if answer.drip else 0)
        if answer.status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        for _ in range(answer.repeat):
            self.wfile.write(answer.body)
        while answer.drip and not self.server.proxy.over.wait(0.1):
            self.wfile.write(b" ")
        if answer.drip:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the names http.server looks for

    def log_message(self, format: str, *args: Any) -> None:
        """Tests print nothing."""
