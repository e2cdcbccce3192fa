"""Show the progress of an apply."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from reconciler.model.jobs import Job
from reconciler.model.plan import Plan
from reconciler.model.progress_estimate import Estimate
from reconciler.model.reason import Reason
from reconciler.model.report import ChunkDone, Outcome, Report, StepResult
from reconciler.model.resource_address import Address
from reconciler.model.text_enumerations import count_shown
from reconciler.views.plain_text import plain
from reconciler.views.rate_words import NOW_AND_THEN, describe_pace
from reconciler.views.step_result import describe_step_end

QUIET = 60.0
"""Seconds after which a line says that the run is alive, though nothing has moved."""

MOST_JOBS = 6
"""Jobs that get a bar; the others are counted."""


class ApplyProgress:
    """How far an apply is; every step leaves one line behind. Safe to call from several threads."""

    def __init__(
        self,
        console: Console,
        headline: str = "",
        *,
        every: float = NOW_AND_THEN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console, self._headline = console, headline
        self._every, self._clock = every, clock
        self._lock = threading.Lock()
        self._course: Estimate | None = None
        self._moved, self._told = False, 0.0
        self._live: Live | None = None
        if console.is_terminal and not console.is_dumb_terminal:
            self._live = Live(console=console, get_renderable=self.make_bars, transient=True, refresh_per_second=4)
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        else:
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._live is not None:
            self._live.stop()

    def start_run(self, run: str, plan: Plan, resumed: bool) -> None:
        """Count what is to be done; that it is done is said only now that nothing has refused it."""
        if self._headline:
            self._console.print(self._headline)
        with self._lock:
            self._told = self._clock()
            self._course = Estimate(plan, self._told)

    def start_step(self, address: Address, does: Reason, rows: int) -> None:
        """A step starts."""
        self._note(lambda course: course.start_step(address, rows, self._clock()))

    def count_chunk(self, address: Address, done: ChunkDone) -> None:
        """Some rows are accounted for."""
        self._note(lambda course: course.count_chunk(address, done, self._clock()))

    def start_job(self, address: Address, job_id: str, rows: int, again: bool) -> None:
        """A job is waited for."""
        self._note(lambda course: course.start_job(address, job_id, rows))

    def update_job(self, address: Address, job: Job) -> None:
        """A job has got on, or is over."""
        self._note(lambda course: course.update_job(address, job, self._clock()))

    def end_step(self, result: StepResult) -> None:
        """Say how a step ended; what was not begun is told with the report."""
        self._note(lambda course: course.end_step(result, self._clock()))
        if result.outcome not in (Outcome.BLOCKED, Outcome.NOT_ATTEMPTED):
            self._console.print(describe_step_end(result), markup=False, highlight=False, soft_wrap=True)

    def end_run(self, report: Report) -> None:
        """Nothing: the report says it all."""

    def _note(self, news: Callable[[Estimate], None]) -> None:
        with self._lock:
            if self._course is not None:
                news(self._course)
                self._moved = True

    # -- on a terminal -----------------------------------------------------------------------------------------

    def make_bars(self) -> RenderableType:
        """A bar for each job that is under way, for each step, and for the run if it has several."""
        with self._lock:
            if self._course is None or not self._course.under_way:
                return Text()
            now, course = self._clock(), self._course
            table = Table.grid(padding=(0, 2))
            more = 0
            for address, tally in course.under_way.items():
                shown = count_shown(len(tally.jobs), MOST_JOBS)
                for job_id, (rows, progress) in islice(tally.jobs.items(), shown):
                    words = f"{rows:,} rows, {progress:.0%}"
                    table.add_row(Text(plain(f"    job {job_id}"), "dim"), _make_bar(rows, rows * progress), words)
                more += max(0, len(tally.jobs) - shown)
                table.add_row(
                    Text(plain(f"  {address}")), _make_bar(tally.total, tally.reached), describe_pace(tally, now)
                )
            if course.several:
                table.add_row(
                    Text("  in total", "bold"),
                    _make_bar(course.whole.total, course.whole.reached),
                    describe_pace(course.whole, now),
                )
            return Group(table, Text(f"    and {more:,} more jobs", "dim")) if more else table

    # -- elsewhere ---------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        while not self._over.wait(self._every):
            self.tell()

    def tell(self) -> None:
        """Print one line, if something has moved or nothing was said for long."""
        with self._lock:
            now, course = self._clock(), self._course
            if course is None or not course.under_way or not (self._moved or now - self._told >= QUIET):
                return
            self._moved, self._told = False, now
            words = "; ".join(_iter_phrases(course, now))
        self._console.print(plain(f"  … {words}"), markup=False, highlight=False)


def _make_bar(total: float, reached: float) -> ProgressBar:
    return ProgressBar(total=max(total, 1), completed=reached, width=30)


def _iter_phrases(course: Estimate, now: float) -> Iterator[str]:
    for address, tally in course.under_way.items():
        yield f"{address}: {describe_pace(tally, now)}"
        if tally.jobs:
            told = [f"{progress:.0%}" for _, progress in islice(tally.jobs.values(), MOST_JOBS)]
            told += ["…"] if len(tally.jobs) > MOST_JOBS else []
            yield f"{len(tally.jobs):,} job{'' if len(tally.jobs) == 1 else 's'} under way ({', '.join(told)})"
    if course.several:
        yield f"in total {describe_pace(course.whole, now)}"
