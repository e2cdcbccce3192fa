"""A contact's final outcome would be replaced by one that is not final."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each set with contacts whose outcome is final now, and would not be."""
    for change in situation.changes.outcomes:
        if change.reopened:
            message = f"{change.reopened:,} contacts of {change.campaign} have a final outcome, and would get another"
            details = {"contacts": change.reopened, "campaign": change.campaign.name}
            yield Finding(RULE.id, change.address, f"{message} that is not final", details=details)


RULE = Rule(
    id="DSP-FINAL",
    title="a final outcome is taken back",
    says="An outcome that is final, such as DO_NOT_CALL, is not replaced by one after which the contact may be called"
    " again: an old file must not undo what somebody asked for since.",
    severity=Severity.REFUSE,
    sources=(
        cite_decision(
            "0023-outcomes-are-rows",
            "A plan says what becomes of every outcome",
            "a limit of this tool, not of the law",
        ),
    ),
    check=check,
)
