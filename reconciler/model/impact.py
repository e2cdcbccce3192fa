# tested by: tests/steps/test_impact.py
"""Define the impact of a plan: who starts and stops being called, and where the change is concentrated.

Nobody is named in it. How each figure is made is written in docs/impact.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from reconciler.model.resource_address import Address

Change = Literal["added", "removed", "moved"]
"""What becomes of somebody on the lists of a segment: put on one, taken off all of them, or from one to another."""

STARTS, STOPS, MOVES, TREATED = 1.0, 0.5, 0.25, 0.25
"""What one person counts in a blast radius. A call that must not be made can be a fine, and cannot be taken back: who
starts counts whole. Who stops costs business, and is called again by the next plan. Who is called by another list, or
by a campaign that dials otherwise from now on, was called before as well."""

FORMULA = "(1 × starts + 0.5 × stops + 0.25 × moves + 0.25 × treated) ÷ max(called before, called after)"


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many people of a campaign another one calls as well: the same contact, or another with the same number."""

    address: Address
    campaign: str
    people: int


@dataclass(frozen=True, slots=True)
class CampaignImpact:
    """Whom a campaign calls, before and after a plan; the bands of one manifest are one campaign.

    Attributes:
        dials_before, dials_after: whether it may be calling people.
        before, after: people it calls, or would call if it were not at rest; None: nobody knows.
        starts, stops: so many are called by it only from now on, or no longer. moves: by another of its lists.
        shared: of those who start, so many are called by another campaign as well.
        treated: so many go on being called while settings of its dialler or its threshold change.
        hours_before, hours_after: of dialling, by its forecast; None where no staffing is stated.
    """

    address: Address
    dials_before: bool
    dials_after: bool
    before: int | None
    after: int | None
    starts: int = 0
    stops: int = 0
    moves: int = 0
    shared: int = 0
    treated: int = 0
    hours_before: float | None = None
    hours_after: float | None = None

    @property
    def at_rest(self) -> bool:
        """Whether it calls nobody, neither before nor after."""
        return not (self.dials_before or self.dials_after)


@dataclass(frozen=True, slots=True)
class BandMove:
    """How many people of a segment go from one band to another; None: called by none of its lists."""

    segment: Address
    before: str | None
    after: str | None
    people: int


@dataclass(frozen=True, slots=True)
class NearThreshold:
    """How many people stand near the lower edge of a band, of those whose score alone decides.

    Attributes:
        edge: in points. below_5, below_10: with up to so many points too few. above_5, above_10: with less than so many
            points to spare. None: fewer than ten, or the rest of the wider figure is.
    """

    segment: Address
    band: str
    edge: float
    below_5: int | None
    below_10: int | None
    above_5: int | None
    above_10: int | None


@dataclass(frozen=True, slots=True)
class Edge:
    """The lower edge of a band, in points."""

    band: str
    edge: float


@dataclass(frozen=True, slots=True)
class ScoreHistogram:
    """The people of a segment by score, of those whose score alone decides.

    Attributes:
        start, width: where the first step begins and how wide each is, in points. inside, outside: people who are in,
            and who are out, by step; who has less than the first step, or more than the last, counts to these.
        edges: of the bands, from below. Counts are to the nearest ten, and 0 where they are below ten.
    """

    segment: Address
    start: float
    width: float
    inside: tuple[int, ...]
    outside: tuple[int, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """What people have in common: an attribute, `country`, `region` or `source`, and its value; None: it has none."""

    of: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Concentration:
    """Where one change of a segment is concentrated.

    Attributes:
        where: one value, or two together.
        share: of the people who are changed, in whole percent. base: of those it is held against, in tenths of a
            percent: who was called before, or, of those who are added, everybody in the source.
        lift: the share is so many times the base.
    """

    segment: Address
    change: Change
    where: tuple[Value, ...]
    share: int
    base: float
    lift: float


@dataclass(frozen=True, slots=True)
class DataAge:
    """How old the data of a segment is.

    Attributes:
        what: `contacts`, `interactions` or `do-not-call`. source: in the words of its manifest.
        oldest, newest: of what it was made; None: nobody knows.
        basis: what says so: `events` themselves, `modified` (when files were written last), `committed` (when git got
            them), `declared` in a manifest; `read`: it was read when the plan was made; else `unknown`.
    """

    segment: Address
    what: str
    source: str
    oldest: datetime | None = None
    newest: datetime | None = None
    basis: str = "unknown"


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """A plan's effect on people as one number: `FORMULA`, in percent.

    Attributes:
        known: whether the people of every list that matters could be read; else lists count by their sizes.
    """

    percent: float
    called_before: int
    called_after: int
    starts: int = 0
    stops: int = 0
    moves: int = 0
    treated: int = 0
    known: bool = True
    formula: str = FORMULA


@dataclass(frozen=True, slots=True)
class Impact:
    """What a plan means for people.

    Attributes:
        blast: the one number. campaigns: those whose people or dialling change, by address. bands: who goes from one
            band to another, of each segment that changes. near: who stands near an edge. data: how old it all is.
        scores: of each segment that changes. overlaps: of the campaigns that change, with each other active one as both
            would be, those of most people first.
        concentration: of each segment and change the most telling first.
    """

    blast: BlastRadius
    campaigns: tuple[CampaignImpact, ...] = ()
    bands: tuple[BandMove, ...] = ()
    concentration: tuple[Concentration, ...] = ()
    near: tuple[NearThreshold, ...] = ()
    data: tuple[DataAge, ...] = ()
    scores: tuple[ScoreHistogram, ...] = ()
    overlaps: tuple[Overlap, ...] = ()


def blast_radius(
    called_before: int, starts: int, stops: int, moves: int, treated: int, *, known: bool = True
) -> BlastRadius:
    """The number for so many people; 0 where nobody is called, before or after."""
    after = called_before + starts - stops
    weighed = STARTS * starts + STOPS * stops + MOVES * moves + TREATED * treated
    called = max(called_before, after)
    percent = round(100 * weighed / called, 1) if called else 0.0
    if weighed and not percent:
        percent = 0.1  # somebody is concerned: it is not nothing
    return BlastRadius(percent, called_before, after, starts, stops, moves, treated, known)
