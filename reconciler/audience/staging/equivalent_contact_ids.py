# tested by: tests/model/test_text_folding.py
"""Find contact ids that mean the same contact though they are written differently.

Nearly every id is, and an engine can tell; the few others are looked at once each, and joined.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations import engine
from reconciler.audience.sources import raw_rows
from reconciler.model import text_folding

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

_ASKED = 20_000
"""How many ids are looked at before they are written down: what is in memory at once."""


def find_odd_ids(backend: BaseBackend, *columns: Column) -> Table | None:
    """The ids of some columns that may be the same as others, once each; None where there is none.

    Columns: `asked`, `bare` (without what nobody sees; null where nothing is left) and `same` (as ids are compared).
    """
    import ibis
    import pyarrow as pa

    tables = [column.name("asked").as_table() for column in columns]
    every = ibis.union(tables[0], *tables[1:]) if len(tables) > 1 else tables[0]
    text = every["asked"]
    plain = text.re_search(text_folding.SEEN) & ~(
        (text.length() == text_folding.LONG) & text.re_search(text_folding.FORMS)
    )
    asked = every.filter(text.notnull(), ~plain).distinct()
    handle, name = tempfile.mkstemp(prefix="ids-", suffix=".parquet", dir=engine.find_scratch(backend))
    os.close(handle)
    found = 0
    with raw_rows.open_parquet(Path(name), dict.fromkeys(("asked", "bare", "same"), pa.string())) as append:
        for chunk in engine.stream_rows(backend, asked, _ASKED, tuple[str]):
            told = [
                (each, text_folding.strip_invisible(each) or None, text_folding.normalise_id(each) or each)
                for (each,) in chunk
            ]
            append(list(zip(*told, strict=True)))
            found += len(told)
    if not found:
        Path(name).unlink()
        return None
    return engine.read_parquet(backend, Path(name))


def join_same_ids(rows: Table, column: str, odd: Table | None) -> Table:
    """Add `bare` and `same` of the ids in a column, of which `odd` has said those that are not plain."""
    import ibis

    if odd is None:
        return rows.mutate(bare=rows[column], same=rows[column])
    found = rows.left_join(odd, rows[column] == odd["asked"])
    bare = ibis.ifelse(found["asked"].isnull(), found[column], found["bare"])
    told = found.select(*rows.columns, told=bare, known=ibis.coalesce(found["same"], found[column]))
    # a relation of its own: what a join computes is no key of another join yet
    return told.select(*rows.columns, bare="told", same="known")
