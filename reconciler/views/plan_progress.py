"""Show the progress of making a plan: what is being done, and how far long reads are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from reconciler.model.phase import Phase
from reconciler.model.progress_estimate import ProgressEstimate
from reconciler.views.plain_text import plain
from reconciler.views.rate_words import NOW_AND_THEN, describe_pace, format_duration

_PHASES: Mapping[Phase, str] = {
    Phase.LOAD: "reading the manifests",
    Phase.READ_TENANT: "reading the tenant and the sources",
    Phase.DECIDE: "working out who belongs on which list",
    Phase.DIFF: "comparing with the lists",
    Phase.CHECK: "checking the campaigns against the rules",
    Phase.IMPACT: "working out who starts and who stops being called",
    Phase.FILL: "filling the embedded tenant",
}

SOON = 1.0
"""Seconds after which something is said: nobody is left without a word for longer."""


class ReadingProgress:
    """What is being done before there is a plan, and how far long reads are. Safe to call from several threads.

    On a terminal nothing is left behind. Elsewhere each part of the work is a line, once the whole has taken `SOON`,
    and what takes long gets another now and then.
    """

    def __init__(
        self, console: Console, *, every: float = NOW_AND_THEN, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console, self._every, self._clock = console, every, clock
        self._lock = threading.Lock()
        self._phase: str | None = None
        self._began = self._since = self._told = clock()
        self._said = False
        self._reads: dict[str, ProgressEstimate] = {}
        self._moves = console.is_terminal and not console.is_dumb_terminal
        self._live: Live | None = None
        self._over = threading.Event()
        self._ticker: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def start_phase(self, phase: Phase) -> None:
        """Another part of the work begins."""
        with self._lock:
            self._phase, self._since, self._said = _PHASES[phase], self._clock(), False
            self._reads.clear()
        if self._moves and self._live is None:
            self._live = Live(console=self._console, get_renderable=self.render, transient=True, refresh_per_second=8)
            self._live.start()
        elif not self._moves and self._ticker is None:
            self._ticker = threading.Thread(target=self._tick, name="reading", daemon=True)
            self._ticker.start()

    def end(self) -> None:
        """There is a plan, or there will be none: nothing more is said."""
        self._over.set()
        if self._live is not None:
            self._live.stop()
            self._live = None

    def report_reading(self, what: str, done: int, total: int) -> None:
        """So many rows of a read are there."""
        with self._lock:
            tally = self._reads.setdefault(what, ProgressEstimate(total, self._clock()))
            tally.add(done - tally.done, 0, 0, self._clock())

    def render(self) -> RenderableType:
        """What a terminal shows now."""
        with self._lock:
            now = self._clock()
            if self._phase is None or now - self._began < SOON / 2:
                return Text()
            words = Text(plain(f" {self._phase}, {format_duration(now - self._since)}"))
            return Group(Spinner("dots", words), *(Text(plain(f"    {each}")) for each in self._under_way(now)))

    def tell(self) -> None:
        """Print a line, if one is due."""
        with self._lock:
            now = self._clock()
            if self._phase is None or now - self._began < SOON:
                return
            if not self._said:
                lines = [self._phase]
            elif now - self._told >= self._every:
                lines = [*self._under_way(now)] or [f"{self._phase}, {format_duration(now - self._since)}"]
            else:
                return
            self._said, self._told = True, now
        for line in lines:
            self._console.print(plain(f"  … {line}"), markup=False, highlight=False)

    def _under_way(self, now: float) -> Iterator[str]:
        for what, tally in self._reads.items():
            if tally.done < tally.total:
                yield f"{what}: {describe_pace(tally, now)}"

    def _tick(self) -> None:
        while not self._over.wait(SOON / 4):
            self.tell()
