"""People would be called on a public holiday of where they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from reconciler.model.calling_hours_comparison import LONGEST, subtract_hours
from reconciler.model.campaign import Window
from reconciler.model.campaign_audience import Exposure
from reconciler.model.finding import Finding, Severity
from reconciler.model.public_holidays import find_public_holidays
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation
from reconciler.model.text_enumerations import count_shown
from reconciler.model.weekly_calendar import load_zone

SHOWN = 5

Holiday = tuple[tuple[date, str, str], int]
"""The day, the region and the name; and how many contacts may be there."""


def check(situation: Situation) -> Iterator[Finding]:
    """Each active campaign that dials on a day that is a public holiday where some of its contacts may be."""
    for planned in situation.calling:
        if not planned.campaign.active or planned.exposure is None:
            continue
        windows = subtract_hours(planned.schedule_at(situation.moment, situation.hours), situation.moment)
        found = _find_holidays(planned.exposure, windows)
        if found:
            most = count_shown(len(found), SHOWN)
            shown = [f"{name} ({day}) for {many:,} in {region}" for (day, region, name), many in found[:most]]
            more = [f"{len(found) - most} more, which the plan's JSON names"] if found[most:] else []
            message = f"it dials on public holidays: {'; '.join([*shown, *more])}"
            yield Finding(RULE.id, planned.campaign.address, message, details=_describe_details(found))


def _find_holidays(exposure: Exposure, windows: Sequence[Window]) -> list[Holiday]:
    """The holidays on which some windows dial, by the clocks of where contacts may be; in their order."""
    days: dict[str, frozenset[date]] = {}
    counted: dict[tuple[date, str, str], int] = {}
    for place in exposure.places:
        for name in place.zones:
            if name not in days:
                days[name] = frozenset(_iter_days(name, windows))
        local = frozenset[date]().union(*(days[name] for name in place.zones))
        for region in place.regions:
            for day in local:
                holiday = find_public_holidays(region, day.year).get(day)
                if holiday is not None:
                    counted[day, region, holiday] = counted.get((day, region, holiday), 0) + place.contacts
    return sorted(counted.items(), key=lambda pair: (pair[0][0], -pair[1], pair[0][1]))


def _iter_days(name: str, windows: Sequence[Window]) -> Iterator[date]:
    """The days on which some windows dial, by the clock of a zone."""
    where = load_zone(name)
    for start, end in windows:
        final = min(end, start + LONGEST) - timedelta(microseconds=1)
        day = start.astimezone(where).date()
        while day <= final.astimezone(where).date():
            yield day
            day += timedelta(days=1)


def _describe_details(found: Sequence[Holiday]) -> dict[str, Any]:
    days = [
        {"day": day.isoformat(), "region": region, "name": name, "contacts": many}
        for (day, region, name), many in found
    ]
    return {"holidays": days}


RULE = Rule(
    id="HRS-005",
    title="a schedule on a public holiday",
    says="People are not called unnoticed on a public holiday of where they are: of the country, and of the state or"
    " province where that is known, by their own calendar. Which days these are is the word of the `holidays` library;"
    " days that a government proclaims later are not among them. Where a law forbids calls on such a day, HRS-001"
    " refuses. A weekly calendar leaves a day out under `holidays`.",
    severity=Severity.WARN,
    sources=(
        Source(
            title="The holidays library",
            citation="python-holidays, by country and subdivision",
            url="https://holidays.readthedocs.io/",
            effective=None,
            verified=True,
            note="the days; that nobody is surprised by a call on one is a precaution of this tool, not of the law",
        ),
    ),
    check=check,
)
