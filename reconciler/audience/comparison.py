"""What must change on a segment's lists, contact by contact, and why?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.audience import engine, row_changes, sources
from reconciler.model.change import ROW_COLUMNS
from reconciler.model.members import Standing
from reconciler.model.rows import Rows
from reconciler.model.segment import Segment

Counted = list[tuple[str, int]]
"""Contacts, by words that say why; the most frequent first."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What must change on one list.

    Attributes:
        rows: `ROW_COLUMNS`, ordered by action and contact.
        tallied: how many rows there are of each action and reason; of each action the most frequent reason first.
        kept: members that stay as they are.
        stays: of those, who no longer belongs: `upsert` leaves them on the list.
        owed: contacts that the list would not take before; the rows have those of them that are offered again now.
    """

    rows: Rows
    tallied: list[tuple[str, str, int]]
    kept: int
    stays: Counted
    owed: Counted


_CHANGES = ("add", "update", "remove")
_TOLD = (*ROW_COLUMNS, "on")
"""A change, or why there is none, and the band whose list it is about.

Others: `keep`; `stay`, of who no longer belongs and is kept all the same; `wait`, of who is offered again later.
"""


def compare(
    backend: Any,
    standing: Standing,
    live: Mapping[str, Rows],
    into: Mapping[str, Path],
    owed: Mapping[str, Any] | None = None,
) -> dict[str, Compared]:
    """What must change on each list of a segment, by its band; all of them in one pass.

    By band, `live` holds the members of each list, so that a move between bands is told as one; `into` the file for
    what changes on it; `owed` what `owing.waiting` says of it. Contacts that are barred are taken off in `upsert` too.
    """
    import ibis

    everyone = sources.table(backend, standing.rows)
    # a number that is not written with a contact is none of the list's
    e164 = everyone["e164"] if standing.segment.delivery.whole else ibis.null("string")
    everyone = everyone.filter(~everyone["duplicate"]).select(
        "contactId", "priority", "score", "band", "name", "email", "attributes", out="reason", e164=e164
    )
    listed = _listed(backend, live)
    told = _added(everyone, listed)
    if listed is not None:
        barred = sources.table(backend, standing.barred) if standing.barred.count else None
        told = ibis.union(_held(everyone, listed, barred, standing.segment), told)
    told = _without_waiting(told, owed or {})
    with engine.computed(backend, told.filter(told["action"] != "keep")) as changes:
        return _by_list(backend, changes, live, into)


def _listed(backend: Any, live: Mapping[str, Rows]) -> Any:
    """Who is on which list now, with the band whose it is; None where nobody is on any."""
    import ibis

    lists = []
    for band, rows in live.items():
        if rows.count:
            here = sources.members(backend, rows)
            here = here.rename({f"live_{name}": name for name in ("priority", "score", "attributes")})
            lists.append(here.mutate(on=ibis.literal(band)))
    return ibis.union(lists[0], *lists[1:]) if len(lists) > 1 else next(iter(lists), None)


def _held(everyone: Any, listed: Any, barred: Any, segment: Segment) -> Any:
    """What becomes of whoever is on a list."""
    import ibis

    stands = everyone.rename(stands="contactId")
    told = listed.left_join(stands, listed["contactId"] == stands["stands"])
    told = _barred(told, barred)
    suppressed_by, elsewhere, null = told["suppressed_by"], told["band"].notnull(), ibis.null("string")
    wanted = (told["band"] == told["on"]).fill_null(False) & suppressed_by.isnull()
    belongs = [] if segment.mirror else [(suppressed_by.isnull(), ibis.literal("stay"))]
    action = ibis.cases(
        (wanted & row_changes.same(told, segment.delivery.attributes, "live_"), ibis.literal("keep")),
        (wanted, ibis.literal("update")),
        *belongs,
        else_=ibis.literal("remove"),
    )
    gone = ibis.literal("no longer in the source")
    why_it_stays = ibis.ifelse(elsewhere, ibis.literal("belongs in ") + told["band"], ibis.coalesce(told["out"], gone))
    reason = ibis.cases(
        (wanted, ibis.literal("its attributes changed")),
        *((stays, why_it_stays) for stays, _ in belongs),
        (suppressed_by.notnull(), ibis.literal("suppressed by ") + suppressed_by),
        (elsewhere, ibis.literal("moves from ") + told["on"] + " to " + told["band"]),
        else_=ibis.coalesce(told["out"], gone),
    )
    columns = {
        "action": action,
        # what is taken off a list has no attributes on it
        "priority": ibis.ifelse(wanted, told["priority"], ibis.null("int64")),
        "was": told["live_score"],
        "moves_from": ibis.ifelse(wanted, null, told["on"]),
        "moves_to": ibis.ifelse(wanted | suppressed_by.notnull(), null, told["band"]),
        "reason": reason,
        **{name: ibis.ifelse(wanted, told[name], null) for name in ("e164", "name", "email")},
    }
    return told.select(**{name: columns[name] if name in columns else told[name] for name in _TOLD})


def _barred(told: Any, barred: Any) -> Any:
    """Add `suppressed_by`: under the id that a contact was sent under, or has on the list."""
    import ibis

    if barred is None:
        return told.mutate(suppressed_by=ibis.null("string"))
    by_id = barred.select(barred_id="contactId", by_id="suppressed_by")
    by_member = barred.select(barred_member="contactId", by_member="suppressed_by")
    found = told.left_join(by_id, told["contactId"] == by_id["barred_id"])
    found = found.left_join(by_member, found["member"] == by_member["barred_member"])
    return found.mutate(suppressed_by=ibis.coalesce(found["by_id"], found["by_member"]))


def _added(everyone: Any, listed: Any) -> Any:
    """Who belongs on a list and is not on it, and on which other one it is now, with its score there."""
    import ibis

    wanted = everyone.filter(everyone["band"].notnull())
    if listed is None:
        told = wanted.mutate(was=ibis.null("int64"), moves_from=ibis.null("string"))
    else:
        here = listed.select(listed_id="contactId", listed_on="on")
        moved = listed.group_by("contactId").agg(was=listed["live_score"].max(), moves_from=listed["on"].min())
        moved = moved.rename(mover="contactId")
        absent = wanted.anti_join(here, [wanted["contactId"] == here["listed_id"], wanted["band"] == here["listed_on"]])
        absent = absent.select(*everyone.columns)
        told = absent.left_join(moved, absent["contactId"] == moved["mover"])
    new = ibis.literal("belongs in ") + told["band"] + " and is not on the list"
    moves = ibis.literal("moves from ") + told["moves_from"] + " to " + told["band"]
    columns = {
        "action": ibis.literal("add"),
        "moves_to": told["band"],
        "reason": ibis.ifelse(told["moves_from"].isnull(), new, moves),
        "member": ibis.null("string"),
        "on": told["band"],
    }
    return told.select(**{name: columns[name] if name in columns else told[name] for name in _TOLD})


def _without_waiting(told: Any, owed: Mapping[str, Any]) -> Any:
    """What is told, with `owed`: words for contacts that their list would not take before. Some of them still wait."""
    import ibis

    lists = [waiting.mutate(owed_on=ibis.literal(band)) for band, waiting in owed.items()]
    if not lists:
        return told.mutate(owed=ibis.null("string"))
    everybody = ibis.union(lists[0], *lists[1:]) if len(lists) > 1 else lists[0]
    same = [told["contactId"] == everybody["owed"], told["on"] == everybody["owed_on"]]
    found = told.left_join(everybody, same)
    written = found["action"].isin(["add", "update"])
    action = ibis.ifelse(written & found["held"].fill_null(False), ibis.literal("wait"), found["action"])
    words = ibis.ifelse(written, found["owed_words"], ibis.null("string"))
    return found.mutate(action=action, owed=words).select(*_TOLD, "owed")


def _by_list(backend: Any, told: Any, live: Mapping[str, Rows], into: Mapping[str, Path]) -> dict[str, Compared]:
    """What is told of all lists, counted and taken apart."""
    counted = told.group_by("on", "action", "reason", "owed").agg(n=told.count())
    counts = [row for chunk in sources.stream(backend, counted, 1000) for row in chunk]
    found = {}
    for band, target in into.items():
        tallied: Counter[tuple[str, str]] = Counter()
        stays: Counter[str] = Counter()
        owed: Counter[str] = Counter()
        for on, action, reason, words, n in counts:
            if on == band:
                if action in _CHANGES:
                    tallied[action, reason] += n
                if action == "stay":
                    stays[reason] += n
                if words is not None:
                    owed[words] += n
        mine = told.filter(told["on"] == band, told["action"].isin(_CHANGES)).select(*ROW_COLUMNS)
        rows = sources.write(backend, mine.order_by("action", "contactId"), target, ROW_COLUMNS)
        gone = sum(n for (action, _), n in tallied.items() if action != "add")
        in_order = sorted(tallied.items(), key=lambda pair: (pair[0][0], -pair[1], pair[0][1]))
        found[band] = Compared(
            rows,
            [(action, reason, n) for (action, reason), n in in_order],
            _size(backend, live[band]) - gone,
            _frequent(stays),
            _frequent(owed),
        )
    return found


def _size(backend: Any, members: Rows) -> int:
    """How many are on a list."""
    kept = not members.count or members.columns == sources.MEMBERS
    return members.count if kept else sources.count(backend, sources.members(backend, members))


def _frequent(counted: Counter[str]) -> Counted:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
