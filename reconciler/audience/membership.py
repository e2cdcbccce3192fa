"""Who belongs on which list, and who does not and why?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from reconciler.audience import scoring, sources
from reconciler.model.rows import RowQuery, Rows
from reconciler.model.score import RecencyFrequencyScore
from reconciler.model.segment import Segment

STANDING = {"contactId": "string", "score": "int64", "band": "string", "priority": "int64", "reason": "string"}
"""A contact's standing in a segment: its band, or (band null) the reason for which it is on no list."""


def standing(backend: Any, segment: Segment, read: Mapping[RowQuery, Rows], as_of: datetime, target: Path) -> Rows:
    """Every contact of a segment's source, in or out, written to `target` in the order of contacts."""
    scored = _scored(backend, segment, read, as_of)
    band, priority = scoring.band_of(scored["score"], segment.score.bands)
    judged = scored.mutate(reason=_reason(segment, scored, band), band=band, priority=priority)
    out = judged["reason"].notnull()
    import ibis

    final = judged.select(
        "contactId",
        "score",
        band=ibis.ifelse(out, ibis.null("string"), judged["band"]),
        priority=ibis.ifelse(out, ibis.null("int64"), judged["priority"]),
        reason=judged["reason"],
    )
    return write(backend, final.order_by("contactId"), target, STANDING)


def _scored(backend: Any, segment: Segment, read: Mapping[RowQuery, Rows], as_of: datetime) -> Any:
    everyone = sources.contacts(backend, read[segment.contacts])
    if isinstance(segment.score, RecencyFrequencyScore) and segment.interactions is not None:
        history = sources.interactions(backend, read[segment.interactions])
        scores = scoring.recency_and_frequency(history, segment.score, as_of)
        scored = everyone.left_join(scores, "contactId").select("contactId", "active", "score")
    else:
        scored = everyone.select("contactId", "active", score=everyone["engagement"])
    for number, query in enumerate(segment.intersect):
        wanted = sources.contacts(backend, read[query]).select("contactId")
        wanted = wanted.mutate(**{f"on_{number}": True})
        scored = scored.left_join(wanted, "contactId").drop("contactId_right")
    return scored


def _reason(segment: Segment, scored: Any, band: Any) -> Any:
    """The first that applies: archived, not on a list to intersect with, no score, below all bands, no list for it."""
    import ibis

    listed = [target.band for target in segment.targets]
    lowest = min(one.low for one in segment.score.bands)
    branches = [(~scored["active"], ibis.literal("archived"))]
    branches += [
        (scored[f"on_{number}"].isnull(), ibis.literal(f"not on {query.list}"))
        for number, query in enumerate(segment.intersect)
    ]
    branches += [
        (scored["score"].isnull(), ibis.literal("no interaction in the window")),
        (scored["score"] < lowest, ibis.literal(f"score below {lowest / 100:g}")),
        (~band.isin(listed), ibis.literal("in band ") + band + ibis.literal(", which has no list")),
    ]
    return ibis.cases(*branches, else_=ibis.null("string"))


def account(backend: Any, standing_rows: Rows) -> tuple[dict[str, int], list[tuple[str, int]]]:
    """How many contacts are in each band, and how many are left out for each reason."""
    everyone = sources.table(backend, standing_rows)
    counted = everyone.group_by("band", "reason").agg(n=everyone.count()).order_by("band", "reason")
    included: dict[str, int] = {}
    left_out = []
    for band, reason, count in (row for chunk in sources.stream(backend, counted, 1000) for row in chunk):
        if reason is None:
            included[band] = count
        else:
            left_out.append((reason, count))
    return included, left_out


def write(backend: Any, relation: Any, target: Path, columns: Mapping[str, str]) -> Rows:
    """Compute a relation into a Parquet file that only its owner may read."""
    target.touch(mode=0o600)
    relation.to_parquet(str(target))
    return Rows(target, "parquet", columns, sources.count(backend, backend.read_parquet(str(target))))
