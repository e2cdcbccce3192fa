"""Which people does a segment mean, and on which lists do they belong?"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.address import Address
from reconciler.model.rows import ContactsOf, InteractionsOf, MembersOf
from reconciler.model.score import Score


@dataclass(frozen=True, slots=True)
class Delivery:
    """How contacts are put on a list: the method, contacts a request, and what is written with each."""

    method: str
    chunk_size: int
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """One band's list: the manifest that declares it, its live name, and the query for who is on it now."""

    band: str
    list_address: Address
    list: str
    members: MembersOf


@dataclass(frozen=True, slots=True)
class Segment:
    """A Segment manifest with everything it refers to.

    Attributes:
        contacts: the source; interactions: what its scores are made of, where the score needs any.
        intersect: lists that a contact must be on as well.
        mirror: whether contacts that no longer belong are removed.
    """

    address: Address
    contacts: ContactsOf
    interactions: InteractionsOf | None
    score: Score
    intersect: tuple[ContactsOf, ...]
    targets: tuple[Target, ...]
    mirror: bool
    delivery: Delivery

    def part(self, target: Target) -> Address:
        """The address of one band of this segment."""
        return Address(self.address.kind, self.address.name, target.band)
