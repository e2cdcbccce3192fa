"""How does a request get to a surface and its reply back?

The only door to `requests`. What can be decided without a socket is decided elsewhere: `outcome` says what an
attempt means, `delivery` whether there is another one, `blame` which fault a failure becomes.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self

import requests
from requests import exceptions as theirs
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import exceptions as below

from reconciler import __version__
from reconciler.cxone.ask import Ask, Query, call_of, token_of
from reconciler.cxone.auth import TokenSource
from reconciler.cxone.backoff import Backoff
from reconciler.cxone.delivery import Delivery
from reconciler.cxone.lanes import Lane, Lanes
from reconciler.cxone.outcome import Broken, Outcome, understand
from reconciler.cxone.pace import Limiter
from reconciler.cxone.traffic import Traffic, TrafficMeter
from reconciler.model.secret import Secret
from reconciler.model.tenant import SurfaceAccess, TokenRequest

_FAILURES = (theirs.RequestException, below.HTTPError, OSError, ValueError)


class Transport:
    """Calls one surface of a tenant, from as many threads as like.

    Args:
        access: where the surface is, and how fast and how patiently it may be called.
        stop: set when the person asks to stop: every wait then raises `Interrupted`.
        lanes: those of the tenant, where others of its transports have been counted in them as well.
        retry_after_max: seconds; a longer `Retry-After` is cut to it.
        credentials: where the client's credentials come from, such as `env CXONE_CLIENT_SECRET`, for hints.
        clock: seconds that never run backwards.
        sleep: waits that many seconds; by default it ends early when `stop` is set.
        jitter: a number in [0, 1), a new one for each wait.
        now: the time of day.

    Attributes:
        access: as given.
        pace: the surface's limiter.
        tokens: the surface's bearer tokens, for the one thing that is not HTTP: the event socket.
    """

    def __init__(
        self,
        access: SurfaceAccess,
        *,
        stop: threading.Event | None = None,
        lanes: Lanes | None = None,
        retry_after_max: float = 120.0,
        credentials: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.access = access
        self._stop, self._lanes = stop, lanes or Lanes()
        self.pace = Limiter(access.pace.rate, access.pace.burst, clock=clock, sleep=sleep, stop=stop)
        self.tokens = TokenSource(access.token, self._ask_for_token, clock=clock)
        self._meter = TrafficMeter()
        self._session = _session(access.pace.workers)
        self._delivery = Delivery(
            send=self._send,
            pace=self.pace,
            tokens=self.tokens,
            backoff=Backoff(access.retry_cap, retry_after_max, jitter, now),
            meter=self._meter,
            attempts=access.attempts,
            secret=access.token.client_secret,
            credentials=credentials,
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        scope: str | None = None,
        idempotent: bool | None = None,
        expect_id: str | None = None,
        lane: Lane | None = None,
        shown: str | None = None,
        took: Callable[[float], object] = lambda seconds: None,
    ) -> Any:
        """Send one request until it has an answer.

        Args:
            method: GET, POST, PUT, PATCH or DELETE.
            path: below the base URL, starting with `/`; ids in it are percent-encoded by the caller.
            query: a None is left out.
            body: what orjson can write; None sends none.
            scope: the scope that the endpoint needs.
            idempotent: whether sending it twice does what sending it once does; by default all but POST.
            expect_id: the field without which a 2xx reply proves nothing.
            lane: where it is counted besides the surface's own pace.
            shown: the path as people may read it, where it names a contact.
            took: told the seconds from each sending to what came of it, without the waits before.

        Returns:
            The parsed JSON of the reply; None when it is empty.

        Raises:
            ValueError: the path would lead elsewhere than it reads.
            WireError: one of `reconciler.cxone.faults`; `Unknown` where the request may have taken effect.
            Interrupted: the person asked to stop.
        """
        ask = call_of(
            self.access.base_url,
            method,
            path,
            query=query,
            body=body,
            scope=scope,
            idempotent=idempotent,
            expect_id=expect_id,
            shown=shown,
        )
        return self._delivery.deliver(ask, lane, took).json

    def lane(self, campaign_id: str, *, write: bool) -> Lane:
        """Where requests about a campaign are counted; reads apart, where it was agreed that writes count alone."""
        rate, together = self.access.campaign_rate, self.access.counts_reads
        track = "" if together else "write" if write else "read"
        return self._lanes.of(f"{self.access.base_url} {campaign_id} {track}", rate, self._stop)

    def rest(self, failures: int) -> None:
        """Wait after so many failures of something that is made of several calls; raises Interrupted."""
        self._delivery.rest(failures)

    @property
    def traffic(self) -> Traffic:
        """What has been sent so far."""
        return self._meter.read()

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask_for_token(self, request: TokenRequest, fields: Mapping[str, str]) -> Any:
        return self._delivery.deliver(token_of(request, fields)).json

    def _send(self, ask: Ask, token: Secret | None) -> Outcome:
        # What fails is returned, not raised: a fault born in the handler would carry the library's own exception
        # in its context, and with that the request's headers.
        try:
            with self._session.request(
                ask.method,
                ask.url,
                params=ask.query,
                data=ask.content,
                headers={"Content-Type": ask.content_type},
                auth=_Bearer(token),
                timeout=(self.access.connect_timeout, self.access.read_timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return understand(ask, response.status_code, headers, _content(response))
        except _FAILURES as error:
            return _broken(error)


class _Adapter(HTTPAdapter):
    """Closes its connections when it is told to.

    `requests` only lets go of its pools: their connections close when they are collected, and the traceback of an
    earlier failure can put that off.
    """

    def close(self) -> None:
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - it forbids to be iterated
                pool = manager.pools.get(key)
                if pool is not None:
                    pool.close()
        super().close()


class _Bearer(AuthBase):
    """Sets the token, or nothing. Being there at all, it keeps `requests` from using `~/.netrc` instead."""

    def __init__(self, token: Secret | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


def _session(workers: int) -> requests.Session:
    session = requests.Session()
    adapter = _Adapter(pool_maxsize=workers, pool_block=True, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["Accept"] = "application/json"
    session.headers["User-Agent"] = f"cxone-reconciler/{__version__}"
    # The jar would be shared by all threads: a load balancer's cookie would tie all workers to one backend.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _content(response: requests.Response) -> bytes | None:
    """The whole body; None when the connection ended before it did. The status is known by then, and counts."""
    try:
        return response.content
    except _FAILURES:
        return None


def _broken(error: Exception) -> Broken:
    """Which failures are proof that nothing was sent? All others may have reached the tenant."""
    match error:
        case theirs.ConnectTimeout():
            return Broken("no connection in time", sent=False)
        case theirs.Timeout():
            return Broken("no reply in time", sent=True)
        case theirs.ProxyError():
            return Broken("the proxy cannot be reached", sent=False)
        case theirs.ConnectionError():
            return _disconnected(getattr(error.args[0] if error.args else None, "reason", None))
        case theirs.RequestException() | below.HTTPError() if not isinstance(error, ValueError):
            return Broken("the connection was cut", sent=True)
    # A URL or a header that cannot be written, a certificate bundle that is not there: before any connection.
    return Broken("the request cannot be prepared", sent=False, hopeless=True)


def _disconnected(reason: object) -> Broken:
    if isinstance(reason, below.NameResolutionError):
        return Broken("the host is not known", sent=False)
    if isinstance(reason, below.NewConnectionError):
        return Broken("the connection was refused", sent=False)
    cause = reason.args[0] if isinstance(reason, below.SSLError) and reason.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Broken("the certificate is not trusted", sent=False, hopeless=True)
    return Broken("the connection was cut", sent=True)
