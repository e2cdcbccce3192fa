"""At which hours may people be called where they are, and when would a campaign call them at others?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from reconciler.model.campaign import Campaign, Window
from reconciler.model.exposure import Exposure, Place

ELSEWHERE = "*"
"""Stands for every place that has no hours of its own."""

Span = tuple[time, time]
"""From a time of day to another on the same day, both by the clock of the called party."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When people in one place may be called.

    Attributes:
        place: in words. week: the span of each day, Monday first; None: not at all.
        source: who says so. internal: whether it is a caution of this tool's, and no law of the place.
    """

    place: str
    week: tuple[Span | None, ...]
    source: str
    internal: bool = False

    @property
    def said(self) -> str:
        """The week in words: the days that are like each other together."""
        spans: dict[Span | None, list[str]] = {}
        for day, span in zip(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), self.week, strict=True):
            spans.setdefault(span, []).append(day)
        if len(spans) == 1:
            return _span(self.week[0])
        return "; ".join(f"{_days(days)} {_span(span)}" for span, days in spans.items())

    def outside(self, window: Window, zone: ZoneInfo) -> datetime | None:
        """The first moment of a window, by the clock of a zone, at which nobody there may be called; None: no such."""
        start, end = window
        local = start.astimezone(zone)
        span = self.week[local.weekday()]
        if span is None or not span[0] <= local.time() < span[1]:
            return local
        closes = datetime.combine(local.date(), span[1], zone)
        return closes if closes.astimezone(UTC) < end else None


def _span(span: Span | None) -> str:
    return "no calls" if span is None else f"{span[0]:%H:%M}–{span[1]:%H:%M}"


def _days(days: Sequence[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]}–{days[-1]}"


@dataclass(frozen=True, slots=True)
class Outside:
    """Contacts whom a campaign would call at the wrong hours: where, by which hours, and when first.

    `local` is by the clock of the called party; its time zone is the first of those that they may be in.
    """

    region: str
    contacts: int
    hours: Hours
    local: datetime

    @property
    def span(self) -> Span | None:
        """When people there may be called on that day."""
        return self.hours.week[self.local.weekday()]


def of_region(region: str, hours: Mapping[str, Hours]) -> tuple[Hours, ...]:
    """The hours that hold in a region: its own, and those of its country; else those that hold elsewhere."""
    found = tuple(hours[name] for name in dict.fromkeys((region, region[:2])) if name in hours)
    return found or ((hours[ELSEWHERE],) if ELSEWHERE in hours else ())


def left(campaign: Campaign, now: datetime) -> tuple[Window, ...]:
    """When a campaign is still to dial."""
    return tuple((max(start, now), end) for start, end in campaign.windows if end > now)


def outside(exposure: Exposure, windows: Sequence[Window], hours: Mapping[str, Hours]) -> tuple[Outside, ...]:
    """Who would be called outside their hours, the most first; people at no known time of day are not among them.

    All hours of all the places that a person may be in have to agree, in all the zones that it may be there.
    """
    found: dict[tuple[str, str], Outside] = {}
    for place in exposure.places:
        for region, law, local in _broken(place, windows, hours):
            seen = found.get((region, law.place))
            count = place.contacts + (seen.contacts if seen else 0)
            found[region, law.place] = Outside(region, count, law, seen.local if seen else local)
            break
    return tuple(sorted(found.values(), key=lambda each: (-each.contacts, each.region)))


def _broken(
    place: Place, windows: Sequence[Window], hours: Mapping[str, Hours]
) -> Iterator[tuple[str, Hours, datetime]]:
    for region in place.regions or (ELSEWHERE,):
        for law in of_region(region, hours):
            for zone in map(ZoneInfo, place.zones):
                for window in windows:
                    local = law.outside(window, zone)
                    if local is not None:
                        yield region, law, local


def said(exposure: Exposure, found: Sequence[Outside], shown: int = 3) -> str:
    """In words who would be called outside their hours: the first few places, each with whose hours and when first."""
    many = sum(each.contacts for each in found)
    words = [
        f"{each.contacts:,} in {each.region} ({_span(each.span)} by {each.hours.source}; "
        f"from {_clock(each)} in {each.local.tzinfo})"
        for each in found[:shown]
    ]
    rest = sum(each.contacts for each in found[shown:])
    more = [f"{rest:,} in {len(found) - shown} more places"] if rest else []
    counted = f"{many:,} of {exposure.contacts:,} contacts would be called outside the hours of where they may be"
    return f"{counted}: {'; '.join([*words, *more])}"


def _clock(found: Outside) -> str:
    return f"{found.local:%H:%M on %a %d %b %Y}"
