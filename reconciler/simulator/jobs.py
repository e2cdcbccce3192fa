# tested by: tests/simulator/test_job_faults.py
"""Run asynchronous jobs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.simulator.job_results import COMPLETED, QUEUED, RUNNING, TERMINAL, Fate, RowNames, RowRefused
from reconciler.simulator.stored_records import wire_time
from reconciler.simulator.tenant_options import JobPace

if TYPE_CHECKING:
    from reconciler.simulator.routing import Call
    from reconciler.simulator.tenant import Tenant

DIRECTORY = "directory"
"""What a job writes to that is no list."""

Write = Callable[[Iterable[Any]], Iterator[str | RowRefused]]
"""Writes rows one after the other; says of each the id of the contact it wrote, or why it did not."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a job has to do.

    Attributes:
        surface: the surface it was asked for on.
        target: what it writes to: a list's id, or `directory`.
        names: what a row is known by.
        digest: a number for a row; that of a job is the sum of those it wrote. None where rows are kept.
    """

    surface: str
    target: str
    rows: Sequence[Any]
    names: Callable[[Any], RowNames]
    write: Write
    reference: str | None = None
    digest: Callable[[Any], int] | None = None


@dataclass(slots=True)
class Job:
    """One job. `done` rows of `total` have been gone through; the work is dropped when it is over."""

    id: str
    surface: str
    target: str
    reference: str | None
    total: int
    pace: JobPace
    fate: Fate
    created: datetime
    status: str = QUEUED
    stage: int = 0
    done: int = 0
    succeeded: int = 0
    failed: int = 0
    digest: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    ended: datetime | None = None
    work: Work | None = field(default=None, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether its status is a terminal one."""
        return self.status in TERMINAL

    @property
    def progress(self) -> int:
        """Percent."""
        if self.status == COMPLETED:
            return 100
        return 100 * max(self.stage - self.is_over, 0) // self.pace.stages

    def to_control(self) -> dict[str, Any]:
        """The job as the control surface shows it."""
        return {
            "id": self.id,
            "surface": self.surface,
            "target": self.target,
            "clientReference": self.reference,
            "status": self.status,
            "progress": self.progress,
            "total": self.total,
            "succeeded": self.succeeded,
            "failed": self.failed,
            "errors": len(self.errors),
            "digest": f"{self.digest:016x}",
            "created": wire_time(self.created),
            "ended": wire_time(self.ended) if self.ended else None,
        }


class Jobs:
    """All jobs of a tenant. Whoever moves them holds the store's lock."""

    def __init__(self) -> None:
        self.all: dict[str, Job] = {}
        self.pace: JobPace | None = None
        self.listeners: list[Callable[[Job], None]] = []
        self.made_contacts = 0
        self._writes: dict[str, Counter[str]] = {}
        self._last = 1000

    def of(self, surface: str, reference: str | None = None) -> list[Job]:
        """The jobs of a surface; with `reference`, those that carry it."""
        return [job for job in self.all.values() if job.surface == surface and reference in (None, job.reference)]

    def writes(self, target: str) -> dict[str, int]:
        """In how many jobs each contact was written to a list, by its id, or to the `directory`."""
        return dict(self._writes.get(target, {}))

    def take(self, work: Work, prefix: str, pace: JobPace, fate: Fate) -> Job:
        """A new job, QUEUED; without a prefix its id is a number."""
        self._last += 1
        job_id, now = f"{prefix}-{self._last}" if prefix else str(self._last), datetime.now(UTC)
        total = len(work.rows)
        job = Job(job_id, work.surface, work.target, work.reference, total, pace, fate, now, work=work)
        self.all[job.id] = job
        return job

    def forget(self, job_id: str) -> None:
        """Know a job no more; KeyError for one that is not known."""
        del self.all[job_id]

    def advance(self, job: Job) -> None:
        """One step on, and to its end if it is the last; nothing for one that is over."""
        if job.is_over or job.work is None:
            return
        job.stage += 1
        last = min(job.fate.stage or job.pace.stages, job.pace.stages)
        if job.stage < last:
            job.status = RUNNING
            if job.pace.gradually:
                self._write(job, job.work, job.total * job.stage // job.pace.stages)
        else:
            self._end(job, job.work)
        for listener in list(self.listeners):
            listener(job)

    def finish(self, job: Job) -> None:
        """On to its end."""
        while not job.is_over:
            self.advance(job)

    def _end(self, job: Job, work: Work) -> None:
        fate = job.fate
        self._write(job, work, job.total if fate.end == COMPLETED else fate.took)
        if fate.end != COMPLETED:
            job.failed = job.total - job.succeeded
            if fate.detail and (refusal := fate.refusal):
                job.errors += [_error(index, refusal) for index in range(job.done, job.total)]
        job.errors.sort(key=lambda error: int(error["index"]))
        job.status, job.ended, job.work = fate.end, datetime.now(UTC), None

    def _write(self, job: Job, work: Work, end: int) -> None:
        rejection = job.fate.rejection
        kept: Sequence[int] = range(job.done, min(end, job.total))
        if rejection is not None:
            met = [index for index in kept if rejection.meets(index, work.names(work.rows[index]))]
            job.errors += [_error(index, rejection.refusal) for index in met]
            refused = set(met)
            kept = [index for index in kept if index not in refused]
        written: dict[str, None] = {}
        for index, outcome in zip(kept, work.write(work.rows[index] for index in kept), strict=True):
            if isinstance(outcome, RowRefused):
                job.errors.append(_error(index, outcome))
                continue
            job.succeeded += 1
            if work.digest is None:
                written[outcome] = None
            else:
                job.digest = (job.digest + work.digest(work.rows[index])) % 2**64
        self._writes.setdefault(job.target, Counter()).update(written.keys())
        job.done = max(job.done, min(end, job.total))
        job.failed = job.done - job.succeeded


def _error(index: int, refusal: RowRefused) -> dict[str, Any]:
    return {"index": index, "code": refusal.code, "message": refusal.message}


def start(call: Call, work: Work, prefix: str) -> Job:
    """Take a job in for a call, and set it going at its pace."""
    jobs = call.tenant.jobs
    fate: Fate = call.orders.get("fate") or Fate()
    pace = fate.pace or jobs.pace or call.tenant.options.jobs
    job = jobs.take(work, "" if call.tenant.store.plain_ids else prefix, pace, fate)
    if not pace.seconds and pace.polls is None and not pace.held:
        jobs.finish(job)
    else:
        _schedule(call.tenant, jobs, job)
    return job


def advance_by_poll(call: Call, job: Job) -> Job:
    """The job, a step further if it goes by polls."""
    if job.pace.polls is not None:
        call.tenant.jobs.advance(job)
    return job


def resume(tenant: Tenant) -> None:
    """Set going what was under way when the server stopped."""
    for job in tenant.jobs.all.values():
        _schedule(tenant, tenant.jobs, job)


def _schedule(tenant: Tenant, jobs: Jobs, job: Job) -> None:
    if job.is_over or job.pace.held or job.pace.polls is not None:
        return

    def step() -> None:
        with tenant.store.lock:
            # after a reset these are the jobs of a store that is gone
            if tenant.jobs is jobs and job.id in jobs.all:
                jobs.advance(job)
                _schedule(tenant, jobs, job)

    asyncio.get_running_loop().call_later(job.pace.seconds / job.pace.stages, step)
