"""People would be called outside calling hours if a campaign were created now."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.calling_hours_comparison import subtract_hours
from reconciler.model.finding import Finding, Severity
from reconciler.model.instants import format_instant
from reconciler.model.object_change import Action
from reconciler.model.outside_hours_summary import describe_any_hour, describe_out_of_hours
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each active campaign whose schedule is counted from its creation, and reaches beyond its contacts' hours."""
    for planned in situation.calling:
        campaign = planned.campaign
        made = planned.change.action in (Action.CREATE, Action.REPLACE)
        if not campaign.active or planned.exposure is None or situation.applying or not made:
            continue
        if campaign.starts_in is None or campaign.within_hours:
            continue
        dialled = planned.schedule_at(situation.moment, situation.hours)
        if dialled.dials_at_any_hour(situation.moment) and planned.exposure.contacts:
            many = planned.exposure.contacts
            yield Finding(RULE.id, campaign.address, describe_any_hour(many), details={"contacts": many})
        found = describe_out_of_hours(planned.exposure, subtract_hours(dialled, situation.moment), situation.hours)
        if found is not None:
            says, details = found
            then = "now" if situation.moment == situation.now else f"at {format_instant(situation.moment)}"
            told = {**details, "created": format_instant(situation.moment)}
            yield Finding(RULE.id, campaign.address, f"if it were created {then}, {says}", details=told)


RULE = Rule(
    id="HRS-002",
    title="a schedule whose hours depend on when it is applied",
    says="A schedule that begins some time after the campaign is created (`startsIn`) falls inside the calling hours"
    " or outside them by the moment of the apply. A plan tells where it would fall outside now (of a plan that is made"
    " as of another day: then). The apply judges it by HRS-001, and refuses; of a campaign that is there already, whose"
    " times were fixed when it was created, the plan does. Name times, or a calendar, or"
    " `startsIn: {after: 15m, within: hours}`, which waits for the first minute from which all contacts may be called.",
    severity=Severity.WARN,
    sources=(
        Source(
            title="FCC, rules under the Telephone Consumer Protection Act, time of day",
            citation="47 CFR 64.1200(c)(1)",
            url="https://www.law.cornell.edu/cfr/text/47/64.1200",
            effective=None,
            verified=True,
            note="no telephone solicitation before 8 a.m. or after 9 p.m., local time at the called party's location",
        ),
    ),
    check=check,
)
