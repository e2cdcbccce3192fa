"""`listContacts`: with attributes, through the lists surface."""

from __future__ import annotations

from collections.abc import Container, Sequence

from reconciler.cxone import lists, membership
from reconciler.cxone.membership import Row, Wires
from reconciler.model.delivery import Way


class ListContacts:
    """Contract, section lists: an upsert by contact id; the attributes of a chunk replace those on the list."""

    surface = "lists"
    way = Way(
        name="listContacts",
        most=1000,
        usual=500,
        attributes=True,
        phones=False,
        makes_contacts=False,
        key="contact",
    )

    def offered(self, surfaces: Container[str]) -> bool:
        """Whether a tenant with these surfaces can do it."""
        return self.surface in surfaces

    def put(self, wires: Wires, list_id: str, rows: Sequence[Row], reference: str) -> None:
        """Put contacts with their attributes on a list; raises as `eligibility.put`."""
        membership.put_with_data(wires[self.surface], list_id, rows)

    def remove(self, wires: Wires, list_id: str, ids: Sequence[str]) -> None:
        """Take contacts off a list."""
        lists.remove(wires[self.surface], list_id, ids)


METHOD = ListContacts()
