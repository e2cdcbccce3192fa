"""A field is missing without which the tenant creates no object."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.object_change import Action
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each such field of an object that is created or replaced."""
    for change in situation.changes.objects:
        if change.action in (Action.CREATE, Action.REPLACE):
            has = {*(change.after or {}), *change.later}
            for name in sorted(situation.needed.get(change.address.kind, frozenset()) - has):
                words = "".join(f" {c.lower()}" if c.isupper() else c for c in change.address.kind).strip()
                message = f"the tenant creates no {words} without {name}, and none is declared"
                details = {"kind": change.address.kind, "field": name}
                yield Finding(RULE.id, change.address, message, details=details)


RULE = Rule(
    id="OBJ-INCOMPLETE",
    title="an object without a field that it needs",
    says="An object is not made without a field that the tenant asks of every one of its kind, such as a campaign's"
    " abandonment threshold: the tenant would refuse it in mid-apply.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="CXone API, campaigns",
            citation="POST /campaigns: refused with 400 without a threshold of 1.0 to 10.0",
            url="docs/decisions/0006-limits-and-overrides.md",
            effective=None,
            verified=True,
            note="of the tenant's contract; the embedded tenant refuses it, too",
        ),
    ),
    check=check,
    waivable=False,
)
