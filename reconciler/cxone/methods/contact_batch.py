"""`contactBatch`: into the tenant's directory as a job of the contacts surface, and then onto the list."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from reconciler.cxone import contacts, membership
from reconciler.cxone.errors import Invalid, TooLarge
from reconciler.cxone.membership import Row, Wires
from reconciler.model.delivery import Way
from reconciler.model.errors import ChunkRefused, ChunkTooLarge
from reconciler.model.jobs import Job


class ContactBatch:
    """Contract, section contacts: an upsert by `external_id`, which is the contact's id on every other surface.

    A batch whose reply was lost cannot be looked up: it is sent again, which writes the same once more.
    """

    surface = "contacts"
    way = Way(
        name="contactBatch",
        most=contacts.MOST_CONTACTS,
        usual=contacts.MOST_CONTACTS,
        attributes=True,
        phones=True,
        makes_contacts=True,
        key="contact",
        writes=2,
        looks=1,
        personal=("e164", "name", "email"),
    )

    def offered(self, surfaces: Container[str]) -> bool:
        """Whether a tenant with these surfaces can do it: attributes on the list need the lists surface."""
        return self.surface in surfaces and membership.offered(surfaces)

    def put(self, wires: Wires, list_id: str, rows: Sequence[Row], reference: str) -> str:
        """Ask for a job."""
        try:
            return contacts.batch(wires[self.surface], [_contact(row) for row in rows])
        except TooLarge as error:
            raise ChunkTooLarge(error.note or error.message, where=error.where) from error
        except Invalid as error:
            raise ChunkRefused(error.note or error.message, where=error.where) from error

    def find(self, wires: Wires, reference: str) -> str | None:
        """A batch carries no reference."""
        return None

    def ask(self, wires: Wires, job_id: str) -> Job:
        """How a job gets on; it says how many rows it did not take, and not which."""
        return contacts.job(wires[self.surface], job_id)

    def follow(self, wires: Wires, list_id: str, rows: Sequence[Row]) -> None:
        """Put on the list whom the directory knows now; raises as `eligibility.put`."""
        membership.put(wires, list_id, rows)

    def remove(self, wires: Wires, list_id: str, ids: Sequence[str]) -> None:
        """Take contacts off a list; they stay in the directory."""
        membership.remove(wires, list_id, ids)


def _contact(row: Row) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "external_id": membership.member(row),
        "phone_numbers": [{"number": row["phone"], "type": "MOBILE", "primary": True}],
    }
    if row["name"]:
        told["name"] = row["name"]
    if row["email"]:
        told["email_addresses"] = [{"email": row["email"], "primary": True}]
    if row["data"]:
        told["custom_attributes"] = dict(row["data"])
    return told


METHOD = ContactBatch()
