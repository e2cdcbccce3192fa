"""Send requests to a surface, with retries.

`http_attempt` makes each attempt. What can be decided without a socket is decided elsewhere: `response` says what an
attempt means, `retry` whether there is another one, `error_mapping` which error a failure becomes, `model.reply_shape`
whether what came is what was asked for.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from reconciler.cxone.auth import TokenSource, make_grant_shape
from reconciler.cxone.backoff import Backoff
from reconciler.cxone.base_discovery import find_base, find_token_url
from reconciler.cxone.campaign_rate_limit import CampaignLimiter, CampaignLimiters
from reconciler.cxone.error_mapping import map_odd_reply
from reconciler.cxone.http_attempt import Carrier, Sender
from reconciler.cxone.rate_limit import Limiter
from reconciler.cxone.request import Request, make_call, make_question, make_token_request
from reconciler.cxone.request_counts import RequestCounter, RequestCounts
from reconciler.cxone.response import Reply
from reconciler.cxone.retry import Exchange
from reconciler.cxone.tenant_clock import TenantClock
from reconciler.model.paging import Query
from reconciler.model.reply_shape import Rows, Shape, find_odd
from reconciler.model.tenant import SurfaceAccess, TokenRequest


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
        carrier: opens what carries the requests of a surface.

    Attributes:
        access: as given.
        pace: the surface's limiter.
        tokens: the surface's bearer tokens, for the one thing that is not HTTP: the event socket.
        clock: the tenant's, as its answers tell it.
    """

    def __init__(
        self,
        access: SurfaceAccess,
        *,
        stop: threading.Event | None = None,
        lanes: CampaignLimiters | None = None,
        retry_after_max: float = 120.0,
        credentials: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        carrier: Callable[[SurfaceAccess], Carrier] = Sender,
    ) -> None:
        self.access = access
        self._stop, self._lanes = stop, lanes or CampaignLimiters()
        self.pace = Limiter(access.pace.rate, access.pace.burst, clock=clock, sleep=sleep, stop=stop)
        self.tokens = TokenSource(access.token, self._ask_for_token, clock=clock)
        self._finding, self._found = threading.Lock(), ""
        self._meter = RequestCounter()
        self.clock = TenantClock(now)
        self._sender = carrier(access)
        self._delivery = Exchange(
            send=self._sender.send,
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
        lane: CampaignLimiter | None = None,
        shown: str | None = None,
        shape: Shape | Rows | None = None,
        may_be_empty: bool = False,
        reads: bool = False,
        attempts: int | None = None,
        within: float | None = None,
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
            expect_id: the path of the id without which a 2xx reply proves nothing.
            lane: where it is counted besides the surface's own pace.
            shown: the path as people may read it, where it names a contact.
            shape: what the reply must look like. may_be_empty: or that there is none, as 204 says.
            reads: whether a POST changes nothing.
            attempts: how often it may fail, where that is less often than the surface's calls may.
            within: seconds in which the whole reply must be there, where that is not what the surface says.
            took: told the seconds from each sending to what came of it, without the waits before.

        Returns:
            The parsed JSON of the reply; None when it is empty.

        Raises:
            ValueError: the path would lead elsewhere than it reads.
            BadReply: the reply is not as its shape says, or cannot be read.
            WireError: one of `reconciler.cxone.errors`; `Unknown` where the request may have taken effect.
            Interrupted: the person asked to stop.
        """
        ask = make_call(
            self.base_url,
            method,
            path,
            query=query,
            body=body,
            scope=scope,
            idempotent=idempotent,
            expect_id=expect_id,
            shown=shown,
            reads=reads,
            attempts=attempts,
            within=within,
        )
        reply = self._delivery.deliver(ask, lane, took)
        self.clock.hear(reply.headers)
        return _check_shape(ask, reply, None if may_be_empty and reply.status == 204 else shape)

    def find_lane(self, campaign_id: str, *, write: bool) -> CampaignLimiter:
        """Where requests about a campaign are counted; reads apart, where it was agreed that writes count alone."""
        rate, together = self.access.campaign_rate, self.access.counts_reads
        track = "" if together else "write" if write else "read"
        return self._lanes.find_limiter(f"{self.base_url} {campaign_id} {track}", rate, self._stop)

    def rest(self, failures: int) -> None:
        """Wait after so many failures of something that is made of several calls; raises Interrupted."""
        self._delivery.rest(failures)

    @property
    def traffic(self) -> RequestCounts:
        """What has been sent so far."""
        return self._meter.read()

    def count_handshake(self) -> None:
        """Count a request that opens the event socket."""
        self._meter.count(requests=1)

    def close(self) -> None:
        """Close all connections."""
        self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def base_url(self) -> str:
        """Where the surface's endpoints are; where nobody says it, it is found at first, and then known.

        Raises:
            WireError, BaseUnknown: it cannot be found.
        """
        if self.access.discovery is None:
            return self.access.base_url
        with self._finding:  # it is asked for once, whoever comes first
            if not self._found:
                self._found = find_base(self.access.discovery, self.access.known, self._ask_claims, self._ask)
            return self._found

    def _ask_claims(self) -> Mapping[str, Any]:
        self.tokens.obtain_token()
        return self.tokens.claims

    def _ask(self, url: str, query: Mapping[str, str], shape: Shape | Rows, bearer: bool) -> Any:
        ask = make_question(url, query, bearer=bearer)
        return _check_shape(ask, self._delivery.deliver(ask), shape)

    def _ask_for_token(self, request: TokenRequest, fields: Mapping[str, str]) -> Any:
        if request.login.named_at is not None:
            request = replace(request, url=find_token_url(request, self._ask))
        ask = make_token_request(request, fields)
        return _check_shape(ask, self._delivery.deliver(ask), make_grant_shape(request.login))


def _check_shape(ask: Request, reply: Reply, shape: Shape | Rows | None) -> Any:
    odd = None if shape is None else find_odd(shape, reply.json)
    if odd is not None:
        raise map_odd_reply(ask, reply, odd)
    return reply.json
