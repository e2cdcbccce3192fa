"""A campaign's schedule is shorter than its list needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Planned, Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each active campaign that, by its forecast, is not through its list when its schedule ends."""
    for each in situation.campaigns:
        forecast, staffing = each.forecast, each.campaign.staffing
        if not each.campaign.active or forecast is None or forecast.hours is None or staffing is None:
            continue
        available = _count_available_hours(each, situation)
        if available and forecast.hours > available:
            agents = f"{staffing.agents} agent{'' if staffing.agents == 1 else 's'}"
            needs = f"its {forecast.contacts:,} contacts take about {forecast.hours:,.1f} h with {agents}"
            message = f"{needs} (an estimate), and its schedule has {available:,.1f} h"
            details: dict[str, Any] = {"contacts": forecast.contacts, "agents": staffing.agents}
            details |= {"hours_needed": forecast.hours, "hours_available": available}
            yield Finding(RULE.id, each.campaign.address, message, details=details)


def _count_available_hours(planned: Planned, situation: Situation) -> float | None:
    """Hours of the schedule: what is left of it, but all of it where the campaign dials already.

    Some of the list of such a campaign is done, and nobody knows how much.
    """
    if planned.forecast is None or not planned.forecast.available:
        return None
    if not planned.runs:
        return planned.forecast.available
    windows = planned.schedule_at(situation.moment, situation.hours).windows
    return sum((end - start for start, end in windows), timedelta()) / timedelta(hours=1)


RULE = Rule(
    id="SCH-002",
    title="a schedule shorter than the list needs",
    says="The schedule of a campaign that is to be active has the hours that its list needs with the stated staffing,"
    " by the forecast. Else the last contacts of the list are never called, and those are not the ones that anybody"
    " chose. A weekly calendar that begins again is long enough for any list.",
    severity=Severity.WARN,
    sources=(
        Source(
            title="Forecasts are estimates, and only warn",
            citation="decision 20 of this project; docs/forecast.md",
            url="docs/decisions/0020-forecasts-are-estimates.md",
            effective=None,
            verified=True,
            note="a rule of this tool, not of the law: of a list that nobody has begun, nearly all that the estimate"
            " leaves out would make the hours more",
        ),
    ),
    check=check,
)
