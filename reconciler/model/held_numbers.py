# tested by: tests/surfaces/nice/test_group_numbers.py
"""Define the numbers that objects of the tenant hold so that nobody who has one is called, and what changes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from reconciler.model.list_change import Sample
from reconciler.model.problem import Location
from reconciler.model.reason import Counted, Reason
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import NumbersOf, Rows
from reconciler.model.segment import Suppression

Act = Literal["add", "expire"]
ADD: Final = "add"
EXPIRE: Final = "expire"

_PARTS = {ADD: "numbers", EXPIRE: "expired"}


@dataclass(frozen=True, slots=True)
class NumberSet:
    """The numbers that an object of the tenant is to hold.

    Attributes:
        address: of the manifest that says it, and where it does. holder: the query for those that it holds now.
        lists: the do-not-call lists that they are of. mirrors: whether a number expires that is on none of them.
    """

    address: Address
    where: Location
    holder: NumbersOf
    lists: tuple[Suppression, ...]
    mirrors: bool


@dataclass(frozen=True, slots=True)
class HeldChange:
    """Which numbers are added to an object of the tenant, or expire there: nothing is ever removed.

    Attributes:
        holder: the query for the numbers that it holds. act: which of both.
        chunk_size: numbers of one request. live: numbers that it holds now.
        rows: `HELD_CHANGES`, a number once, in their order. digest: of their content.
        reasons: how many for which list. kept: numbers that are on no list, and stay all the same.
        unread: entries of the lists that are no number that anybody has.
    """

    address: Address
    holder: NumbersOf
    act: Act
    chunk_size: int
    live: int
    rows: Rows
    digest: str
    reasons: tuple[Counted, ...] = ()
    samples: tuple[Sample, ...] = ()
    kept: int = 0
    unread: int = 0

    @property
    def files(self) -> tuple[Rows, ...]:
        """The relations that travel with the plan."""
        return (self.rows,)

    @property
    def total(self) -> int:
        """How many rows are written."""
        return self.rows.count

    @property
    def requests(self) -> int:
        """How many requests that is."""
        return -(-self.total // self.chunk_size)

    @property
    def does(self) -> Reason:
        """What its step does."""
        return Reason("held_added_step" if self.act == ADD else "held_expired_step", (self.holder.name,))


def make_part(address: Address, act: Act) -> Address:
    """The address of what is done to the numbers of a resource."""
    return Address(address.kind, address.name, _PARTS[act])
