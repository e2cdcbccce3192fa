"""How do rows that were read become relations, with one row for each contact or interaction?

What was read is settled once and kept so (`keeping`): `contacts`, `interactions` and `members` know that form again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.audience import engine, piecemeal, regions
from reconciler.model.errors import ReconcilerError
from reconciler.model.rows import SENT_AS, Rows

ACTIVE = "ACTIVE"
MOST_READS = 4
NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
"""A number as people, JSON and spreadsheets write it."""
_LARGEST = 1e13
_MOMENT = r"^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?Z$"

log = logging.getLogger(__name__)


def table(backend: Any, rows: Rows) -> Any:
    """The relation in a file, with the columns that its `Rows` names."""
    return engine.table(backend, rows)


def settled(backend: Any, read: Callable[[], Rows]) -> Rows:
    """Read until there are as many different contacts as the tenant says: pages may shift while they are read.

    Raises:
        ReconcilerError: they never agreed.
    """
    for _ in range(MOST_READS):
        rows = _laid(backend, read())
        ids = table(backend, rows).select("contactId")
        distinct = sum(count(backend, share.distinct()) for share in piecemeal.shares(ids, rows.count))
        if not rows.shifted and rows.total in (None, distinct):
            return rows
        log.warning("%d contacts read, %d in the tenant: the pages shifted; reading again", distinct, rows.total)
    raise ReconcilerError(
        f"a list was read {MOST_READS} times and never held as many contacts as the tenant says",
        note=f"{distinct:,} read, {rows.total or 0:,} in the tenant: the list is being changed by somebody else",
        hint="try again when the tenant is quiet",
    )


def _laid(backend: Any, rows: Rows) -> Rows:
    """Rows that are many as Parquet: what came over the wire is taken apart once, however often it is looked at."""
    if rows.format == "parquet" or rows.count <= piecemeal.A_SHARE:
        return rows
    read = table(backend, rows)
    target = rows.path.with_suffix(".parquet")
    engine.write(backend, read, target)
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
    "email": "string",
    "optedIn": "boolean",
    "attributes": "map<string, string>",
    "place": "string",
    "fault": "string",
    "region_fault": "string",
    "engagement": "int64",
    "active": "boolean",
    "duplicate": "boolean",
    "plain": "string",
}
"""A contact as it is kept, as `contacts` explains it."""

INTERACTIONS = {"contactId": "string", "type": "string", "at": "timestamp"}
"""An interaction as it is kept, once for each id, in UTC."""

MEMBERS = {
    "contactId": "string",
    "member": "string",
    "priority": "int64",
    "score": "int64",
    "attributes": "map<string, string>",
}
"""A member of a list as it is kept, as `members` explains it."""


def write(backend: Any, relation: Any, target: Path, columns: Mapping[str, str]) -> Rows:
    """Compute a relation into a Parquet file that only its owner may read."""
    return Rows(target, "parquet", columns, engine.write(backend, relation, target))


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
    "email": "string",
    "optedIn": "boolean",
    "attributes": "string",
    "place": "string",
    "fault": "string",
}


def contacts(backend: Any, rows: Rows, *, entries: bool = False) -> Any:
    """One row for each row of the source, whatever it is; `entries`: do-not-call entries, which are none's duplicates.

    Columns: contactId, engagement (hundredths; absent = 0), active, phone as written, region and country (ISO
    3166-1 alpha-2; region as written where it is none, and region_fault says so), phones (all that the
    source has for the contact, as written, in the order in which they are tried; null where it says one at most, as a
    tenant does: then `phone` is all), name, email, optedIn
    (null: not said), attributes (JSON text; once it is kept, a map), place, fault (why the row cannot be used),
    duplicate (an earlier row has its id), plain (the phone in E.164, where it has been told already).

    Of rows with one id the first that can be used counts, in the order of file and line. A tenant's pages shift while
    they are read, so a contact that comes twice from there is one row; seen archived once, it is archived.
    """
    import ibis

    read = table(backend, rows)
    if rows.columns == CONTACTS:
        return read
    there = set(read.columns)
    columns = {name: read[name].cast(kind) if name in there else ibis.null(kind) for name, kind in _OPTIONAL.items()}
    # a source that has no statuses has active contacts; one that has them and leaves one out does not, nor a tenant
    unsaid = ACTIVE if "fault" in there and "status" not in there else ""
    whole = read.select("contactId", **columns)
    null = ibis.null("string")
    whole = regions.read(backend, whole) if "region" in there else whole.mutate(region_fault=null)
    named = whole.mutate(
        engagement=_hundredths(whole["engagementScore"]).fill_null(0),
        active=whole["status"].fill_null(unsaid).strip().upper() == ACTIVE,
    ).drop("engagementScore", "status")
    if "fault" not in there:
        rest = [name for name in (*_OPTIONAL, "region_fault") if name not in ("engagementScore", "status")]
        once = named.group_by("contactId").agg(
            engagement=named["engagement"].max(),
            active=named["active"].all(),
            **{name: named[name].max() for name in rest},
        )
        return once.mutate(duplicate=ibis.literal(False), plain=ibis.null("string"))
    if entries:
        return named.mutate(duplicate=ibis.literal(False), plain=ibis.null("string"))
    line = named["place"].re_extract(r"(\d+)$", 1).try_cast("int64")
    order = [named["fault"].notnull(), named["place"].re_replace(r"\d+$", ""), line]
    rank = ibis.row_number().over(ibis.window(group_by=["contactId"], order_by=order))
    ranked = named.mutate(rank=rank)
    return ranked.mutate(duplicate=ranked["rank"] > 0, plain=ibis.null("string")).drop("rank")


def interactions(backend: Any, rows: Rows) -> Any:
    """One row an interaction: contactId, type, at (timestamp, UTC, whole seconds); de-duplicated by `id`."""
    read = table(backend, rows)
    if rows.columns == INTERACTIONS:
        return read
    if "fault" in read.columns:
        read = read.filter(read["fault"].isnull())
    once = read.group_by("id").agg(
        contactId=read["contactId"].min(), type=read["type"].min(), startTime=read["startTime"].min()
    )
    at = once["startTime"].cast("timestamp").truncate("s")
    return once.select("contactId", "type", at=at)


def faults(backend: Any, rows: Rows) -> list[tuple[str, int]]:
    """How many rows cannot be used, by their fault; the most frequent first."""
    read = table(backend, rows)
    return counted_faults(backend, read) if "fault" in read.columns else []


def counted_faults(backend: Any, read: Any) -> list[tuple[str, int]]:
    """The same of a relation with the column `fault`."""
    import ibis

    faulty = read.filter(read["fault"].notnull())
    counted = faulty.group_by("fault").agg(n=faulty.count()).order_by(ibis.desc("n"), "fault")
    return [row for chunk in stream(backend, counted, 1000) for row in chunk]


NAMED = {"contactId": "string", "place": "string", "fault": "string"}


def named(backend: Any, rows: Rows, target: Path) -> Rows:
    """The contacts that some interactions name, once each, written to `target`; those of unusable rows are left out."""
    import ibis

    everyone = interactions(backend, rows).select("contactId").distinct()
    null = ibis.null("string")
    return write(backend, everyone.mutate(place=null, fault=null), target, NAMED)


def refuse_unclear_times(backend: Any, rows: Rows) -> None:
    """Interactions whose time is not UTC with `Z` (contract, section lists): an offset would be dropped in silence.

    Raises:
        ReconcilerError: how many there are.
    """
    read = table(backend, rows)
    start = read["startTime"]
    # `T24:00:00Z` is a time to one engine, `T12:00:00Z` without a day to another
    clear = (start.re_search(_MOMENT) & start.try_cast("timestamp").notnull()).fill_null(False)
    unclear = count(backend, read.filter(~clear))
    if unclear:
        raise ReconcilerError(
            f"{unclear:,} of {rows.count:,} interactions have a startTime that is not ISO 8601 in UTC with Z",
            note="a score made from them would be wrong",
            hint="ask for the tenant's interaction search to be put right",
        )


def members(backend: Any, rows: Rows) -> Any:
    """One row a member: contactId, priority, score (hundredths) and attributes; null where the list has none.

    `member` is the contact's id in the tenant. It is another one where a bulk insert made the contact: that has only
    phones, and leaves the id that the contact was sent under among its attributes.
    """
    return _once(rows, _known(backend, rows))


def members_in_shares(backend: Any, rows: Rows, count: int) -> Iterator[Any]:
    """The same in the shares of about so many rows."""
    return (_once(rows, share) for share in piecemeal.shares(_known(backend, rows), count))


def _known(backend: Any, rows: Rows) -> Any:
    """The rows of a list under the ids that contacts were sent under; one may come twice. What is kept is settled."""
    import ibis

    read = table(backend, rows)
    if rows.columns == MEMBERS:
        return read
    priority = _whole(read["priority"]) if "priority" in read.columns else ibis.null("int64")
    score = _hundredths(read["score"]) if "score" in read.columns else ibis.null("int64")
    known = read[SENT_AS] if SENT_AS in read.columns else ibis.null("string")
    others = [name for name in read.columns if name not in ("contactId", "priority", "score", SENT_AS)]
    return read.select(
        *others, contactId=ibis.coalesce(known, read["contactId"]), member="contactId", priority=priority, score=score
    )


def _once(rows: Rows, known: Any) -> Any:
    """Of a contact that is there twice, the one with the id it was sent under; other attributes as one map."""
    import ibis

    if rows.columns == MEMBERS:
        return known
    others = [name for name in known.columns if name not in ("contactId", "member", "priority", "score")]
    once = known.group_by("contactId").agg(
        member=known["member"].argmin(known["member"] != known["contactId"]),
        **{name: known[name].max() for name in ("priority", "score", *others)},
    )
    texts = ibis.null("map<string, string>")
    if others:
        names = ibis.array([ibis.literal(name) for name in others])
        texts = ibis.map(names, ibis.array([once[name] for name in others]))
    return once.select("contactId", "member", "priority", "score", attributes=texts)


def active(backend: Any, rows: Rows) -> Any:
    """The ids of active contacts, once each."""
    everyone = contacts(backend, rows)
    usable = everyone.filter(everyone["active"], everyone["fault"].isnull(), everyone["contactId"].notnull())
    return usable.select("contactId").distinct()


def stream(backend: Any, relation: Any, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a relation in its own order, `size` at a time: what is needed at the wire, and nowhere else.

    One stream at a time: the backend's next query may end this one.
    """
    return engine.stream(backend, relation, size)


def count(backend: Any, relation: Any) -> int:
    """How many rows a relation has. Not ibis' own `execute`, which brings in pandas to hand over one number."""
    ((row,),) = engine.stream(backend, relation.count().as_table(), 1)
    return int(row[0])


def _hundredths(score: Any) -> Any:
    # floor(x + ½) is the same on every engine; their own rounding of halves is not
    return (_number(score) * 100 + 0.5).floor().cast("int64")


def _whole(value: Any) -> Any:
    return (_number(value) + 0.5).floor().cast("int64")


def _number(value: Any) -> Any:
    """A number that may be written as text; null where it is none to us: `1f`, `1_000` and `NaN` are to some engine."""
    import ibis

    if value.type().is_string():
        value = ibis.ifelse(value.re_search(NUMBER), value, ibis.null("string"))
    number = value.try_cast("float64")
    # beyond this hundredths are not exact; NaN is above everything, and so beyond it
    return ibis.ifelse(number.abs() < _LARGEST, number, ibis.null("float64"))
