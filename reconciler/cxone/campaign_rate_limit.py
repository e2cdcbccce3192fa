"""Limit the rate of requests for each campaign.

A limiter that spaces what is sent says nothing of when it arrives. Here a place in the second is free again a second
after the reply, which no request arrives after; or a second and a little after it was sent, where the reply is late.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.model.errors import Interrupted

WINDOW = 1.0
"""Seconds in which so many requests may arrive (contract, section dispositions)."""

ON_THE_WAY = 0.08
"""Seconds after which a request is taken to have arrived, whether it was answered or not."""


class CampaignLimiter:
    """Lets `rate` requests through in any second, one by one. Safe to share between threads.

    Args:
        rate: requests a second, at least one.
        clock: seconds that never run backwards.
        sleep: waits that many seconds; by default it ends early when `stop` is set.
        stop: set when the person asks to stop; every wait then raises `Interrupted`.
    """

    def __init__(
        self,
        rate: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        if rate < 1:
            raise ValueError("a lane lets at least one request through in a second")
        self._rate = rate
        self._clock = clock
        self._stop = stop or threading.Event()
        self._sleep = sleep or self._stop.wait
        self._door = threading.Lock()
        self._recent: deque[_Turn] = deque(maxlen=rate)
        self._next = self._paused_until = float("-inf")

    @contextmanager
    def take_turn(self) -> Iterator[None]:
        """Wait until one request may go; what is sent and answered inside is that request.

        Raises:
            Interrupted: the person asked to stop, before or during the wait.
        """
        turn = self._wait()
        try:
            yield
        finally:
            turn.end(self._clock())

    def pause(self, seconds: float) -> None:
        """Let nobody through for `seconds`; a longer pause that already runs stays as it is."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    def _wait(self) -> _Turn:
        with self._door:
            while True:
                if self._stop.is_set():
                    raise Interrupted("stopped before the next call was sent")
                now = self._clock()
                full = len(self._recent) == self._rate
                until = max(self._next, self._paused_until, self._recent[0].free if full else now)
                if until <= now:
                    break
                # what is waited for may come sooner: the reply to the request that is a second old
                self._sleep(min(until, max(now + WINDOW / self._rate, until - ON_THE_WAY)) - now)
            turn = _Turn(now)
            self._recent.append(turn)
            self._next = now + WINDOW / self._rate
            return turn


class _Turn:
    """One request: when its place in the second is free again."""

    def __init__(self, sent: float) -> None:
        self.free = sent + ON_THE_WAY + WINDOW

    def end(self, now: float) -> None:
        """It was answered, or nothing was sent."""
        self.free = min(self.free, now + WINDOW)


class CampaignLimiters:
    """The lanes of a tenant: one for each thing that is counted, made when it is first needed."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._lanes: dict[str, CampaignLimiter] = {}

    def find_limiter(self, key: str, rate: int, stop: threading.Event | None) -> CampaignLimiter:
        """The lane of that name."""
        with self._guard:
            if key not in self._lanes:
                self._lanes[key] = CampaignLimiter(rate, stop=stop)
            return self._lanes[key]
