"""How are changes of outcomes and of do-not-call numbers written down in a plan? Nothing personal is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reconciler.model.address import Address
from reconciler.model.change import Reason, Sample
from reconciler.model.outcomes import NUMBER_COLUMNS, OUTCOME_COLUMNS, AnyRowChange, NumbersChange, OutcomeChange, Place
from reconciler.model.rows import LiveCampaign, Rows

OUTCOMES, NUMBERS = "outcomes", "numbers"
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
        "reasons": _counts(change.reasons),
        "outcomes": _counts(change.outcomes),
        "agents": _counts(change.agents),
        "left": _counts(change.left),
        "places": [{"where": each.where, "why": each.why} for each in change.places],
        "owed": _counts(change.owed),
        "reopened": change.reopened,
        "later": change.later,
        "samples": _samples(change.samples),
    }


def numbers_document(change: NumbersChange) -> dict[str, Any]:
    """Numbers that are added to a do-not-call list as JSON values."""
    return {
        "address": str(change.address),
        "writes": NUMBERS,
        "store": change.store,
        "adds": change.total,
        "rows": rows_document(change),
        "reasons": _counts(change.reasons),
        "unread": change.unread,
        "samples": _samples(change.samples),
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
        rows=_rows(each, folder, OUTCOME_COLUMNS),
        digest=each["rows"]["digest"],
        reasons=_read_counts(each["reasons"]),
        outcomes=_read_counts(each["outcomes"]),
        agents=_read_counts(each["agents"]),
        left=_read_counts(each["left"]),
        places=tuple(Place(place["where"], place["why"]) for place in each["places"]),
        owed=_read_counts(each["owed"]),
        samples=_read_samples(each["samples"]),
        reopened=each["reopened"],
        later=each["later"],
    )


def read_numbers(each: Mapping[str, Any], folder: Path) -> NumbersChange:
    """What `numbers_document` wrote, its rows below `folder`."""
    return NumbersChange(
        address=Address.parse(each["address"]),
        store=each["store"],
        rows=_rows(each, folder, NUMBER_COLUMNS),
        digest=each["rows"]["digest"],
        reasons=_read_counts(each["reasons"]),
        samples=_read_samples(each["samples"]),
        unread=each["unread"],
    )


def _rows(each: Mapping[str, Any], folder: Path, columns: Mapping[str, str]) -> Rows:
    return Rows(folder / Path(each["rows"]["file"]).name, "parquet", columns, each["rows"]["count"])


def _counts(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    return [{"words": reason.words, "count": reason.count} for reason in reasons]


def _samples(samples: Iterable[Sample]) -> list[dict[str, Any]]:
    return [{"contact": s.token, "hint": s.hint, "action": s.action, "why": s.why} for s in samples]


def _read_counts(counts: Iterable[Mapping[str, Any]]) -> tuple[Reason, ...]:
    return tuple(Reason(each["words"], each["count"]) for each in counts)


def _read_samples(samples: Iterable[Mapping[str, Any]]) -> tuple[Sample, ...]:
    return tuple(Sample(each["contact"], each["hint"], each["action"], each["why"]) for each in samples)
