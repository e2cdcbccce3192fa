"""An active campaign's schedule has ended."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.instants import format_instant
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each active campaign that ended before the moment of the plan."""
    for each in situation.campaigns:
        ends = each.schedule_at(situation.moment, situation.hours).ends
        if each.campaign.active and not each.campaign.repeats and ends is not None and ends <= situation.moment:
            message = f"it is active, and its schedule ended at {format_instant(ends)}: it calls nobody any more"
            yield Finding(RULE.id, each.campaign.address, message, details={"ends": format_instant(ends)})


RULE = Rule(
    id="SCH-001",
    title="a schedule in the past",
    says="A campaign that is to be active has some of its schedule left. One whose end is past dials nobody, though the"
    " plan fills its list: a date was not moved on, or the campaign is done and can be paused or deleted.",
    severity=Severity.WARN,
    sources=(
        cite_decision(
            "0020-forecasts-are-estimates",
            "Forecasts are estimates, and only warn",
            "a rule of this tool, not of the law: nobody is called",
        ),
    ),
    check=check,
)
