# tested by: tests/steps/test_causes.py
"""Describe where changes come from: the manifests since the last apply, or the tenant behind our back."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.change_cause import Cause, Causes
from reconciler.model.instants import format_instant
from reconciler.model.list_change import RowChange
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.text_enumerations import format_count, shorten_list

_FIELDS = {
    Cause.TENANT: "changed in the tenant since the last apply",
    Cause.BOTH: "changed in the manifests and in the tenant since the last apply",
    Cause.UNKNOWN: "",
    Cause.MANIFEST: "",
    Cause.VENDOR: "the tenant filled it in, no apply has set it",
}
_SUMS = {
    Cause.MANIFEST: "in the manifests",
    Cause.TENANT: "in the tenant, not by an apply",
    Cause.BOTH: "in both",
    Cause.VENDOR: "where the tenant had filled it in",
    Cause.UNKNOWN: "nobody knows where",
}


def describe_causes(causes: Causes) -> str | None:
    """When the last apply was, and how many objects changed where since; None where none does."""
    if not causes.objects:
        return None
    told = [f"{count:,} {words}" for cause, words in _SUMS.items() if (count := causes.count(cause))]
    objects = format_count(len(causes.objects), "object")
    return f"({format_instant(causes.at)}) {objects} changed: {', '.join(told)}"


def describe_object_cause(causes: Causes | None, change: ObjectChange) -> str | None:
    """What was done to an object in the tenant, where no field of it says so; None: nothing that is known of."""
    told = None if causes is None else causes.objects.get(str(change.address))
    if told is None or told.cause is not Cause.TENANT:
        return None
    if change.action is Action.CREATE:
        return "deleted in the tenant since the last apply"
    return "its mark was removed in the tenant since the last apply" if change.adopts and not change.fields else None


def describe_field_cause(causes: Causes | None, change: ObjectChange, path: str) -> str:
    """What a field owes to the tenant; empty where it changed in the manifests alone, or nobody knows."""
    told = None if causes is None else causes.objects.get(str(change.address))
    return "" if told is None else _FIELDS[told.fields.get(path, Cause.UNKNOWN)]


def iter_rows_cause(causes: Causes | None, change: RowChange) -> Iterator[str]:
    """Which manifests of a list changed since the last apply, and whether somebody else changed how many are on it."""
    told = None if causes is None else causes.lists.get(str(change.address))
    if told is None:
        return
    if told.manifests:
        yield f"changed in the manifests since the last apply: {shorten_list(list(told.manifests))}"
    if told.left is not None and told.left != change.live:
        yield f"the last apply left {told.left:,} contacts on it and it has {change.live:,}: changed in the tenant"
