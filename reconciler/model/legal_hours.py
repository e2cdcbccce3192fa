"""Define the hours at which people may be called in a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reconciler.model.campaign import Window
from reconciler.model.public_holidays import find_public_holidays

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
        closed: the region (ISO 3166) on whose public holidays nobody may be called at all; None: holidays are days
            like any other to this law. pause: a part of every day in which nobody may be called.
    """

    place: str
    week: tuple[Span | None, ...]
    source: str
    internal: bool = False
    closed: str | None = None
    pause: Span | None = None

    @property
    def said(self) -> str:
        """The week in words: the days that are like each other together."""
        spans: dict[Span | None, list[str]] = {}
        for day, span in zip(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), self.week, strict=True):
            spans.setdefault(span, []).append(day)
        words = [f"{_format_days(days)} {format_span(span)}" for span, days in spans.items()]
        told = format_span(self.week[0]) if len(spans) == 1 else "; ".join(words)
        told = f"{told}; none from {self.pause[0]:%H:%M} to {self.pause[1]:%H:%M}" if self.pause else told
        return f"{told}; none on public holidays" if self.closed else told

    def find_holiday(self, day: date) -> str | None:
        """The name of the public holiday because of which nobody may be called on a day."""
        return None if self.closed is None else find_public_holidays(self.closed, day.year).get(day)

    def find_span(self, day: date) -> Span | None:
        """When people may be called on a day; None: not at all."""
        return None if self.find_holiday(day) else self.week[day.weekday()]

    def _parts(self, day: date) -> Iterator[Span]:
        span = self.find_span(day)
        if span is None or self.pause is None:
            yield from () if span is None else (span,)
            return
        yield span[0], min(span[1], self.pause[0])
        yield max(span[0], self.pause[1]), span[1]

    def iter_open(self, window: Window, zone: ZoneInfo) -> Iterator[Window]:
        """The parts of a window in which people there may be called by the clock of a zone; in order, UTC.

        Where the clock shows a time twice, they begin at the second and end at the first.
        """
        start, end = window
        day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
        while day <= last:
            for span in self._parts(day):
                opens, closes = max(_find_moments(day, span[0], zone)), min(_find_moments(day, span[1], zone))
                if max(opens, start) < min(closes, end):
                    yield max(opens, start), min(closes, end)
            day += timedelta(days=1)


def _find_moments(day: date, clock: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a clock shows a time of a day: it may do so twice."""
    first, second = (datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
    return first, second


def format_span(span: Span | None) -> str:
    """`08:00–21:00`."""
    return "no calls" if span is None else f"{span[0]:%H:%M}–{span[1]:%H:%M}"


def _format_days(days: Sequence[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]}–{days[-1]}"


def find_hours_of_region(region: str, hours: Mapping[str, Hours]) -> tuple[Hours, ...]:
    """The hours that hold in a region: its own, and those of its country; else those that hold elsewhere."""
    found = tuple(hours[name] for name in dict.fromkeys((region, region[:2])) if name in hours)
    return found or ((hours[ELSEWHERE],) if ELSEWHERE in hours else ())
