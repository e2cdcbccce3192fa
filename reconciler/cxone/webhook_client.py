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
from reconciler.cxone.response import Broken, Outcome
from reconciler.cxone.webhook_http import post
from reconciler.model.url_parts import Endpoint, parse_endpoint
from reconciler.model.webhook import Callback, Receipt, Receiver

log = logging.getLogger(__name__)

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
        try:
            there = _check_receiver(receiver)
        except ValueError as error:
            return Receipt(callback, False, 0, str(error), unreachable=True)
        until = self.clock() + receiver.within
        backoff = Backoff(cap=receiver.within, longest_asked=_LONGEST_WAIT, jitter=self.jitter, now=self.now)
        attempt, why = 0, "the sending was stopped"
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
            log.info("webhook %s: %s; again in %.1f s", callback.webhook, why, wait)
            (self.sleep or self.stop.wait)(wait)
        return Receipt(callback, False, attempt, why, unreachable=True)

    @staticmethod
    def _wait(outcome: Outcome, backoff: Backoff, failures: int) -> float:
        asked = None if isinstance(outcome, Broken) else backoff.read_asked(outcome.headers)
        return backoff.compute_own(failures) if asked is None else asked

    def _attempt(self, receiver: Receiver, there: Endpoint, callback: Callback, seconds: float) -> Outcome:
        """Look the host up, judge every address, and send to the first that can be connected to."""
        until = self.clock() + seconds
        try:
            addresses = self.resolve(there.host, there.port)
        except (OSError, UnicodeError):
            return Broken(f"the host {there.host} is not known", sent=False)
        refusals = [receiver.allowance.explain_refusal(there.host, address) for address in addresses]
        refusal = next((each for each in refusals if each is not None), None)
        if refusal is not None:  # one is enough: a host that is half inside is not one to send anything to
            return Broken(f"{there.host} is not called: {refusal}, which its tenant does not allow", False, True)
        body = (callback.body or "").encode()
        headers = self._make_headers(receiver, callback, body)
        outcome: Outcome = Broken(f"the host {there.host} has no address", sent=False)
        for address in addresses:
            left = max(until - self.clock(), 0.001)
            outcome = post(there, address, headers, body, connect=min(_CONNECT, left), read=left)
            if not isinstance(outcome, Broken) or outcome.sent or outcome.hopeless:
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
    why: str


def _judge(outcome: Outcome) -> _Verdict:
    if isinstance(outcome, Broken):
        return _Verdict(False, outcome.hopeless, False, outcome.why)
    status = outcome.status
    if 200 <= status < 300:
        return _Verdict(True, True, True, "")
    if 300 <= status < 400:
        return _Verdict(False, True, True, f"status {status}: redirects are not followed")
    again = status == 429 or status >= 500
    return _Verdict(False, not again, not again, f"status {status}")


def _check_receiver(receiver: Receiver) -> Endpoint:
    """Where a receiver is.

    Raises:
        ValueError: its URL cannot be called.
    """
    try:
        there = parse_endpoint(receiver.url.reveal())
    except ValueError as error:
        raise ValueError(f"its URL cannot be called: {error}") from None
    if not there.tls and there.host not in receiver.allowance.plain:
        raise ValueError("its URL is http, which its tenant does not allow for the host")
    return there


def _attempt_within(attempt: Callable[[], Outcome], seconds: float, stop: threading.Event) -> Outcome:
    """What an attempt comes to, or that it took too long.

    Neither a resolver nor a receiver that sends a byte now and then can be given a time limit as a whole; a thread
    that is waited for no longer can. It ends by itself, or with the program.
    """
    found: list[Outcome] = []
    over = threading.Event()

    def run() -> None:
        with suppress(Exception):  # a fault of the program in a thread would print a traceback, and tell nobody
            found.append(attempt())
        over.set()

    threading.Thread(target=run, daemon=True).start()
    until = time.monotonic() + seconds
    while not over.wait(min(0.1, max(until - time.monotonic(), 0.0))):
        if stop.is_set():
            return Broken("it was stopped before there was a reply", sent=True, hopeless=True)
        if time.monotonic() >= until:
            return Broken("no reply in time", sent=True)
    return found[0] if found else Broken("the request cannot be prepared", sent=False, hopeless=True)
