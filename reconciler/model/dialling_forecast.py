"""Estimate how long a list keeps its agents busy, and the abandonment left under the ceiling.

Estimates: the formulas, and what they leave out, are in docs/forecast.md. Nothing here refuses anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from reconciler.model.campaign import Campaign, Staffing, Window

RINGS = timedelta(seconds=15)
"""How long a call that nobody answers occupies its line: the least that the safe harbour of 16 CFR 310.4(b)(4)(ii)
lets it ring, so what is computed with it is rather too short than too long."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a tenant counted of a campaign's calls since one moment, until another.

    Attributes:
        attempts: calls that were dialled. live_answered: those that a person answered, abandoned ones among them.
        abandoned: those that a person answered and no agent took in time.
    """

    attempts: int
    live_answered: int
    abandoned: int
    since: datetime
    until: datetime

    @property
    def percent(self) -> float:
        """Abandoned calls in percent of those that a person answered; 0 where nobody has answered yet."""
        return 100 * self.abandoned / self.live_answered if self.live_answered else 0.0


@dataclass(frozen=True, slots=True)
class Headroom:
    """What is left under a ceiling below 100, by the calls that the tenant has counted.

    Attributes:
        ceiling: in percent. percent: the live figure. points: the ceiling less the figure, in percentage points.
        calls: how many more calls may be abandoned, all else equal, before the figure is above the ceiling.
        rest: the percentage of the calls still to be answered that may be abandoned; None where no staffing is stated.
    """

    ceiling: float
    percent: float
    points: float
    calls: int
    rest: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a campaign's list will probably take.

    Attributes:
        contacts: on its list after the apply; None: nobody knows.
        attempts: dial attempts. answered: those that a person answers. hours: of dialling until the list is exhausted.
            All three None where no staffing is stated, or the contacts are not known.
        available: hours of its schedule that are left; None where it is not known, or begins again.
        finish: when the list is exhausted, to the minute; None where its schedule ends before, or is not known.
        headroom: what the tenant's own figure leaves, where there is one and a ceiling.
        label: what this is, for whoever meets it in a document.
    """

    contacts: int | None
    attempts: int | None = None
    answered: int | None = None
    hours: float | None = None
    available: float | None = None
    finish: datetime | None = None
    headroom: Headroom | None = None
    label: str = "an estimate; its formula is in docs/forecast.md"

    @property
    def short(self) -> float | None:
        """Hours that the schedule lacks; None where it lacks none, or nobody knows."""
        if self.hours is None or self.available is None or self.hours <= self.available:
            return None
        return self.hours - self.available


def make_forecast(
    campaign: Campaign,
    contacts: int | None,
    now: datetime,
    *,
    statistics: Statistics | None = None,
    ceiling: float | None = None,
) -> Forecast:
    """What is to be expected of a campaign from `now` on; the ceiling in percent."""
    left = tuple((max(start, now), end) for start, end in campaign.windows if end > now)
    attempts = answered = hours = finish = available = room = None
    if campaign.staffing is not None and contacts is not None:
        attempts, answered, work = _estimate_work(contacts, campaign.staffing, _count_lines(campaign))
        hours, finish = _to_hours(work), _find_finish(work, left)
    if campaign.windows and not campaign.repeats:
        available = _to_hours(sum((end - start for start, end in left), timedelta()))
    if statistics is not None and ceiling is not None:
        room = compute_headroom(statistics, ceiling, answered)
    return Forecast(contacts, attempts, answered, hours, available, finish, room)


def compute_headroom(statistics: Statistics, ceiling: float, expected: int | None = None) -> Headroom:
    """What the calls counted so far leave under `ceiling` percent, if `expected` more are answered.

    An abandoned call is itself an answered one, so `x` more of them are too many once
    `(abandoned + x) / (live_answered + x)` is above the ceiling.
    """
    share = Fraction(str(ceiling)) / 100
    answered, abandoned = statistics.live_answered, statistics.abandoned
    spare = share * answered - abandoned
    calls = max(0, math.floor(spare / (1 - share)))
    rest = None
    if expected:
        rest = min(100.0, max(0.0, round(float(100 * (share * (answered + expected) - abandoned) / expected), 2)))
    points = round(ceiling - statistics.percent, 2)
    return Headroom(ceiling, round(statistics.percent, 2), points, calls, rest)


def _count_lines(campaign: Campaign) -> int | None:
    """Calls in progress at most; None: an agent dials one call at a time."""
    return campaign.predictive.get("maxCallsInProgress") if campaign.dial_type == "predictive" else None


def _estimate_work(contacts: int, staffing: Staffing, lines: int | None) -> tuple[int, int, timedelta]:
    """Attempts, answered calls, and the time that they take: each contact is tried until a person answers.

    Every attempt is answered with the same chance, whatever came of the one before.
    """
    reached = 1 - (1 - staffing.answer_rate) ** staffing.attempts
    attempts, answered = contacts * reached / staffing.answer_rate, contacts * reached
    talking, ringing = answered * staffing.handle_time, (attempts - answered) * RINGS
    if lines is None:
        work = (talking + ringing) / staffing.agents
    else:
        work = max(talking / staffing.agents, (talking + ringing) / lines)
    return round(attempts), round(answered), work


def _find_finish(work: timedelta, windows: Iterable[Window]) -> datetime | None:
    for start, end in windows:
        if work <= end - start:
            return (start + work).replace(second=0, microsecond=0)
        work -= end - start
    return None


def _to_hours(length: timedelta) -> float:
    return round(length / timedelta(hours=1), 2)
