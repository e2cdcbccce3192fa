# tested by: tests/model/test_legal_hours.py
"""Summarise the contacts who would be called outside calling hours, as a sentence and as JSON.

In a sentence for people, which names the first few places, and as JSON values, which name all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from reconciler.model.calling_hours_comparison import (
    Clock,
    OutOfHoursPlace,
    find_at_odds,
    find_out_of_hours,
    find_widest_window,
    list_clocks,
)
from reconciler.model.campaign import Window
from reconciler.model.campaign_audience import Exposure
from reconciler.model.instants import format_instant
from reconciler.model.legal_hours import Hours, format_span
from reconciler.model.text_enumerations import count_shown

SHOWN = 3
"""Places that a sentence names, at most."""


def describe_out_of_hours(
    exposure: Exposure, windows: Sequence[Window], hours: Mapping[str, Hours]
) -> tuple[str, Mapping[str, Any]] | None:
    """What is wrong with some windows, in words and as JSON values; None where nothing is."""
    many, found = find_out_of_hours(exposure, windows, hours)
    if not found:
        return None
    best = find_widest_window(exposure, windows, hours)
    odds = find_at_odds(exposure, windows, hours) if best is None else ()
    suits = _describe_odds(odds) if best is None else _describe_best(best, found)
    details = {
        "contacts": many,
        "of": exposure.contacts,
        "places": [_place_document(each) for each in found],
        "widest_window": None if best is None else _window_document(best, exposure, hours),
        "clocks": [make_clock_document(each) for each in odds],
    }
    return f"{_describe(exposure, many, found)}; {suits}", details


def describe_any_hour(contacts: int) -> str:
    """What is wrong with a campaign that is there and of whose times nobody knows both."""
    holds = "the tenant does not hold both its start and its end, or not so that they can be read"
    return f"{holds}: it may call its {contacts:,} contacts at any hour. Give it times, or declare times or a calendar"


def _describe(exposure: Exposure, many: int, found: Sequence[OutOfHoursPlace]) -> str:
    shown = count_shown(len(found), SHOWN)
    words = [
        f"{each.contacts:,} in {each.region} ({_describe_law(each)}; {_describe_start(each)})" for each in found[:shown]
    ]
    more = [f"{len(found) - shown} more places, which the plan's JSON names"] if found[shown:] else []
    counted = f"{many:,} of {exposure.contacts:,} contacts would be called outside the hours of where they may be"
    return f"{counted}: {'; '.join([*words, *more])}"


def _describe_law(each: OutOfHoursPlace) -> str:
    return f"{_describe_allowed(each)} by {each.hours.source}"


def _describe_allowed(each: OutOfHoursPlace) -> str:
    """The hours of the day on which calls begin to be outside of them."""
    day = each.hours.find_holiday(each.local.date())
    pause = each.hours.pause
    rest = f" but {format_span(pause)}" if pause is not None and each.span is not None else ""
    return f"{format_span(each.span)}{rest}{f' on {day}' if day else ''}"


def _describe_start(each: OutOfHoursPlace) -> str:
    return f"from {each.local:%H:%M on %a %d %b %Y} in {each.local.tzinfo}, for {format_length(each.length)}"


def format_length(length: timedelta) -> str:
    """`2h30m`."""
    minutes = -(-length // timedelta(minutes=1))
    hours, rest = divmod(minutes, 60)
    return f"{hours}h{rest:02}m" if hours and rest else f"{hours}h" if hours else f"{rest}m"


def _describe_best(best: Window, found: Sequence[OutOfHoursPlace]) -> str:
    zone = found[0].local.tzinfo
    start, end = (moment.astimezone(zone) for moment in best)
    local = f"{start:%H:%M on %a %d %b} to {end:%H:%M on %a %d %b} in {zone}"
    return f"all may be called from {format_instant(best[0])} to {format_instant(best[1])} ({local})"


def _describe_odds(odds: Sequence[Clock]) -> str:
    if len(odds) == 1:
        return f"in no minute of it may anybody be called {describe_clock(odds[0])}"
    if odds:
        return f"no minute of it suits both {describe_clock(odds[0])} and {describe_clock(odds[1])}"
    return "no minute of it suits all places"


def describe_clock(clock: Clock) -> str:
    """The hours of a place, and by whose clock."""
    return f"in {clock.region} by the clock of {clock.zone} ({clock.law.said} by {clock.law.source})"


def make_clock_document(clock: Clock) -> dict[str, Any]:
    """The same as JSON values."""
    return {"region": clock.region, "zone": clock.zone, "hours": clock.law.said, "source": clock.law.source}


def _place_document(each: OutOfHoursPlace) -> dict[str, Any]:
    return {
        "region": each.region,
        "contacts": each.contacts,
        "zones": list(each.zones),
        "hours": each.hours.said,
        "allowed": _describe_allowed(each),
        "source": each.hours.source,
        "outside_from": each.local.isoformat(),
        "outside_minutes": -(-each.length // timedelta(minutes=1)),
    }


def _window_document(best: Window, exposure: Exposure, hours: Mapping[str, Hours]) -> dict[str, Any]:
    zones = {clock.zone: clock.where for clock in list_clocks(exposure, hours)}
    return {
        "start": format_instant(best[0]),
        "end": format_instant(best[1]),
        "local": {name: [_format_local(moment, zone) for moment in best] for name, zone in sorted(zones.items())},
    }


def _format_local(moment: datetime, zone: Any) -> str:
    return moment.astimezone(zone).isoformat()
