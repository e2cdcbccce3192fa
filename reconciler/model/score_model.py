# tested by: tests/audience/decision/test_scoring.py
"""Define score models and bands.

Scores are integer hundredths throughout: floats computed in another order would show changes that are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class Band:
    """Scores from `low` (inclusive) up to `high` (exclusive; None for the top band), in hundredths."""

    name: str
    low: int
    high: int | None
    priority: int


@dataclass(frozen=True, slots=True)
class Engagement:
    """The tenant's own `engagementScore`, or a source's column of that name: 0–100, absent = 0."""


@dataclass(frozen=True, slots=True)
class RecencyFrequency:
    """`max(0, recency_start − recency_per_day · d) + frequency_each · min(n, frequency_cap)`.

    `d` is the days (seconds ÷ 86,400) since the last interaction of the chosen types within the window, `n` how many
    there are. The window ends at `as_of`: start inclusive, end exclusive.
    """

    window: timedelta
    types: tuple[str, ...]
    recency_start: float
    recency_per_day: float
    frequency_each: float
    frequency_cap: int


@dataclass(frozen=True, slots=True)
class Combined:
    """Several scores as one.

    `and`: in only where every part is, with the lowest of their scores; `or`: in where any part is, with the highest of
    those that are; `weighted`: the sum of the parts' scores times their weights, an absent score counting 0.
    """

    by: Literal["and", "or", "weighted"]
    parts: tuple[tuple[Score, float], ...]


@dataclass(frozen=True, slots=True)
class Score:
    """A measure and the bands that its values fall in, the highest first.

    Attributes:
        hysteresis: hundredths that a contact must be past its band's edge before it leaves the list it is on.
    """

    measure: Engagement | RecencyFrequency | Combined
    bands: tuple[Band, ...]
    hysteresis: int = 0

    @property
    def threshold(self) -> int:
        """The lowest score that is in, in hundredths."""
        return min(band.low for band in self.bands)

    def measures(self) -> Iterator[Engagement | RecencyFrequency]:
        """The measures that it comes down to."""
        if isinstance(self.measure, Combined):
            for part, _ in self.measure.parts:
                yield from part.measures()
        else:
            yield self.measure
