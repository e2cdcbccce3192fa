# tested by: tests/cli/test_questions.py
"""Define a what-if question and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from reconciler.model.notice import Notice
from reconciler.model.resource_address import Address
from reconciler.model.run_target import Meant


@dataclass(frozen=True, slots=True)
class Supposition:
    """A number of a segment, or of the score model it uses (`score.threshold`), and what it is supposed to be.

    In a list the parts go by their names: `score.bands.high.from`.
    """

    segment: str
    setting: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Effect:
    """What would become of a segment's lists at one value.

    Attributes:
        bands: contacts in each band, the highest first.
        entering: contacts put on a list who are on none of the segment's lists now; leaving: those taken off to go
            on no other; moving: those who change bands.
    """

    value: Decimal
    bands: tuple[tuple[str, int], ...]
    entering: int
    leaving: int
    moving: int

    @property
    def inside(self) -> int:
        """Contacts in any band."""
        return sum(count for _, count in self.bands)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A table: one setting, and what each of its values would do. `notices` say how the tenant was read."""

    segment: Address
    setting: str
    rows: tuple[Effect, ...]
    meant: Meant
    notices: tuple[Notice, ...] = ()
