"""A list is emptied, or deleted with people on it."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.object_change import Action
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each list that has contacts now and has none afterwards."""
    for change in situation.changes.rows:
        if change.live and change.after == 0:
            message = f"list {change.list!r} would lose all {change.live:,} contacts"
            yield Finding(RULE.id, change.address, message, details={"list": change.list, "live": change.live})
    for each in situation.changes.objects:
        size = situation.sizes.get((each.address.kind, each.name))
        if each.action is Action.DELETE and size:
            message = f"{each.name!r} is deleted with its {size:,} contacts"
            yield Finding(RULE.id, each.address, message, details={"list": each.name, "live": size})


RULE = Rule(
    id="LIM-EMPTIED",
    title="a list is emptied",
    says="No apply takes the last contact off a list, or deletes a list that holds contacts: nobody to call is more"
    " often a fault of a source than a wish.",
    severity=Severity.REFUSE,
    sources=(
        cite_decision(
            "0006-limits-and-overrides",
            "Safety limits are rules with an id, waived by name",
            "a limit of this tool, not of the law",
        ),
    ),
    check=check,
)
