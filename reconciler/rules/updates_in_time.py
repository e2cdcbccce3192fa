"""Too many contacts of a list are changed by several applies together."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation
from reconciler.model.sums_over_time import find_over_time


def check(situation: Situation) -> Iterator[Finding]:
    """Each list of which a larger share is changed in a day or a week than a limit says."""
    return find_over_time(RULE.id, situation, "changed", "changed on", "LIM-UPDATES")


RULE = Rule(
    id="LIM-UPDATES-SUM",
    title="many contacts of a list are changed by several applies",
    says="Several applies together have a limit as one has: ten small steps do not pass a big one. What runs wrote in"
    " that time counts, also where they failed or were killed, and another workspace's on the same tenant where they"
    " share the ledger; what a waiver allowed does not."
    " There is none unless the workspace or the floor says one (`per24h`, `per7d`).",
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
