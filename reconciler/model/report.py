"""What came of an apply?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.errors import Exit


class Outcome(StrEnum):
    """How one step of a plan ended."""

    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    NOT_ATTEMPTED = "not attempted"


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step and how it ended.

    Attributes:
        words: what was done, or why it was not. note, hint: of what failed, why, and what to do next.
        rows: contacts written. rejected: contacts the tenant would not take; their reasons are in the ledger.
        unknown: contacts that were sent, and of which it is not known whether they were written.
        left: contacts that were not sent.
    """

    address: Address
    outcome: Outcome
    words: str
    rows: int = 0
    rejected: int = 0
    unknown: int = 0
    left: int = 0
    note: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class JobEnd:
    """A job of the tenant's as it was last told of: its status, how far it got as it says so, and when that was."""

    id: str
    status: str
    progress: float | None
    at: datetime

    @property
    def over(self) -> bool:
        """Whether it changes no more (contract, section bulk)."""
        return self.status in {"COMPLETED", "FAILED", "ABORTED"}


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """One chunk of which every row is accounted for.

    Attributes:
        phase: `put` or `remove`. number: its place among the chunks of that phase, from 0.
        rows: contacts written. rejected: contacts the tenant would not take.
        before: how many of both an earlier run had delivered.
    """

    phase: str
    number: int
    rows: int
    rejected: int
    before: int = 0

    @property
    def total(self) -> int:
        """Every row of it."""
        return self.rows + self.rejected


@dataclass(frozen=True, slots=True)
class Report:
    """Every step of a plan and how it ended; `run` names it in the ledger. `jobs`: those of the tenant's it began."""

    run: str
    steps: tuple[StepResult, ...]
    writes: int
    interrupted: bool = False
    jobs: tuple[JobEnd, ...] = ()

    def ended(self, outcome: Outcome) -> tuple[StepResult, ...]:
        """The steps that ended in one way."""
        return tuple(step for step in self.steps if step.outcome is outcome)

    @property
    def exit_code(self) -> Exit:
        """0 all done · 5 some of it done · 1 none of it done · 130 interrupted."""
        if self.interrupted:
            return Exit.INTERRUPTED
        done = self.ended(Outcome.DONE)
        if len(done) == len(self.steps) and not any(step.rejected for step in self.steps):
            return Exit.DONE
        return Exit.PARTIAL if done or any(step.rows for step in self.steps) else Exit.ERROR
