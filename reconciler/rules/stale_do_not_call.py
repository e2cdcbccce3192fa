"""A do-not-call list is older than allowed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each list that is older than its manifest allows, at the segment that is judged by it."""
    for each in situation.suppressions:
        if each.taken is not None and situation.now - each.taken > each.max_age:
            days = (situation.now - each.taken) / timedelta(days=1)
            message = f"{each.address} is {days:.1f} days old; {each.max_age / timedelta(days=1):g} are allowed"
            warned = "the manifest asks to be warned only" if each.only_warns else None
            details = {"dnc_list": str(each.address), "days": days, "limit_days": each.max_age / timedelta(days=1)}
            yield Finding(RULE.id, each.segment, message, warned, waivable=warned is None, details=details)


RULE = Rule(
    id="DNC-STALE",
    title="an old do-not-call list",
    says="Nobody is put on a list by do-not-call data that is older than its manifest allows (31 days when left out).",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="Telemarketing Sales Rule",
            citation="16 CFR 310.4(b)(3)(iv)",
            url="https://www.ecfr.gov/current/title-16/section-310.4",
            effective=date(2005, 1, 1),
            verified=False,
            note="a version of the national registry obtained no more than 31 days before the call (69 FR 16367)",
        ),
    ),
    check=check,
)
