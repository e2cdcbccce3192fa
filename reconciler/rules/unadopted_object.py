"""An object that is not to be adopted would be written."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.object_change import Action
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each change of an object, or of who is on a list, whose manifest says `adopt: false` and that is nobody's."""
    declined = {(each.address.kind, each.name): each for each in situation.changes.objects if each.unadopted}
    for change in declined.values():
        if change.action is not Action.NO_OP:
            made = change.action is Action.CREATE
            message = f"{change.name!r} is not adopted (`adopt: false`), and would be {'made' if made else 'changed'}"
            yield Finding(RULE.id, change.address, message, details={"name": change.name})
    for rows in situation.changes.rows:
        if (rows.list_address.kind, rows.list) in declined and rows.total:
            message = f"list {rows.list!r} is not adopted (`adopt: false`), and {rows.total:,} contacts would change"
            yield Finding(RULE.id, rows.address, message, details={"name": rows.list, "contacts": rows.total})


RULE = Rule(
    id="OWN-UNADOPTED",
    title="an object that is not adopted",
    says="What a manifest calls `adopt: false` is compared and never written: it may be somebody else's. Take the line"
    " out to adopt the object, or make the manifest say what the tenant holds.",
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
