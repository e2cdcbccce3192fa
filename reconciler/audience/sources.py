"""How do rows that were read become relations, with one row for each contact or interaction?"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from reconciler.model.errors import ReconcilerError
from reconciler.model.rows import Rows

ACTIVE = "ACTIVE"
MOST_READS = 4

log = logging.getLogger(__name__)


def table(backend: Any, rows: Rows) -> Any:
    """The relation in a file, with the columns that its `Rows` names."""
    if rows.format == "parquet":
        return backend.read_parquet(str(rows.path))
    read = backend.read_json(str(rows.path), columns=dict(rows.columns), format="array")
    if not rows.take:
        return read
    return read.select(**{name: _at(read, path.split(".")) for name, path in rows.take.items()})


def _at(relation: Any, path: Sequence[str]) -> Any:
    value = relation[path[0]]
    for step in path[1:]:
        value = value[step]
    return value


def settled(backend: Any, read: Callable[[], Rows]) -> Rows:
    """Read until there are as many different contacts as the tenant says: pages may shift while they are read.

    Raises:
        ReconcilerError: they never agreed.
    """
    for _ in range(MOST_READS):
        rows = read()
        distinct = count(backend, table(backend, rows).select("contactId").distinct())
        if not rows.shifted and rows.total in (None, distinct):
            return rows
        log.warning("%d contacts read, %d in the tenant: the pages shifted; reading again", distinct, rows.total)
    raise ReconcilerError(
        f"a list was read {MOST_READS} times and never held as many contacts as the tenant says",
        note=f"{distinct:,} read, {rows.total or 0:,} in the tenant: the list is being changed by somebody else",
        hint="try again when the tenant is quiet",
    )


_OPTIONAL = {
    "engagementScore": "string",
    "status": "string",
    "phone": "string",
    "region": "string",
    "optedIn": "boolean",
    "attributes": "string",
    "place": "string",
    "fault": "string",
}


def contacts(backend: Any, rows: Rows) -> Any:
    """One row for each row of the source, whatever it is.

    Columns: contactId, engagement (hundredths; absent = 0), active, phone and region as written, optedIn (null: not
    said), attributes (JSON text), place, fault (why the row cannot be used), duplicate (an earlier row has its id).

    Of rows with one id the first that can be used counts, in the order of file and line. A tenant's pages shift while
    they are read, so a contact that comes twice from there is one row; seen archived once, it is archived.
    """
    import ibis

    read = table(backend, rows)
    there = set(read.columns)
    columns = {name: read[name].cast(kind) if name in there else ibis.null(kind) for name, kind in _OPTIONAL.items()}
    # a file that says nothing of a status has active contacts; a tenant that says nothing does not
    unsaid = ACTIVE if "fault" in there else ""
    whole = read.select("contactId", **columns)
    named = whole.mutate(
        engagement=_hundredths(whole["engagementScore"]).fill_null(0),
        active=whole["status"].fill_null(unsaid) == ACTIVE,
    ).drop("engagementScore", "status")
    if "fault" not in there:
        rest = [name for name in _OPTIONAL if name not in ("engagementScore", "status")]
        once = named.group_by("contactId").agg(
            engagement=named["engagement"].max(),
            active=named["active"].all(),
            **{name: named[name].max() for name in rest},
        )
        return once.mutate(duplicate=ibis.literal(False))
    line = named["place"].re_extract(r"(\d+)$", 1).try_cast("int64")
    order = [named["fault"].notnull(), named["place"].re_replace(r"\d+$", ""), line]
    rank = ibis.row_number().over(ibis.window(group_by=["contactId"], order_by=order))
    return named.mutate(rank=rank).mutate(duplicate=lambda t: t["rank"] > 0).drop("rank")


def interactions(backend: Any, rows: Rows) -> Any:
    """One row an interaction: contactId, type, at (timestamp, UTC, whole seconds); de-duplicated by `id`."""
    read = table(backend, rows)
    if "fault" in read.columns:
        read = read.filter(read["fault"].isnull())
    once = read.group_by("id").agg(
        contactId=read["contactId"].min(), type=read["type"].min(), startTime=read["startTime"].min()
    )
    at = once["startTime"].cast("timestamp").truncate("s")
    return once.select("contactId", "type", at=at)


NAMED = {"contactId": "string", "place": "string", "fault": "string"}


def named(backend: Any, rows: Rows, target: Path) -> Rows:
    """The contacts that some interactions name, once each, written to `target`; those of unusable rows are left out."""
    import ibis

    read = table(backend, rows)
    usable = read.filter(read["fault"].isnull()).select("contactId").distinct()
    null = ibis.null("string")
    target.touch(mode=0o600)
    usable.mutate(place=null, fault=null).order_by("contactId").to_parquet(str(target), use_tmp_file=False)
    return Rows(target, "parquet", NAMED, count(backend, backend.read_parquet(str(target))))


def refuse_unclear_times(backend: Any, rows: Rows) -> None:
    """Interactions whose time is not UTC with `Z` (contract, section lists): an offset would be dropped in silence.

    Raises:
        ReconcilerError: how many there are.
    """
    read = table(backend, rows)
    start = read["startTime"]
    clear = (start.endswith("Z") & start.try_cast("timestamp").notnull()).fill_null(False)
    unclear = count(backend, read.filter(~clear))
    if unclear:
        raise ReconcilerError(
            f"{unclear:,} of {rows.count:,} interactions have a startTime that is not ISO 8601 in UTC with Z",
            note="a score made from them would be wrong",
            hint="ask for the tenant's interaction search to be put right",
        )


def members(backend: Any, rows: Rows) -> Any:
    """One row a member: contactId, priority, score (hundredths); null where the list has no such attribute."""
    import ibis

    read = table(backend, rows)
    priority = read["priority"].try_cast("int64") if "priority" in read.columns else ibis.null("int64")
    score = _hundredths(read["score"]) if "score" in read.columns else ibis.null("int64")
    named = read.select("contactId", priority=priority, score=score)
    return named.group_by("contactId").agg(priority=named["priority"].max(), score=named["score"].max())


def active(backend: Any, rows: Rows) -> Any:
    """The ids of active contacts, once each."""
    everyone = contacts(backend, rows)
    usable = everyone.filter(everyone["active"], everyone["fault"].isnull(), everyone["contactId"].notnull())
    return usable.select("contactId").distinct()


def stream(backend: Any, relation: Any, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a relation in its own order, `size` at a time: what is needed at the wire, and nowhere else.

    One stream at a time: the backend's next query ends this one, as both have the one connection that sees the files.
    """
    result = backend.raw_sql(backend.compile(relation))
    while chunk := result.fetchmany(size):
        yield chunk


def count(backend: Any, relation: Any) -> int:
    """How many rows a relation has. Not ibis' own `execute`, which brings in pandas to hand over one number."""
    (row,) = backend.raw_sql(backend.compile(relation.count().as_table())).fetchall()
    return int(row[0])


def _hundredths(score: Any) -> Any:
    # floor(x + ½) is the same on every engine; their own rounding of halves is not
    return (score.try_cast("float64") * 100 + 0.5).floor().cast("int64")
