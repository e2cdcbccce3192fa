"""A tenant that answers what a test has written down, and remembers what it was asked."""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

TOKEN_PATH = "/oauth/token"


@dataclass(frozen=True)
class Seen:
    """A request as it arrived. Header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What goes back. `body` is written as JSON unless it is bytes; `raw` replaces the whole reply and ends the connection."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    reset: bool = False
    silent: bool = False

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else orjson.dumps(self.body)


RESET = Answer(reset=True)
SILENT = Answer(silent=True)


def cut_body(status: int = 200) -> Answer:
    """A reply whose connection ends in the middle of its body."""
    return Answer(raw=b'HTTP/1.1 %d X\r\nContent-Length: 99\r\n\r\n{"id": ' % status)


def cut_headers(status: int = 202) -> Answer:
    """A reply whose connection ends in the middle of its headers: `requests` takes it for whole, and empty."""
    return Answer(raw=b"HTTP/1.1 %d X\r\nContent-Ty" % status)


class ScriptedTenant:
    """Answers calls from `answers` and token requests from `token_answers`; when those are used up, kindly."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque()
        self.token_answers: deque[Answer] = deque()
        self.seen: list[Seen] = []
        self.expires_in: float = 3600
        self.release = threading.Event()
        self._lock = threading.Lock()
        self._tokens = 0
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def calls(self) -> list[Seen]:
        """The requests that were not for tokens."""
        return [seen for seen in self.seen if seen.path != TOKEN_PATH]

    @property
    def token_requests(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == TOKEN_PATH]

    def answer(self, seen: Seen) -> Answer:
        with self._lock:
            self.seen.append(seen)
            if seen.path != TOKEN_PATH:
                return self.answers.popleft() if self.answers else Answer(body={"id": "1"})
            if self.token_answers:
                return self.token_answers.popleft()
            self._tokens += 1
            return Answer(body={"access_token": f"token-{self._tokens}", "expires_in": self.expires_in})

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, tenant: ScriptedTenant) -> None:
        self.tenant = tenant
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is gone is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 5
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
        answer = self.server.tenant.answer(seen)
        if answer.silent:
            self.server.tenant.release.wait()
        if answer.reset:
            # A zero linger makes close() send RST instead of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if answer.silent or answer.reset or answer.raw is not None:
            self.wfile.write(answer.raw or b"")
            self.close_connection = True
            return
        self._reply(answer)

    def _reply(self, answer: Answer) -> None:
        content = answer.content()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the names http.server looks for

    def log_message(self, format: str, *args: Any) -> None:
        """Tests print nothing."""
