"""What must change on a segment's lists, contact by contact, and why?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.audience import aging, contradictions, differences, engine, identity, matching, offered, sources
from reconciler.model.change import ROW_COLUMNS
from reconciler.model.delivery import Key
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
        pending: how many are not.
    """

    rows: Rows
    tallied: list[tuple[str, str, int]]
    kept: int
    stays: Counted
    owed: Counted
    pending: int = 0


_PERSONAL = ("name", "firstName", "lastName", "email")
_CHANGES = ("add", "update", "remove")
_TOLD = (*ROW_COLUMNS, "on", "number", "spare")
"""A change, or why there is none, the band whose list it is about, the number of a row there and why it is spare.

Others: `keep`; `stay`, of who no longer belongs and is kept all the same; `wait`, of who is offered again later.
"""


def compare(
    backend: Any,
    standing: Standing,
    live: Mapping[str, Rows],
    into: Mapping[str, Path],
    owed: Mapping[str, Any] | None = None,
    keys: Mapping[str, Key] | None = None,
    personal: differences.Personal | None = None,
    past: aging.Past | None = None,
    again: offered.Offered | None = None,
) -> dict[str, Compared]:
    """What must change on each list of a segment, by its band; all of them in one pass.

    By band, `live` holds the members of each list, so that a move between bands is told as one; `into` the file for
    what changes on it; `owed` what `owing.waiting` says of it; `keys` what makes two of its rows one, if it is not the
    contact; `personal` is what a delivery writes of the contacts themselves; `past`, what is known of when the lists
    were written. Contacts that are barred are taken off in `upsert` too.
    """
    import ibis

    by_phone = [band for band, key in (keys or {}).items() if key == "phone"]
    everyone = sources.table(backend, standing.rows)
    # a number that is not written with a contact is none of the list's
    e164 = everyone["e164"] if standing.segment.delivery.whole else ibis.null("string")
    # by which an apply asks again whether it may be called
    subscribers = everyone["subscribers"] if standing.segment.suppress else ibis.null("array<string>")
    columns = ("contactId", "sent_as", "priority", "score", "band", *_PERSONAL, "attributes")
    everyone = everyone.filter(~everyone["duplicate"]).select(
        *columns, out="reason", e164=e164, subscribers=subscribers
    )
    with ExitStack() as stack:
        listed = _listed(backend, live, by_phone, standing)
        if listed is not None:
            barred = sources.table(backend, standing.barred) if standing.barred.count else None
            listed = matching.matched(everyone, _barred(backend, listed, barred), by_phone)
            if by_phone:  # it takes several joins, and is asked for several times
                listed = stack.enter_context(engine.computed(backend, listed))
        told = _added(everyone, listed)
        if listed is not None:
            known = differences.known(backend, listed, personal or differences.Personal(), standing)
            then = aging.known(backend, standing.segment, past, stack)
            told = ibis.union(_held(everyone, known, barred, standing.segment, by_phone, then), told)
        told = _without_waiting(backend, told, owed or {}, again)
        changes = stack.enter_context(engine.computed(backend, told.filter(told["action"] != "keep")))
        return _by_list(backend, contradictions.put_off(backend, changes), live, into)


def _listed(backend: Any, live: Mapping[str, Rows], by_phone: Sequence[str], standing: Standing) -> Any:
    """Who is on which list now, with the band whose it is; None where nobody is on any."""
    import ibis

    lists = []
    for band, rows in live.items():
        if rows.count:
            here = sources.members(backend, rows)
            if band in by_phone:
                phones = standing.segment.phones
                here = matching.numbered(backend, here, None if phones is None else phones.region)
            else:
                here = here.mutate(number=ibis.null("string"))
            score = standing.segment.delivery.score
            if score != "score":
                here = here.mutate(score=sources.hundredths(here["attributes"].get(score)))
            here = here.rename({f"live_{name}": name for name in ("priority", "score", "attributes")})
            lists.append(here.mutate(on=ibis.literal(band)))
    return ibis.union(lists[0], *lists[1:]) if len(lists) > 1 else next(iter(lists), None)


def _barred(backend: Any, listed: Any, barred: Any) -> Any:
    """Add `barred`: which do-not-call list has the number of a row itself."""
    import ibis

    if barred is None:
        return listed.mutate(barred=ibis.null("string"))
    rows = identity.joined(listed, "member", identity.odd(backend, listed["member"]))
    suppressed = barred.filter(barred["suppressed_by"].notnull())
    by_member = suppressed.select(barred_member="contactId", barred="suppressed_by")
    met = rows.left_join(by_member, rows["same"] == by_member["barred_member"])
    return met.drop("bare", "same", "barred_member")


def _held(
    everyone: Any, known: differences.Known, barred: Any, segment: Segment, by_phone: Sequence[str], then: Any
) -> Any:
    """What becomes of whoever is on a list."""
    import ibis

    stands = everyone.rename(known_as="contactId")
    told = known.listed.rename(own="contactId", was_sent_as="sent_as")
    told = told.left_join(stands, told["stands"] == stands["known_as"])
    told = _barred_for(told, barred)
    if then is not None:
        told = told.left_join(then, [told["stands"] == then["then_id"], told["on"] == then["then_on"]])
    told, differs = differences.of(told, known, segment.delivery, aged=then is not None)
    phone_keyed = told["on"].isin(by_phone) if by_phone else ibis.literal(False)
    itself = ~phone_keyed | ((told["own"] == told["stands"]) & (told["number"] == told["e164"]).fill_null(False))
    told = told.mutate(itself=itself, differs=differs.any, rescored=differs.rescored, in_words=differs.words)
    if by_phone:
        told = matching.chosen(told, told["itself"] & ~told["differs"])
    barred_for, elsewhere, null = told["barred_for"], told["band"].notnull(), ibis.null("string")
    spare, itself = told["spare"], told["itself"]
    mine = (told["band"] == told["on"]).fill_null(False) & told["found"]
    wanted = mine & barred_for.isnull() & spare.isnull()
    belongs = [] if segment.mirror else [(barred_for.isnull() & (spare != matching.BEFORE).fill_null(True), "stay")]
    action = ibis.cases(
        (wanted & itself & ~told["differs"], ibis.literal("keep")),
        (wanted, ibis.literal("update")),
        *((stays, ibis.literal(words)) for stays, words in belongs),
        else_=ibis.literal("remove"),
    )
    gone = ibis.literal("no longer in the source")
    why_it_stays = ibis.cases(
        (spare.notnull(), spare),
        (elsewhere, ibis.literal("belongs in ") + told["band"]),
        else_=ibis.coalesce(told["out"], gone),
    )
    reason = ibis.cases(
        (wanted & ~itself & ~told["by_number"], ibis.literal("its number changed")),
        (
            wanted & ~itself & (told["own"] != told["stands"]) & told["was_sent_as"].notnull(),
            ibis.literal("its number was another contact's"),
        ),
        (wanted & ~itself & (told["own"] != told["stands"]), ibis.literal("another client's row has its number")),
        (wanted, told["in_words"]),
        *((stays, why_it_stays) for stays, _ in belongs),
        (barred_for.notnull(), barred_for),
        (spare.notnull(), spare),
        (elsewhere, ibis.literal("moves from ") + told["on"] + " to " + told["band"]),
        else_=ibis.coalesce(told["out"], gone),
    )
    null_score = ibis.null("int64")
    columns = {
        "contactId": ibis.ifelse(told["by_number"] | wanted, told["stands"], told["own"]),
        "sent_as": ibis.ifelse(wanted, told["sent_as"], null),
        "action": action,
        # what is taken off a list has no attributes on it
        "priority": ibis.ifelse(wanted, told["priority"], ibis.null("int64")),
        # the score of a contact that stays is told where it is among what changes
        "was": ibis.ifelse(wanted & ~told["rescored"], null_score, told["live_score"]),
        "moves_from": ibis.ifelse(wanted, null, told["on"]),
        "moves_to": ibis.ifelse(wanted | barred_for.notnull() | spare.notnull(), null, told["band"]),
        "reason": reason,
        "subscribers": ibis.ifelse(wanted, told["subscribers"], ibis.null("array<string>")),
        **{name: ibis.ifelse(wanted, told[name], null) for name in ("e164", *_PERSONAL)},
    }
    return told.select(**{name: columns[name] if name in columns else told[name] for name in _TOLD})


def _barred_for(told: Any, barred: Any) -> Any:
    """Add `barred_for`: of its contact, by the id that it was sent under, else of the row's own number.

    Whose row it is by its number alone is judged by that number: the list may have had another contact's id for it.
    """
    import ibis

    if barred is None:
        return told.mutate(barred_for=ibis.null("string"))
    by_id = barred.select(barred_id="contactId", by_id="barred_for")
    asked = told.mutate(asked=ibis.ifelse(told["by_number"], ibis.null("string"), told["stands"]))
    found = asked.left_join(by_id, asked["asked"] == by_id["barred_id"])
    by_number = ibis.literal("suppressed by ") + found["barred"]
    return found.mutate(barred_for=ibis.coalesce(found["by_id"], by_number))


def _added(everyone: Any, listed: Any) -> Any:
    """Who belongs on a list and is not on it, and on which other one it is now, with its score there."""
    import ibis

    wanted = everyone.filter(everyone["band"].notnull())
    if listed is None:
        told = wanted.mutate(was=ibis.null("int64"), moves_from=ibis.null("string"))
    else:
        here = listed.filter(listed["found"]).select(listed_id="stands", listed_on="on")
        moved = listed.group_by("stands").agg(was=listed["live_score"].max(), moves_from=listed["on"].min())
        moved = moved.rename(mover="stands")
        absent = wanted.anti_join(here, [wanted["contactId"] == here["listed_id"], wanted["band"] == here["listed_on"]])
        absent = absent.select(*everyone.columns)
        told = absent.left_join(moved, absent["contactId"] == moved["mover"])
        told = told.mutate(moves_from=told["moves_from"].nullif(told["band"]))
    new = ibis.literal("belongs in ") + told["band"] + " and is not on the list"
    moves = ibis.literal("moves from ") + told["moves_from"] + " to " + told["band"]
    columns = {
        "action": ibis.literal("add"),
        "moves_to": told["band"],
        "reason": ibis.ifelse(told["moves_from"].isnull(), new, moves),
        "member": ibis.null("string"),
        "on": told["band"],
        "number": told["e164"],
        "spare": ibis.null("string"),
    }
    return told.select(**{name: columns[name] if name in columns else told[name] for name in _TOLD})


def _without_waiting(backend: Any, told: Any, owed: Mapping[str, Any], again: offered.Offered | None) -> Any:
    """What is told, with `owed`: words for contacts that their list would not take before. Some of them still wait.

    Those whose rows are known wait until `again` finds them changed.
    """
    import ibis

    lists = [waiting.mutate(owed_on=ibis.literal(band)) for band, waiting in owed.items()]
    if not lists:
        return told.mutate(owed=ibis.null("string"))
    everybody = ibis.union(lists[0], *lists[1:]) if len(lists) > 1 else lists[0]
    same = [told["contactId"] == everybody["owed"], told["on"] == everybody["owed_on"]]
    found = told.left_join(everybody, same)
    written = found["action"].isin(["add", "update"])
    held, state = found["held"], found["owed_words"]
    if again is not None:
        mine = found.filter(written, found["row"].notnull()).select(*offered.SEEN)
        rows = sources.write(backend, mine, again.file, offered.SEEN)
        now = sources.table(backend, again.digested(rows)).rename(seen_id="contactId")
        found = found.left_join(now, found["contactId"] == now["seen_id"]).drop("seen_id")
        written = found["action"].isin(["add", "update"])
        same = (found["row"] == found["seen"]).fill_null(False)
        changed = (found["row"] != found["seen"]).fill_null(False)
        held = ibis.cases((changed, False), (same & ibis.literal(not again.by_time), True), else_=found["held"])
        what, why = found["owed_what"], ibis.literal(": ") + found["owed_reason"]
        state = ibis.cases(
            (changed, what + ", offered again now, as its row has changed" + why),
            (same & ibis.literal(not again.by_time), found["pending_words"]),
            else_=found["owed_words"],
        )
    action = ibis.ifelse(written & held.fill_null(False), ibis.literal("wait"), found["action"])
    words = ibis.ifelse(written, state, ibis.null("string"))
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
        rows = sources.write(backend, mine.order_by("action", "contactId", "member"), target, ROW_COLUMNS)
        gone = sum(n for (action, _), n in tallied.items() if action != "add")
        in_order = sorted(tallied.items(), key=lambda pair: (pair[0][0], -pair[1], pair[0][1]))
        found[band] = Compared(
            rows,
            [(action, reason, n) for (action, reason), n in in_order],
            _size(backend, live[band]) - gone,
            _frequent(stays),
            _frequent(owed),
            sum(n for on, action, _, _, n in counts if on == band and action == "wait"),
        )
    return found


def unknown(backend: Any, compared: Compared, live: Rows) -> int:
    """How many rows that somebody else put on a list are to be taken off it while others are put there."""
    changed = sources.table(backend, compared.rows)
    if not any(action != "remove" for action, _, _ in compared.tallied):
        return 0
    members = sources.members(backend, live)
    theirs = members.filter(members["sent_as"].isnull())
    return sources.count(backend, changed.filter(changed["action"] == "remove").semi_join(theirs, "member"))


def _size(backend: Any, members: Rows) -> int:
    """How many are on a list."""
    kept = not members.count or members.columns == sources.MEMBERS
    return members.count if kept else sources.count(backend, sources.members(backend, members))


def _frequent(counted: Counter[str]) -> Counted:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
