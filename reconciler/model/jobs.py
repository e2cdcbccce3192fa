# tested by: tests/cxone/test_job_watcher.py
"""Define asynchronous jobs of a tenant and their states."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.model.errors import ReconcilerError, RowsRejected
from reconciler.model.reply_shape import number
from reconciler.model.vendor_values import translate_or_keep

COMPLETED, FAILED, ABORTED = "COMPLETED", "FAILED", "ABORTED"
TERMINAL = frozenset({COMPLETED, FAILED, ABORTED})
"""The statuses after which a job changes no more (contract, sections bulk and contacts), as this tool writes them. Of
every other a job is waited for, the ones that nobody knows among them."""


def parse_job_status(word: object) -> str:
    """A job's status in our word; the vendor's own where nobody knows what it means."""
    return translate_or_keep("job", word)


def parse_share(percent: object) -> float | None:
    """0 to 1 for 0 to 100 percent; None for what is no number."""
    told = number(percent)
    return None if told is None else min(max(told / 100, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was not taken: its place in the request, from 0, and what the tenant says; "": nothing.

    `of`: the id on the list by which it is named, where it is not by its place.
    """

    index: int
    code: str
    message: str
    of: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Refusals:
    """Rows that an answer says were not taken: how many, and those of them that it names."""

    failed: int = 0
    errors: tuple[RowError, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the tenant last told of it.

    Attributes:
        status: in our word, as `parse_job_status` gives it. progress: how much is done, 0 to 1, where it is told.
        failed: rows that were not taken, where it is told. errors: those of them that are named.
    """

    id: str
    status: str
    progress: float | None = None
    failed: int | None = None
    errors: tuple[RowError, ...] = ()

    @property
    def over(self) -> bool:
        """Whether it changes no more."""
        return self.status in TERMINAL

    @property
    def unnamed(self) -> bool:
        """Whether rows were not taken, or may not have been, that the tenant does not name."""
        if self.status != COMPLETED:
            return len(self.errors) < (self.failed or 1)
        return len(self.errors) < (self.failed or 0)


class SomeRejected(RowsRejected):
    """The tenant took a chunk, and says in its answer which of its rows it did not, or how many."""

    def __init__(self, refusals: Refusals, message: str, *, where: str | None = None) -> None:
        super().__init__(message, where=where)
        self.refusals = refusals


class JobOverdue(ReconcilerError):
    """A job was not over in time. What becomes of its rows is not known; its id is kept."""

    code = "job-overdue"
