# tested by: tests/properties/test_values.py
"""Define what changes of the members of a list, and where every contact of its source went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.delivery_method import Key, Numbers
from reconciler.model.reason import Counted, Reason, Share
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import MembersOf, Rows
from reconciler.model.score_basis import Scored


@dataclass(frozen=True, slots=True)
class Sample:
    """One contact as an example: a token and a masked hint, never the contact itself.

    `score`, in points, is the one it has now, and `was` that on the list it is on; None where there is none.
    """

    token: str
    hint: str
    action: str
    reason: Reason
    score: float | None = None
    was: float | None = None


@dataclass(frozen=True, slots=True)
class RowChange:
    """Who is put on one list, changed on it, or taken off it: a relation on disk, counted.

    Attributes:
        address: the segment's band. list_address, list: the list's manifest and its live name.
        method, chunk_size, attributes, values: the delivery. chosen: why it is that method, where the manifest leaves
            it open.
        key: what makes two rows of the list one to the method. region: of phones there without a country code.
        data: whether the list may hold contacts that a bulk insert made, known by what is kept with them and by phone.
        live: contacts on the list now. adds, updates, removes, unchanged: what becomes of them.
        rows: `MEMBER_CHANGES`, ordered by action and contact.
        stays: contacts that no longer belong and stay on the list, as `upsert` removes nobody, by reason.
        owed: contacts that the tenant would not take before: those offered again are among the rows, others wait.
        pending: how many of them wait.
        digest: of the rows' content. precondition: digest of the live members.
        aged: of the updates, those that follow from the time alone. aged_since: when the list was written last.
        scored: as of which moment and by which model its scores are, once it is written; None: no time is in them.
        numbers: whether the numbers that the tenant calls the added by were held against the do-not-call lists.
        definition: digests of the manifests that say who belongs on it, by address.
        reached: `REACHED_MEMBERS` of who is on the list, where the segment has do-not-call lists: they are read again
            when the plan is applied. reached_digest: of their content.
    """

    address: Address
    list_address: Address
    list: str
    method: str
    chunk_size: int
    attributes: tuple[str, ...]
    live: int
    adds: int
    updates: int
    removes: int
    unchanged: int
    rows: Rows
    digest: str
    precondition: str
    reasons: tuple[Counted, ...] = ()
    samples: tuple[Sample, ...] = ()
    stays: tuple[Counted, ...] = ()
    chosen: Reason | None = None
    key: Key = "contact"
    region: str | None = None
    data: bool = False
    owed: tuple[Counted, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    numbers: Numbers = "known"
    reached: Rows | None = None
    reached_digest: str = ""
    pending: int = 0
    aged: int = 0
    aged_since: datetime | None = None
    scored: Scored | None = None
    definition: Mapping[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """How many rows are updated for another reason than that time has gone by."""
        return self.updates - self.aged

    @property
    def members(self) -> MembersOf:
        """The query for who is on the list."""
        return MembersOf(self.list, self.attributes, self.data)

    @property
    def files(self) -> tuple[Rows, ...]:
        """The relations that travel with the plan."""
        return (self.rows,) if self.reached is None else (self.rows, self.reached)

    @property
    def does(self) -> Reason:
        """What its step does."""
        return Reason("membership_step", (self.method, self.list))

    @property
    def total(self) -> int:
        """How many rows are written."""
        return self.adds + self.updates + self.removes

    @property
    def after(self) -> int:
        """How many contacts the list holds afterwards, if nobody else changes it."""
        return self.live + self.adds - self.removes


@dataclass(frozen=True, slots=True)
class Accounting:
    """Where every contact of a segment's source went: `source = sum(included) + sum(left out)`.

    Attributes:
        unrecorded: of those who are in, how many have no recorded consent, where the source calls such
            (`unknownConsent: in`); None: it does not, or says nothing of consent.
    """

    segment: Address
    source: int
    included: tuple[Share, ...]
    left_out: tuple[Counted, ...]
    unrecorded: int | None = None

    def __post_init__(self) -> None:
        """Refuse a sum that does not add up: a contact that vanishes is a fault of this program."""
        accounted = sum(each.count for each in self.included) + sum(each.count for each in self.left_out)
        if accounted != self.source:
            raise AssertionError(f"{self.segment}: {accounted} contacts accounted for, {self.source} in the source")
