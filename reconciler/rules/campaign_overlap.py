"""Two active campaigns would call the same people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each active campaign with people whom another active one calls as well."""
    for planned in situation.calling:
        if planned.shared and planned.campaign.active:
            others = [f"{each.contacts:,} with {each.campaign!r}" for each in planned.shared]
            message = f"it shares contacts with other active campaigns: {', '.join(others)}"
            shared = [{"campaign": each.campaign, "contacts": each.contacts} for each in planned.shared]
            yield Finding(RULE.id, planned.campaign.address, message, details={"shared": shared})


RULE = Rule(
    id="CMP-SHARED",
    title="two active campaigns call the same people",
    says="A person who is on the lists of two active campaigns is called by both, and neither knows of the other: the"
    " calls of a day add up, and so do abandoned ones. The same person is the same contact, or the same number.",
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
    ),
    check=check,
)
