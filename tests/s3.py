"""An S3 server on the loopback: moto's, with faults before and after what it does. For whatever is kept in a bucket."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

Act = Callable[[], object]


@dataclass
class Fault:
    """What happens to the requests of a method whose path has this in it, `times` of them after `skip`.

    `before`: what is done before the request is. `status`: the answer, in the place of what the request would have got;
    with `done`, after the request took effect. `cut`: the share of the body after which the connection ends.
    """

    method: str
    path: str
    before: Act | None = None
    status: int = 0
    done: bool = False
    cut: float = 1.0
    times: int = 1
    skip: int = 0
    hits: int = 0


@dataclass
class S3:
    """The server: buckets are made by `bucket`, and `faults` wait for their requests."""

    port: int
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    _count: int = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """What a client needs to be told."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "example",
            "AWS_SECRET_ACCESS_KEY": "not-a-secret",
            "AWS_REGION": "us-east-1",
        }

    def bucket(self) -> str:
        """A new, empty bucket."""
        self._count += 1
        name = f"bucket-{self._count}"
        assert self._ask("PUT", name).status_code == 200
        return name

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Put an object there, whatever was there before."""
        assert self._ask("PUT", f"{bucket}/{key}", content).status_code == 200

    def get(self, bucket: str, key: str) -> bytes:
        """An object's content."""
        answer = self._ask("GET", f"{bucket}/{key}")
        assert answer.status_code == 200
        return answer.content

    def delete(self, bucket: str, key: str) -> None:
        """Take an object away."""
        assert self._ask("DELETE", f"{bucket}/{key}").status_code == 204

    def _ask(self, method: str, path: str, content: bytes = b"") -> requests.Response:
        # moto looks who asks, and not at the signature
        who = "AWS4-HMAC-SHA256 Credential=example/20260701/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
        return requests.request(method, f"{self.url}/{path}", data=content, headers={"Authorization": who}, timeout=10)


class _Faulty:
    """A WSGI application with faults in front."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.server = S3(0)
        self._guard = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        with self._guard:
            self.server.asked.append((method, path))
            fault = next((each for each in self.server.faults if self._meant(each, method, path)), None)
        if fault is None:
            return self.app(environ, start)  # type: ignore[no-any-return]
        if fault.before is not None:
            fault.before()
        if fault.status:
            if fault.done:
                list(self.app(environ, lambda *_: None))
            else:
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            return _refused(start, fault.status)
        body = b"".join(self.app(environ, start))
        return [body[: int(len(body) * fault.cut)]]

    @staticmethod
    def _meant(fault: Fault, method: str, path: str) -> bool:
        if fault.method != method or fault.path not in path:
            return False
        fault.hits += 1
        return fault.skip < fault.hits <= fault.skip + fault.times


def _refused(start: Any, status: int) -> Iterable[bytes]:
    start(f"{status} Refused", [("Content-Type", "application/xml")])
    return [b"<Error><Code>Refused</Code><Message>not-a-secret</Message><RequestId>REQ1</RequestId></Error>"]


@contextmanager
def served() -> Iterator[S3]:
    """A server with no buckets."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    app = _Faulty(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    app.server.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield app.server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
