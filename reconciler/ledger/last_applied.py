"""Keep how the last apply left the tenant, so that a plan can tell what changed in git from what changed by hand.

One file for each workspace, tenant and environment. An apply first strikes out what it is about to change, and puts
down what it knows when it ends: a run that is killed leaves no claim that is not true. Losing the file loses no truth:
what nobody knows is called unknown.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from reconciler.ledger.record_store_interface import Records
from reconciler.model.change_cause import Applied, AppliedList
from reconciler.model.json_digest import compute_digest
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.plan import Plan
from reconciler.model.report import Outcome, StepResult
from reconciler.model.resource_address import Address
from reconciler.model.serialization import from_json, to_json


def _file_name(of: tuple[str, str, str | None]) -> str:
    return f"applied/{compute_digest(list(of)).removeprefix('sha256:')[:24]}.json"


def fetch_applied(store: Records, of: tuple[str, str, str | None]) -> Applied | None:
    """What is remembered of a workspace, tenant and environment; None where nothing is, or nobody can read it.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    held = store.read(_file_name(of))
    if held is None:
        return None
    try:
        return from_json(Applied, orjson.loads(held.content))
    except (ValueError, TypeError, KeyError, AttributeError):  # cut short, or something else altogether
        return None


def keep_applied(store: Records, of: tuple[str, str, str | None], applied: Applied) -> None:
    """Remember it.

    Raises:
        LedgerError: the ledger cannot be written.
    """
    with store.write_file(_file_name(of)) as path:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_bytes(orjson.dumps(to_json(applied)))
        draft.replace(path)


def strike_out(applied: Applied, plan: Plan) -> Applied:
    """What is still known while a plan is applied: nothing of what it changes."""
    touched = {str(step.address.object) for step in plan.steps}
    return replace(
        applied,
        objects={name: None if name in touched else fields for name, fields in applied.objects.items()}
        | {str(each.address): None for each in plan.objects if str(each.address) in touched},
        lists={name: None if name in touched else known for name, known in applied.lists.items()},
    )


def note_applied(
    plan: Plan, run: str, ended: Mapping[Address, StepResult], at: datetime, earlier: Applied | None = None
) -> Applied:
    """How a run left what its plan names: what it found to be right, and what it changed and read back.

    What was protected stays so while no manifest speaks of it any more, until it is released.
    """
    failed = {str(address.object) for address, result in ended.items() if result.outcome is not Outcome.DONE}
    objects: dict[str, Mapping[str, Any] | None] = {
        str(change.address): None if str(change.address) in failed else _list_fields(change)
        for change in plan.objects
        if not _is_gone(change)
    }
    lists: dict[str, AppliedList | None] = {}
    for change in plan.rows:
        result = ended.get(change.address)
        whole = result is None or not result.rejected + result.suppressed + result.unknown
        known = str(change.address) not in failed
        left = change.after if whole else None
        lists[str(change.address)] = AppliedList(left, change.definition) if known else None
    if plan.partial and earlier is not None:  # of what it did not look at, what was known is all there is
        gone = {str(change.address) for change in plan.objects if _is_gone(change)} - failed
        there = {name: fields for name, fields in earlier.objects.items() if name not in gone}
        objects, lists = {**there, **objects}, {**earlier.lists, **lists}
    sources = {} if earlier is None else dict(earlier.sources)  # a narrowed plan says nothing of the others
    sources |= {str(each.segment): each.source for each in plan.accounts}
    return Applied(run, at, objects, lists, _list_protected(plan, earlier), sources)


def note_protected(plan: Plan, earlier: Applied | None) -> Applied | None:
    """What is known once a plan that changes nothing was applied; None: nothing is that was not known before."""
    protected = _list_protected(plan, earlier)
    if protected == ({} if earlier is None else earlier.protected):
        return None
    return replace(earlier or Applied("", plan.created), protected=protected)


def keep_protected(store: Records, of: tuple[str, str, str | None], plan: Plan) -> None:
    """Remember it; under the workspace's lock. Raises as `keep_applied`."""
    known = note_protected(plan, fetch_applied(store, of))
    if known is not None:
        keep_applied(store, of, known)


def _list_protected(plan: Plan, earlier: Applied | None) -> dict[str, str]:
    spoken = {f"{each.address.kind}/{each.name}": each for each in plan.objects}
    kept = {} if earlier is None else {name: at for name, at in earlier.protected.items() if name not in spoken}
    return kept | {
        name: each.protected for name, each in spoken.items() if each.protected is not None and not _is_gone(each)
    }


def _list_fields(change: ObjectChange) -> dict[str, Any]:
    """The fields after an apply; those that are fixed when the object is made are null: declared, and not known."""
    return {**dict.fromkeys(change.later), **(change.after or {})}


def _is_gone(change: ObjectChange) -> bool:
    return change.action in (Action.DELETE, Action.RELEASE)
