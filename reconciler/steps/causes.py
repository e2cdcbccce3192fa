"""Trace where each change comes from: the manifests since the last apply, or the tenant behind our back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.kinds import load_kinds
from reconciler.model.change_cause import Applied, AppliedList, Cause, Causes, ObjectCause, RowsCause
from reconciler.model.changes import Changes
from reconciler.model.kind import iter_values_at
from reconciler.model.list_change import RowChange
from reconciler.model.object_change import Action, ObjectChange


def trace_causes(changes: Changes, applied: Applied | None) -> Causes | None:
    """Where the changes come from, against how the last apply left the tenant; None where nobody knows that."""
    if applied is None or not applied.run:  # all that it knows may be what is protected
        return None
    objects = {
        str(change.address): _trace_object(change, applied)
        for change in changes.objects
        if change.action is not Action.NO_OP
    }
    lists = {
        str(change.address): _trace_rows(change, then)
        for change in changes.rows
        if change.total and (then := applied.lists.get(str(change.address))) is not None
    }
    return Causes(applied.run, applied.at, objects, lists)


def _trace_object(change: ObjectChange, applied: Applied) -> ObjectCause:
    address = str(change.address)
    if change.action in (Action.DELETE, Action.RELEASE) or address not in applied.objects:
        return ObjectCause(Cause.MANIFEST)  # it is declared since, or no longer
    then = applied.objects[address]
    if then is None:
        return ObjectCause(Cause.UNKNOWN)
    if change.action is Action.CREATE:
        return ObjectCause(Cause.TENANT)  # it was there
    fields = {each.path: _trace_field(change, each.path, each.before, each.after, then) for each in change.fields}
    told = set(fields.values())
    told |= {Cause.MANIFEST} if change.previous is not None else set()
    told |= {Cause.TENANT} if change.adopts else set()  # it had our mark
    return ObjectCause(_combine(told), fields)


def _combine(told: set[Cause]) -> Cause:
    known = told - {Cause.UNKNOWN, Cause.VENDOR}
    if not known:
        return Cause.VENDOR if told == {Cause.VENDOR} else Cause.UNKNOWN
    return known.pop() if len(known) == 1 else Cause.BOTH


def _trace_field(change: ObjectChange, path: str, before: Any, after: Any, then: Mapping[str, Any]) -> Cause:
    held = next((value for _, value in iter_values_at(then, tuple(path.split(".")))), None)
    if held is None and before is not None:
        # fixed when the object was made, at our wish: null; else the tenant has filled it in, and nobody has said it
        return Cause.UNKNOWN if path in then else Cause.VENDOR
    kind = load_kinds()[change.address.kind]
    if kind.as_declared(path, before, held):
        return Cause.MANIFEST
    return Cause.TENANT if kind.as_declared(path, held, after) else Cause.BOTH


def _trace_rows(change: RowChange, then: AppliedList) -> RowsCause:
    now = change.definition
    differing = {name for name in now.keys() | then.definition.keys() if now.get(name) != then.definition.get(name)}
    return RowsCause(tuple(sorted(differing)), then.contacts)
