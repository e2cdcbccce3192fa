"""Decide whether a call is sent again, and when.

A loop of our own: urllib3's retries repeat a POST whose reading failed, and know nothing of the other workers,
who must all wait when one of them is told to.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from reconciler.cxone.auth import TokenSource
from reconciler.cxone.backoff import Backoff
from reconciler.cxone.campaign_rate_limit import CampaignLimiter
from reconciler.cxone.error_mapping import map_error
from reconciler.cxone.errors import strip_url
from reconciler.cxone.rate_limit import Limiter
from reconciler.cxone.request import Request
from reconciler.cxone.request_counts import RequestCounter
from reconciler.cxone.response import Outcome, Reply, Verdict, count_attempts, decide_retry, describe_reason
from reconciler.model.secret import Secret
from reconciler.model.telemetry import tell

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Delivers requests of one surface, from as many threads as like.

    Attributes:
        send: makes one attempt, and never raises for what the network does.
        pace: when an attempt may go.
        tokens: what it carries.
        backoff: how long to wait between attempts.
        meter: where attempts are counted.
        attempts: how often a call may fail, 401s aside.
        secret: what no message may show.
        credentials: where the client's credentials come from, for the hint of a 401.
    """

    send: Callable[[Request, Secret | None], Outcome]
    pace: Limiter
    tokens: TokenSource
    backoff: Backoff
    meter: RequestCounter
    attempts: int
    secret: Secret
    credentials: str | None

    def deliver(
        self, ask: Request, lane: CampaignLimiter | None = None, took: Callable[[float], object] = lambda seconds: None
    ) -> Reply:
        """Send `ask` until it has an answer; each time in its turn, where it is counted in a lane of its own.

        `took` is told the seconds from each sending to what came of it.

        Raises:
            WireError: the answer is no, or there is none.
            Interrupted: the person asked to stop.
        """
        failures = sent = 0
        renewed = False
        while True:
            # First the wait, then the token: a pause may last longer than what is left of a token's life.
            self.pace.wait()
            token = self.tokens.obtain_token() if ask.bearer else None
            with lane.take_turn() if lane else nullcontext():
                # a turn may have to be waited for longer than what is left of a token's life
                token = self.tokens.obtain_token() if token and lane else token
                began = time.monotonic()
                outcome = self._attempt(ask, token, first=sent == 0)
                took(seconds := time.monotonic() - began)
                status = outcome.status if isinstance(outcome, Reply) else 0
                tell("request", seconds, method=ask.method, host=_find_host(ask.url), status=status)
            sent += 1
            verdict = decide_retry(ask, outcome)
            if isinstance(outcome, Reply) and verdict is Verdict.DONE:
                return outcome
            if verdict is Verdict.RENEW and token is not None and not renewed:
                renewed = True
                self.tokens.invalidate(token)
                continue
            failures += 1
            most = self.attempts if ask.attempts is None else min(self.attempts, ask.attempts)
            final = verdict not in {Verdict.LATER, Verdict.AGAIN} or failures >= count_attempts(outcome, most)
            asked, seconds = self._pause(outcome, failures)
            # what is wanted soon or not at all is not wanted any more after the wait that the tenant asks for
            if final or (ask.within is not None and seconds > ask.within):
                own = None if ask.application is None else ask.application[1]
                hide = [secret.reveal() for secret in (self.secret, token, own) if secret]
                raise map_error(ask, outcome, verdict, attempts=sent, hide=hide, credentials=self.credentials)
            log.info(
                "%s %s: %s; again in %.1f s",
                ask.method,
                strip_url(ask.shown or ask.url),
                describe_reason(ask, outcome),
                seconds,
            )
            if verdict is Verdict.LATER or asked:
                (lane or self.pace).pause(seconds)
            else:
                self.pace.rest(seconds)

    def rest(self, failures: int) -> None:
        """Hold up the calling thread after so many failures of what it wants done.

        Raises:
            Interrupted: the person asked to stop.
        """
        self.pace.rest(self.backoff.compute_own(failures))

    def _attempt(self, ask: Request, token: Secret | None, *, first: bool) -> Outcome:
        outcome = self.send(ask, token)
        arrived = isinstance(outcome, Reply) or outcome.sent
        self.meter.count(
            requests=int(arrived),
            writes=int(arrived and ask.writes),
            retries=int(not first),
            limited=int(isinstance(outcome, Reply) and outcome.status == 429),
        )
        return outcome

    def _pause(self, outcome: Outcome, failures: int) -> tuple[bool, float]:
        """Whether the tenant asks to wait, and how long to wait in any case."""
        asked = self.backoff.read_asked(outcome.headers) if isinstance(outcome, Reply) else None
        return asked is not None, self.backoff.compute_own(failures) if asked is None else asked


def _find_host(url: str) -> str:
    """The host of a URL; empty where it has none, of which the attempt says more."""
    with suppress(ValueError):
        return urlsplit(url).hostname or ""
    return ""
