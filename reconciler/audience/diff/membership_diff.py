"""Compare who belongs on a segment's lists with who is on them: adds, updates, removals, each with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.diff import (
    add_remove_conflicts,
    changed_since_rejection,
    field_diff,
    list_change_files,
    recency_only,
    restored_rows,
    row_matching,
)
from reconciler.audience.diff.list_change_files import MemberDiff
from reconciler.audience.relations import engine, numeric_parsing, reasons
from reconciler.audience.relations.reasons import make_reason
from reconciler.audience.staging import equivalent_contact_ids, staged_members
from reconciler.model.delivery_method import Key
from reconciler.model.row_queries import Rows
from reconciler.model.segment import Segment
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.tables import DECISIONS, MEMBER_CHANGES, MUST_REMOVE

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table


_PERSONAL = ("name", "firstName", "lastName", "email")
_TOLD = (*MEMBER_CHANGES.columns, "on", "number", "spare")
"""A change, or why there is none, the band whose list it is about, the number of a row there and why it is spare.

Others: `keep`; `stay`, of who no longer belongs and is kept all the same; `wait`, of who is retried later.
"""


def compare_members(
    backend: BaseBackend,
    standing: MembershipDecision,
    live: Mapping[str, Rows],
    into: Mapping[str, Path],
    owed: Mapping[str, Table] | None = None,
    keys: Mapping[str, Key] | None = None,
    personal: field_diff.Personal | None = None,
    past: recency_only.Past | None = None,
    again: changed_since_rejection.Offered | None = None,
) -> dict[str, MemberDiff]:
    """What must change on each list of a segment, by its band; all of them in one pass.

    By band, `live` holds the members of each list, so that a move between bands is told as one; `into` the file for
    what changes on it; `owed` what `retry_queue.select_waiting` says of it; `keys` what makes two of its rows one, if
    it is not the contact; `personal` is what a delivery writes of the contacts themselves; `past`, what is known of
    when the lists were written. Contacts that are barred are taken off in `upsert` too.
    """
    import ibis

    by_phone = [band for band, key in (keys or {}).items() if key == "phone"]
    everyone = tables.read_table(backend, standing.rows, DECISIONS)
    # a number that is not written with a contact is none of the list's
    e164 = everyone["e164"] if standing.segment.delivery.whole else ibis.null("string")
    # by which an apply asks again whether it may be called
    subscribers = everyone["subscribers"] if standing.segment.suppress else ibis.null("array<string>")
    columns = ("contactId", "sent_as", "priority", "score", "band", *_PERSONAL, "attributes")
    everyone = everyone.filter(~everyone["duplicate"]).select(
        *columns, out="reason", e164=e164, subscribers=subscribers
    )
    with ExitStack() as stack:
        listed = _read_lists(backend, live, by_phone, standing)
        if listed is not None:
            barred = tables.read_table(backend, standing.barred, MUST_REMOVE) if standing.barred.count else None
            listed = row_matching.match_rows(everyone, _add_barred(backend, listed, barred), by_phone)
            if by_phone:  # it takes several joins, and is asked for several times
                listed = stack.enter_context(engine.cache_rows(backend, listed))
        told = _decide_added(everyone, listed)
        if listed is not None:
            known = field_diff.join_known_values(backend, listed, personal or field_diff.Personal(), standing)
            then = recency_only.score_as_of_last_write(backend, standing.segment, past, stack)
            told = ibis.union(_decide_held(everyone, known, barred, standing.segment, by_phone, then), told)
        if standing.restored is not None:
            told = restored_rows.keep_restored(backend, told, standing.restored)
        told = changed_since_rejection.defer_waiting(backend, told, owed or {}, again)
        changes = stack.enter_context(engine.cache_rows(backend, told.filter(told["action"] != "keep")))
        return list_change_files.split_by_list(
            backend, add_remove_conflicts.defer_contradictions(backend, changes), live, into
        )


def _read_lists(
    backend: BaseBackend, live: Mapping[str, Rows], by_phone: Sequence[str], standing: MembershipDecision
) -> Table | None:
    """Who is on which list now, with the band whose it is; None where nobody is on any."""
    import ibis

    lists = []
    for band, rows in live.items():
        if rows.count:
            here = staged_members.read_members(backend, rows)
            if band in by_phone:
                phones = standing.segment.phones
                here = row_matching.add_numbers(backend, here, None if phones is None else phones.region)
            else:
                here = here.mutate(number=ibis.null("string"))
            score = standing.segment.delivery.score
            if score != "score":
                here = here.mutate(score=numeric_parsing.parse_hundredths(here["attributes"].get(score)))
            here = here.rename({f"live_{name}": name for name in ("priority", "score", "attributes")})
            lists.append(here.mutate(on=ibis.literal(band)))
    return ibis.union(lists[0], *lists[1:]) if len(lists) > 1 else next(iter(lists), None)


def _add_barred(backend: BaseBackend, listed: Table, barred: Table | None) -> Table:
    """Add `barred`: which do-not-call list has the number of a row itself."""
    import ibis

    if barred is None:
        return listed.mutate(barred=ibis.null("string"))
    rows = equivalent_contact_ids.join_same_ids(
        listed, "member", equivalent_contact_ids.find_odd_ids(backend, listed["member"])
    )
    suppressed = barred.filter(barred["suppressed_by"].notnull())
    by_member = suppressed.select(barred_member="contactId", barred="suppressed_by")
    met = rows.left_join(by_member, rows["same"] == by_member["barred_member"])
    return met.drop("bare", "same", "barred_member")


def _decide_held(
    everyone: Table,
    known: field_diff.Known,
    barred: Table | None,
    segment: Segment,
    by_phone: Sequence[str],
    then: Table | None,
) -> Table:
    """What becomes of whoever is on a list."""
    import ibis

    stands = everyone.rename(known_as="contactId")
    told = known.listed.rename(own="contactId", was_sent_as="sent_as")
    told = told.left_join(stands, told["stands"] == stands["known_as"])
    told = _add_barred_for(told, barred)
    if then is not None:
        told = told.left_join(then, [told["stands"] == then["then_id"], told["on"] == then["then_on"]])
    told, differs = field_diff.compare_fields(told, known, segment.delivery, aged=then is not None)
    phone_keyed = told["on"].isin(by_phone) if by_phone else ibis.literal(False)
    itself = ~phone_keyed | ((told["own"] == told["stands"]) & (told["number"] == told["e164"]).fill_null(False))
    told = told.mutate(itself=itself, differs=differs.any, rescored=differs.rescored, unlike=differs.reason)
    if by_phone:
        told = row_matching.choose_rows(told, told["itself"] & ~told["differs"])
    barred_for, elsewhere, null = told["barred_for"], told["band"].notnull(), ibis.null("string")
    spare, itself = told["spare"], told["itself"]
    mine = (told["band"] == told["on"]).fill_null(False) & told["found"]
    wanted = mine & barred_for.isnull() & spare.isnull()
    belongs: list[tuple[Column, str]] = (
        []
        if segment.mirror
        else [(barred_for.isnull() & (spare["code"] != row_matching.BEFORE).fill_null(True), "stay")]
    )
    action = ibis.cases(
        (wanted & itself & ~told["differs"], ibis.literal("keep")),
        (wanted, ibis.literal("update")),
        *((stays, ibis.literal(words)) for stays, words in belongs),
        else_=ibis.literal("remove"),
    )
    out = ibis.coalesce(told["out"], make_reason("not_in_source"))
    why_it_stays = reasons.first_reason(
        (spare.notnull(), spare), (elsewhere, make_reason("belongs_elsewhere", told["band"])), default=out
    )
    anothers = wanted & ~itself & (told["own"] != told["stands"])
    why = reasons.first_reason(
        (wanted & ~itself & ~told["by_number"], make_reason("number_changed")),
        (anothers & told["was_sent_as"].notnull(), make_reason("number_was_another_contacts")),
        (anothers, make_reason("number_on_foreign_row")),
        (wanted, told["unlike"]),
        *((stays, why_it_stays) for stays, _ in belongs),
        (barred_for.notnull(), barred_for),
        (spare.notnull(), spare),
        (elsewhere, make_reason("moved", told["on"], told["band"])),
        default=out,
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
        "reason": why,
        "subscribers": ibis.ifelse(wanted, told["subscribers"], ibis.null("array<string>")),
        **{name: ibis.ifelse(wanted, told[name], null) for name in ("e164", *_PERSONAL)},
    }
    return told.select(**{name: columns[name] if name in columns else told[name] for name in _TOLD})


def _add_barred_for(told: Table, barred: Table | None) -> Table:
    """Add `barred_for`: of its contact, by the id that it was sent under, else of the row's own number.

    Whose row it is by its number alone is judged by that number: the list may have had another contact's id for it.
    """
    import ibis

    if barred is None:
        return told.mutate(barred_for=reasons.make_no_reason())
    by_id = barred.select(barred_id="contactId", by_id="barred_for")
    asked = told.mutate(asked=ibis.ifelse(told["by_number"], ibis.null("string"), told["stands"]))
    found = asked.left_join(by_id, asked["asked"] == by_id["barred_id"])
    by_number = make_reason("suppressed", found["barred"])
    return found.mutate(barred_for=ibis.coalesce(found["by_id"], by_number))


def _decide_added(everyone: Table, listed: Table | None) -> Table:
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
    new, moves = make_reason("qualifies", told["band"]), make_reason("moved", told["moves_from"], told["band"])
    columns = {
        "action": ibis.literal("add"),
        "moves_to": told["band"],
        "reason": ibis.ifelse(told["moves_from"].isnull(), new, moves),
        "member": ibis.null("string"),
        "on": told["band"],
        "number": told["e164"],
        "spare": reasons.make_no_reason(),
    }
    return told.select(**{name: columns[name] if name in columns else told[name] for name in _TOLD})
