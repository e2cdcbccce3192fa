# tested by: tests/steps/apply/test_outcome_step.py
"""Write outcome changes as JSON, and read them back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from reconciler.model.held_numbers import ADD, EXPIRE, HeldChange
from reconciler.model.outcome_change import (
    AnyRowChange,
    NumbersChange,
    OutcomeChange,
    Place,
)
from reconciler.model.reason_json import (
    make_counted_document,
    make_reason_document,
    make_samples_document,
    make_shares_document,
    read_counted,
    read_named,
    read_samples,
    read_shares,
)
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import LiveCampaign, NumbersOf, Rows
from reconciler.model.tables import HELD_CHANGES, NUMBER_CHANGES, OUTCOME_CHANGES

OUTCOMES, NUMBERS, HELD = "outcomes", "numbers", "held"
"""What a row change writes; that of a list writes its members."""


def outcome_document(change: OutcomeChange) -> dict[str, Any]:
    """Outcomes of a campaign's contacts as JSON values."""
    return {
        "address": str(change.address),
        "writes": OUTCOMES,
        "campaign": {"name": change.campaign.name, "id": change.campaign.id},
        "rate": change.rate,
        "source": change.source,
        "sets": change.total,
        "unchanged": change.unchanged,
        "rows": rows_document(change),
        "reasons": make_counted_document(change.reasons),
        "outcomes": make_shares_document(change.outcomes),
        "agents": make_shares_document(change.agents),
        "left": make_counted_document(change.left),
        "places": [{"where": each.where, **make_reason_document(each.reason)} for each in change.places],
        "pending_retry": make_counted_document(change.owed),
        "reopened": change.reopened,
        "later": change.later,
        "samples": make_samples_document(change.samples),
    }


def numbers_document(change: NumbersChange) -> dict[str, Any]:
    """Numbers that are added to a do-not-call list as JSON values."""
    return {
        "address": str(change.address),
        "writes": NUMBERS,
        "store": change.store,
        "adds": change.total,
        "rows": rows_document(change),
        "reasons": make_counted_document(change.reasons),
        "unread": change.unread,
        "samples": make_samples_document(change.samples),
    }


def make_held_document(change: HeldChange) -> dict[str, Any]:
    """Numbers that are added to an object of the tenant, or expire there, as JSON values."""
    return {
        "address": str(change.address),
        "writes": HELD,
        "holder": _make_holder_document(change.holder),
        "act": change.act,
        "chunk_size": change.chunk_size,
        "live": change.live,
        "adds": change.total if change.act == ADD else 0,
        "expires": change.total if change.act == EXPIRE else 0,
        "kept": change.kept,
        "unread": change.unread,
        "rows": rows_document(change),
        "reasons": make_counted_document(change.reasons),
        "samples": make_samples_document(change.samples),
    }


def rows_document(change: AnyRowChange) -> dict[str, Any]:
    """Where the rows of a change are, how many, and the digest of them."""
    return {"file": f"rows/{change.rows.path.name}", "count": change.rows.count, "digest": change.digest}


def read_outcomes(each: Mapping[str, Any], folder: Path) -> OutcomeChange:
    """What `outcome_document` wrote, its rows below `folder`."""
    return OutcomeChange(
        address=Address.parse(each["address"]),
        campaign=LiveCampaign(each["campaign"]["name"], each["campaign"]["id"]),
        rate=each["rate"],
        source=each["source"],
        unchanged=each["unchanged"],
        rows=_rows(each, folder, OUTCOME_CHANGES.types),
        digest=each["rows"]["digest"],
        reasons=read_counted(each["reasons"]),
        outcomes=read_shares(each["outcomes"]),
        agents=read_shares(each["agents"]),
        left=read_counted(each["left"]),
        places=tuple(Place(place["where"], read_named(place)) for place in each["places"]),
        owed=read_counted(each["pending_retry"]),
        samples=read_samples(each["samples"]),
        reopened=each["reopened"],
        later=each["later"],
    )


def read_numbers(each: Mapping[str, Any], folder: Path) -> NumbersChange:
    """What `numbers_document` wrote, its rows below `folder`."""
    return NumbersChange(
        address=Address.parse(each["address"]),
        store=each["store"],
        rows=_rows(each, folder, NUMBER_CHANGES.types),
        digest=each["rows"]["digest"],
        reasons=read_counted(each["reasons"]),
        samples=read_samples(each["samples"]),
        unread=each["unread"],
    )


def read_held(each: Mapping[str, Any], folder: Path) -> HeldChange:
    """What `make_held_document` wrote, its rows below `folder`."""
    return HeldChange(
        address=Address.parse(each["address"]),
        holder=_read_holder(each["holder"]),
        act=each["act"],
        chunk_size=each["chunk_size"],
        live=each["live"],
        rows=_rows(each, folder, HELD_CHANGES.types),
        digest=each["rows"]["digest"],
        reasons=read_counted(each["reasons"]),
        samples=read_samples(each["samples"]),
        kept=each["kept"],
        unread=each["unread"],
    )


def _make_holder_document(holder: NumbersOf) -> dict[str, Any]:
    since, until = (None if day is None else day.isoformat() for day in (holder.since, holder.until))
    objects = [{"kind": kind, "name": name} for kind, name in holder.objects]
    return {"kind": holder.kind, "name": holder.name, "objects": objects, "since": since, "until": until}


def _read_holder(each: Mapping[str, Any]) -> NumbersOf:
    since, until = (None if each[name] is None else date.fromisoformat(each[name]) for name in ("since", "until"))
    objects = tuple((one["kind"], one["name"]) for one in each["objects"])
    return NumbersOf(each["kind"], each["name"], objects, since, until)


def _rows(each: Mapping[str, Any], folder: Path, columns: Mapping[str, str]) -> Rows:
    return Rows(folder / Path(each["rows"]["file"]).name, "parquet", columns, each["rows"]["count"])
