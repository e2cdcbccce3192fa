"""A campaign would get a window of its calendar that is over."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.instants import format_instant
from reconciler.model.object_change import Action
from reconciler.model.plan_expiry import writes_window
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Planned, Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign that would be set to a window, or to work in one, that has ended by now, or before it starts."""
    for each in situation.campaigns:
        yield from _find_backwards(each, situation)
        ends = each.campaign.ends
        if each.campaign.repeats and ends is not None and ends <= situation.now and writes_window(each):
            window = f"the window of its calendar as of {format_instant(situation.as_of)}"
            message = f"{window} ended at {format_instant(ends)}, and the plan would set it; for the next, plan and"
            message += " apply with `--as-of $(date -u +%FT%TZ)`, the present"
            details = {"as_of": format_instant(situation.as_of), "ends": format_instant(ends)}
            yield Finding(RULE.id, each.campaign.address, message, details=details)


def _find_backwards(planned: Planned, situation: Situation) -> Iterator[Finding]:
    """A start that is counted from the creation, and comes after an end that is not."""
    campaign = planned.campaign
    made = planned.change.action in (Action.CREATE, Action.REPLACE)
    if not made or campaign.within_hours or campaign.starts_in is None or campaign.ends is None:
        return
    moment = situation.now if situation.applying else situation.moment
    starts = moment + campaign.starts_in
    if campaign.ends <= starts:
        details = {"starts": format_instant(starts), "ends": format_instant(campaign.ends)}
        message = f"its schedule ends at {details['ends']}, and created now it would start at {details['starts']}"
        yield Finding(RULE.id, campaign.address, f"{message}: the tenant takes no such campaign", details=details)


RULE = Rule(
    id="SCH-003",
    title="a window that is over before it begins",
    says="A calendar gives a campaign the window that the plan's `as_of` is in, else the next. A plan made as of"
    " an earlier moment, or late in the day, would set one that is over: the campaign would call nobody, and look as if"
    " all were well. Nor is there a campaign whose start is counted from its creation (`startsIn`) and comes after its"
    " `end`.",
    severity=Severity.REFUSE,
    sources=(
        cite_decision(
            "0022-a-calendar-is-one-window",
            "A calendar comes to one window, by the plan's `as_of`",
            "a rule of this tool, not of the law: nobody is called",
        ),
    ),
    check=check,
)
