"""Stop on SIGINT or SIGTERM: finish what is in flight, then end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from queue import SimpleQueue
from types import FrameType, TracebackType
from typing import Any, Self

import click

from reconciler.model.errors import Interrupted

_PATIENCE = 1.0
"""Seconds that the end waits for the word that it was asked for."""


class _Phase(Enum):
    READING = "nothing is written yet"
    WRITING = "what is in flight is finished first"
    LEAVING = "the second signal: at once"
    ENDED = "everything is written and told"


class Stopping:
    """SIGINT and SIGTERM while an apply reads, writes and ends.

    Before anything is written, a signal ends the program. While it is written, the first finishes what is in flight and
    the second ends at once; both can be resumed.

    Attributes:
        stop: set by the first signal while it is written.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._phase = _Phase.READING
        self._once = False
        self._requests: SimpleQueue[bool] = SimpleQueue()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        numbers = (signal.SIGINT, signal.SIGTERM)
        self._before = {number: signal.signal(number, self._take_signal) for number in numbers}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if isinstance(error, KeyboardInterrupt) and self._phase is not _Phase.READING:
            raise Interrupted("interrupted after the apply had ended") from None

    @contextmanager
    def stop_gently(self, told: Callable[[], None]) -> Iterator[None]:
        """While this lasts, a signal is a request; `told` hears of the first, in a thread of its own."""
        listening = threading.Thread(target=self._listen, args=(told,), name="stopping", daemon=True)
        listening.start()
        self._phase = _Phase.WRITING
        try:
            yield
        finally:
            if self._phase is _Phase.WRITING:
                self._phase = _Phase.ENDED
            self._requests.put(False)
            listening.join(_PATIENCE)

    def _take_signal(self, number: int, frame: FrameType | None) -> None:
        # It comes in the midst of anything, locks that are held included: this touches none.
        if self._phase is _Phase.LEAVING:
            return  # nothing is left but to clean up and to say how to go on
        if self._phase is _Phase.WRITING:
            if not self._once:
                self._once = True
                self._requests.put(True)
                return
            self._phase = _Phase.LEAVING
        raise KeyboardInterrupt

    def _listen(self, told: Callable[[], None]) -> None:
        if self._requests.get():
            self.stop.set()
            with suppress(OSError):  # whoever was to read it may have gone
                click.echo(
                    "\nStopping once the requests in flight are finished. Press again to stop at once.", err=True
                )
            told()


@contextmanager
def stoppable(stop: threading.Event) -> Iterator[None]:
    """Where nothing is resumed: the first SIGINT or SIGTERM finishes what is in flight, the second ends at once."""

    def take_signal(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        click.echo("\nStopping once the requests in flight are finished. Press again to stop at once.", err=True)

    before = {number: signal.signal(number, take_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
