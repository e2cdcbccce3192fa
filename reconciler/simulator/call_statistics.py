# tested by: tests/simulator/test_statistics.py
"""Count the calls of the tenant's campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reconciler.simulator.stored_records import wire_time

COUNTED = timedelta(days=30)
"""How far back calls are counted, where nobody says since when."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Calls of one campaign, from one aware moment to another; None is by the tenant's clock."""

    attempts: int = 0
    live_answered: int = 0
    abandoned: int = 0
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        """ValueError for counts that no tenant can have counted."""
        if not 0 <= self.abandoned <= self.live_answered <= self.attempts:
            raise ValueError("of the attempts some are answered by a person, and of these some are abandoned")


class Calls:
    """The calls of every campaign, by the campaign's id. Nobody dials here: what is counted is what was set.

    Attributes:
        offered: whether the tenant tells; if not, it answers 404, as one that has no such endpoint.
    """

    def __init__(self) -> None:
        self.offered = True
        self._counted: dict[str, Counted] = {}

    def set(self, campaign_id: str, **counted: Any) -> None:
        """Set what was counted of a campaign: the fields of `Counted`; what is left out is 0, or by the clock."""
        self._counted[campaign_id] = Counted(**counted)

    def to_wire(self, campaign_id: str, now: datetime) -> Mapping[str, Any]:
        """The reply of `GET /campaigns/{id}/statistics`."""
        counted = self._counted.get(campaign_id, Counted())
        end = counted.until or now
        return {
            "campaignId": campaign_id,
            "startTime": wire_time(counted.since or end - COUNTED),
            "endTime": wire_time(end),
            "attempts": counted.attempts,
            "liveAnswered": counted.live_answered,
            "abandoned": counted.abandoned,
        }
