# tested by: tests/cxone/test_retry.py
"""Make one HTTP attempt, bounded in time and size.

The only door to `requests`. A reply is bounded as a whole, in seconds and in bytes: a read time-out alone counts from
byte to byte, and a tenant that sends one a second would never end. The clock is held where bytes are received, below
status line, headers, chunks and body alike; the size is counted after unpacking.
"""

from __future__ import annotations

import base64
import io
import ssl
import threading
import time
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol

import requests
from requests import exceptions as theirs
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3 import exceptions as below

from reconciler import __version__
from reconciler.cxone.request import Request
from reconciler.cxone.response import Broken, Flaw, Outcome, parse_reply
from reconciler.model.secret import Secret
from reconciler.model.tenant import SurfaceAccess

_FAILURES = (theirs.RequestException, below.HTTPError, OSError, ValueError)
_PIECE = 64 * 1024
_MOST_OF_A_REFUSAL = 256 * 1024
"""Bytes that are read of a reply that says no: its words are at its beginning, if it has any."""

_call = threading.local()
"""`until`: when the reply that this thread waits for must be whole; `late`: whether it was not; `rest`: seconds that it
may take once it has begun, where that is more than none."""


class Carrier(Protocol):
    """What carries requests to one surface, from as many threads as like: `Sender`, or what has no sockets."""

    def send(self, ask: Request, token: Secret | None) -> Outcome:
        """Send a request once; what fails is returned, not raised."""

    def close(self) -> None:
        """Close whatever is open."""


class Sender:
    """Makes attempts at the calls of one surface, from as many threads as like.

    Args:
        access: the time-outs, how long a reply may take as a whole, how large it may be, and how many at once.
    """

    def __init__(self, access: SurfaceAccess) -> None:
        self._access = access
        self._session = _make_session(access.pace.workers)

    def send(self, ask: Request, token: Secret | None) -> Outcome:
        """Send a request once, and read what comes back to its end.

        What fails is returned, not raised: a fault born in the handler would carry the library's own exception in its
        context, and with that the request's headers.
        """
        limit = self._access.reply_timeout if ask.within is None else ask.within
        _call.until, _call.late = time.monotonic() + limit, False
        _call.rest = round(limit - self._access.read_timeout, 3)
        try:
            with self._session.request(
                ask.method,
                ask.url,
                params=ask.query,
                data=ask.content,
                headers={"Content-Type": ask.content_type},
                auth=_Credentials(token, ask.application),
                timeout=(min(self._access.connect_timeout, limit), min(self._access.read_timeout, limit)),
                allow_redirects=False,
                stream=True,
            ) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                content, flaw = self._read_content(response)
                if not _call.late:
                    return parse_reply(ask, response.status_code, headers, content, flaw)
        except _FAILURES as error:
            if not _call.late:
                return _classify_broken(error)
        begun = time.monotonic() < _call.until
        words = f"{_call.rest:g} s after it had begun" if begun else f"after {limit:g} s"
        return Broken(f"the reply was not whole {words}", sent=True, slow=True)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def _read_content(self, response: requests.Response) -> tuple[bytes | None, Flaw | None]:
        """The whole body; none when the connection ended before it did. The status is known by then, and counts.

        What is wrong with it is said beside it, where that is known.
        """
        refused = response.status_code >= 300
        most = _MOST_OF_A_REFUSAL if refused else self._access.reply_size
        held = bytearray()
        try:
            for piece in response.iter_content(_PIECE):
                held += piece
                if len(held) > most:
                    return (bytes(held[:most]), None) if refused else (None, Flaw.TOO_LARGE)
        except (theirs.ContentDecodingError, below.DecodeError):
            return None, Flaw.GARBLED
        except _FAILURES:
            return None, None
        return bytes(held), None


class _Bounded(io.RawIOBase):
    """What a socket receives, up to the moment at which the reply must be whole."""

    def __init__(self, raw: Any, sock: Any, until: float, rest: float) -> None:
        self._raw, self._sock, self._until, self._rest = raw, sock, until, rest
        self._usual = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError("the reply is not whole in time")
            self._sock.settimeout(left if self._usual is None else min(left, self._usual))
            found: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            _call.late = time.monotonic() >= self._until
            raise
        if self._rest > 0:  # it has begun
            self._until, self._rest = min(self._until, time.monotonic() + self._rest), 0.0
        # the connection may serve another call, with a time of its own
        self._sock.settimeout(self._usual)
        return found

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Reply(HTTPResponse):
    """A reply of which every byte is received in time, those of its status line among them."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        until = getattr(_call, "until", None)
        if until is not None:
            self.fp = io.BufferedReader(_Bounded(self.fp.detach(), sock, until, _call.rest))


class _Pool(HTTPConnectionPool):
    def _new_conn(self) -> Any:
        connection = super()._new_conn()
        connection.response_class = _Reply  # type: ignore[attr-defined]
        return connection


class _TlsPool(HTTPSConnectionPool):
    def _new_conn(self) -> Any:
        connection = super()._new_conn()
        connection.response_class = _Reply  # type: ignore[attr-defined]
        return connection


class _Adapter(HTTPAdapter):
    """Opens connections whose replies are bounded, and closes them when it is told to.

    `requests` only lets go of its pools: their connections close when they are collected, and the traceback of an
    earlier failure can put that off.
    """

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager

    def close(self) -> None:
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - it forbids to be iterated
                pool = manager.pools.get(key)
                if pool is not None:
                    pool.close()
        super().close()


class _Credentials(AuthBase):
    """Sets the token, an application's id and secret, or nothing.

    Being there at all, it keeps `requests` from using `~/.netrc` instead.
    """

    def __init__(self, token: Secret | None, application: tuple[str, Secret] | None = None) -> None:
        self._token, self._application = token, application

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        elif self._application is not None:
            name, secret = self._application
            pair = base64.b64encode(f"{name}:{secret.reveal()}".encode()).decode()
            request.headers["Authorization"] = f"Basic {pair}"
        return request


def _make_session(workers: int) -> requests.Session:
    session = requests.Session()
    adapter = _Adapter(pool_maxsize=workers, pool_block=True, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["Accept"] = "application/json"
    # what can be unpacked piece by piece, whatever else is installed on this machine
    session.headers["Accept-Encoding"] = "gzip, deflate"
    session.headers["User-Agent"] = f"cxone-reconciler/{__version__}"
    # The jar would be shared by all threads: a load balancer's cookie would tie all workers to one backend.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _classify_broken(error: Exception) -> Broken:
    """Which failures are proof that nothing was sent? All others may have reached the tenant."""
    match error:
        case theirs.ConnectTimeout():
            return Broken("no connection in time", sent=False)
        case theirs.Timeout():
            return Broken("no reply in time", sent=True)
        case theirs.ProxyError():
            return Broken("the proxy cannot be reached", sent=False)
        case theirs.ConnectionError():
            return _classify_disconnect(getattr(error.args[0] if error.args else None, "reason", None))
        case theirs.RequestException() | below.HTTPError() if not isinstance(error, ValueError):
            return Broken("the connection was cut", sent=True)
    # A URL or a header that cannot be written, a certificate bundle that is not there: before any connection.
    return Broken("the request cannot be prepared", sent=False, hopeless=True)


def _classify_disconnect(reason: object) -> Broken:
    if isinstance(reason, below.NameResolutionError):
        return Broken("the host is not known", sent=False)
    if isinstance(reason, below.NewConnectionError):
        return Broken("the connection was refused", sent=False)
    cause = reason.args[0] if isinstance(reason, below.SSLError) and reason.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Broken("the certificate is not trusted", sent=False, hopeless=True)
    return Broken("the connection was cut", sent=True)
