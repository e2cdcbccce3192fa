"""How do rows that were read become relations, with one row for each contact or interaction?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.model.rows import Rows

ACTIVE = "ACTIVE"


def table(backend: Any, rows: Rows) -> Any:
    """The relation in a file, with the columns that its `Rows` names."""
    if rows.format == "parquet":
        return backend.read_parquet(str(rows.path))
    return backend.read_json(str(rows.path), columns=dict(rows.columns), format="array", maximum_object_size=1 << 28)


def contacts(backend: Any, rows: Rows) -> Any:
    """One row a contact: contactId, engagement (hundredths; absent = 0), active.

    Pages shift while they are read, so a contact may have been seen twice; seen archived once, it is archived.
    """
    read = table(backend, rows)
    return read.group_by("contactId").agg(
        engagement=_hundredths(read["engagementScore"].max()).fill_null(0),
        active=(read["status"] == ACTIVE).fill_null(False).all(),
    )


def interactions(backend: Any, rows: Rows) -> Any:
    """One row an interaction: contactId, type, at (timestamp, UTC, whole seconds); de-duplicated by `id`."""
    read = table(backend, rows)
    once = read.group_by("id").agg(
        contactId=read["contactId"].min(), type=read["type"].min(), startTime=read["startTime"].min()
    )
    at = once["startTime"].cast("timestamp").truncate("s")
    return once.select("contactId", "type", at=at)


def members(backend: Any, rows: Rows) -> Any:
    """One row a member: contactId, priority, score (hundredths); null where the list has no such attribute."""
    import ibis

    read = table(backend, rows)
    priority = read["priority"].cast("int64") if "priority" in rows.columns else ibis.null("int64")
    score = _hundredths(read["score"]) if "score" in rows.columns else ibis.null("int64")
    named = read.select("contactId", priority=priority, score=score)
    return named.group_by("contactId").agg(priority=named["priority"].max(), score=named["score"].max())


def active_ids(backend: Any, rows: Rows, size: int) -> Iterator[Sequence[str]]:
    """The ids of active contacts, in order, in chunks of at most `size`."""
    everyone = contacts(backend, rows)
    ids = everyone.filter(everyone["active"]).select("contactId").order_by("contactId")
    for chunk in stream(backend, ids, size):
        yield [row[0] for row in chunk]


def stream(backend: Any, relation: Any, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a relation in its own order, `size` at a time: what is needed at the wire, and nowhere else."""
    cursor = backend.con.cursor().execute(backend.compile(relation))
    while chunk := cursor.fetchmany(size):
        yield chunk


def _hundredths(score: Any) -> Any:
    # floor(x + ½) is the same on every engine; their own rounding of halves is not
    return (score.cast("float64") * 100 + 0.5).floor().cast("int64")
