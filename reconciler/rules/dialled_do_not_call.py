"""The tenant would dial a do-not-call number of a contact whose source has another number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each list with numbers that the tenant has of contacts who stay on a segment's lists."""
    for each in situation.suppressions:
        if each.dialled:
            message = f"{each.dialled:,} contacts stay on its lists whose number in the tenant is on {each.address}"
            message += ", and is what it calls: correct it there, or take them out of the source"
            details = {"contacts": each.dialled, "dnc_list": str(each.address)}
            yield Finding(RULE.id, each.segment, message, details=details)
        if each.lost:
            message = (
                f"{each.lost:,} contacts stay on its lists whose number in the tenant cannot be read, and is what it"
            )
            message += (
                " calls: nobody knows whether it is on a do-not-call list. Correct it there, or say the region of"
            )
            message += " such numbers (`phones.region`), or take them out of the source"
            details = {"contacts": each.lost, "dnc_list": None}
            yield Finding(RULE.id, each.segment, message, details=details)


RULE = Rule(
    id="DNC-TENANT",
    title="a do-not-call number that the tenant dials",
    says="Contacts that are put on a list by their ids alone are judged by the number that their source has, and are"
    " called by the one that the tenant has. Where that is on a do-not-call list, or cannot be read, so that nobody"
    " knows whether it is, it is called all the same: correct the number in the tenant, or take the contact out of the"
    " source.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="Telemarketing Sales Rule",
            citation="16 CFR 310.4(b)(1)(iii)",
            url="https://www.ecfr.gov/current/title-16/section-310.4",
            effective=date(2003, 10, 1),
            verified=False,
            note="a person who asked not to be called, or is on the registry, is not called",
        ),
    ),
    check=check,
)
