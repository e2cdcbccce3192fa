"""An object belongs to another workspace."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each object that carries another workspace's mark."""
    for change in situation.changes.objects:
        if change.owner is not None and change.owner != situation.workspace:
            message = f"{change.name!r} is managed by workspace {change.owner!r}"
            yield Finding(RULE.id, change.address, message, details={"name": change.name, "workspace": change.owner})


RULE = Rule(
    id="OWN-FOREIGN",
    title="an object of another workspace",
    says="An object that carries another workspace's mark is not touched: two workspaces would undo each other.",
    severity=Severity.REFUSE,
    sources=(
        cite_decision(
            "0003-ownership-of-campaigns", "The mark of a campaign", "who owns an object is written in its description"
        ),
    ),
    check=check,
    waivable=False,
)
