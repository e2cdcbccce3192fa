"""Would people be called at hours at which they may not be called?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.model.finding import Finding, Severity
from reconciler.model.hours import left, outside, said
from reconciler.model.rule import Rule, Source
from reconciler.model.situation import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each active campaign whose declared schedule reaches beyond the hours of some of its contacts."""
    for planned in situation.calling:
        campaign = planned.campaign
        if not campaign.active or campaign.starts_in is not None or planned.exposure is None:
            continue
        found = outside(planned.exposure, left(campaign, situation.moment), situation.hours)
        if found:
            yield Finding(RULE.id, campaign.address, said(planned.exposure, found))


RULE = Rule(
    id="HRS-001",
    title="a schedule outside the calling hours",
    says="A campaign dials nobody before 8:00 or after 21:00 by the clock of where the called person is, nor outside"
    " the stricter hours of a state or country (`reconciler/rules/calling_hours.toml`, each with its source). Where"
    " that is follows from the number and from the address; all the places and all the time zones that these leave"
    " open have to agree. Public holidays are not known to this tool.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="FCC, rules under the Telephone Consumer Protection Act, time of day",
            citation="47 CFR 64.1200(c)(1)",
            url="https://www.law.cornell.edu/cfr/text/47/64.1200",
            effective=None,
            verified=True,
            note="no telephone solicitation before 8 a.m. or after 9 p.m., local time at the called party's location",
        ),
        Source(
            title="FTC, Telemarketing Sales Rule, calling time restrictions",
            citation="16 CFR 310.4(c)",
            url="https://www.law.cornell.edu/cfr/text/16/310.4",
            effective=date(1995, 12, 31),
            verified=False,
            note="the same hours; the paragraph and the day were not verified. See calling_hours.toml for every place",
        ),
    ),
    check=check,
)
