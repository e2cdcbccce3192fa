# tested by: tests/simulator/test_contacts.py
"""Define what the tenant stores, and how it is written on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ACTIVE = "ACTIVE"


def wire_time(moment: datetime) -> str:
    """ISO 8601 UTC with Z and milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Contact:
    """One contact of the directory. Any status but ACTIVE means archived."""

    id: str
    engagement_score: float | None = None
    status: str = ACTIVE
    phone_number: str | None = None
    more: dict[str, Any] | None = None

    def to_wire(self) -> dict[str, Any]:
        """The row of `GET /outbound/contactlists/{listId}/contacts`; what is unknown is left out."""
        row: dict[str, Any] = {"id": self.id, "status": self.status}
        if self.engagement_score is not None:
            row["engagementScore"] = self.engagement_score
        if self.phone_number is not None:
            row["phoneNumber"] = self.phone_number
        return {**row, **self.more} if self.more else row


@dataclass(slots=True)
class ContactList:
    """A contact list; `members` maps contact id to its data on this list, in the order of joining.

    `forgotten` counts the rows that a tenant which forgets rows was sent for this list. Where it does not tell its
    description (`tells_description`), nobody hears that it has none.
    """

    id: str
    name: str
    modified: datetime
    description: str = ""
    type: str = "outbound"
    forgotten: int = 0
    tells_description: bool = True
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    _order: list[str] | None = None

    @property
    def count(self) -> int:
        """How many contacts are on it."""
        return len(self.members) + self.forgotten

    def order(self) -> list[str]:
        """The member ids in order. Kept until the members change: a page of a million costs no walk."""
        if self._order is None:
            self._order = list(self.members)
        return self._order

    def touch(self, now: datetime) -> None:
        """The list changed: its date and its order are no longer what they were."""
        self.modified = now
        self._order = None

    def to_wire(self) -> dict[str, Any]:
        """The row of `GET /lists` and of `GET /outbound/contactlists`."""
        return {
            "id": self.id,
            "name": self.name,
            **({"description": self.description} if self.tells_description or self.description else {}),
            "type": self.type,
            "contactCount": self.count,
            "dateModified": wire_time(self.modified),
        }


@dataclass(slots=True)
class Campaign:
    """A campaign; `fields` are the client's, as the contract names them (`name`, `dialType`, `listId`, …).

    `looks`: how often one that is stopping will still be told to be; None: it is not on its way anywhere.
    """

    id: str
    fields: dict[str, Any]
    modified: datetime
    looks: int | None = None

    @property
    def name(self) -> str:
        """The campaign's name."""
        return str(self.fields["name"])

    def to_wire(self) -> dict[str, Any]:
        """The row of `GET /campaigns`."""
        return {"id": self.id, "status": "draft", **self.fields, "dateModified": wire_time(self.modified)}
