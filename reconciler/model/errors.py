# tested by: tests/cxone/test_errors.py
"""Define the errors that reach a person, and the exit codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

from reconciler.model.reason import Reason

if TYPE_CHECKING:
    from reconciler.model.finding import Finding


class Exit(IntEnum):
    """What the program's exit code means."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    REFUSED = 3
    STALE = 4
    PARTIAL = 5
    USAGE = 64
    INTERRUPTED = 130


class ReconcilerError(Exception):
    """A failure that is told to a person: what, where, why, and what to do next.

    Attributes:
        code: kebab-case and stable, so that it can be searched for.
        message: what happened, in one sentence.
        where: METHOD url and request id, a file's place, or an object's address.
        note: why, as far as it is known.
        hint: what to do next.
        status: the HTTP status, where a tenant replied. request_id: what it calls the request.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = Exit.ERROR
    status: int | None = None
    request_id: str | None = None

    def __init__(
        self, message: str, *, where: str | None = None, note: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.note = note
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Expired:
    """Of what a plan is no longer good: its address, the place of its manifest where that is known, and why."""

    object: str
    place: str | None
    why: Reason


class Refused(ReconcilerError):
    """A guard or a rule said no. Nothing was written.

    Attributes:
        findings: for which a plan was refused; their words are not in the message.
    """

    code = "refused"
    exit_code = Exit.REFUSED

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        note: str | None = None,
        hint: str | None = None,
        findings: Sequence[Finding] = (),
    ) -> None:
        super().__init__(message, where=where, note=note, hint=hint)
        self.findings = tuple(findings)


class Unapproved(Refused):
    """People who must approve the plan have not. Nothing was written."""

    code = "not-approved"


class Stale(ReconcilerError):
    """The plan no longer describes the tenant, or was altered after it was made. Nothing was written.

    Attributes:
        expired: whatever has passed since that the plan was made by; its words are not in the message.
    """

    code = "stale-plan"
    exit_code = Exit.STALE

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        note: str | None = None,
        hint: str | None = None,
        expired: Sequence[Expired] = (),
    ) -> None:
        super().__init__(message, where=where, note=note, hint=hint)
        self.expired = tuple(expired)


class EmptySource(ReconcilerError):
    """A source of contacts has no rows: never read as "remove everyone"."""

    code = "empty-source"


class RowsRejected(ReconcilerError):
    """The tenant will not take a chunk because of what is in it; sent without the others, some rows may be fine."""

    code = "rows-rejected"


class ChunkRefused(RowsRejected):
    """The tenant will not take a chunk and does not say that some of its rows are why: it may be none of them."""


class ChunkTooLarge(ReconcilerError):
    """The tenant will not take so many rows in one request, or not now: fewer may do."""

    code = "chunk-too-large"


class TooOften(ChunkTooLarge):
    """The tenant answers again and again that there are too many requests."""

    code = "rate-limited"


class LedgerError(ReconcilerError):
    """The ledger cannot be read or written, is locked by another run, or its chain is broken."""

    code = "ledger"


class Interrupted(ReconcilerError):
    """The person asked to stop. What was in flight is finished and recorded."""

    code = "interrupted"
    exit_code = Exit.INTERRUPTED
