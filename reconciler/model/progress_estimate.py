# tested by: tests/views/test_progress.py
"""Estimate the progress and the remaining time of an apply."""

from __future__ import annotations

from collections import deque

from reconciler.model.jobs import Job
from reconciler.model.plan import Plan
from reconciler.model.report import ChunkDone, Outcome, StepResult
from reconciler.model.resource_address import Address

_AT_ONCE = 0.2
"""Seconds in which several workers end what they began together."""

_LOOKED_BACK = 0.1
"""By which part of the rows the pace is told: what was before went another way, as the first words with a tenant do."""


class ProgressEstimate:
    """The rows of one step, or of a whole run. Times are seconds of one clock.

    Attributes:
        total: rows that are to be accounted for. done: those that are; rejected: those of them that were not taken.
        jobs: what the tenant works on: by the job's id its rows, and how much of it is done, 0 to 1.
    """

    def __init__(self, total: int, now: float) -> None:
        self.total = total
        self.done = self.rejected = 0
        self.jobs: dict[str, tuple[int, float]] = {}
        self._before = 0
        self._began = now
        self._marks: deque[tuple[float, float]] = deque()

    def add(self, done: int, rejected: int, before: int, now: float) -> None:
        """Count rows; `before` of them were done by an earlier run, and say nothing of how fast this one is."""
        self.done += done
        self.rejected += rejected
        self._before += before
        self.mark(now)

    def mark(self, now: float) -> None:
        """Note how far it is: what comes at once is one mark."""
        moved = self.reached - self._before
        if self._marks and now - self._marks[-1][0] <= _AT_ONCE:
            self._marks[-1] = (self._marks[-1][0], moved)
        elif moved > (self._marks[-1][1] if self._marks else 0):
            self._marks.append((now, moved))
        while len(self._marks) > 2 and moved - self._marks[1][1] >= _LOOKED_BACK * self.total:
            self._marks.popleft()

    @property
    def reached(self) -> float:
        """Rows done, and what is done of those in jobs; never above the total."""
        return min(self.total, self.done + sum(rows * progress for rows, progress in self.jobs.values()))

    def estimate_rate(self, now: float) -> float | None:
        """Rows a second of late; None while there is nothing to go by. Where nothing comes any more it gets less."""
        if not self._marks:
            return None
        marks = list(self._marks)
        if len(marks) > 2 and now - marks[-1][0] <= _AT_ONCE:
            marks.pop()  # more may come at once with it
        first, last = marks[0], marks[-1]
        if len(marks) == 1:
            first, seconds = (self._began, 0.0), now - self._began
        else:
            usual = (last[0] - first[0]) / (len(marks) - 1)
            seconds = max(last[0], now - 2 * usual) - first[0]
        return (last[1] - first[1]) / seconds if seconds > 0 else None

    def estimate_seconds_left(self, now: float) -> float | None:
        """Seconds it will still take if it goes on like that; None while nobody can say."""
        rate = self.estimate_rate(now)
        return None if rate is None else (self.total - self.reached) / rate


class Estimate:
    """A run of a plan: its steps with rows that are under way, and all its rows. Whoever shares it locks it.

    Attributes:
        whole: the rows of all steps. under_way: the steps that are being delivered, by their address.
        several: whether more than one step has rows.
    """

    def __init__(self, plan: Plan, now: float) -> None:
        self._rows = {change.address: change.total for change in plan.row_changes()}
        self.whole = ProgressEstimate(sum(self._rows.values()), now)
        self.under_way: dict[Address, ProgressEstimate] = {}
        self.several = len(self._rows) > 1

    def start_step(self, address: Address, rows: int, now: float) -> None:
        """A step starts."""
        if rows:
            self.under_way[address] = ProgressEstimate(rows, now)

    def count_chunk(self, address: Address, done: ChunkDone, now: float) -> None:
        """A chunk of a step is accounted for."""
        for tally in (self.under_way[address], self.whole):
            tally.add(done.total, done.rejected, done.before, now)

    def start_job(self, address: Address, job_id: str, rows: int) -> None:
        """A job is waited for."""
        for tally in (self.under_way[address], self.whole):
            tally.jobs[job_id] = (rows, 0.0)

    def update_job(self, address: Address, job: Job, now: float) -> None:
        """A job has got on; when it is over, its rows wait to be counted with their chunk."""
        for tally in (self.under_way[address], self.whole):
            if job.over:
                tally.jobs.pop(job.id, None)
            elif job.id in tally.jobs:
                tally.jobs[job.id] = (tally.jobs[job.id][0], job.progress or 0.0)
                tally.mark(now)

    def end_step(self, result: StepResult, now: float) -> None:
        """A step has ended; what it leaves undone is no longer waited for."""
        tally = self.under_way.pop(result.address, None)
        rows = self._rows.get(result.address, 0)
        if tally is not None:
            for job_id in tally.jobs:
                self.whole.jobs.pop(job_id, None)
            self.whole.total -= rows - tally.done
        elif result.outcome is Outcome.DONE:
            self.whole.add(rows, result.rejected, rows, now)
        else:
            self.whole.total -= rows
