# tested by: tests/views/test_golden.py
"""Define the report of an apply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from reconciler.model.audit_anchor import Anchor
from reconciler.model.errors import Exit, ReconcilerError
from reconciler.model.reason import Reason
from reconciler.model.resource_address import Address


class Outcome(StrEnum):
    """How one step of a plan ended."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    BLOCKED = "blocked"
    NOT_ATTEMPTED = "not attempted"


@dataclass(frozen=True, slots=True)
class Figures:
    """How the setting of outcomes went (contract, section dispositions). docs/dispositions.md defines each.

    Attributes:
        successful, failed: contacts that have their outcome, and those that the tenant would not give it.
        deferred: contacts that were not touched, and are owed to the next run.
        latencies: of how many writes, and their average and percentiles in milliseconds.
    """

    successful: int
    failed: int
    deferred: int
    latencies: int = 0
    average_latency_ms: float | None = None
    p50_latency_ms: int | None = None
    p95_latency_ms: int | None = None
    p99_latency_ms: int | None = None

    @property
    def total_processed(self) -> int:
        """Contacts that were decided: those that were deferred are not."""
        return self.successful + self.failed

    @property
    def accuracy_rate_percent(self) -> float | None:
        """How many of them have the outcome that is declared, of a hundred; None where there were none."""
        return round(100 * self.successful / self.total_processed, 2) if self.total_processed else None

    def document(self) -> dict[str, float | int | None]:
        """As JSON values."""
        return {
            "total_processed": self.total_processed,
            "successful": self.successful,
            "failed": self.failed,
            "deferred": self.deferred,
            "accuracy_rate_percent": self.accuracy_rate_percent,
            "average_latency_ms": self.average_latency_ms,
            "p50_latency_ms": self.p50_latency_ms,
            "p95_latency_ms": self.p95_latency_ms,
            "p99_latency_ms": self.p99_latency_ms,
        }


def compute_figures(successful: int, failed: int, deferred: int, latencies: Sequence[int]) -> Figures:
    """The figures of some contacts; a percentile is the smallest latency that so many of a hundred do not exceed."""
    if not latencies:
        return Figures(successful, failed, deferred)
    ordered, count = sorted(latencies), len(latencies)
    p50, p95, p99 = (ordered[-(-percent * count // 100) - 1] for percent in (50, 95, 99))
    return Figures(successful, failed, deferred, count, round(sum(ordered) / count, 1), p50, p95, p99)


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong: its code, the sentence for people, where, and the tenant's status and id of the request."""

    code: str
    message: str
    where: str | None = None
    status: int | None = None
    request_id: str | None = None

    @classmethod
    def of(cls, error: ReconcilerError) -> Failure:
        """What an error says of itself."""
        return cls(error.code, error.message, error.where, error.status, error.request_id)

    def document(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step and how it ended.

    Attributes:
        words: what was done, where an earlier version of this program did it and recorded a sentence; else empty.
        note, hint: of what failed, why, and what to do next. failure: what went wrong. why: what was done, or why the
            step was not begun.
        rows: contacts written. rejected: contacts the tenant would not take; their reasons are in the ledger.
        suppressed: contacts that a do-not-call list has by now, and had not when the plan was made: they were left out,
            or taken off the list.
        unknown: contacts that were sent, and of which it is not known whether they were written.
        left: contacts that were not sent.
        final: whether going on could change nothing of it: every contact was sent, and the tenant would take none.
        figures: how it went, where outcomes were set.
    """

    address: Address
    outcome: Outcome
    words: str = ""
    rows: int = 0
    rejected: int = 0
    unknown: int = 0
    left: int = 0
    note: str | None = None
    hint: str | None = None
    figures: Figures | None = None
    suppressed: int = 0
    failure: Failure | None = None
    final: bool = False
    why: Reason | None = None


@dataclass(frozen=True, slots=True)
class JobEnd:
    """A job of the tenant's as it was last told of: its status, how far it got as it says so, and when that was.

    Attributes:
        replaced: whether other jobs have done since what it was to do.
    """

    id: str
    status: str
    progress: float | None
    at: datetime
    replaced: bool = False

    @property
    def over(self) -> bool:
        """Whether it changes no more (contract, section bulk)."""
        return self.status in {"COMPLETED", "FAILED", "ABORTED"}


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """One chunk of which every row is accounted for.

    Attributes:
        phase: `put`, `remove` or `set`. number: its place among the chunks of that phase, from 0.
        rows: contacts written. rejected: contacts the tenant would not take.
        before: how many of all an earlier run had delivered.
        deferred: contacts that were not touched, and are owed to the next run.
        suppressed: contacts that were left out: a do-not-call list has them since the plan.
    """

    phase: str
    number: int
    rows: int
    rejected: int
    before: int = 0
    deferred: int = 0
    suppressed: int = 0

    @property
    def total(self) -> int:
        """Every row of it."""
        return self.rows + self.rejected + self.deferred + self.suppressed


@dataclass(frozen=True, slots=True)
class Report:
    """Every step of a plan and how it ended; `run` names it in the ledger.

    Attributes:
        writes, requests: that this process has sent, as the tenant's log shows them; requests of all kinds.
        jobs: those of the tenant's that the run began. audit: where the audit record ended then.
    """

    run: str
    steps: tuple[StepResult, ...]
    writes: int
    interrupted: bool = False
    jobs: tuple[JobEnd, ...] = ()
    audit: Anchor | None = None
    requests: int = 0

    def list_ended(self, outcome: Outcome) -> tuple[StepResult, ...]:
        """The steps that ended in one way."""
        return tuple(step for step in self.steps if step.outcome is outcome)

    @property
    def resumable(self) -> bool:
        """Whether something is left that `--resume` may do; what waits for a step that is final waits for ever."""
        open_ends = (Outcome.INTERRUPTED, Outcome.NOT_ATTEMPTED)
        return any(
            step.outcome in open_ends or (step.outcome is Outcome.FAILED and not step.final) for step in self.steps
        )

    @property
    def exit_code(self) -> Exit:
        """0 all done · 5 some of it done · 1 none of it done · 130 interrupted."""
        if self.interrupted:
            return Exit.INTERRUPTED
        done = self.list_ended(Outcome.DONE)
        if len(done) == len(self.steps) and not any(step.rejected for step in self.steps):
            return Exit.DONE
        return Exit.PARTIAL if done or any(step.rows for step in self.steps) else Exit.ERROR
