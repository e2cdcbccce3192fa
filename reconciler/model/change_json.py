# tested by: tests/model/test_callback_payloads.py
"""Write changes as JSON, and read them back.

An object change has the shape of `terraform show -json`, so that policy tools people already run read it unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler.model.instants import format_instant, parse_instant
from reconciler.model.list_change import RowChange
from reconciler.model.object_change import Action, FieldChange, ObjectChange, Replacement, Unmoved
from reconciler.model.reason_json import (
    make_counted_document,
    make_reason_document,
    make_samples_document,
    read_counted,
    read_named,
    read_samples,
)
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Rows
from reconciler.model.score_basis import Scored
from reconciler.model.serialization import from_json, to_json
from reconciler.model.tables import REACHED_MEMBERS

MEMBERS = "members"
"""What the change of a list's rows writes."""

_ACTIONS: Mapping[Action, Sequence[str]] = {
    **{action: (action.value,) for action in Action},
    # as Terraform has what it stops managing and does not destroy
    Action.RELEASE: ("forget",),
    # as Terraform has it where nothing is in service between the old and the new
    Action.REPLACE: ("delete", "create"),
}


def object_document(change: ObjectChange) -> dict[str, Any]:
    """An object change in the shape of Terraform's `resource_changes`, with our extras beside it."""
    cost = change.replacement
    paths = {} if cost is None else {"replace_paths": [[name] for name in cost.fields]}
    return {
        "address": str(change.address),
        "mode": "managed",
        "type": change.address.kind,
        "name": change.address.name,
        **({} if change.address.part is None else {"index": change.address.part}),
        "live_name": change.name,
        "change": {
            "actions": list(_ACTIONS[change.action]),
            "before": _plain(change.before),
            "after": _plain(change.after),
            "after_unknown": dict.fromkeys(change.later, True),
            "before_sensitive": {},
            "after_sensitive": {},
            **paths,
        },
        "declared": dict(change.declared),
        "fields": [{"path": each.path, "before": each.before, "after": each.after} for each in change.fields],
        "later": {
            name: {"seconds": change.seconds_later[name], **make_reason_document(why)}
            for name, why in change.later.items()
        },
        "adopts": change.adopts,
        "owner": change.owner,
        "references": [list(pair) for pair in change.references],
        "releases": [list(pair) for pair in change.releases],
        "precondition": change.precondition,
        "replacement": None if cost is None else _cost(cost),
        "why": [make_reason_document(each) for each in change.why],
        "previous_name": change.previous,
        "unmoved": None if change.unmoved is None else to_json(change.unmoved),
        "dialled_by": list(change.dialled_by),
        "alike": [list(each) for each in change.alike],
        **({"unadopted": True} if change.unadopted else {}),
        **({} if change.protected is None else {"protected": change.protected}),
    }


def _cost(cost: Replacement) -> dict[str, Any]:
    return {"contacts": cost.contacts, "attempts": cost.attempts, "downtime": make_reason_document(cost.downtime)}


def _read_cost(fields: tuple[str, ...], cost: Mapping[str, Any]) -> Replacement:
    return Replacement(fields, cost["contacts"], cost["attempts"], read_named(cost["downtime"]))


def rows_document(change: RowChange) -> dict[str, Any]:
    """A row change: its numbers and reasons, and where its rows are."""
    return {
        "address": str(change.address),
        "writes": MEMBERS,
        "list": change.list,
        "list_address": str(change.list_address),
        "delivery": {
            "method": change.method,
            "chunk_size": change.chunk_size,
            "numbers": change.numbers,
            "attributes": list(change.attributes),
            "values": dict(change.values),
            "chosen": None if change.chosen is None else make_reason_document(change.chosen),
            "key": change.key,
            "region": change.region,
            "data": change.data,
        },
        "live": change.live,
        "adds": change.adds,
        "updates": change.updates,
        "removes": change.removes,
        "unchanged": change.unchanged,
        "by_the_calendar": _calendar(change),
        "rows": {"file": f"rows/{change.rows.path.name}", "count": change.rows.count, "digest": change.digest},
        **_describe_reached(change),
        "precondition": change.precondition,
        **({"defined_by": dict(change.definition)} if change.definition else {}),
        "reasons": make_counted_document(change.reasons),
        "stays": make_counted_document(change.stays),
        "pending_retry": make_counted_document(change.owed),
        "pending": change.pending,
        "samples": make_samples_document(change.samples),
    }


def _calendar(change: RowChange) -> dict[str, Any]:
    """Of the updates those that follow from the time alone, and what later plans are to know of when it was."""
    since = None if change.aged_since is None else format_instant(change.aged_since)
    scored = {} if change.scored is None else {"scored": to_json(change.scored)}
    return {"updates": change.aged, "since": since, **scored}


def _describe_reached(change: RowChange) -> dict[str, Any]:
    if change.reached is None:
        return {}
    told = {"file": f"rows/{change.reached.path.name}", "count": change.reached.count, "digest": change.reached_digest}
    return {"reached": told}


def _plain(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if fields is None else dict(fields)


def read_object(each: Mapping[str, Any]) -> ObjectChange:
    """The object change that was written down."""
    change, cost = each["change"], each["replacement"]
    action = next(action for action, words in _ACTIONS.items() if list(words) == change["actions"])
    return ObjectChange(
        address=Address(each["type"], each["name"], each.get("index")),
        name=each["live_name"],
        action=action,
        before=change["before"],
        after=change["after"],
        declared=each["declared"],
        fields=tuple(FieldChange(f["path"], f["before"], f["after"]) for f in each["fields"]),
        later={name: read_named(value) for name, value in each["later"].items()},
        seconds_later={name: value["seconds"] for name, value in each["later"].items()},
        adopts=each["adopts"],
        owner=each["owner"],
        references=tuple((kind, name) for kind, name in each["references"]),
        releases=tuple((kind, name) for kind, name in each["releases"]),
        precondition=each["precondition"],
        replacement=None if cost is None else _read_cost(tuple(path for (path,) in change["replace_paths"]), cost),
        why=tuple(read_named(reason) for reason in each["why"]),
        previous=each["previous_name"],
        unmoved=None if each["unmoved"] is None else from_json(Unmoved, each["unmoved"]),
        dialled_by=tuple(each["dialled_by"]),
        alike=tuple((name, object_id) for name, object_id in each["alike"]),
        unadopted=each.get("unadopted", False),
        protected=each.get("protected"),
    )


def read_rows(each: Mapping[str, Any], folder: Path, columns: Mapping[str, str]) -> RowChange:
    """The row change that was written down, its rows in `folder`."""
    delivery, rows, reached = each["delivery"], each["rows"], each.get("reached")
    calendar = each["by_the_calendar"]
    return RowChange(
        address=Address.parse(each["address"]),
        list_address=Address.parse(each["list_address"]),
        list=each["list"],
        method=delivery["method"],
        chunk_size=delivery["chunk_size"],
        numbers=delivery["numbers"],
        attributes=tuple(delivery["attributes"]),
        values=tuple(delivery.get("values", {}).items()),
        chosen=None if delivery["chosen"] is None else read_named(delivery["chosen"]),
        key=delivery["key"],
        region=delivery["region"],
        data=delivery["data"],
        live=each["live"],
        adds=each["adds"],
        updates=each["updates"],
        removes=each["removes"],
        unchanged=each["unchanged"],
        rows=Rows(folder / Path(rows["file"]).name, "parquet", columns, rows["count"]),
        digest=rows["digest"],
        precondition=each["precondition"],
        reasons=read_counted(each["reasons"]),
        stays=read_counted(each["stays"]),
        owed=read_counted(each["pending_retry"]),
        samples=read_samples(each["samples"]),
        reached=None
        if reached is None
        else Rows(folder / Path(reached["file"]).name, "parquet", REACHED_MEMBERS.types, reached["count"]),
        reached_digest="" if reached is None else reached["digest"],
        pending=each["pending"],
        aged=calendar["updates"],
        aged_since=parse_instant(calendar["since"]) if calendar["since"] else None,
        scored=from_json(Scored, calendar["scored"]) if "scored" in calendar else None,
        definition=each.get("defined_by", {}),
    )
