"""A protected object would be deleted, replaced or emptied."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.object_change import Action
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation

_DONE = {Action.DELETE: "deleted", Action.REPLACE: "replaced"}


def check(situation: Situation) -> Iterator[Finding]:
    """Each protected object that is deleted or replaced, and each protected list that loses its last contact."""
    protected = {(each.address.kind, each.name): each for each in situation.changes.objects if each.protected}
    for change in protected.values():
        if change.action in _DONE:
            message = f"{change.name!r} is protected ({change.protected}) and would be {_DONE[change.action]}"
            details = {"name": change.name, "where": change.protected, "action": change.action.value}
            yield Finding(RULE.id, change.address, message, details=details)
    for rows in situation.changes.rows:
        held = protected.get((rows.list_address.kind, rows.list))
        if held is not None and rows.live and rows.after == 0:
            message = f"list {rows.list!r} is protected ({held.protected}) and would lose all {rows.live:,} contacts"
            emptied = {"name": rows.list, "where": held.protected, "action": "empty", "live": rows.live}
            yield Finding(RULE.id, rows.address, message, details=emptied)


RULE = Rule(
    id="OWN-PROTECTED",
    title="a protected object would go",
    says="What a manifest calls `protect: true` is not deleted, replaced or emptied. Take the line out, apply, and then"
    " do what you want; where the manifest is gone already, what the ledger knows of it counts: declare it again"
    " without the line, or release it.",
    severity=Severity.REFUSE,
    sources=(
        cite_decision(
            "0063-import-and-ownership",
            "What is imported is nobody's until it is adopted",
            "a rule of this tool, not of the law",
        ),
    ),
    check=check,
    waivable=False,
)
