"""A campaign may dial one person more often in a day than the law of their state allows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation
from reconciler.model.safe_harbour import Leg, LegState, keeps_window
from reconciler.model.text_enumerations import format_count

MOST, MINUTES = 3, 24 * 60
"""Calls, at most, in any 24 hours; in minutes."""

STATES = ("US-FL", "US-OK")
"""Where that is the law."""


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign with contacts who may be there, and whose window lets through more."""
    for planned in situation.campaigns:
        leg, exposure = planned.find_leg(Leg.ATTEMPTS), planned.exposure
        if planned.campaign.purpose == "debt-collection" or leg is None or exposure is None:
            continue
        # where in the country somebody is may be open: then they may be there
        there = sum(each.contacts for each in exposure.places if {*STATES, "US"} & {*each.regions})
        if not there:
            continue
        who = f"{format_count(there, 'contact')} may be in Florida or Oklahoma"
        if leg.state is LegState.UNSET:
            message = f"{who}, and any number of attempts may be made at one person"
            details = {"contacts": there, "attempts": None, "attempts_minutes": None}
            yield Finding(RULE.id, planned.campaign.address, message, details={**details, **_LIMIT})
        elif leg.state is LegState.SET and not keeps_window(leg.value["most"], leg.value["minutes"], MOST, MINUTES):
            most, minutes = leg.value["most"], leg.value["minutes"]
            message = f"{who}, and {most} attempts in {minutes} minutes may be made at one person"
            message += f": that is more than {MOST} in {MINUTES // 60} hours"
            details = {"contacts": there, "attempts": most, "attempts_minutes": minutes}
            yield Finding(RULE.id, planned.campaign.address, message, details={**details, **_LIMIT})


_LIMIT = {"limit": MOST, "hours": MINUTES // 60}

RULE = Rule(
    id="ATT-002",
    title="more than three attempts in 24 hours where a state forbids it",
    says="A campaign that sells dials nobody in Florida or Oklahoma more than three times in 24 hours on one subject."
    " The tenant counts the attempts of one campaign, and not those of others about the same (CMP-SHARED). Where in the"
    " United States somebody is may not be known: then they may be there. Campaigns about debts are ATT-001's. It is"
    " judged where the tenant's surface has a field for a window of attempts. Other states have such laws, and"
    " published tables disagree on which.",
    severity=Severity.WARN,
    sources=(
        Source(
            title="Florida Telemarketing Act, frequency of calls",
            citation="Fla. Stat. 501.616(6)(b)",
            url="https://www.flsenate.gov/Session/Bill/2021/1120/BillText/er/HTML",
            effective=date(2021, 7, 1),
            verified=True,
            note="at most three solicitation calls to a person in 24 hours on one subject, whatever number calls; read"
            " in the bill's text, the day of effect was not verified",
        ),
        Source(
            title="Oklahoma, Telephone Solicitation Act of 2022, frequency of calls",
            citation="Okla. Stat. tit. 15, 775C.4",
            url="https://www.oscn.net/",
            effective=date(2022, 11, 1),
            verified=False,
            note="the same, from secondary sources; have the statute looked up before you rely on it",
        ),
    ),
    check=check,
)
