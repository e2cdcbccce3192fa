"""An object cannot be renamed, as it is unclear which one is meant."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.object_change import Unmoved
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each declared object that says what it was called before, and cannot be renamed."""
    for change in situation.changes.objects:
        if change.unmoved is not None:
            objects = [{"name": name, "id": id, "workspace": whose} for name, id, whose in change.unmoved.objects]
            details = {"cause": change.unmoved.code, "objects": objects}
            words = _describe(change.unmoved, situation.workspace)
            yield Finding(RULE.id, change.address, words, details=details)


def _describe(unmoved: Unmoved, owner: str) -> str:
    named = " and ".join(f"{name!a} (id {id}, {_describe_owner(whose, owner)})" for name, id, whose in unmoved.objects)
    if unmoved.code == "several":
        return f"the tenant has {named}: `was` says that they are one. Delete or rename one of them there"
    return f"{named} is not this workspace's to rename. Declare it under its own name first, to adopt it"


def _describe_owner(owner: str | None, own: str) -> str:
    if owner is None:
        return "nobody's"
    return "ours" if owner == own else f"of workspace {owner!a}"


RULE = Rule(
    id="NAM-WAS",
    title="an object that cannot be renamed",
    says="`was` renames the one object of this workspace that has the earlier name. Where the tenant has both names, or"
    " several of the earlier ones, or the object is not this workspace's, nobody can say which is meant, and a second"
    " one would be made or another's renamed.",
    severity=Severity.REFUSE,
    waivable=False,
    sources=(
        cite_decision(
            "0043-renamed-and-released",
            "An object is renamed where it stands, and released as it is",
            "a rule of this tool, not of the law",
        ),
    ),
    check=check,
)
