# tested by: tests/kinds/test_campaign.py
"""Parse the schedule of a campaign.

Between two instants, for some time after it is created, or in the hours of a weekly calendar: then in the window that
a moment is in, or else in the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from reconciler.model.instants import format_instant, parse_duration, parse_instant
from reconciler.model.kind import Later
from reconciler.model.nearest_name import find_nearest
from reconciler.model.problem import Problem
from reconciler.model.reason import Reason
from reconciler.model.resource import Resource
from reconciler.model.weekly_calendar import DAYS, Calendar, Hours, load_zones, parse_minutes

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Schedule:
    """From when until when, where that is known; else how long after the creation it starts, and how long it lasts.

    `within_hours`: whether it waits for the first minute after that from which all its contacts may be called.
    """

    starts: datetime | None = None
    ends: datetime | None = None
    starts_in: timedelta | None = None
    lasts: timedelta | None = None
    repeats: bool = False
    within_hours: bool = False

    @property
    def windows(self) -> tuple[tuple[datetime, datetime], ...]:
        """The one window, where both of its ends are known."""
        return () if self.starts is None or self.ends is None else ((self.starts, self.ends),)


def make_schedule(spec: Spec, as_of: datetime) -> Schedule:
    """What a valid `schedule` comes to at a moment."""
    if "calendar" in spec:
        window = make_calendar(spec["calendar"]).find_window(as_of)
        return Schedule(*window, lasts=window[1] - window[0], repeats=True)
    lasts = parse_duration(spec["lasts"]) if "lasts" in spec else None
    ends = parse_instant(spec["end"]) if "end" in spec else None
    if "startsIn" in spec:
        return Schedule(None, ends, parse_duration(_describe_delay(spec)), lasts, within_hours=_waits_for_hours(spec))
    starts = parse_instant(spec["start"])
    ends = ends if lasts is None else starts + lasts
    return Schedule(starts, ends, lasts=None if ends is None else ends - starts)


def _describe_delay(spec: Spec) -> str:
    """How long after its creation a campaign starts, at least."""
    said = spec["startsIn"]
    return str(said["after"] if isinstance(said, Mapping) else said)


def _waits_for_hours(spec: Spec) -> bool:
    """Whether its start waits for the calling hours."""
    said = spec["startsIn"]
    return isinstance(said, Mapping) and said.get("within") == "hours"


def make_times(spec: Spec, as_of: datetime) -> dict[str, Any]:
    """The live fields `startTime` and `endTime`; relative ones are fixed when the campaign is created."""
    found = make_schedule(spec, as_of)
    told: dict[str, Any] = {}
    if found.starts_in is not None:
        code = "after_creation_within_hours" if found.within_hours else "after_creation"
        seconds = int(found.starts_in.total_seconds())
        told["startTime"] = Later(seconds, Reason(code, (str(seconds),)))
        if found.lasts is not None:
            lasts = int(found.lasts.total_seconds())
            told["endTime"] = Later(seconds + lasts, Reason("after_start", (str(lasts),)))
    if found.starts is not None:
        told["startTime"] = format_instant(found.starts)
    if found.ends is not None:
        told["endTime"] = format_instant(found.ends)
    return told


def make_calendar(spec: Spec) -> Calendar:
    """The weekly calendar that a valid manifest declares."""
    return Calendar(
        spec["timeZone"],
        tuple(hours for entry in spec["hours"] for hours in _iter_hours(entry)),
        frozenset(date.fromisoformat(day) for day in spec.get("holidays", ())),
    )


def _iter_hours(entry: Spec) -> Iterator[Hours]:
    for day in entry["days"]:
        yield Hours(DAYS.index(day), parse_minutes(entry["from"]), parse_minutes(entry["to"]))


def check(resource: Resource) -> Iterable[Problem]:
    """The schedule says one thing, and it is not empty."""
    spec = resource.spec["schedule"]
    if "calendar" in spec:
        others = [f"`{name}`" for name in spec if name != "calendar"]
        if others:
            message = f"a schedule has either a `calendar` or times; {', '.join(others)} given beside it"
            yield Problem(resource.where("spec", "schedule"), "schedule-unclear", message)
        yield from _check_calendar(resource, spec["calendar"])
        return
    for one, other in (("start", "startsIn"), ("end", "lasts")):
        if (one in spec) == (other in spec):
            given = "both are" if one in spec else "neither is"
            message = f"a schedule has either `{one}` or `{other}`; {given} given"
            hint = None if one in spec else "or give it a weekly `calendar`"
            yield Problem(resource.where("spec", "schedule"), "schedule-unclear", message, hint=hint)
            return
    if "lasts" in spec and not parse_duration(spec["lasts"]):
        yield Problem(
            resource.where("spec", "schedule", "lasts"), "schedule-empty", "the campaign lasts no time at all"
        )
    if "start" in spec and "end" in spec and parse_instant(spec["end"]) <= parse_instant(spec["start"]):
        message = f"the campaign ends at {spec['end']}, not after its start at {spec['start']}"
        yield Problem(resource.where("spec", "schedule", "end"), "schedule-empty", message)


def _check_calendar(resource: Resource, spec: Spec) -> Iterator[Problem]:
    place = ("spec", "schedule", "calendar")
    name = spec["timeZone"]
    if name not in load_zones():
        meant = find_nearest(name, load_zones())
        hint = f"did you mean `{meant}`?" if meant else "write it as the IANA database does: America/New_York"
        message = f"there is no time zone `{name}`"
        yield Problem(resource.where(*place, "timeZone"), "unknown-time-zone", message, hint=hint)
    empty = False
    for index, entry in enumerate(spec["hours"]):
        if parse_minutes(entry["to"]) <= parse_minutes(entry["from"]):
            empty = True
            message = f"the hours end at {entry['to']}, not after their start at {entry['from']}"
            hint = "hours over midnight are two entries: until 24:00, and from 00:00 of the next day"
            yield Problem(resource.where(*place, "hours", index, "to"), "schedule-empty", message, hint=hint)
    if not empty:
        yield from _find_overlaps(resource, spec)


def _find_overlaps(resource: Resource, spec: Spec) -> Iterator[Problem]:
    placed = sorted((each, index) for index, entry in enumerate(spec["hours"]) for each in _iter_hours(entry))
    for (one, _), (other, index) in pairwise(placed):
        if one.day == other.day and other.start < one.end:
            message = f"two entries hold the same hours of {DAYS[one.day]}"
            hint = "write each hour once"
            where = resource.where("spec", "schedule", "calendar", "hours", index)
            yield Problem(where, "schedule-unclear", message, hint=hint)
