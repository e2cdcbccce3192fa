"""Turn rows that were read into relations with one row for each contact or interaction.

What was read is settled once and kept so (`keeping`): `contacts`, `interactions` and `members` know that form again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.audience.relations import batches, engine
from reconciler.audience.relations.reasons import find_fault, make_no_reason, read_reason
from reconciler.audience.staging import contact_ids, regions
from reconciler.model.errors import ReconcilerError
from reconciler.model.reason import REASON, Counted
from reconciler.model.row_files import ATTRIBUTE, SENT_AS, Rows

ACTIVE = "ACTIVE"
MOST_READS = 4
NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
"""A number as people, JSON and spreadsheets write it."""
_LARGEST = 1e13
_MOMENT = r"^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?Z$"

log = logging.getLogger(__name__)


def read_table(backend: Any, rows: Rows) -> Any:
    """The relation in a file, with the columns that its `Rows` names."""
    return engine.read_rows(backend, rows)


def stage_rows(backend: Any, read: Callable[[], Rows]) -> Rows:
    """Read until there are as many different contacts as the tenant says: pages may shift while they are read.

    Raises:
        ReconcilerError: they never agreed.
    """
    for _ in range(MOST_READS):
        rows = _lay_out(backend, read())
        ids = read_table(backend, rows).select("contactId")
        distinct = sum(count_rows(backend, share.distinct()) for share in batches.hash_partitions(ids, rows.count))
        if not rows.shifted and rows.total in (None, distinct):
            return rows
        log.warning("%d contacts read, %d in the tenant: the pages shifted; reading again", distinct, rows.total)
    raise ReconcilerError(
        f"a list was read {MOST_READS} times and never held as many contacts as the tenant says",
        note=f"{distinct:,} read, {rows.total or 0:,} in the tenant: the list is being changed by somebody else",
        hint="try again when nobody is changing it",
    )


def _lay_out(backend: Any, rows: Rows) -> Rows:
    """Rows that are many as Parquet: what came over the wire is taken apart once, however often it is looked at."""
    if rows.format == "parquet" or rows.count <= batches.A_SHARE:
        return rows
    read = read_table(backend, rows)
    target = rows.path.with_suffix(".parquet")
    engine.write_parquet(backend, read, target)
    rows.path.unlink()
    return replace(rows, path=target, format="parquet", columns=dict.fromkeys(read.columns, "string"), take={})


CONTACTS = {
    "contactId": "string",
    "phone": "string",
    "phones": "array<string>",
    "region": "string",
    "country": "string",
    "postalCode": "string",
    "timezone": "string",
    "name": "string",
    "firstName": "string",
    "lastName": "string",
    "email": "string",
    "optedIn": "boolean",
    "attributes": "map<string, string>",
    "place": "string",
    "fault": REASON,
    "doubts": "array<string>",
    "region_fault": "string",
    "engagement": "int64",
    "active": "boolean",
    "duplicate": "boolean",
    "plain": "string",
    "sent_as": "string",
}
"""A contact as it is kept, as `contacts` explains it."""

INTERACTIONS = {"contactId": "string", "type": "string", "at": "timestamp"}
"""An interaction as it is kept, once for each id, in UTC."""

MEMBERS = {
    "contactId": "string",
    "member": "string",
    "sent_as": "string",
    "phone": "string",
    "priority": "int64",
    "score": "int64",
    "attributes": "map<string, string>",
}
"""A member of a list as it is kept, as `members` explains it."""


def write_rows(backend: Any, relation: Any, target: Path, columns: Mapping[str, str]) -> Rows:
    """Compute a relation into a Parquet file that only its owner may read."""
    return Rows(target, "parquet", columns, engine.write_parquet(backend, relation, target))


_OPTIONAL = {
    "engagementScore": "string",
    "status": "string",
    "phone": "string",
    "phones": "array<string>",
    "region": "string",
    "country": "string",
    "postalCode": "string",
    "timezone": "string",
    "name": "string",
    "firstName": "string",
    "lastName": "string",
    "email": "string",
    "optedIn": "boolean",
    "attributes": "string",
    "place": "string",
    "fault": REASON,
    "doubts": "array<string>",
}


def read_contacts(backend: Any, rows: Rows, *, entries: bool = False) -> Any:
    """One row for each row of the source, whatever it is; `entries`: do-not-call entries, which are none's duplicates.

    Columns: contactId (as ids are compared: `identity`), engagement (hundredths; absent = 0), active, phone as written,
    region and country (ISO 3166-1 alpha-2; region as written where it is none, and region_fault says so), phones (all
    that the source has for the contact, as written, in the order in which they are tried; null where it says one at
    most, as a tenant does: then `phone` is all), name, firstName, lastName, email, optedIn (null: not said), attributes
    (JSON text; once it is kept, a map), place, fault (why the row cannot be used), doubts (of a row that cannot be
    read: texts, of which one may be the id of whose row it is), duplicate (an earlier row has its
    id), plain (the phone in E.164, where it has been told already), sent_as (the id by which the tenant is told of the
    contact, where it is written otherwise).

    Of rows with one id the first that can be used counts, in the order of file and line. A tenant's pages shift while
    they are read, so a contact that comes twice from there is one row. Seen archived once, a contact is archived; and
    one row that says no consent was given holds for all, also one that cannot be used for another reason.
    """
    import ibis

    read = read_table(backend, rows)
    if rows.columns == CONTACTS:
        return read
    there = set(read.columns)
    columns = {name: read[name].cast(kind) if name in there else ibis.null(kind) for name, kind in _OPTIONAL.items()}
    # a source that has no statuses has active contacts; one that has them and leaves one out does not, nor a tenant
    outside = "fault" in there
    unsaid = ACTIVE if outside and "status" not in there else ""
    whole = read.select("contactId", **columns)
    null = ibis.null("string")
    whole = regions.read_regions(backend, whole) if "region" in there else whole.mutate(region_fault=null)
    named = whole.mutate(
        engagement=parse_hundredths(whole["engagementScore"]).fill_null(0),
        active=whole["status"].fill_null(unsaid).strip().upper() == ACTIVE,
    ).drop("engagementScore", "status")
    if not outside:
        rest = [name for name in (*_OPTIONAL, "region_fault") if name not in ("engagementScore", "status", "fault")]
        named = (
            named.group_by("contactId")
            .agg(
                engagement=named["engagement"].max(),
                active=named["active"].all(),
                **{name: named[name].max() for name in rest},
            )
            .mutate(fault=make_no_reason())
        )
    named = _identify(named, outside, contact_ids.find_odd_ids(backend, read["contactId"]))
    if entries and outside:
        return named.mutate(duplicate=ibis.literal(False), plain=ibis.null("string"))
    order = [named["sent_as"].notnull(), named["sent_as"]]
    if outside:
        line = named["place"].re_extract(r"(\d+)$", 1).try_cast("int64")
        order = [named["fault"].notnull(), named["place"].re_replace(r"\d+$", ""), line]
    rank = ibis.row_number().over(ibis.window(group_by=["contactId"], order_by=order))
    theirs = ibis.window(group_by=["contactId"])
    refused = (~named["optedIn"].fill_null(True)).any().over(theirs)
    archived = (~named["active"] & named["fault"].isnull()).any().over(theirs)
    given = ibis.ifelse(refused, ibis.literal(False), named["optedIn"])
    ranked = named.mutate(rank=rank, optedIn=given, active=named["active"] & ~archived)
    return ranked.mutate(duplicate=ranked["rank"] > 0, plain=ibis.null("string")).drop("rank")


def _identify(named: Any, outside: bool, odd: Any | None) -> Any:
    """Contacts with their ids as they are compared, and `sent_as`: what the tenant is to be told, if it is another.

    What the tenant itself has said it knows to the letter; what comes from outside is written without what nobody sees.
    """
    import ibis

    named = contact_ids.join_same_ids(named, "contactId", odd)
    raw, bare, known = named["contactId"], named["bare"], named["same"]
    told = ibis.coalesce(bare, raw) if outside else raw
    lost = find_fault((bare.isnull() & raw.notnull(), "empty", "contactId"))
    sure = named.mutate(contactId=known, sent_as=told.nullif(known), fault=ibis.coalesce(named["fault"], lost))
    return sure.drop("bare", "same")


def read_interactions(backend: Any, rows: Rows) -> Any:
    """One row an interaction: contactId, type, at (timestamp, UTC, whole seconds); de-duplicated by `id`."""
    read = read_table(backend, rows)
    if rows.columns == INTERACTIONS:
        return read
    if "fault" in read.columns:
        read = read.filter(read["fault"].isnull())
    read = contact_ids.join_same_ids(read, "contactId", contact_ids.find_odd_ids(backend, read["contactId"]))
    once = read.group_by("id").agg(
        contactId=read["same"].min(), type=read["type"].min(), startTime=read["startTime"].min()
    )
    at = once["startTime"].cast("timestamp").truncate("s")
    return once.select("contactId", "type", at=at)


def count_faults(backend: Any, rows: Rows) -> list[Counted]:
    """How many rows cannot be used, by their fault; the most frequent first."""
    read = read_table(backend, rows)
    return list_faults(backend, read) if "fault" in read.columns else []


def list_faults(backend: Any, read: Any) -> list[Counted]:
    """The same of a relation with the column `fault`."""
    import ibis

    faulty = read.filter(read["fault"].notnull())
    counted = faulty.group_by("fault").agg(n=faulty.count()).order_by(ibis.desc("n"), "fault")
    return [Counted(read_reason(why), count) for chunk in stream_rows(backend, counted, 1000) for why, count in chunk]


NAMED = {"contactId": "string", "place": "string", "fault": REASON}


def select_named(backend: Any, rows: Rows, target: Path) -> Rows:
    """The contacts that some interactions name, once each, written to `target`; those of unusable rows are left out."""
    import ibis

    everyone = read_interactions(backend, rows).select("contactId").distinct()
    unsaid = everyone.mutate(place=ibis.null("string"), fault=make_no_reason())
    return write_rows(backend, unsaid, target, NAMED)


def refuse_unclear_times(backend: Any, rows: Rows) -> None:
    """Interactions whose time is not UTC with `Z` (contract, section lists): an offset would be dropped in silence.

    Raises:
        ReconcilerError: how many there are.
    """
    read = read_table(backend, rows)
    start = read["startTime"]
    # `T24:00:00Z` is a time to one engine, `T12:00:00Z` without a day to another
    clear = (start.re_search(_MOMENT) & start.try_cast("timestamp").notnull()).fill_null(False)
    unclear = count_rows(backend, read.filter(~clear))
    if unclear:
        raise ReconcilerError(
            f"{unclear:,} of {rows.count:,} interactions have a startTime that is not ISO 8601 in UTC with Z",
            note="a score made from them would be wrong",
            hint="ask for the tenant's interaction search to be put right",
        )


def read_members(backend: Any, rows: Rows) -> Any:
    """One row for each row of a list, as `MEMBERS`; null where the list has no such thing.

    Attributes are all that were read, priority and score too, each a value as JSON: what is text there is no number.

    `member` is the id on the list, as it is there; it alone is different in each row. `sent_as` is what a bulk insert
    left there: that has only phones, so the id that it was sent a contact under is kept with the contact. `contactId`
    is whose row that makes it, as ids are compared (`identity`); `phone` is as the tenant has it.
    """
    known = _read_known(backend, rows)
    return _keep_once(rows, known, _find_odd(backend, rows, known))


def read_member_partitions(backend: Any, rows: Rows, count: int) -> Iterator[Any]:
    """The same in the shares of about so many rows, by `member`."""
    known = _read_known(backend, rows)
    odd = _find_odd(backend, rows, known)
    return (_keep_once(rows, share, odd) for share in batches.hash_partitions(known, count, "member"))


def _find_odd(backend: Any, rows: Rows, known: Any) -> Any | None:
    return None if rows.columns == MEMBERS else contact_ids.find_odd_ids(backend, known["member"], known["sent_as"])


_OF_A_MEMBER = ("member", "sent_as", "phone", "priority", "score")


def _read_known(backend: Any, rows: Rows) -> Any:
    """What was read of a list, a row as often as it was read. What is kept is settled."""
    import ibis

    read = read_table(backend, rows)
    if rows.columns == MEMBERS:
        return read
    there = {name: read[name] if name in read.columns else ibis.null("string") for name in (SENT_AS, "phone")}
    return read.select(
        **{
            f"{ATTRIBUTE}{name}": read[column].cast("string") for name, column in _list_attributes(read.columns).items()
        },
        member="contactId",
        sent_as=there[SENT_AS],
        phone=there["phone"],
        priority=_round_whole(_make_plain(read["priority"])) if "priority" in read.columns else ibis.null("int64"),
        score=parse_hundredths(_make_plain(read["score"])) if "score" in read.columns else ibis.null("int64"),
    )


def _make_plain(value: Any) -> Any:
    return value.cast("string") if value.type().is_json() else value


def _list_attributes(columns: Iterable[str]) -> dict[str, str]:
    """Which columns are attributes, by their names on the list, which may be those of other columns."""
    others = {name: name for name in columns if name not in ("contactId", SENT_AS, "phone", *_UNASKED)}
    marked = {name.removeprefix(ATTRIBUTE): name for name in others if name.startswith(ATTRIBUTE)}
    return {**{name: name for name in others if not name.startswith(ATTRIBUTE)}, **marked}


_UNASKED = ("engagementScore", "status")
"""What a list is read with where its phones are, and no attribute of it."""


def _keep_once(rows: Rows, known: Any, odd: Any | None) -> Any:
    """One row a member; its attributes as one map."""
    import ibis

    if rows.columns == MEMBERS:
        return known
    others = [name for name in known.columns if name not in _OF_A_MEMBER]
    once = known.group_by("member").agg(**{name: known[name].max() for name in (*_OF_A_MEMBER[1:], *others)})
    texts = ibis.null("map<string, string>")
    if others:
        names = ibis.array([ibis.literal(name.removeprefix(ATTRIBUTE)) for name in others])
        texts = ibis.map(names, ibis.array([once[name] for name in others]))
    # an id of blanks alone is none
    own = ibis.coalesce(once["sent_as"].strip().nullif(""), once["member"])
    whole = once.select(*_OF_A_MEMBER, own=own, attributes=texts)
    whole = contact_ids.join_same_ids(whole, "own", odd)
    return whole.mutate(contactId=whole["same"]).select(*MEMBERS)


def is_active(backend: Any, rows: Rows) -> Any:
    """The ids of active contacts as the tenant is asked for them, once each."""
    import ibis

    everyone = read_contacts(backend, rows)
    usable = everyone.filter(everyone["active"], everyone["fault"].isnull(), everyone["contactId"].notnull())
    return usable.select(contactId=ibis.coalesce(usable["sent_as"], usable["contactId"])).distinct()


def stream_rows(backend: Any, relation: Any, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a relation in its own order, `size` at a time: what is needed at the wire, and nowhere else.

    One stream at a time: the backend's next query may end this one.
    """
    return engine.stream_rows(backend, relation, size)


def count_rows(backend: Any, relation: Any) -> int:
    """How many rows a relation has. Not ibis' own `execute`, which brings in pandas to hand over one number."""
    ((row,),) = engine.stream_rows(backend, relation.count().as_table(), 1)
    return int(row[0])


def parse_hundredths(score: Any) -> Any:
    """A score in whole hundredths; null where it is no number."""
    # floor(x + ½) is the same on every engine; their own rounding of halves is not
    return (parse_number(score) * 100 + 0.5).floor().cast("int64")


def _round_whole(value: Any) -> Any:
    return (parse_number(value) + 0.5).floor().cast("int64")


def parse_number(value: Any) -> Any:
    """A number that may be written as text; null where it is none to us: `1f`, `1_000` and `NaN` are to some engine."""
    import ibis

    if value.type().is_string():
        value = ibis.ifelse(value.re_search(NUMBER), value, ibis.null("string"))
    number = value.try_cast("float64")
    # beyond this hundredths are not exact; NaN is above everything, and so beyond it
    return ibis.ifelse(number.abs() < _LARGEST, number, ibis.null("float64"))
