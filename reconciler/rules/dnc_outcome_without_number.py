"""An outcome asks for do-not-call, and the contact's number is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each do-not-call list that would miss contacts whose outcome asks for it."""
    for change in situation.changes.numbers:
        if change.unread:
            message = f"{change.unread:,} contacts whose outcome puts them on {change.address} have no number that can"
            details = {"contacts": change.unread, "dnc_list": str(change.address)}
            yield Finding(RULE.id, change.address, f"{message} be read, and could be called again", details=details)


RULE = Rule(
    id="DSP-NUMBER",
    title="an outcome that suppresses nobody",
    says="Whoever asked not to be called is put on the do-not-call list with a number: an outcome of a contact whose"
    " number is not known, or cannot be read, would suppress nobody.",
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
