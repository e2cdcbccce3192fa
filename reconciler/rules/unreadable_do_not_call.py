"""Does a do-not-call list hold numbers that nobody can read?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.situation import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each list with numbers that are no phones, at the segment that is judged by it."""
    for each in situation.suppressions:
        if each.unread:
            message = f"{each.unread:,} of the numbers of {each.address} cannot be read as phones, and suppress nobody"
            yield Finding(RULE.id, each.segment, message)


RULE = Rule(
    id="DNC-UNREADABLE",
    title="do-not-call numbers that cannot be read",
    says="A number on a do-not-call list that is no phone suppresses nobody, and whoever it meant would be called.",
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
