"""An object's name looks like another's."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.object_change import Action
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each declared object, and what the tenant has of a name that only looks the same, and keeps."""
    objects = situation.changes.objects
    going = {(each.address.kind, each.name) for each in objects if each.action is Action.DELETE}
    for change in objects:
        kind, own = change.address.kind, ""
        others = []
        objects_alike = []
        for name, object_id in change.alike:
            told = f"{name!a}" if name.endswith(f"(id {object_id})") else f"{name!a} (id {object_id})"
            if name == change.name:
                own = told
            elif (kind, name) not in going:
                others.append(told)
            if name == change.name or (kind, name) not in going:
                objects_alike.append({"name": name, "id": object_id})
        if not others:
            continue
        named = " and ".join(others)
        if change.action is Action.CREATE:
            message = (
                f"{kind} {change.name!a} would be made beside {named}, which the tenant has: the names differ only by"
                " case, spaces or invisible characters. Rename the one in the tenant, or declare its name to"
                " the letter"
            )
        else:
            message = (
                f"{kind} {own} is meant, and the tenant has {named} as well: nobody can tell them apart by their"
                " names. Rename or delete the others in the tenant"
            )
        details = {"kind": kind, "name": change.name, "objects": objects_alike}
        yield Finding(RULE.id, change.address, message, details=details)


RULE = Rule(
    id="NAM-ALIKE",
    title="a name that only looks the same",
    says="An object is told by its name, to the letter. Where the tenant has one whose name differs from a declared one"
    " only by upper and lower case, spaces, invisible characters or the way accents are composed"
    " (`reconciler/model/invisible.toml`), a second object would be made that nobody can tell from the first, and both"
    " might be dialled. Rename the one in the tenant, or declare its name as it is there. Where the tenant has two"
    " already whose names differ by nothing that is seen, both are named with their ids: who works there cannot say"
    " which is meant.",
    severity=Severity.REFUSE,
    sources=(cite_decision("0037-whose-row-it-is", "Whose row, whose name", "a rule of this tool, not of the law"),),
    check=check,
)
