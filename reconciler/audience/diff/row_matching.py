# tested by: tests/steps/apply/test_identity.py
"""Match the rows of a list with contacts, and find duplicates.

A list has a key: what makes two of its rows one to the way that writes it. Rows of a list with the key `contact` are
the contact's whose id they have. A bulk insert finds a row by its phone: there a row is the contact's that has its
number, whoever wrote it; else the contact's that it was sent under, whose number has changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from reconciler.audience.relations import reasons
from reconciler.audience.relations.reasons import make_reason
from reconciler.audience.staging import phone_normalisation

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

AGAIN = "duplicate_member"
"""Of several rows of one contact on a list all but one."""
BEFORE = "former_number"
"""A row of a contact that is on the list by the number that it has now."""

_WIRE = r"^\+[1-9][0-9]{6,14}$"


def add_numbers(backend: BaseBackend, members: Table, region: str | None) -> Table:
    """Add `number`: a row's phone in E.164, by which a bulk insert finds it; null where it has none.

    What is written so is taken as it stands; what is written otherwise is read as a number of `region`.
    """
    import ibis

    phone = members["phone"]
    known = ibis.cases((phone.isnull(), ibis.literal("")), (phone.re_search(_WIRE), phone), else_=ibis.null("string"))
    asked = members.mutate(plain=known, region=ibis.null("string"))
    read = phone_normalisation.normalise_phones(backend, asked, "possible", region)
    return read.select(*members.columns, number=read["e164"].nullif(""))


def match_rows(everyone: Table, listed: Table, by_phone: Sequence[str]) -> Table:
    """Add to the rows of some lists whose they are.

    Args:
        everyone: a segment's contacts: contactId, band (null: out), e164; no contact and, of those in, no number twice.
        listed: the rows of its lists: on (the band), contactId, member, number (where `by_phone`), and `barred`: why
            the row's own number must not be called; such a row is nobody's to be kept.
        by_phone: the bands whose lists have the key phone.

    Returns:
        stands: the contact of `everyone` that the row is, or the one it says it is. found: whether it is that contact's
        row on this list. by_number: whether it is so by its number; several rows of a list may be, of which `chosen`
        says the one. spare: the reason why it is one too many, or null.
    """
    import ibis

    nobody = ibis.literal(False)
    by_id = listed.filter(listed["on"].notin(by_phone)) if by_phone else listed
    by_id = by_id.mutate(stands=by_id["contactId"], found=ibis.literal(True), by_number=nobody)
    by_id = _add_spare(
        by_id, ["on", "contactId"], lambda rows: [rows["contactId"] != rows["member"], rows["member"]], AGAIN
    )
    if not by_phone:
        return by_id
    return ibis.union(
        by_id, _match_by_number(everyone, listed.filter(listed["on"].isin(by_phone))).select(*by_id.columns)
    )


def _match_by_number(everyone: Table, listed: Table) -> Table:
    import ibis

    null = ibis.null("string")
    wanted = everyone.filter(everyone["band"].notnull(), everyone["e164"].notnull())
    wanted = wanted.select(wanted="contactId", wanted_number="e164", wanted_on="band")
    able = listed.mutate(able=ibis.ifelse(listed["barred"].isnull(), listed["number"], null))
    joined = able.left_join(wanted, able["number"] == wanted["wanted_number"])
    met = joined.filter(joined["wanted"].notnull(), joined["barred"].isnull())
    met = met.select(*listed.columns, "wanted_on", stands="wanted", by_number=ibis.literal(True))
    # which of several rows of a number is kept is said once it is known which is as it should be: `chosen`
    met = met.mutate(found=ibis.literal(True), spare=reasons.make_no_reason())
    here = met.filter(met["wanted_on"] == met["on"]).select(placed="stands", placed_on="on").distinct()
    rest = joined.filter(joined["wanted"].isnull() | joined["barred"].notnull()).select(*listed.columns)
    return ibis.union(
        met.drop("wanted_on"), _match_by_sent_id(everyone, wanted, here, rest).select(*met.drop("wanted_on").columns)
    )


def _match_by_sent_id(everyone: Table, wanted: Table, here: Table, rest: Table) -> Table:
    """Rows with no number of anybody who is in: by the id that they were sent under."""
    import ibis

    free = wanted.anti_join(here, [wanted["wanted"] == here["placed"], wanted["wanted_on"] == here["placed_on"]])
    free = free.select(free="wanted", free_on="wanted_on")
    joined = rest.left_join(
        free, [rest["contactId"] == free["free"], rest["on"] == free["free_on"], rest["barred"].isnull()]
    ).drop("free_on")
    joined = joined.left_join(
        here, [joined["contactId"] == here["placed"], joined["on"] == here["placed_on"], joined["barred"].isnull()]
    ).drop("placed_on")
    moved = _add_spare(joined.filter(joined["free"].notnull()), ["on", "free"], lambda rows: [rows["member"]], BEFORE)
    before = ibis.ifelse(joined["placed"].notnull(), make_reason(BEFORE), reasons.make_no_reason())
    other = joined.mutate(spare=before).filter(joined["free"].isnull())
    told = ibis.union(moved, other.select(*moved.columns))
    known = everyone.select(known="contactId")
    out = everyone.filter(everyone["band"].isnull(), everyone["e164"].notnull())
    out = out.group_by("e164").agg(out_id=out["contactId"].min()).rename(out_number="e164")
    told = told.left_join(known, told["contactId"] == known["known"])
    told = told.left_join(out, told["number"] == out["out_number"])
    return told.mutate(
        stands=ibis.coalesce(told["known"], told["out_id"], told["contactId"]),
        found=told["free"].notnull() & told["spare"].isnull(),
        by_number=ibis.literal(False),
    )


def choose_rows(told: Table, right: Column) -> Table:
    """Of rows of a list that are one contact's by its number, all but one are spare.

    The one is the row that is as it is to be (`right`), if there is one: which of them the tenant writes is not said
    anywhere, and what is written is found where it is. Else the row that is found by the number as it is written; then
    the one that is known to be the contact's.

    Args:
        told: rows of lists as `matched` has them, with `own` (the contact a row says it is) and `was_sent_as`.
    """
    import ibis

    rows = told.mutate(right=right)
    met = rows.filter(rows["by_number"]).select(
        "on", "stands", "member", "right", "phone", "number", "own", "was_sent_as"
    )
    met = _add_spare(
        met,
        ["on", "stands"],
        lambda row: [
            ~row["right"],
            (row["phone"] != row["number"]).fill_null(True),
            row["own"] != row["stands"],
            row["was_sent_as"].isnull(),
            row["member"],
        ],
        AGAIN,
    )
    again = met.filter(met["spare"].notnull()).select(again="member", again_on="on", again_why="spare")
    joined = rows.left_join(again, [rows["member"] == again["again"], rows["on"] == again["again_on"]])
    spare = ibis.coalesce(joined["spare"], joined["again_why"])
    found = joined["found"] & joined["again"].isnull()
    return joined.mutate(spare=spare, found=found).drop("again", "again_on", "again_why")


def _add_spare(rows: Table, by: Sequence[str], order: Callable[[Table], list[Column]], why: str) -> Table:
    """Add `spare`: `why`, for all but the first of the rows that are alike."""
    import ibis

    # hardly any row is there twice, and nothing has to be put in order for the others
    counted = rows.group_by(*by).agg(alike=rows.count())
    several = rows.semi_join(counted.filter(counted["alike"] > 1), list(by))
    several = several.select(*rows.columns)
    rank = ibis.row_number().over(ibis.window(group_by=list(by), order_by=order(several)))
    ranked = several.mutate(rank=rank)
    later = ranked.filter(ranked["rank"] > 0).select(later="member", later_on="on")
    joined = rows.left_join(later, [rows["member"] == later["later"], rows["on"] == later["later_on"]])
    spare = ibis.ifelse(joined["later"].notnull(), make_reason(why), reasons.make_no_reason())
    return joined.select(*rows.columns, spare=spare)
