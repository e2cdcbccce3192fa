"""Too many contacts of a list are removed by several applies together."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation
from reconciler.model.sums_over_time import find_over_time


def check(situation: Situation) -> Iterator[Finding]:
    """Each list of which a larger share is removed in a day or a week than a limit says."""
    return find_over_time(RULE.id, situation, "removed", "removed from", "LIM-REMOVALS")


RULE = Rule(
    id="LIM-REMOVALS-SUM",
    title="many contacts are taken off a list by several applies",
    says="Several applies together have a limit as one has: ten small steps do not pass a big one. What runs wrote in"
    " that time counts, also where they failed or were killed, and another workspace's on the same tenant where they"
    " share the ledger; what a waiver allowed does not."
    " In 24 hours the limit is that of one plan, and in 7 days there is none, unless the workspace or the floor says"
    " otherwise (`per24h`, `per7d`).",
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
