# tested by: tests/audience/decision/test_suppression.py
"""Define where every contact of every segment belongs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.model.list_change import Accounting
from reconciler.model.notice import Notice
from reconciler.model.reason import Reason
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Rows
from reconciler.model.segment import Segment


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry of a do-not-call list that is no number: where it stands, what stands there, masked, and why."""

    place: str
    text: str
    why: Reason


@dataclass(frozen=True, slots=True)
class Misread:
    """Numbers of a do-not-call list without a country code, most of which are none in the region they are read in.

    Attributes:
        region: ISO 3166 alpha-2; None: no region is known. entries: so many numbers. unread: so many are none there.
        likely: the region in which most of these are numbers, if there is one.
    """

    region: str | None
    entries: int
    unread: int
    likely: str | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """Numbers of a do-not-call list without a country code whose digits are those of contacts of another country.

    Attributes:
        region: ISO 3166 alpha-2, in which the list's numbers are read, and in which they reach no contact.
        contacts: so many have their digits elsewhere. abroad: with their own country's code, so that the numbers may
            only lack a `+`.
    """

    region: str
    contacts: int
    abroad: bool = False


@dataclass(frozen=True, slots=True)
class ForeignNumbers:
    """Contacts' numbers without a country code that seem to be of another country than the one they are read in.

    Attributes:
        segment: the segment. region: ISO 3166 alpha-2, in which they are read; None: no region is known.
        numbers: so many of its contacts' numbers say no country code and are read there. odd: so many of them are
            nobody's there, or begin with an area code of `state`.
        likely: the region in which most of these are numbers.
        state: a state or province (ISO 3166-2) of `likely` that has the same two letters as `region`.
    """

    segment: Address
    region: str | None
    numbers: int
    odd: int
    likely: str
    state: str | None = None


@dataclass(frozen=True, slots=True)
class RefusedNumbers:
    """Contacts of a segment who are called by a number by which another contact of its source gave no consent.

    Attributes:
        segment: the segment. contacts: so many are called.
    """

    segment: Address
    contacts: int


@dataclass(frozen=True, slots=True)
class DoNotCall:
    """A do-not-call list that a segment is judged by.

    Attributes:
        segment: the segment. address: the SuppressionList.
        taken: the moment its data is of; None: read live. max_age: how old it may be.
        only_warns: whether the manifest asks to be warned only where it is older.
        unread: how many of its entries, of all its parts, are no number that anybody has.
        unreadable: the first of them. misread: regions in which most of its numbers are none. alike: regions in which
            they are numbers, and seem to be those of contacts elsewhere.
        entries: how many numbers each of its sources had, in the order of `Suppression.read`.
        dialled: contacts that stay on the segment's lists and have one of its numbers in the tenant, which dials it.
        lost: such as have a number in the tenant that cannot be read; told at the first of the segment's lists.
    """

    segment: Address
    address: Address
    taken: datetime | None
    max_age: timedelta
    only_warns: bool = False
    unread: int = 0
    dialled: int = 0
    unreadable: tuple[Unreadable, ...] = ()
    misread: tuple[Misread, ...] = ()
    entries: tuple[int, ...] = ()
    lost: int = 0
    alike: tuple[Alike, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """The contacts of a segment that go back to where a run found them: its name, and `RESTORED_MEMBERS`."""

    run: str
    rows: Rows


@dataclass(frozen=True, slots=True)
class MembershipDecision:
    """One segment.

    Attributes:
        rows: its contacts, in or out, as a relation: contactId, score, band, priority, reason, …
        barred: contacts that are to be taken off its lists in any case.
        account: the sum of them all.
        suppressions: the do-not-call lists that it was judged by. foreign: numbers that may be of another country.
        refused: contacts who are called by a number of somebody's who gave no consent.
        restored: of a rollback, whom alone it puts on a list or takes off one, beside those who are barred; None:
            everybody counts. notices: what a person should know of it.
    """

    segment: Segment
    rows: Rows
    barred: Rows
    account: Accounting
    suppressions: tuple[DoNotCall, ...] = ()
    foreign: tuple[ForeignNumbers, ...] = ()
    refused: tuple[RefusedNumbers, ...] = ()
    restored: Restored | None = None
    notices: tuple[Notice, ...] = ()


Members = tuple[MembershipDecision, ...]
