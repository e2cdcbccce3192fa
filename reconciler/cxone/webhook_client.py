"""Deliver callbacks: send, send again, or keep for later.

Only public addresses are called, and those that the tenant's manifest allows; the address that was judged is the one
that is connected to. Redirects are not followed at all, to no host. Sent again is what found nobody, a 5xx and a 429,
until the attempts or the time are used up; any other answer stands.
"""

from __future__ import annotations

import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from reconciler import __version__
from reconciler.cxone.backoff import Backoff
from reconciler.cxone.callback_signing import make_signature
from reconciler.cxone.response import Reply
from reconciler.cxone.webhook_http import Unanswered, post
from reconciler.model.reason import Reason
from reconciler.model.url_parts import Endpoint, parse_endpoint
from reconciler.model.webhook import Callback, Receipt, Receiver

log = logging.getLogger(__name__)

_Outcome = Reply | Unanswered

_CONNECT = 5.0
_LONGEST_WAIT = 60.0


def list_addresses(host: str, port: int) -> Sequence[str]:
    """Every address of a host, as the machine's resolver knows them.

    Raises:
        OSError: it knows none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True)
class WebhookClient:
    """A courier. Safe to share between threads.

    Attributes:
        stop: set when the person does not want to wait any longer.
        resolve: the addresses of a host and port.
        clock: seconds that never run backwards. now: the time of day. jitter: a number in [0, 1).
        sleep: waits that many seconds; by default it ends early when `stop` is set.
    """

    stop: threading.Event = field(default_factory=threading.Event)
    resolve: Callable[[str, int], Sequence[str]] = list_addresses
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    jitter: Callable[[], float] = random.random
    sleep: Callable[[float], object] | None = None

    def deliver(self, receiver: Receiver, callback: Callback) -> Receipt:
        """Send a callback until it is taken, refused, or given up for now."""
        there = _check_receiver(receiver)
        if isinstance(there, Reason):
            return Receipt(callback, False, 0, there, unreachable=True)
        until = self.clock() + receiver.within
        backoff = Backoff(cap=receiver.within, longest_asked=_LONGEST_WAIT, jitter=self.jitter, now=self.now)
        attempt, why = 0, Reason("callback_stopped")
        while not self.stop.is_set():
            attempt += 1
            left = min(receiver.timeout, until - self.clock())
            outcome = _attempt_within(partial(self._attempt, receiver, there, callback, left), left, self.stop)
            verdict = _judge(outcome)
            if verdict.taken:
                return Receipt(callback, True, attempt)
            wait = self._wait(outcome, backoff, attempt)
            late, why = self.clock() + wait >= until, verdict.why
            if verdict.final or attempt >= receiver.attempts or late:
                return Receipt(callback, False, attempt, why, unreachable=not verdict.answered)
            log.info("webhook %s: %s; again in %.1f s", callback.webhook, why.code, wait)
            (self.sleep or self.stop.wait)(wait)
        return Receipt(callback, False, attempt, why, unreachable=True)

    @staticmethod
    def _wait(outcome: _Outcome, backoff: Backoff, failures: int) -> float:
        asked = None if isinstance(outcome, Unanswered) else backoff.read_asked(outcome.headers)
        return backoff.compute_own(failures) if asked is None else asked

    def _attempt(self, receiver: Receiver, there: Endpoint, callback: Callback, seconds: float) -> _Outcome:
        """Look the host up, judge every address, and send to the first that can be connected to."""
        until = self.clock() + seconds
        try:
            addresses = self.resolve(there.host, there.port)
        except (OSError, UnicodeError):
            return Unanswered(Reason("host_unknown", (there.host,)), sent=False)
        refusals = [receiver.allowance.find_refused(there.host, address) for address in addresses]
        refusal = next((each for each in refusals if each is not None), None)
        if refusal is not None:  # one is enough: a host that is half inside is not one to send anything to
            return Unanswered(Reason("host_not_allowed", (there.host, refusal)), False, True)
        body = (callback.body or "").encode()
        headers = self._make_headers(receiver, callback, body)
        outcome: _Outcome = Unanswered(Reason("host_without_address", (there.host,)), sent=False)
        for address in addresses:
            left = max(until - self.clock(), 0.001)
            outcome = post(there, address, headers, body, connect=min(_CONNECT, left), read=left)
            if not isinstance(outcome, Unanswered) or outcome.sent or outcome.hopeless:
                break
        return outcome

    def _make_headers(self, receiver: Receiver, callback: Callback, body: bytes) -> dict[str, str]:
        headers = {
            **{name: value.reveal() for name, value in receiver.headers.items()},
            "Content-Type": callback.content_type,
            "User-Agent": f"cxone-reconciler/{__version__}",
            "Idempotency-Key": callback.key,
            "X-Reconciler-Event": callback.event.value,
        }
        if receiver.secret is not None:
            headers["X-Reconciler-Signature"] = make_signature(receiver.secret, int(self.now().timestamp()), body)
        return headers


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What an attempt means. `answered`: whether the receiver itself said no."""

    taken: bool
    final: bool
    answered: bool
    why: Reason


def _judge(outcome: _Outcome) -> _Verdict:
    if isinstance(outcome, Unanswered):
        return _Verdict(False, outcome.hopeless, False, outcome.why)
    status = outcome.status
    why = Reason("callback_answered", (str(status),))
    if 200 <= status < 300:
        return _Verdict(True, True, True, why)
    if 300 <= status < 400:
        return _Verdict(False, True, True, Reason("callback_redirected", (str(status),)))
    again = status == 429 or status >= 500
    return _Verdict(False, not again, not again, why)


def _check_receiver(receiver: Receiver) -> Endpoint | Reason:
    """Where a receiver is, or why it cannot be called."""
    try:
        there = parse_endpoint(receiver.url.reveal())
    except ValueError as error:
        return Reason("url_unusable", (str(error),))
    if not there.tls and there.host not in receiver.allowance.plain:
        return Reason("http_not_allowed")
    return there


def _attempt_within(attempt: Callable[[], _Outcome], seconds: float, stop: threading.Event) -> _Outcome:
    """What an attempt comes to, or that it took too long.

    Neither a resolver nor a receiver that sends a byte now and then can be given a time limit as a whole; a thread
    that is waited for no longer can. It ends by itself, or with the program.
    """
    found: list[_Outcome] = []
    over = threading.Event()

    def run() -> None:
        with suppress(Exception):  # a fault of the program in a thread would print a traceback, and tell nobody
            found.append(attempt())
        over.set()

    threading.Thread(target=run, daemon=True).start()
    until = time.monotonic() + seconds
    while not over.wait(min(0.1, max(until - time.monotonic(), 0.0))):
        if stop.is_set():
            return Unanswered(Reason("callback_stopped_midway"), sent=True, hopeless=True)
        if time.monotonic() >= until:
            return Unanswered(Reason("no_reply_in_time"), sent=True)
    return found[0] if found else Unanswered(Reason("callback_unprepared"), sent=False, hopeless=True)
