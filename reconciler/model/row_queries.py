# tested by: tests/audience/decision/test_suppression.py
"""Define relations on disk, and the queries for rows of the tenant's lists and campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from reconciler.model.problem import Location
from reconciler.model.reason import Counted
from reconciler.model.resource_address import Address
from reconciler.model.source_specs import ContactFeed, DispositionFeed, HistoryFeed


@dataclass(frozen=True, slots=True)
class Rows:
    """A relation on disk.

    Attributes:
        columns: the file's columns, as name → type. count: its rows, those that were read twice among them.
        take: where each column of the relation stands in the file (`data.score`); empty: as they are.
        total: how many different rows the tenant says there are, where it does. shifted: whether it said otherwise
            on another page: then rows may be missing, even if their number is right.
        skipped: rows that cannot be used and are not among the others any more, counted by their fault.
    """

    path: Path
    format: Literal["json", "parquet"]
    columns: Mapping[str, str]
    count: int
    take: Mapping[str, str] = field(default_factory=dict)
    total: int | None = None
    shifted: bool = False
    skipped: tuple[Counted, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveList:
    """A contact list of the tenant that is read and not managed: by its name, or by its id."""

    name: str | None = None
    id: str | None = None

    def __str__(self) -> str:
        return f"list {self.name!r}" if self.name is not None else f"list id {self.id!r}"


@dataclass(frozen=True, slots=True)
class ContactsOf:
    """The contacts of a list: id, engagement score, status, phone.

    Attributes:
        by_name: whether the place that points at the list has no other way to than its name.
        named: whether their names and e-mail addresses are wanted as well.
    """

    list: LiveList
    where: Location = field(compare=False)
    by_name: bool = field(default=False, compare=False)
    named: bool = False

    def __str__(self) -> str:
        return str(self.list)


@dataclass(frozen=True, slots=True)
class InteractionsOf:
    """The tenant's interactions with some contacts in [start, end), of the types named."""

    contacts: PeopleQuery
    types: tuple[str, ...]
    start: datetime
    end: datetime
    where: Location = field(compare=False)

    def __str__(self) -> str:
        return f"the interactions of {self.contacts}"


SENT_AS = "sentAs"
"""The column with the id that a bulk insert was sent a contact under (its custom field `contactId`)."""


ATTRIBUTE = "value_"
"""How the columns of attributes that were read of a list are named: one may be named as any other column."""


@dataclass(frozen=True, slots=True)
class MembersOf:
    """Who is on a managed list now; with their attributes where the delivery writes some.

    Attributes:
        data: whether what is kept with each member is needed though no attribute is, as a bulk insert leaves ids
            there; and its phone, where a surface tells it.
    """

    list: str
    attributes: tuple[str, ...]
    data: bool = False


@dataclass(frozen=True, slots=True)
class MemberPhones:
    """The phones of who is on a managed list now, with names and e-mail; nobody's where the list is not made yet.

    Attributes:
        needed: whether nothing can be planned without them: else they are read where a surface offers them.
        compared: whether what is written is held against them, where they can be read.
    """

    list: str
    where: Location = field(compare=False)
    needed: bool = field(default=True, compare=False)
    compared: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class ContactsIn:
    """The contacts that some interactions of files or of a database name, where nothing else names any."""

    history: HistoryFeed
    where: Location = field(compare=False)

    def __str__(self) -> str:
        return f"the contacts in {self.history}"


@dataclass(frozen=True, slots=True)
class LiveCampaign:
    """A campaign of the tenant that is spoken of and not managed: by its name, or by its id."""

    name: str | None = None
    id: str | None = None

    def __str__(self) -> str:
        return f"campaign {self.name!r}" if self.name is not None else f"campaign id {self.id!r}"

    def may_be(self, other: LiveCampaign) -> bool:
        """Whether both may be one campaign: a name and an id may mean the same."""
        return self == other or (self.name is None) != (other.name is None)


@dataclass(frozen=True, slots=True)
class OutcomesOf:
    """The outcome that each contact of some dispositions has in a campaign now, and who holds the contact."""

    campaign: LiveCampaign
    dispositions: DispositionFeed
    where: Location = field(compare=False)

    def __str__(self) -> str:
        return f"the outcomes in {self.campaign}"


@dataclass(frozen=True, slots=True)
class CampaignPhones:
    """The phones of who is on a campaign's list now."""

    campaign: LiveCampaign
    where: Location = field(compare=False)


@dataclass(frozen=True, slots=True)
class NumbersOf:
    """The numbers that the tenant holds, so that who has one is not called; none where an object is not there yet.

    Attributes:
        kind: of the manifest that says which. name: what they are called by.
        objects: what holds them, or whom they are not to be called for: kind and live name of each, all of one kind.
        since, until: the days on which they are to be held; None: from now on, and without end.
    """

    kind: str
    name: str
    objects: tuple[tuple[str, str], ...]
    since: date | None = None
    until: date | None = None

    def __str__(self) -> str:
        return f"the numbers of {self.kind} {self.name!r}"


@dataclass(frozen=True, slots=True)
class Additions:
    """The numbers that outcomes of this plan add to a do-not-call list: known once the outcomes are read."""

    list: Address


PeopleQuery = ContactsOf | ContactsIn | ContactFeed
"""The ways of reading people: each has `where`, the place that asks, and says itself in words."""

HistoryQuery = InteractionsOf | HistoryFeed
"""The ways of reading interactions."""

TenantQuery = ContactsOf | MembersOf | MemberPhones | CampaignPhones | NumbersOf
"""What only the tenant knows, one list at a time, or one object that holds numbers."""

SingleQuery = PeopleQuery | HistoryFeed | DispositionFeed | TenantQuery
"""What is read on its own."""

RowQuery = SingleQuery | HistoryQuery | OutcomesOf | Additions

OfTheTenant = TenantQuery | OutcomesOf
"""Queries whose answer an apply may change. Interactions are the tenant's, too, and no apply makes or deletes any."""
