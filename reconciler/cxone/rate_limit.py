"""Limit the rate of calls of a surface.

One limiter per surface, shared by all its workers. It is the generic cell rate algorithm (GCRA): one number, the
theoretical arrival time, instead of a queue or a window. In any `w` seconds at most `burst + rate * w` calls pass,
and after a pause they come back one by one, not all together.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from reconciler.model.errors import Interrupted


class Limiter:
    """Lets calls through at `rate` a second, up to `burst` at once. Safe to share between threads.

    Args:
        rate: calls a second, above zero.
        burst: calls that may go at once after a quiet time, at least one.
        clock: seconds that never run backwards.
        sleep: waits that many seconds; by default it ends early when `stop` is set.
        stop: set when the person asks to stop; every wait then raises `Interrupted`.
    """

    def __init__(
        self,
        rate: float,
        burst: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        if not rate > 0 or burst < 1:
            raise ValueError("a limiter needs a rate above zero and a burst of at least one")
        self._interval = 1.0 / rate
        self._tolerance = (burst - 1) * self._interval
        self._clock = clock
        self._stop = stop or threading.Event()
        self._sleep = sleep or self._stop.wait
        self._lock = threading.Lock()
        self._arrival = float("-inf")
        self._paused_until = float("-inf")
        self._pauses = 0

    def wait(self) -> None:
        """Return when one call may go.

        Raises:
            Interrupted: the person asked to stop, before or during the wait.
        """
        while True:
            self._check_running()
            delay, pauses = self._reserve()
            if delay > 0:
                self.rest(delay)
            with self._lock:
                # A pause that came during the sleep made the reservation void: queue again, behind the pause.
                if pauses == self._pauses:
                    return

    def pause(self, seconds: float) -> None:
        """Let nobody through for `seconds`; a longer pause that already runs stays as it is."""
        with self._lock:
            now = self._clock()
            until = now + seconds
            if seconds <= 0 or until <= self._paused_until:
                return
            self._paused_until = until
            self._pauses += 1
            # The burst may have been used up a moment ago: never sooner than one interval from now.
            self._arrival = max(until, now + self._interval) + self._tolerance

    def rest(self, seconds: float) -> None:
        """Hold up the calling thread alone for `seconds`.

        Raises:
            Interrupted: the person asked to stop, before or during the rest.
        """
        self._check_running()
        self._sleep(seconds)
        self._check_running()

    def _reserve(self) -> tuple[float, int]:
        with self._lock:
            now = self._clock()
            delay = self._arrival - self._tolerance - now
            self._arrival = max(self._arrival, now) + self._interval
            return delay, self._pauses

    def _check_running(self) -> None:
        if self._stop.is_set():
            raise Interrupted("stopped before the next call was sent")
