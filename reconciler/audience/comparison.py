"""What must change on a list, contact by contact, and why?"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from reconciler.audience import sources
from reconciler.model.change import ROW_COLUMNS, RowChange
from reconciler.model.members import Standing
from reconciler.model.outcomes import AnyRowChange
from reconciler.model.rows import Rows
from reconciler.model.segment import SCORED, Target

_STREAMED = 10_000


Counted = list[tuple[str, int]]
"""Contacts, by words that say why; the most frequent first."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What must change on one list.

    Attributes:
        rows: `ROW_COLUMNS`, ordered by action and contact. kept: members that stay as they are.
        stays: of those, who no longer belongs: `upsert` leaves them on the list.
        owed: contacts that the list would not take before; the rows have those of them that are offered again now.
    """

    rows: Rows
    kept: int
    stays: Counted
    owed: Counted


def compare(
    backend: Any, standing: Standing, target: Target, live: Mapping[str, Rows], into: Path, owed: Any = None
) -> Compared:
    """What must change on one band's list.

    `live` holds the members of each of the segment's bands, by band, so that a move between bands is told as one.
    Contacts that are barred are taken off in `upsert` too. `owed` is what `owing.waiting` says of the list.
    """
    import ibis

    segment = standing.segment
    here = sources.members(backend, live[target.band])
    told = _told(backend, standing, target, here)
    told = _with_history(backend, told, target, live)
    told = _barred(told, sources.table(backend, standing.barred))
    action = ibis.cases(
        (told["live"].isnull(), ibis.literal("add")),
        (told["wanted"] & _same(told, segment.delivery.attributes, "live_"), ibis.literal("keep")),
        (told["wanted"], ibis.literal("update")),
        (told["suppressed_by"].notnull(), ibis.literal("remove")),
        else_=ibis.literal("remove" if segment.mirror else "keep"),
    )
    told = told.mutate(action=action)
    told, owing = (told, None) if owed is None else _without_held(told, owed)
    changed = _reasoned(told, target)
    rows = sources.write(backend, changed.order_by("action", "contactId"), into, ROW_COLUMNS)
    written = sources.table(backend, rows)
    kept = sources.count(backend, here) - sources.count(backend, written.filter(written["action"] != "add"))
    stays = [] if segment.mirror else _stay(backend, told.filter(told["action"] == "keep"))
    return Compared(rows, kept, stays, [] if owing is None else _counted(backend, owing, "owed_words"))


def _told(backend: Any, standing: Standing, target: Target, here: Any) -> Any:
    """Who is wanted on a list, who is on it, and where they stand: contactId, wanted, live, band, out, now, …"""
    import ibis

    everyone = sources.table(backend, standing.rows)
    everyone = everyone.filter(~everyone["duplicate"])
    stands = everyone.select(
        "contactId", "priority", "score", "band", "e164", "name", "email", "attributes", out="reason"
    )
    there = here.rename({f"live_{name}": name for name in ("priority", "score", "attributes")})
    there = there.rename(on_list="contactId").mutate(live=ibis.literal(True))
    joined = stands.outer_join(there, stands["contactId"] == there["on_list"])
    wanted = (joined["band"] == target.band).fill_null(False)
    joined = joined.mutate(contactId=ibis.coalesce(joined["contactId"], joined["on_list"]), wanted=wanted)
    return joined.filter(joined["wanted"] | joined["live"].notnull()).drop("on_list")


def _barred(told: Any, barred: Any) -> Any:
    """Add `suppressed_by`: under the id that a contact was sent under, or has on the list."""
    import ibis

    by_id = barred.select(barred_id="contactId", by_id="suppressed_by")
    by_member = barred.select(barred_member="contactId", by_member="suppressed_by")
    found = told.left_join(by_id, told["contactId"] == by_id["barred_id"])
    found = found.left_join(by_member, found["member"] == by_member["barred_member"])
    return found.mutate(suppressed_by=ibis.coalesce(found["by_id"], found["by_member"]))


def _stay(backend: Any, told: Any) -> Counted:
    """Members that no longer belong and are kept, counted by the reason."""
    import ibis

    gone = ibis.coalesce(told["out"], ibis.literal("no longer in the source"))
    words = ibis.ifelse(told["band"].notnull(), ibis.literal("belongs in ") + told["band"], gone)
    return _counted(backend, told.filter(~told["wanted"]).mutate(words=words), "words")


def _counted(backend: Any, rows: Any, column: str) -> Counted:
    import ibis

    counted = rows.group_by(words=rows[column]).agg(n=rows.count()).order_by(ibis.desc("n"), "words")
    return [row for chunk in sources.stream(backend, counted, 1000) for row in chunk]


def _without_held(told: Any, owed: Any) -> tuple[Any, Any]:
    """What is told, as if contacts that still wait were right; and those of them that would be written."""
    import ibis

    found = told.left_join(owed, told["contactId"] == owed["owed"])
    written = found["action"].isin(["add", "update"])
    waits = written & found["held"].fill_null(False)
    owing = found.filter(written & found["owed"].notnull())
    return found.mutate(action=ibis.ifelse(waits, ibis.literal("keep"), found["action"])), owing


def _with_history(backend: Any, told: Any, target: Target, live: Mapping[str, Rows]) -> Any:
    """Add where else a contact is on a list now, and its score there."""
    import ibis

    others = [
        sources.members(backend, rows).select(mover="contactId", was="score", came_from=ibis.literal(band))
        for band, rows in live.items()
        if band != target.band and rows.count
    ]
    if not others:
        return told.mutate(was=ibis.null("int64"), came_from=ibis.null("string"))
    moved = ibis.union(others[0], *others[1:]) if len(others) > 1 else others[0]
    moved = moved.group_by("mover").agg(was=moved["was"].max(), came_from=moved["came_from"].min())
    return told.left_join(moved, told["contactId"] == moved["mover"]).drop("mover")


def _same(told: Any, attributes: Sequence[str], prefix: str) -> Any:
    """Whether a list holds a contact's attributes as they are to be: its own are in columns named with `prefix`."""
    import ibis

    same = ibis.literal(True)
    for attribute in attributes:
        if attribute in SCORED:
            same = same & (told[attribute] == told[f"{prefix}{attribute}"]).fill_null(False)
        else:
            wanted, held = (told[name].get(attribute) for name in ("attributes", f"{prefix}attributes"))
            same = same & wanted.identical_to(held)
    return same


def _reasoned(told: Any, target: Target) -> Any:
    """The changes among what is told, each with its reason: `ROW_COLUMNS`."""
    import ibis

    changed = told.filter(told["action"] != "keep")
    adds, removes, wanted = changed["action"] == "add", changed["action"] == "remove", changed["wanted"]
    here, nowhere = ibis.literal(target.band), ibis.null("string")
    moves_from = ibis.ifelse(adds, changed["came_from"], ibis.ifelse(removes, here, nowhere))
    moves_to = ibis.ifelse(adds, here, ibis.ifelse(removes, changed["band"], nowhere))
    barred = ibis.literal("suppressed by ") + changed["suppressed_by"]
    reason = ibis.cases(
        (adds & moves_from.isnull(), ibis.literal("belongs in ") + moves_to + " and is not on the list"),
        (adds, ibis.literal("moves from ") + moves_from + " to " + moves_to),
        (wanted, ibis.literal("its attributes changed")),
        (moves_to.notnull(), ibis.literal("moves from ") + moves_from + " to " + moves_to),
        else_=ibis.coalesce(barred, changed["out"], ibis.literal("no longer in the source")),
    )
    null = ibis.null("string")
    columns = {
        # what is taken off a list has no attributes on it
        "priority": ibis.ifelse(wanted, changed["priority"], ibis.null("int64")),
        "score": changed["score"],
        "was": ibis.ifelse(adds, changed["was"], changed["live_score"]),
        "moves_from": moves_from,
        "moves_to": moves_to,
        "reason": reason,
        "member": changed["member"],
        **{name: ibis.ifelse(wanted, changed[name], null) for name in ("e164", "name", "email")},
        "attributes": changed["attributes"],
    }
    return changed.select("contactId", "action", **columns)


def why(changed: Any) -> Any:
    """Why each row of a row change, in particular: with this contact's own scores."""
    import ibis

    score, was = _points(changed["score"]), _points(changed["was"])
    scored = ibis.literal("score ") + ibis.coalesce(was + " → " + score, score)
    moved = changed["moves_from"].notnull() & changed["moves_to"].notnull()
    return ibis.cases(
        (moved, scored + " moves it from " + changed["moves_from"] + " to " + changed["moves_to"]),
        (changed["action"] == "add", ibis.literal("score ") + score + " puts it in " + changed["moves_to"]),
        (
            changed["action"] == "remove",
            changed["reason"] + ibis.coalesce(ibis.literal(" (score ") + score + ")", ibis.literal("")),
        ),
        else_=ibis.coalesce("score " + was + " → " + score, ibis.literal("its attributes are written")),
    )


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
    few = chosen.filter(chosen["rank"] < each).order_by("action", "contactId")
    few = few.select("contactId", "action", why=why(few))
    return [row for chunk in sources.stream(backend, few, 1000) for row in chunk]


def rows_digest(backend: Any, rows: Rows) -> str:
    """The SHA-256 of a relation's content in the order of its columns and contacts, as `sha256:…`."""
    relation = sources.table(backend, rows)
    return _digest(backend, relation.select(*rows.columns), [c for c in ("action", "contactId") if c in rows.columns])


def unaltered(backend: Any, change: AnyRowChange) -> bool:
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
    """The contacts of some actions, a chunk at a time and always in the same chunks.

    Each with contactId, member (its id on the list, where it is on it), phone, name, email and data (the attributes to
    write).
    """
    changed = sources.table(backend, change.rows)
    chosen = changed.filter(changed["action"].isin(actions)).order_by("contactId")
    written = {f"data.{name}": _written(chosen, name) for name in change.attributes}
    wanted = chosen.select("contactId", "member", "name", "email", phone="e164", **written)
    names = wanted.columns
    for chunk in sources.stream(backend, wanted, change.chunk_size):
        yield [_body(dict(zip(names, row, strict=True))) for row in chunk]


def _written(chosen: Any, attribute: str) -> Any:
    if attribute == "score":
        return chosen["score"].cast("float64") / 100
    return chosen[attribute] if attribute in SCORED else chosen["attributes"].get(attribute)


def _body(row: dict[str, Any]) -> dict[str, Any]:
    data = {name.removeprefix("data."): row.pop(name) for name in list(row) if name.startswith("data.")}
    return {**row, "data": data}


def not_as_written(backend: Any, change: RowChange, read_back: Rows, rejected: Collection[str]) -> int:
    """How many rows the list does not hold as written, those aside that the tenant rejected."""
    import ibis

    changed = sources.table(backend, change.rows)
    now = sources.members(backend, read_back)
    now = now.rename({f"now_{name}": name for name in now.columns}).mutate(here=ibis.literal(True))
    joined = changed.left_join(now, changed["contactId"] == now["now_contactId"])
    same = joined["here"].notnull() & _same(joined, change.attributes, "now_")
    right = ibis.ifelse(joined["action"] == "remove", joined["here"].isnull(), same)
    wrong = joined.filter(~right).select("contactId")
    chunks = sources.stream(backend, wrong, _STREAMED)
    return sum(row[0] not in rejected for chunk in chunks for row in chunk)
