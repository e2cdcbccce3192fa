"""What is a contact's score made of, and which band does it fall in?

Scores are integer hundredths throughout: floats computed in another order would show changes that are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Band:
    """Scores from `low` (inclusive) up to `high` (exclusive; None for the top band), in hundredths."""

    name: str
    low: int
    high: int | None
    priority: int


@dataclass(frozen=True, slots=True)
class EngagementScore:
    """The tenant's own `engagementScore`, 0–100, absent = 0; the lowest band starts at the threshold."""

    bands: tuple[Band, ...]

    @property
    def threshold(self) -> int:
        """The lowest score that is in, in hundredths."""
        return min(band.low for band in self.bands)


@dataclass(frozen=True, slots=True)
class RecencyFrequencyScore:
    """`max(0, recency_start − recency_per_day · d) + frequency_each · min(n, frequency_cap)`.

    `d` is the days (seconds ÷ 86,400) since the last interaction of the chosen types within the window, `n` how
    many there are. The window ends at `as_of`: start inclusive, end exclusive.
    """

    window: timedelta
    types: tuple[str, ...]
    recency_start: float
    recency_per_day: float
    frequency_each: float
    frequency_cap: int
    bands: tuple[Band, ...]


Score = EngagementScore | RecencyFrequencyScore
