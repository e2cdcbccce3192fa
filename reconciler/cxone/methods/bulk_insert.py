"""`bulkInsert`: up to ten thousand at once, by phone, as a job of the bulk surface."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from reconciler.cxone import bulk, membership
from reconciler.cxone.errors import Invalid, TooLarge
from reconciler.cxone.membership import Row, Wires
from reconciler.model.delivery import Way
from reconciler.model.errors import ChunkRefused, ChunkTooLarge
from reconciler.model.jobs import Job


class BulkInsert:
    """Contract, section bulk: an upsert by phone within the list.

    A contact that it makes has an id of the tenant's own, so the one it was sent under goes with it as the custom field
    `contactId`. Who is on the list is read, and taken off it, through the lists surface: this one can do neither.
    """

    surface = "bulk"
    way = Way(
        name="bulkInsert",
        most=bulk.MOST_ITEMS,
        usual=bulk.MOST_ITEMS,
        attributes=True,
        phones=True,
        makes_contacts=True,
        looks=1,
        key="phone",
        personal=("firstName", "lastName", "email"),
    )

    def offered(self, surfaces: Container[str]) -> bool:
        """Whether a tenant with these surfaces can do it."""
        return self.surface in surfaces and "lists" in surfaces

    def put(self, wires: Wires, list_id: str, rows: Sequence[Row], reference: str) -> str:
        """Ask for a job."""
        try:
            return bulk.insert(wires[self.surface], list_id, [_item(row) for row in rows], reference)
        except TooLarge as error:
            raise ChunkTooLarge(error.note or error.message, where=error.where) from error
        except Invalid as error:
            raise ChunkRefused(error.note or error.message, where=error.where) from error

    def find(self, wires: Wires, reference: str) -> str | None:
        """By the reference that the job echoes."""
        found = bulk.find(wires[self.surface], reference)
        return None if found is None else found.id

    def ask(self, wires: Wires, job_id: str) -> Job:
        """How a job gets on; it names every row that it did not take."""
        return bulk.job(wires[self.surface], job_id)

    def follow(self, wires: Wires, list_id: str, rows: Sequence[Row]) -> None:
        """Nothing: a row that was inserted is on the list."""

    def remove(self, wires: Wires, list_id: str, ids: Sequence[str]) -> None:
        """Take contacts off a list."""
        membership.remove(wires, list_id, ids)


def _item(row: Row) -> Mapping[str, Any]:
    custom = {**row["data"], "contactId": row["sent_as"]}
    # what is not sent stays as it is
    named = {part: row[part] for part in ("firstName", "lastName", "email") if row[part]}
    return {"phoneNumber": row["phone"], **named, "customFields": custom}


METHOD = BulkInsert()
