"""A campaign that collects debts may dial one person more often than seven times in seven days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Planned, Situation
from reconciler.model.safe_harbour import Leg, LegState, keeps_window

MOST, MINUTES = 7, 7 * 24 * 60
"""Calls, at most, in any seven days; in minutes."""

_PLACES = ("US", "PR", "VI", "GU", "AS", "MP")


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign whose manifest says that it is about debts, and whose window lets through more."""
    for planned in situation.campaigns:
        leg = planned.find_leg(Leg.ATTEMPTS)
        if planned.campaign.purpose != "debt-collection" or leg is None or not _calls_there(planned):
            continue
        if leg.state is LegState.UNSET:
            message = "it is about debts, and any number of attempts may be made at one person"
            details = {"attempts": None, "attempts_minutes": None, "limit": MOST, "hours": MINUTES // 60}
            yield Finding(RULE.id, planned.campaign.address, message, details=details)
        elif leg.state is LegState.SET and not keeps_window(leg.value["most"], leg.value["minutes"], MOST, MINUTES):
            most, minutes = leg.value["most"], leg.value["minutes"]
            message = f"it is about debts, and {most} attempts in {minutes} minutes may be made at one person"
            message += f": that is more than {MOST} in {MINUTES // 60} hours"
            details = {"attempts": most, "attempts_minutes": minutes, "limit": MOST, "hours": MINUTES // 60}
            yield Finding(RULE.id, planned.campaign.address, message, details=details)


def _calls_there(planned: Planned) -> bool:
    """Whether it may call anybody in the United States: nobody looked, or where somebody is is not known."""
    if planned.exposure is None or planned.exposure.unknown:
        return True
    return any(planned.exposure.countries.get(place) for place in _PLACES)


RULE = Rule(
    id="ATT-001",
    title="more than seven attempts in seven days about a debt",
    says="A campaign that is about debts (`purpose: debt-collection`) dials nobody in the United States more than seven"
    " times in seven days: within that a debt collector is presumed to comply, beyond it to violate the rule. The rule"
    " binds who collects debts for others, and counts the calls about one debt, and none for seven days after a"
    " conversation: the tenant counts the attempts of one campaign, and knows of neither. It is judged where the"
    " tenant's surface has a field for a window of attempts.",
    severity=Severity.WARN,
    sources=(
        Source(
            title="CFPB, Regulation F, telephone call frequencies",
            citation="12 CFR 1006.14(b)(2)",
            url="https://www.ecfr.gov/current/title-12/section-1006.14",
            effective=date(2021, 11, 30),
            verified=True,
            note="presumptions of compliance and of violation; read in a copy of the eCFR of June 2026. The day of"
            " effect was not verified",
        ),
    ),
    check=check,
)
