"""A list with an unknown type is written."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.object_change import Action
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation
from reconciler.model.vendor_values import find_meaning


def check(situation: Situation) -> Iterator[Finding]:
    """Each list whose type in the tenant is a word that is not known, where it or who is on it changes."""
    written = {(each.list_address.kind, each.list) for each in situation.changes.rows if each.total}
    for each in situation.list_changes:
        change = each.change
        if each.was is None or each.becomes is None:
            continue
        word = each.was.type
        changes = change.action is not Action.NO_OP or (change.address.kind, change.name) in written
        if changes and find_meaning("list_type", word) is None:
            known = (
                "no type" if word in (None, "unknown") else f"the type {word!r}, a value that this tool does not know"
            )
            message = f"list {change.name!r} has {known}: whether and how its contacts are called, nobody knows"
            details = {"list": change.name, "field": "type", "value": word}
            yield Finding(RULE.id, change.address, message, details=details)


RULE = Rule(
    id="LST-TYPE",
    title="a list of an unknown type is written",
    says="Nobody is put on a list, or taken off it, whose type in the tenant is a value that this tool does not know:"
    " contacts of an outbound list are called, and those of another may be called in another way, or be those whom"
    " nobody may call. It is no difference that the tenant is asked to change, either. Look at the list in the tenant;"
    " where it is one for outbound calls, waive the finding, else declare another name.",
    severity=Severity.REFUSE,
    sources=(
        cite_decision(
            "0033-a-word-is-known-or-dangerous",
            "Vendor values at the border",
            "a precaution of this tool, not of the law: an unknown value is never taken for a harmless one",
        ),
    ),
    check=check,
)
