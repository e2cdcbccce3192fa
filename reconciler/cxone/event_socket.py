"""Speak to the event socket of a surface.

The only door to `websockets`. One socket from its handshake to its end; when to open the next is `listening`'s.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any

import certifi
import orjson
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect

from reconciler import __version__
from reconciler.cxone.auth import TokenSource
from reconciler.cxone.backoff import Backoff
from reconciler.cxone.errors import strip_url
from reconciler.cxone.transport import Transport
from reconciler.model.jobs import Job, parse_job_status, parse_share
from reconciler.model.reply_shape import ID, TEXT, TEXT_OR_NUMBER, Shape, find_odd, needs
from reconciler.model.secret import Secret

SCOPE = "events:subscribe"
EVENT = "outbound.contactlistitems.bulkinsert"
PING = 20.0
"""Seconds between two pings, and for the answer to one (contract, section bulk)."""

_EVENT = Shape(
    {
        "eventType": needs(TEXT),
        "data": needs(Shape({"jobId": needs(ID), "status": needs(TEXT_OR_NUMBER)})),
    }
)
_CLOSING = 1.0
_MOST_BYTES = 64 * 1024
_OWN_CODES = 4000
_TRANSIENT = frozenset({408, 425, 429})

# At the level DEBUG the library logs the handshake's headers, the token among them.
_silent = logging.getLogger(f"{__name__}.wire")
_silent.setLevel(logging.CRITICAL + 1)


class Next(Enum):
    """What the end of a socket allows."""

    AGAIN = auto()
    RENEWED = auto()
    """The token was not taken, or no longer; the next will be another."""
    HOPELESS = auto()
    """It would fail the same way."""


class Ended(Exception):
    """The socket is no more, or never was.

    Attributes:
        why: in our own words.
        after: seconds that the tenant asks to wait.
    """

    def __init__(self, why: str, then: Next = Next.AGAIN, after: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.then = then
        self.after = after


class Stream:
    """An open event socket. One thread receives; any may subscribe, or close it."""

    def __init__(self, connection: ClientConnection, tokens: TokenSource, token: Secret) -> None:
        self._connection = connection
        self._tokens = tokens
        self._token = token

    def subscribe(self, job_ids: Collection[str]) -> Event:
        """Ask for the events of these jobs, and of no others; what is returned is set when that was heard."""
        asked = {"eventTypes": [EVENT], "filters": {"jobIds": sorted(job_ids)}}
        try:
            self._connection.send(orjson.dumps(asked).decode())
            # Messages are taken in turn: who answers the ping has read the subscription.
            return self._connection.ping(ack_on_close=True)
        except ConnectionClosed:
            # Whoever receives is told.
            heard = Event()
            heard.set()
            return heard

    def receive(self) -> Job | None:
        """Wait for the next message: what it tells of a job; None for one that makes no sense.

        Raises:
            Ended: the socket is closed, or does not answer pings any more.
        """
        try:
            message = self._connection.recv()
        except ConnectionClosed as closed:
            ended = _map_closed(closed)
        else:
            return _parse_message(message)
        if ended.then is Next.RENEWED:
            self._tokens.invalidate(self._token)
        raise ended

    def close(self) -> None:
        """End it; `receive` raises `Ended`."""
        self._connection.close()


class Events:
    """Opens the event socket of a surface.

    Args:
        transport: the surface; its token and its pace are the socket's, too.
        url: where it is.
        ping: seconds between two pings, and for the answer to one.
    """

    def __init__(self, transport: Transport, url: str, *, ping: float = PING) -> None:
        self.url = strip_url(url)
        self._url = url
        self._transport = transport
        self._ping = ping
        self._asked = Backoff(cap=0.0).read_asked

    @contextmanager
    def open(self) -> Iterator[Stream]:
        """An open socket; it is closed at the end of the block.

        Raises:
            Ended: the handshake failed.
            ReconcilerError: there is no token to be had, or the person asked to stop.
        """
        self._transport.pace.wait()
        tokens = self._transport.tokens
        token = tokens.obtain_token()
        self._transport.count_handshake()
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._connect(token))
            except _Answered as answer:
                ended = self._map_refused(answer)
            except (OSError, WebSocketException, ValueError, ImportError) as error:
                ended = _map_unopened(error)
            else:
                yield Stream(connection, tokens, token)
                return
        if ended.then is Next.RENEWED:
            tokens.invalidate(token)
        raise ended

    def _connect(self, token: Secret) -> ClientConnection:
        return connect(
            self._url,
            additional_headers={"Authorization": f"Bearer {token.reveal()}"},
            user_agent_header=f"cxone-reconciler/{__version__}",
            ssl=_make_trust() if self._url.startswith("wss:") else None,
            open_timeout=self._transport.access.connect_timeout,
            ping_interval=self._ping,
            ping_timeout=self._ping,
            close_timeout=_CLOSING,
            max_size=_MOST_BYTES,
            compression=None,
            logger=_silent,
            create_connection=_Connection,
        )

    def _map_refused(self, answer: _Answered) -> Ended:
        after = self._asked(answer.headers)
        if answer.status == 429 and after is not None:
            self._transport.pace.pause(after)
        return _map_status(answer.status, f"the handshake was answered with status {answer.status}", after)


def make_events(transport: Transport) -> Events | None:
    """The events of a surface; None where its jobs are polled alone."""
    url = transport.access.events_url
    return None if url is None else Events(transport, url)


class _Answered(Exception):
    """The handshake was answered, and not with 101."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers


class _Connection(ClientConnection):
    """Hides a redirect from `connect`, which would follow it, and leaves no thread behind."""

    def handshake(self, *args: Any, **options: Any) -> None:
        try:
            super().handshake(*args, **options)
        except InvalidStatus as error:
            headers = {name.lower(): value for name, value in error.response.headers.raw_items()}
            answer = _Answered(error.response.status_code, headers)
        else:
            return
        raise answer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self.keepalive_thread is not None:
            self.keepalive_thread.join()


def _make_trust() -> ssl.SSLContext:
    """The certificates that `requests` trusts on this machine: one surface is trusted in one way."""
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
    if Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)


def _parse_message(message: str | bytes) -> Job | None:
    event: Any = None
    with suppress(orjson.JSONDecodeError):
        event = orjson.loads(message)
    if find_odd(_EVENT, event) is not None or event["eventType"] != EVENT:
        return None
    data = event["data"]
    return Job(str(data["jobId"]), parse_job_status(data["status"]), parse_share(data.get("progress")))


def _map_closed(closed: ConnectionClosed) -> Ended:
    if closed.rcvd is None:
        silent = closed.sent is not None and closed.sent.reason == "keepalive ping timeout"
        return Ended("it did not answer a ping" if silent else "the connection was cut")
    code = closed.rcvd.code
    why = f"it was closed with the code {code}"
    return _map_status(code - _OWN_CODES, why) if code >= _OWN_CODES else Ended(why)


def _map_status(status: int, why: str, after: float | None = None) -> Ended:
    """The end that an HTTP status means, be it of the handshake or in a close code: 4000 and the status."""
    if status == 401:
        return Ended(why, Next.RENEWED)
    if status == 403:
        return Ended(f"{why}: the client needs the scope {SCOPE}", Next.HOPELESS)
    if status >= 500 or status in _TRANSIENT:
        return Ended(why, Next.AGAIN, after)
    return Ended(why, Next.HOPELESS)


def _map_unopened(error: Exception) -> Ended:
    # Their own words may quote what was sent.
    match error:
        case TimeoutError():
            return Ended("no connection in time")
        case ssl.SSLCertVerificationError():
            return Ended("the certificate is not trusted", Next.HOPELESS)
        case InvalidURI() | ValueError() | ImportError():
            return Ended("the socket cannot be prepared", Next.HOPELESS)
    return Ended("the handshake failed" if isinstance(error, WebSocketException) else "there is no connection")
