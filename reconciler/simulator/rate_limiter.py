# tested by: tests/simulator/test_dispositions.py
"""Limit the rate of calls, by a generic cell rate algorithm per surface."""

from __future__ import annotations

import math
import time

from reconciler.simulator.error_replies import Refusal


class Pace:
    """Lets `rate` calls a second through, `burst` of them at once; None lets all through."""

    def __init__(self, rate: float | None, burst: int) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._tolerance = self._interval * max(burst - 1, 0)
        self._due: dict[str, float] = {}

    def admit(self, surface: str) -> None:
        """Count a call; 429 with Retry-After, in whole seconds, for one that is too early."""
        if not self._interval:
            return
        now = time.monotonic()
        due = max(self._due.get(surface, now), now)
        if due - now > self._tolerance:
            wait = max(1, math.ceil(due - now - self._tolerance))
            raise Refusal(429, "too_many_requests", "over the rate limit", {"Retry-After": str(wait)})
        self._due[surface] = due + self._interval
