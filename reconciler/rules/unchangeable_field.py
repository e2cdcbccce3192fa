"""A field is changed that the tenant cannot change."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.object_change import Action
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each such field of an object that is updated in place."""
    for change in situation.changes.objects:
        for field in change.fields if change.action is Action.UPDATE else ():
            pair = (change.address.kind, field.path)
            if pair in situation.immutable or (pair in situation.fixed and field.before is not None):
                message = f"the tenant does not change the {field.path} of {change.name!r}"
                details = {"name": change.name, "field": field.path}
                yield Finding(RULE.id, change.address, message, details=details)


RULE = Rule(
    id="OBJ-IMMUTABLE",
    title="a field that cannot be changed",
    says="A field that the tenant fixes when an object is made is not sent: the tenant would refuse it in mid-apply.",
    severity=Severity.REFUSE,
    sources=(
        cite_decision(
            "0006-limits-and-overrides",
            "Safety limits are rules with an id, waived by name",
            "what a tenant will not do is told in the plan, and not found out in the apply",
        ),
    ),
    check=check,
    waivable=False,
)
