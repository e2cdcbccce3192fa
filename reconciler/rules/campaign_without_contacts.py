"""A campaign would have an empty list."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.before_after_states import LIST
from reconciler.model.finding import Finding, Severity
from reconciler.model.object_change import Action
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign that is made or changed, and whose list would be empty."""
    for change in situation.changes.objects:
        if change.action in (Action.NO_OP, Action.DELETE) or change.after is None:
            continue
        for kind, name in change.references:
            if kind == LIST and situation.sizes.get((kind, name)) == 0:
                message = f"list {name!r} would be empty, and the tenant refuses a campaign on an empty list"
                yield Finding(RULE.id, change.address, message, details={"list": name})


RULE = Rule(
    id="CMP-EMPTY-LIST",
    title="a campaign on an empty list",
    says="A campaign is not made or changed on a list without contacts: the tenant refuses it with 400.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="CXone API, campaigns",
            citation="POST /campaigns: refused with 400 on an empty list",
            url="docs/decisions/0006-limits-and-overrides.md",
            effective=None,
            verified=True,
            note="of the tenant's contract; the embedded tenant refuses it, too",
        ),
    ),
    check=check,
    waivable=False,
)
