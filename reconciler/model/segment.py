# tested by: tests/audience/decision/test_suppression.py
"""Define a segment and the lists that it fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from reconciler.model.resource_address import Address
from reconciler.model.row_queries import (
    Additions,
    ContactsOf,
    HistoryQuery,
    MemberPhones,
    MembersOf,
    PeopleQuery,
    RowQuery,
)
from reconciler.model.score_model import RecencyFrequency, Score
from reconciler.model.source_specs import FileFeed

SCORED = ("priority", "score")
"""The attributes that a segment gives a contact itself, as numbers."""

BAND = "band()"
"""The value of an attribute that is neither a number of the segment's nor one that its source maps."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How contacts are put on a list: the method, contacts a request, and what is written with each.

    Attributes:
        method: as the manifest names it; `auto` is made up of sizes and surfaces once they are known.
        chunk_size: None: as many as serve the method best.
        attributes: by the names that they have on the list.
        values: of those that have another name on the list than in the segment or its source, which they are; `BAND`.
        whole: whether contacts may be written with name, phone and e-mail, and not by their ids alone.
    """

    method: str
    chunk_size: int | None
    attributes: tuple[str, ...]
    values: tuple[tuple[str, str], ...] = ()
    whole: bool = True

    @property
    def mapped(self) -> tuple[str, ...]:
        """The attributes that come from the source, and not from the score."""
        named = dict(self.values)
        return tuple(value for name in self.attributes if (value := named.get(name, name)) not in (*SCORED, BAND))

    @property
    def score(self) -> str:
        """The attribute that holds the score on a list."""
        return next((name for name, value in self.values if value == "score"), "score")


@dataclass(frozen=True, slots=True)
class Target:
    """One band's list: the manifest that declares it, its live name, and the query for who is on it now.

    Attributes:
        phones: the query for the members' phones, where do-not-call numbers are to be taken off the list, or what is
            written is held against them.
    """

    band: str
    list_address: Address
    list: str
    members: MembersOf
    phones: MemberPhones | None = None


@dataclass(frozen=True, slots=True)
class Phones:
    """How phones are read, and the region of those without a country code.

    Attributes:
        rule: `valid`: the numbering plan has such a number. `possible`: its length alone is right. `reachable`, of
            do-not-call entries: the plan has it, in one of its readings, or has another number for whom it reached.
    """

    rule: Literal["valid", "possible", "reachable"] = "valid"
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Suppression:
    """A do-not-call list: the query for its numbers, and how they are read.

    Attributes:
        also: numbers that outcomes have added, and those that outcomes of this plan add.
        taken: the moment its data is of; None: read live. max_age: how old it may be.
        only_warns: whether the manifest asks to be warned only where it is older.
    """

    address: Address
    numbers: PeopleQuery
    phones: Phones
    taken: datetime | None = None
    max_age: timedelta = timedelta(days=31)
    only_warns: bool = False
    also: tuple[RowQuery, ...] = ()

    @property
    def read(self) -> tuple[RowQuery, ...]:
        """Every query for its numbers that can be asked of somebody."""
        return (self.numbers, *(query for query in self.also if not isinstance(query, Additions)))

    @property
    def never_empty(self) -> tuple[RowQuery, ...]:
        """Those queries to which no number at all is a sign of a fault: not what may not have been added to yet."""
        return tuple(query for query in self.read if not (isinstance(query, FileFeed) and query.optional))


@dataclass(frozen=True, slots=True)
class Cap:
    """The most contacts that a list may hold, and who goes first; ties go by contact id."""

    most: int
    first: Literal["highest-score", "lowest-score", "contact-id"] = "highest-score"


@dataclass(frozen=True, slots=True)
class Segment:
    """A Segment manifest with everything it refers to.

    Attributes:
        contacts: the source. interactions: what its scores are made of, by the measure that needs them.
        intersect: lists that a contact must be on as well.
        phones: how phones are read; None where nobody needs them.
        suppress: do-not-call lists, the first to name a number being the one that is told.
        mirror: whether contacts that no longer belong are removed.
    """

    address: Address
    contacts: PeopleQuery
    interactions: Mapping[RecencyFrequency, HistoryQuery]
    score: Score
    intersect: tuple[ContactsOf, ...]
    targets: tuple[Target, ...]
    mirror: bool
    delivery: Delivery
    phones: Phones | None = None
    suppress: tuple[Suppression, ...] = ()
    cap: Cap | None = None

    @property
    def asks_consent(self) -> bool:
        """Whether the source says who gave consent: who is not known to have given it is not called."""
        return getattr(self.contacts, "opted_in", None) is not None

    @property
    def asks_again(self) -> bool:
        """Whether it has to be asked again at the moment of writing who on its lists may be called."""
        return bool(self.suppress) or self.asks_consent

    @property
    def calls_unrecorded(self) -> bool:
        """Whether the manifest says that contacts whose consent nobody recorded are called all the same."""
        return self.asks_consent and getattr(self.contacts, "unknown_consent", "out") == "in"

    def part(self, target: Target) -> Address:
        """The address of one band of this segment."""
        return Address(self.address.kind, self.address.name, target.band)
