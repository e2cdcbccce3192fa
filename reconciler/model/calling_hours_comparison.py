# tested by: tests/model/test_legal_hours.py
"""Compare a campaign's window with the calling hours of its contacts.

All hours of all the places that a person may be in have to agree, in all the zones that it may be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from reconciler.model.campaign import Campaign, Window
from reconciler.model.campaign_audience import Exposure
from reconciler.model.legal_hours import ELSEWHERE, Hours, Span, find_hours_of_region
from reconciler.model.weekly_calendar import load_zone as zone_of

LONGEST = timedelta(days=366)
"""No more of one window is looked at: what lies outside of the hours is there long before."""

WAITS = timedelta(days=7)
"""How long after the earliest moment a start is looked for that all contacts allow."""

MINUTE = timedelta(minutes=1)
_PAIRS = 200


@dataclass(frozen=True, slots=True)
class Clock:
    """The hours of one place by the clock of one zone, and how many contacts they hold for."""

    region: str
    law: Hours
    zone: str
    contacts: int

    @property
    def where(self) -> ZoneInfo:
        """The zone itself."""
        return zone_of(self.zone)


@dataclass(frozen=True, slots=True)
class OutOfHoursPlace:
    """Contacts whom a campaign would call at the wrong hours: where, by which hours, when first, and for how long.

    Attributes:
        zones: those by whose clocks it is the wrong hour. local: by the first of these clocks that it is wrong by.
        length: of the time outside, by the clock by which it is longest.
    """

    region: str
    contacts: int
    hours: Hours
    local: datetime
    zones: tuple[str, ...]
    length: timedelta

    @property
    def span(self) -> Span | None:
        """When people there may be called on that day."""
        return self.hours.find_span(self.local.date())


def subtract_hours(campaign: Campaign, now: datetime) -> tuple[Window, ...]:
    """When a campaign is still to dial."""
    return tuple((max(start, now), end) for start, end in campaign.windows if end > now)


def list_clocks(exposure: Exposure, hours: Mapping[str, Hours]) -> tuple[Clock, ...]:
    """Every clock that counts, once; people at no known time of day have none."""
    found: dict[tuple[str, str, str], Clock] = {}
    for place in exposure.places:
        for region in place.regions or (ELSEWHERE,):
            for law in find_hours_of_region(region, hours):
                for name in place.zones:
                    seen = found.get((region, law.place, name))
                    many = place.contacts + (seen.contacts if seen else 0)
                    found[region, law.place, name] = Clock(region, law, name, many)
    return tuple(found.values())


def find_out_of_hours(
    exposure: Exposure, windows: Sequence[Window], hours: Mapping[str, Hours]
) -> tuple[int, tuple[OutOfHoursPlace, ...]]:
    """How many contacts would be called outside their hours, and every place that says so, the most contacts first."""
    wrong: dict[tuple[str, str, str], tuple[datetime, timedelta]] = {}
    for clock in list_clocks(exposure, hours):
        first, length = _measure_closed(clock, windows)
        if first is not None:
            wrong[clock.region, clock.law.place, clock.zone] = first.astimezone(clock.where), length
    many, found = 0, dict[tuple[str, str], OutOfHoursPlace]()
    for place in exposure.places:
        broken = False
        for region in place.regions or (ELSEWHERE,):
            for law in find_hours_of_region(region, hours):
                bad = [name for name in place.zones if (region, law.place, name) in wrong]
                broken = broken or bool(bad)
                if bad:
                    seen = found.get((region, law.place))
                    found[region, law.place] = _with(seen, region, law, place.contacts, bad, wrong)
        many += place.contacts if broken else 0
    return many, tuple(sorted(found.values(), key=lambda each: (-each.contacts, each.region, each.hours.place)))


def _with(
    seen: OutOfHoursPlace | None,
    region: str,
    law: Hours,
    contacts: int,
    zones: Sequence[str],
    wrong: Mapping[tuple[str, str, str], tuple[datetime, timedelta]],
) -> OutOfHoursPlace:
    length = max(wrong[region, law.place, name][1] for name in zones)
    if seen is None:
        return OutOfHoursPlace(region, contacts, law, wrong[region, law.place, zones[0]][0], tuple(zones), length)
    every = tuple(dict.fromkeys((*seen.zones, *zones)))
    return OutOfHoursPlace(region, seen.contacts + contacts, law, seen.local, every, max(seen.length, length))


def _measure_closed(clock: Clock, windows: Sequence[Window]) -> tuple[datetime | None, timedelta]:
    """The first moment of some windows at which nobody may be called by a clock, and for how long in all."""
    first, length = None, timedelta()
    for window in windows:
        at, end = window
        end = min(end, at + LONGEST)
        for opens, closes in clock.law.iter_open((at, end), clock.where):
            if opens > at:
                first, length = first or at, length + (opens - at)
            at = max(at, closes)
        if at < end:
            first, length = first or at, length + (end - at)
    return first, length


def find_common_window(found: Iterable[Clock], window: Window) -> tuple[Window, ...]:
    """The parts of a window in which all may be called; in order."""
    start, end = window
    whole = (start, min(end, start + LONGEST))
    parts = [whole]
    for opened in {tuple(clock.law.iter_open(whole, clock.where)): None for clock in found}:
        parts = _intersect(parts, opened)
    return tuple(parts)


def _intersect(some: Sequence[Window], others: Sequence[Window]) -> list[Window]:
    """What two rows of windows have in common."""
    found, one, other = list[Window](), 0, 0
    while one < len(some) and other < len(others):
        start = max(some[one][0], others[other][0])
        end = min(some[one][1], others[other][1])
        if start < end:
            found.append((start, end))
        if some[one][1] <= others[other][1]:
            one += 1
        else:
            other += 1
    return found


def find_widest_window(exposure: Exposure, windows: Iterable[Window], hours: Mapping[str, Hours]) -> Window | None:
    """The longest part of some windows in which all contacts may be called; the first of several."""
    found = list_clocks(exposure, hours)
    parts = [part for window in windows for part in find_common_window(found, window)]
    return max(parts, key=lambda part: (part[1] - part[0], -part[0].timestamp()), default=None)


def find_at_odds(exposure: Exposure, windows: Sequence[Window], hours: Mapping[str, Hours]) -> tuple[Clock, ...]:
    """The clock that no window opens; else two that have none in common; else none: it takes more of them."""
    opened: dict[tuple[Window, ...], Clock] = {}
    for clock in list_clocks(exposure, hours):
        parts = tuple(part for window in windows for part in find_common_window([clock], window))
        if not parts:
            return (clock,)
        opened.setdefault(parts, clock)
    for (one, first), (other, second) in combinations(list(opened.items())[:_PAIRS], 2):
        if not _intersect(one, other):
            return first, second
    return ()


def find_first_window(
    exposure: Exposure,
    hours: Mapping[str, Hours],
    earliest: datetime,
    lasts: timedelta | None,
    ends: datetime | None = None,
) -> Window | None:
    """The first minute from `earliest` on from which all contacts may be called to the end, and that end.

    The end is `ends`, or so long after the start. None where there is none within `WAITS`.
    """
    earliest = -(-(earliest - _EPOCH) // MINUTE) * MINUTE + _EPOCH
    until = earliest + WAITS + (lasts or timedelta())
    for start, end in find_common_window(
        list_clocks(exposure, hours), (earliest, until if ends is None else max(ends, earliest))
    ):
        starts = -(-(start - _EPOCH) // MINUTE) * MINUTE + _EPOCH
        closes = ends if lasts is None else starts + lasts
        if closes is not None and starts < closes <= end and starts <= earliest + WAITS:
            return starts, closes
    return None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
