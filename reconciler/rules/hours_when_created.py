"""Would people be called at hours at which they may not be called, if a campaign were created now?"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.change import Action
from reconciler.model.finding import Finding, Severity
from reconciler.model.hours import left, outside, said
from reconciler.model.moment import format_instant
from reconciler.model.rule import Rule, Source
from reconciler.model.situation import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each active campaign whose schedule is counted from its creation, and reaches beyond its contacts' hours."""
    for planned in situation.calling:
        if not planned.campaign.active or planned.campaign.starts_in is None or planned.exposure is None:
            continue
        dialled = planned.dialled(situation.moment)
        if not dialled.windows and planned.exposure.contacts:
            called = f"it may call its {planned.exposure.contacts:,} contacts at any hour"
            message = f"the tenant does not hold both its start and its end: {called}. Declare times, or a calendar"
            yield Finding(RULE.id, planned.campaign.address, message)
        found = outside(planned.exposure, left(dialled, situation.moment), situation.hours)
        if found:
            made = planned.change.action in (Action.CREATE, Action.REPLACE)
            then = "now" if situation.moment == situation.now else f"at {format_instant(situation.moment)}"
            when = f"if it were created {then}, " if made else "by the times that were fixed when it was created, "
            yield Finding(RULE.id, planned.campaign.address, when + said(planned.exposure, found))


RULE = Rule(
    id="HRS-002",
    title="a schedule whose hours depend on when it is applied",
    says="A schedule that begins some time after the campaign is created (`startsIn`) falls inside the calling hours"
    " or outside them by the moment of the apply. It is told where it would fall outside now (of a plan that is made as"
    " of another day: then), and where the tenant holds no times of a campaign that is there already. Name times, or a"
    " calendar, and HRS-001 holds them against the hours.",
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
