"""Resolve SOQL date literals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

_NAMED = re.compile(
    r"(?P<day>YESTERDAY|TODAY|TOMORROW)|(?P<side>LAST|NEXT)_90_DAYS|(?P<which>LAST|THIS|NEXT)_(?P<unit>WEEK|MONTH|QUARTER|YEAR)"
)
_COUNTED = re.compile(
    r"(?P<side>LAST|NEXT)_N_(?P<unit>DAY|WEEK|MONTH|QUARTER|YEAR)S:(?P<n>\d{1,5})"
    r"|N_(?P<ago_unit>DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO:(?P<ago>\d{1,5})"
)
_STEPS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1, "LAST": -1, "THIS": 0, "NEXT": 1}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant, which is in it, to another, which is not."""

    start: datetime
    end: datetime

    def compares(self, sign: str, held: Any) -> bool:
        """Whether a date or a time of a record is before, in or after it, as a sign asks."""
        at = _instant(held)
        if at is None:
            return sign == "!="
        inside = self.start <= at < self.end
        asked = {
            "=": inside,
            "!=": not inside,
            "<": at < self.start,
            "<=": at < self.end,
            ">": at >= self.end,
            ">=": at >= self.start,
        }
        return asked[sign]


def parse_span(literal: str, now: datetime) -> Span | None:
    """What a literal means at a moment; None for a word that is none."""
    word = literal.upper()
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if found := _NAMED.fullmatch(word):
        if found["day"]:
            return _make_span_of_units("DAY", today, _STEPS[found["day"]], 1)
        if found["side"]:
            return _make_span(found["side"], "DAY", 90, today)
        return _make_span_of_units(found["unit"], today, _STEPS[found["which"]], 1)
    if found := _COUNTED.fullmatch(word):
        if found["ago"] is not None:
            return _make_span_of_units(found["ago_unit"], today, -int(found["ago"]), 1)
        return _make_span(found["side"], found["unit"], int(found["n"]), today)
    return None


def _make_span(side: str, unit: str, count: int, today: datetime) -> Span:
    """The last or next so many units: of days today is among the last ones, of the others the current one is not."""
    if side == "NEXT":
        return _make_span_of_units(unit, today, 1, count)
    last = _make_span_of_units(unit, today, -count, count)
    return Span(last.start, today + timedelta(days=1)) if unit == "DAY" else last


def _make_span_of_units(unit: str, today: datetime, first: int, count: int) -> Span:
    """So many units from one on that is `first` units from the current one."""
    return Span(_begin(unit, today, first), _begin(unit, today, first + count))


def _begin(unit: str, today: datetime, steps: int) -> datetime:
    if unit == "DAY":
        return today + timedelta(days=steps)
    if unit == "WEEK":
        return today - timedelta(days=today.isoweekday() % 7) + timedelta(weeks=steps)
    length = _MONTHS[unit]
    months = 12 * today.year + (today.month - 1) // length * length + steps * length
    return today.replace(year=months // 12, month=months % 12 + 1, day=1)


def _instant(held: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(held) if isinstance(held, str) else None
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
