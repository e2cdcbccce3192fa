"""A source has lost half of its contacts since the last apply."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each source that has half as many contacts as the last apply found, or fewer."""
    for each in situation.shrunken:
        share = 100 * each.contacts / each.before
        message = (
            f"{each.source} ({each.where}) has {each.contacts:,} contacts, and had {each.before:,} at the last apply "
            f"({share:.0f} % are left)"
        )
        details = {"contacts": each.contacts, "before": each.before, "share": share, "source": each.source}
        yield Finding(RULE.id, each.segment, message, details={**details, "where": each.where})


RULE = Rule(
    id="SRC-SHRUNK",
    title="a source has half of its contacts, or fewer",
    says="A source that has at most half as many contacts as when it was last applied is half read, half written or"
    " another one more often than it is meant: the plan is not applied until somebody waives it for the segment.",
    severity=Severity.REFUSE,
    sources=(
        cite_decision(
            "0069-several-applies-have-one-limit",
            "Several applies together have a limit",
            "a limit of this tool, not of the law",
        ),
    ),
    check=check,
)
