"""What must change on a list, contact by contact, and why?"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from reconciler.audience import membership, sources
from reconciler.model.change import ROW_COLUMNS, RowChange
from reconciler.model.members import Standing
from reconciler.model.rows import Rows
from reconciler.model.segment import Target

_STREAMED = 10_000


def compare(
    backend: Any, standing: Standing, target: Target, live: Mapping[str, Rows], into: Path
) -> tuple[Rows, int, list[tuple[str, int]]]:
    """The rows to write for one band's list, ordered by action and contact, and how many members stay as they are.

    Of those that stay, who no longer belongs is counted by the reason: `upsert` leaves them on the list.

    `live` holds the members of each of the segment's bands, by band, so that a move between bands is told as one.
    Contacts that are barred are taken off in `upsert` too.
    """
    import ibis

    segment = standing.segment
    everyone = sources.table(backend, standing.rows)
    everyone = everyone.filter(~everyone["duplicate"])
    wanted = everyone.filter(everyone["band"] == target.band)
    wanted = wanted.select("contactId", priority=wanted["priority"], score=wanted["score"], wanted=True)
    here = sources.members(backend, live[target.band]).rename(live_priority="priority", live_score="score")
    joined = wanted.outer_join(here.mutate(live=True), "contactId")
    joined = joined.mutate(contactId=ibis.coalesce(joined["contactId"], joined["contactId_right"]))
    told = _with_history(backend, joined.drop("contactId_right"), everyone, target, live)
    told = told.left_join(sources.table(backend, standing.barred), "contactId").drop("contactId_right")
    same = _same(told, segment.delivery.attributes)
    action = ibis.cases(
        (told["live"].isnull(), ibis.literal("add")),
        (told["wanted"].isnull() & told["suppressed_by"].notnull(), ibis.literal("remove")),
        (told["wanted"].isnull(), ibis.literal("remove" if segment.mirror else "keep")),
        (same, ibis.literal("keep")),
        else_="update",
    )
    told = told.mutate(action=action)
    reason, why = _words(told, target)
    compared = told.mutate(reason=reason, why=why)
    changed = compared.filter(compared["action"] != "keep").select(*ROW_COLUMNS).order_by("action", "contactId")
    rows = membership.write(backend, changed, into, ROW_COLUMNS)
    kept = sources.count(backend, compared.filter(compared["action"] == "keep"))
    gone = ibis.coalesce(compared["out"], ibis.literal("no longer in the source"))
    words = ibis.ifelse(compared["band"].notnull(), ibis.literal("belongs in ") + compared["band"], gone)
    strangers = compared.filter((compared["action"] == "keep") & compared["wanted"].isnull())
    stays = strangers.group_by(words=words).agg(n=strangers.count())
    counted = stays.order_by(ibis.desc("n"), "words")
    return rows, kept, [row for chunk in sources.stream(backend, counted, 1000) for row in chunk]


def _with_history(backend: Any, joined: Any, everyone: Any, target: Target, live: Mapping[str, Rows]) -> Any:
    """Add where else a contact is on a list now, its score there, and where it stands in the segment."""
    import ibis

    others = [
        sources.members(backend, rows).select("contactId", was="score").mutate(came_from=ibis.literal(band))
        for band, rows in live.items()
        if band != target.band and rows.count
    ]
    if others:
        moved = ibis.union(others[0], *others[1:]) if len(others) > 1 else others[0]
        moved = moved.group_by("contactId").agg(was=moved["was"].max(), came_from=moved["came_from"].min())
        joined = joined.left_join(moved, "contactId").drop("contactId_right")
    else:
        joined = joined.mutate(was=ibis.null("int64"), came_from=ibis.null("string"))
    stands = everyone.select("contactId", band="band", out="reason", now="score")
    return joined.left_join(stands, "contactId").drop("contactId_right")


def _same(told: Any, attributes: Sequence[str]) -> Any:
    import ibis

    same = ibis.literal(True)
    for attribute in attributes:
        same = same & (told[attribute] == told[f"live_{attribute}"]).fill_null(False)
    return same


def _words(told: Any, target: Target) -> tuple[Any, Any]:
    """Why, in general (to be counted) and in particular (with this contact's own scores)."""
    import ibis

    band = target.band
    score, was, old, now = (_points(told[name]) for name in ("score", "was", "live_score", "now"))
    moves_in = ibis.literal("moves from ") + told["came_from"] + f" to {band}"
    moves_out = ibis.literal(f"moves from {band} to ") + told["band"]
    barred = ibis.literal("suppressed by ") + told["suppressed_by"]
    gone = ibis.coalesce(barred, told["out"], ibis.literal("no longer in the source"))
    adds, removes = told["action"] == "add", told["action"] == "remove"
    reason = ibis.cases(
        (adds & told["came_from"].notnull(), moves_in),
        (adds, ibis.literal(f"belongs in {band} and is not on the list")),
        (removes & told["band"].notnull(), moves_out),
        (removes, gone),
        else_="its attributes changed",
    )
    scored = ibis.literal("score ") + ibis.coalesce(was + " → " + score, score)
    why = ibis.cases(
        (adds & told["came_from"].notnull(), scored + " moves it from " + told["came_from"] + f" to {band}"),
        (adds, ibis.literal("score ") + score + f" puts it in {band}"),
        (
            removes & told["band"].notnull(),
            ibis.literal("score ")
            + ibis.coalesce(old + " → " + now, now)
            + f" moves it from {band} to "
            + told["band"],
        ),
        (removes, gone + ibis.coalesce(ibis.literal(" (score ") + now + ")", ibis.literal(""))),
        else_=ibis.coalesce("score " + old + " → " + score, ibis.literal("its attributes are written")),
    )
    return reason, why


def _points(hundredths: Any) -> Any:
    # by whole numbers: 12345678.5 as a decimal is text like 1.23456785E7 to some engine
    import ibis

    size = hundredths.abs()
    whole, tenths, rest = ((size // unit).cast("string") for unit in (100, 10, 1))
    last = ibis.ifelse(size % 10 == 0, ibis.literal(""), rest.right(1))
    sign = ibis.ifelse(hundredths < 0, ibis.literal("-"), ibis.literal(""))
    return sign + whole + "." + tenths.right(1) + last


def tally(backend: Any, rows: Rows) -> list[tuple[str, str, int]]:
    """How many rows there are of each action and reason: the most frequent first."""
    changed = sources.table(backend, rows)
    counted = changed.group_by("action", "reason").agg(n=changed.count())
    import ibis

    ordered = counted.order_by("action", ibis.desc("n"), "reason")
    return [row for chunk in sources.stream(backend, ordered, 1000) for row in chunk]


def examples(backend: Any, rows: Rows, each: int) -> list[tuple[str, str, str]]:
    """A few rows of each action, as (contact, action, why): the first by contact, so always the same."""
    import ibis

    changed = sources.table(backend, rows)
    rank = ibis.row_number().over(ibis.window(group_by=["action"], order_by="contactId"))
    chosen = changed.mutate(rank=rank)
    few = chosen.filter(chosen["rank"] < each).order_by("action", "contactId").select("contactId", "action", "why")
    return [row for chunk in sources.stream(backend, few, 1000) for row in chunk]


def rows_digest(backend: Any, rows: Rows) -> str:
    """The SHA-256 of a relation's content in the order of its columns and contacts, as `sha256:…`."""
    relation = sources.table(backend, rows)
    return _digest(backend, relation.select(*rows.columns), [c for c in ("action", "contactId") if c in rows.columns])


def unaltered(backend: Any, change: RowChange) -> bool:
    """Whether a change's rows are those that its digest was made of; rows that cannot be read are not."""
    try:
        return rows_digest(backend, change.rows) == change.digest
    except Exception:  # every engine has errors of its own for a file that is cut short, or is something else
        return False


def members_digest(backend: Any, rows: Rows) -> str:
    """The SHA-256 of who is on a list, with their attributes."""
    return _digest(backend, sources.members(backend, rows), ["contactId"])


def _digest(backend: Any, relation: Any, order: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for chunk in sources.stream(backend, relation.order_by(*order), _STREAMED):
        # without the brackets, so that the digest does not depend on how many rows come at once
        digest.update(orjson.dumps(chunk)[1:-1] + b",")
    return f"sha256:{digest.hexdigest()}"


def bodies(backend: Any, change: RowChange, actions: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """The contacts of some actions with the attributes to write, a chunk at a time and always in the same chunks."""
    changed = sources.table(backend, change.rows)
    columns = {name: changed[name] for name in change.attributes}
    if "score" in columns:
        columns["score"] = changed["score"].cast("float64") / 100
    wanted = changed.filter(changed["action"].isin(actions)).order_by("contactId")
    names = ["contactId", *columns]
    for chunk in sources.stream(backend, wanted.select(wanted["contactId"], **columns), change.chunk_size):
        yield [dict(zip(names, row, strict=True)) for row in chunk]


def not_as_written(backend: Any, change: RowChange, read_back: Rows, rejected: Collection[str]) -> int:
    """How many rows the list does not hold as written, those aside that the tenant rejected."""
    import ibis

    changed = sources.table(backend, change.rows)
    now = sources.members(backend, read_back).rename(now_priority="priority", now_score="score").mutate(here=True)
    joined = changed.left_join(now, "contactId")
    same = joined["here"].notnull()
    for attribute in change.attributes:
        same = same & (joined[attribute] == joined[f"now_{attribute}"]).fill_null(False)
    right = ibis.ifelse(joined["action"] == "remove", joined["here"].isnull(), same)
    wrong = joined.filter(~right).select("contactId")
    chunks = sources.stream(backend, wrong, _STREAMED)
    return sum(row[0] not in rejected for chunk in chunks for row in chunk)
