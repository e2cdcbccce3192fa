# tested by: tests/properties/test_attribute_values.py
"""Keep digests of what was last written of each contact, where no tenant shows it.

Kept are keyed digests alone: without the workspace's key nobody learns a name or a number from them, nor whose it is.
They are computed by the engine of this process, whichever the audience is computed on: the key goes nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations import engine
from reconciler.audience.sources import raw_rows
from reconciler.model.delivery_method import PERSONAL
from reconciler.model.intermediate_tables import WRITTEN_DIGESTS
from reconciler.model.row_queries import Rows
from reconciler.model.secret import Secret
from reconciler.model.workspace_settings import Engine

if TYPE_CHECKING:
    from ibis import Column, Table

_WIDTH = 32


def digest_people(chosen: Engine, scratch: Path, key: Secret, people: Rows, target: Path) -> Rows:
    """Of some people, in a new file: contactId, `who`, and the digest of each of `PERSONAL` that they have.

    A contact is there once: of several rows of a source (`duplicate`) the one that counts. Who joins this to the rows
    of a list would otherwise find one row twice, and take it for two of which one is too many.
    """
    columns = {"contactId": "string", **WRITTEN_DIGESTS.types}
    with engine.open_reader(chosen, scratch) as backend:
        read = engine.read_rows(backend, people)
        once = read.filter(~read["duplicate"]) if "duplicate" in read.columns else read
        told = once.filter(once["contactId"].notnull()).select("contactId", **_make_digests(once, key))
        return Rows(target, "parquet", columns, engine.write_parquet(backend, told, target))


def _make_digests(read: Table, key: Secret) -> dict[str, Column]:
    import ibis

    own = hmac.new(key.reveal().encode(), b"written", hashlib.sha256).hexdigest()

    def digest(field: str, value: Column) -> Column:
        content = ibis.literal(f"{own}:{field}:") + read["contactId"] + "\n" + value
        return content.hexdigest("sha256").left(_WIDTH)

    return {"who": digest("who", ibis.literal("")), **{field: digest(field, read[field]) for field in PERSONAL}}


def write_digests(
    chosen: Engine,
    scratch: Path,
    key: Secret,
    rows: Rows,
    fields: Collection[str],
    but: Collection[str],
    before: Path | None,
    target: Path,
) -> None:
    """Write to `target` what was written of a list: some fields, by a change's rows, and what was `before` that.

    Of the contacts `but` for whom nothing was written nothing is known.
    """
    import ibis

    made = digest_people(chosen, scratch, key, rows, scratch / f"written-{target.name}")
    with engine.open_reader(chosen, scratch) as backend:
        changed = engine.read_rows(backend, rows).select("contactId", "action")
        refused = engine.read_rows(backend, raw_rows.write_ids(but, scratch / f"refused-{target.name}.parquet"))
        fresh = engine.read_rows(backend, made)
        fresh = fresh.anti_join(refused, fresh["contactId"] == refused["id"])
        put = changed.filter(changed["action"] != "remove")
        names, known = tuple(WRITTEN_DIGESTS.columns), {*fields, "who"}
        columns = {name: fresh[name] if name in known else ibis.null("string") for name in names}
        found = fresh.select("contactId", **columns).semi_join(put, "contactId").select(*names)
        if before is not None and is_readable(before):
            others = engine.read_parquet(backend, before).select(*names)
            touched = engine.read_rows(backend, made).select("who")
            found = ibis.union(others.anti_join(touched, "who"), found)
        engine.write_parquet(backend, found.order_by("who"), target)
    made.path.unlink()


def is_readable(path: Path) -> bool:
    """Whether a file holds digests: one that was cut short is as good as none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as opened:
            return list(opened.schema_arrow.names) == list(WRITTEN_DIGESTS.columns)
    except (pa.ArrowException, OSError):
        return False


def make_rows(path: Path) -> Rows:
    """A file of digests as rows."""
    return Rows(path, "parquet", WRITTEN_DIGESTS.types, engine.count_parquet(path))


def join_last_written(now: Table, last: Table | None, fields: Sequence[str]) -> Table:
    """Of people (`digests`), by contactId as `now_id`: what they are to be and were, as `now_…` and `last_…`."""
    mine = now.select("who", now_id="contactId", **{f"now_{field}": now[field] for field in fields})
    if last is None:
        import ibis

        return mine.mutate(**{f"last_{field}": ibis.null("string") for field in fields}).drop("who")
    theirs = last.select(last_who="who", **{f"last_{field}": last[field] for field in fields})
    return mine.left_join(theirs, mine["who"] == theirs["last_who"]).drop("who", "last_who")
