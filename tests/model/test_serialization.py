"""Does a noun come back from JSON as the same noun, and is what was altered refused?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

import pytest

from reconciler.model.resource_address import Address
from reconciler.model.serialization import from_json, to_json


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Part:
    name: str
    share: float = 1.0


@dataclass(frozen=True)
class Whole:
    address: Address
    at: datetime
    day: date
    lasts: timedelta
    colour: Colour
    kind: Literal["a", "b"]
    count: int
    sure: bool
    parts: tuple[Part, ...] = ()
    windows: tuple[tuple[datetime, datetime], ...] = ()
    named: Mapping[str, Part] = field(default_factory=dict)
    loose: Mapping[str, Any] = field(default_factory=dict)
    perhaps: Part | None = None


NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
WHOLE = Whole(
    address=Address("Segment", "vip", "high"),
    at=NOON,
    day=date(2026, 7, 1),
    lasts=timedelta(hours=4, microseconds=1),
    colour=Colour.RED,
    kind="a",
    count=3,
    sure=True,
    parts=(Part("one"), Part("two", 2)),
    windows=((NOON, NOON),),
    named={"x": Part("three")},
    loose={"a": [1, None, "x"], "b": {"c": 1.5}},
    perhaps=Part("four"),
)
WRITTEN = {
    "address": "Segment/vip[high]",
    "at": "2026-07-01T12:00:00+00:00",
    "day": "2026-07-01",
    "lasts": 14400.000001,
    "colour": "red",
    "kind": "a",
    "count": 3,
    "sure": True,
    "parts": [{"name": "one", "share": 1.0}, {"name": "two", "share": 2}],
    "windows": [["2026-07-01T12:00:00+00:00", "2026-07-01T12:00:00+00:00"]],
    "named": {"x": {"name": "three", "share": 1.0}},
    "loose": {"a": [1, None, "x"], "b": {"c": 1.5}},
    "perhaps": {"name": "four", "share": 1.0},
}


def test_every_type_is_written_as_json_has_it_and_read_back_the_same() -> None:
    assert to_json(WHOLE) == WRITTEN
    read = from_json(Whole, WRITTEN)
    assert read == WHOLE
    assert isinstance(read.colour, Colour)
    assert isinstance(read.parts, tuple) and isinstance(read.windows[0], tuple)


def test_what_is_left_out_is_as_it_is_by_default_and_what_is_given_is_taken_as_it_is() -> None:
    short = {name: WRITTEN[name] for name in ("address", "at", "day", "lasts", "colour", "kind", "count", "sure")}
    assert from_json(Whole, short).parts == ()
    mine = Part("mine")
    assert from_json(Whole, short, perhaps=mine).perhaps is mine


@pytest.mark.parametrize(
    "altered",
    [
        {"count": "3"},
        {"count": True},
        {"count": 3.5},
        {"sure": "false"},
        {"sure": 0},
        {"kind": "c"},
        {"colour": "blue"},
        {"colour": None},
        {"at": "yesterday"},
        {"at": 5},
        {"day": None},
        {"lasts": "4h"},
        {"address": 5},
        {"address": "Segment"},
        {"parts": {"name": "one"}},
        {"parts": [{"name": 1}]},
        {"parts": [{"share": 1}]},
        {"parts": [{"name": "x", "more": 1}]},
        {"parts": 5},
        {"windows": [["2026-07-01T12:00:00+00:00"]]},
        {"named": ["x"]},
        {"named": 5},
        {"perhaps": "x"},
        {"more": 1},
    ],
)
def test_what_was_altered_is_refused_and_never_made_to_fit(altered: Mapping[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        from_json(Whole, {**WRITTEN, **altered})


def test_what_is_missing_is_refused() -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        from_json(Whole, {name: value for name, value in WRITTEN.items() if name != "count"})
