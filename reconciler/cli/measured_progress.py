# tested by: tests/cli/test_observability.py
"""Tell those who watch a command of each step and job of its apply."""

from __future__ import annotations

import time

from reconciler.model.jobs import Job
from reconciler.model.plan import Plan
from reconciler.model.reason import Reason
from reconciler.model.report import ChunkDone, Report, StepResult
from reconciler.model.resource_address import Address
from reconciler.model.telemetry import tell


class MeasuredProgress:
    """A listener of `Progress`, for telemetry. Names and ids of jobs are not told."""

    def __init__(self) -> None:
        self._steps: dict[Address, float] = {}
        self._jobs: dict[str, float] = {}

    def start_run(self, run: str, plan: Plan, resumed: bool) -> None:
        """A run starts: nothing is told."""

    def start_step(self, address: Address, does: Reason, rows: int) -> None:
        """A step starts."""
        self._steps[address] = time.monotonic()

    def count_chunk(self, address: Address, done: ChunkDone) -> None:
        """A chunk is accounted for: nothing is told."""

    def start_job(self, address: Address, job_id: str, rows: int, again: bool) -> None:
        """A job is waited for."""
        self._jobs.setdefault(job_id, time.monotonic())

    def update_job(self, address: Address, job: Job) -> None:
        """A job has got on, or is over."""
        if job.over and job.id in self._jobs:
            seconds = time.monotonic() - self._jobs.pop(job.id)
            tell("job", seconds, kind=address.kind, status=job.status, failed=job.failed or 0)

    def end_step(self, result: StepResult) -> None:
        """A step has ended."""
        now = time.monotonic()
        counts = {name: getattr(result, name) for name in ("rows", "rejected", "suppressed", "unknown")}
        seconds = now - self._steps.pop(result.address, now)
        tell("step", seconds, kind=result.address.kind, outcome=result.outcome.value, **counts)

    def end_run(self, report: Report) -> None:
        """The run is over: the command's own end tells it."""
