# tested by: tests/simulator/test_dispositions.py
"""Keep the outcomes of one contact in one campaign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.simulator.dialler import HELD, READY, Course
from reconciler.simulator.stored_records import wire_time


@dataclass(frozen=True, slots=True)
class Written:
    """An outcome that was set.

    Attributes:
        was: the outcome before it.
        timestamp: the client's, as it was sent; else the time of writing.
        at: ISO 8601 UTC wall time of writing.
        request_id: of the PATCH; None where the tenant set it by itself.
    """

    outcome: str
    was: str | None
    agent_id: str
    timestamp: str
    at: str
    request_id: str | None

    @property
    def is_repeated(self) -> bool:
        """Whether a client wrote what was there already."""
        return self.request_id is not None and self.was == self.outcome

    def to_control(self) -> dict[str, Any]:
        """The write as the control surface shows it."""
        shown = {"outcomeCode": self.outcome, "was": self.was, "agentId": self.agent_id, "at": self.at}
        return {**shown, "dispositionTimestamp": self.timestamp, "requestId": self.request_id}


@dataclass(slots=True)
class Disposition:
    """One contact in one campaign. `refused` counts the writes that came while the dialler held the contact."""

    campaign_id: str
    contact_id: str
    outcome: str | None = None
    agent_id: str | None = None
    notes: str | None = None
    timestamp: str | None = None
    custom_fields: Mapping[str, Any] = field(default_factory=dict)
    modified: datetime | None = None
    history: list[Written] = field(default_factory=list)
    refused: int = 0
    course: Course | None = None

    @property
    def state(self) -> str:
        """The dialler's state."""
        return self.course.stage.state if self.course else READY

    @property
    def is_held(self) -> bool:
        """Whether the dialler has the contact."""
        return self.state in HELD

    def to_wire(self) -> dict[str, Any]:
        """The reply of `GET /campaigns/{campaignId}/contacts/{contactId}`; what is not known is null."""
        return {
            "contactId": self.contact_id,
            "campaignId": self.campaign_id,
            "state": self.state,
            "outcomeCode": self.outcome,
            "agentId": self.agent_id,
            "notes": self.notes,
            "dispositionTimestamp": self.timestamp,
            "customFields": self.custom_fields,
            "dateModified": wire_time(self.modified) if self.modified else None,
        }
