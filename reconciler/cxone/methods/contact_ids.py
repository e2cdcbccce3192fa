"""`contactIds`: by id alone, through the outbound surface.

An archived, deleted or unknown id makes the tenant refuse the whole chunk with 404.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from reconciler.cxone import membership, outbound
from reconciler.cxone.membership import Row, Wires
from reconciler.model.delivery import Way


class ContactIds:
    """Contract, section outbound: an idempotent upsert of at most 1000 ids."""

    surface = "outbound"
    way = Way(
        name="contactIds",
        most=1000,
        usual=500,
        attributes=False,
        phones=False,
        makes_contacts=False,
        key="contact",
    )

    def offered(self, surfaces: Container[str]) -> bool:
        """Whether a tenant with these surfaces can do it."""
        return self.surface in surfaces

    def put(self, wires: Wires, list_id: str, rows: Sequence[Row], reference: str) -> None:
        """Put contacts on a list; raises as `eligibility.put`."""
        membership.put_by_id(wires[self.surface], list_id, rows)

    def remove(self, wires: Wires, list_id: str, ids: Sequence[str]) -> None:
        """Take contacts off a list."""
        outbound.remove(wires[self.surface], list_id, list(ids))


METHOD = ContactIds()
