# tested by: tests/simulator/test_job_faults.py
"""Work out the result of a job, row by row."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reconciler.simulator.tenant_options import JobPace

QUEUED, RUNNING, COMPLETED, FAILED, ABORTED = "QUEUED", "RUNNING", "COMPLETED", "FAILED", "ABORTED"
TERMINAL = frozenset({COMPLETED, FAILED, ABORTED})

RowNames = Mapping[str, Collection[str]]
"""What a row is known by: its `phone` numbers and its `external_id`."""


class RowRefused(Exception):
    """One row of a job is refused, and the job goes on."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Rejection:
    """Rows that are refused: those at `indexes`, those of which a name holds a match of its pattern, or `all`."""

    indexes: frozenset[int]
    patterns: Mapping[str, re.Pattern[str]]
    refusal: RowRefused
    all: bool = False

    def meets(self, index: int, names: RowNames) -> bool:
        """Whether this row is refused."""
        return (
            self.all
            or index in self.indexes
            or any(pattern.search(value) for name, pattern in self.patterns.items() for value in names.get(name, ()))
        )


@dataclass(frozen=True, slots=True)
class Fate:
    """How a job is to end. The default is as it should.

    Attributes:
        end: its terminal status.
        stage: the step at which it ends, if not the last.
        took: of a job that fails or is aborted, how many of its first rows took effect all the same.
        detail: whether such a job says of every other row that it failed, with `refusal`.
        pace: how it gets on, if not as the tenant's jobs do.
    """

    end: str = COMPLETED
    stage: int | None = None
    took: int = 0
    detail: bool = False
    refusal: RowRefused | None = None
    rejection: Rejection | None = None
    pace: JobPace | None = None
