# tested by: tests/rules/test_rules.py
"""Load the calling hours of places: `calling_hours.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import time
from functools import cache
from importlib.resources import files
from typing import Any

from reconciler.model.legal_hours import Hours, Span
from reconciler.model.rule import Source, Timetable

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@cache
def load_timetables() -> tuple[Timetable, ...]:
    """Every entry of the file, in its order."""
    text = (files("reconciler.rules") / "calling_hours.toml").read_text(encoding="utf-8")
    return tuple(_parse_timetable(each) for each in tomllib.loads(text)["hours"])


def load_allowed_hours() -> Mapping[str, Hours]:
    """The hours of each place that has some of its own, `*` for every other."""
    return {place: entry.hours for entry in load_timetables() for place in entry.places}


def _parse_timetable(each: Mapping[str, Any]) -> Timetable:
    sources = tuple(
        Source(
            title=source["title"],
            citation=source["citation"],
            url=source["url"],
            effective=source.get("effective"),
            verified=source["verified"],
            note=source["note"],
        )
        for source in each["source"]
    )
    week = tuple(_parse_span(each.get(day, each["every_day"])) for day in _DAYS)
    cited = ", ".join(source.citation for source in sources)
    closed = each["places"][0] if each.get("holidays") == "none" else None
    pause = _parse_span(each["pause"]) if "pause" in each else None
    hours = Hours(each["name"], week, cited, each.get("internal", False), closed, pause)
    return Timetable(tuple(each["places"]), hours, sources)


def _parse_span(written: str) -> Span | None:
    """`08:00-21:00` as two times; `none` as no time at all."""
    if written == "none":
        return None
    start, end = (time.fromisoformat(part) for part in written.split("-"))
    return start, end
