# tested by: tests/cli/test_drift_watch.py
"""Define what differs in one round of watching for drift, so that the next tells only what is new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.drift_difference import Difference
from reconciler.model.json_digest import compute_digest
from reconciler.model.object_change import Action
from reconciler.model.plan import Plan


def list_valued_differences(plan: Plan) -> Iterator[tuple[Difference, Any, Any]]:
    """What differs, with the tenant's value and the declared one; both None where it is not of a field."""
    for each, values in _iter_all(plan):
        before, after = values if each.field else (None, None)
        yield each, before, after


def list_differences(plan: Plan) -> Mapping[str, Difference]:
    """What differs, by a digest of it and of both values: the same difference has the same one in each round."""
    return {compute_digest([each.address, each.field, each.what, values]): each for each, values in _iter_all(plan)}


def _iter_all(plan: Plan) -> Iterator[tuple[Difference, Any]]:
    causes = {} if plan.causes is None else plan.causes.objects
    for change in plan.objects:
        if change.action is Action.NO_OP:
            continue
        address, told = str(change.address), causes.get(str(change.address))
        whole = "" if told is None else told.cause.value
        verb = "adopt" if change.adopts and not change.fields else change.action.value
        if change.action is not Action.UPDATE or not change.fields:
            yield Difference(address, "", verb, whole), None
            continue
        for field in change.fields:
            cause = whole if told is None else told.fields.get(field.path, told.cause).value
            yield Difference(address, field.path, verb, cause), [field.before, field.after]
    for rows in plan.row_changes():
        if rows.total:
            yield Difference(str(rows.address), "", "rows"), rows.digest
    for each in plan.undeclared:
        yield Difference(str(each.address), "", "undeclared"), [each.state, each.dials]
