# tested by: tests/audience/relations/test_relations.py
"""Read a list again until its pages agree with each other: they may shift while they are read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.audience.relations import batches, engine
from reconciler.model.errors import ReconcilerError
from reconciler.model.row_queries import Rows

if TYPE_CHECKING:
    from ibis import BaseBackend

MOST_READS = 4


log = logging.getLogger(__name__)


def read_consistently(backend: BaseBackend, read: Callable[[], Rows]) -> Rows:
    """Read until there are as many different contacts as the tenant says: pages may shift while they are read.

    Raises:
        ReconcilerError: they never agreed.
    """
    for _ in range(MOST_READS):
        rows = _lay_out(backend, read())
        ids = engine.read_rows(backend, rows).select("contactId")
        distinct = sum(
            engine.count_rows(backend, share.distinct()) for share in batches.hash_partitions(ids, rows.count)
        )
        if not rows.shifted and rows.total in (None, distinct):
            return rows
        log.warning("%d contacts read, %d in the tenant: the pages shifted; reading again", distinct, rows.total)
    raise ReconcilerError(
        f"a list was read {MOST_READS} times and never held as many contacts as the tenant says",
        note=f"{distinct:,} read, {rows.total or 0:,} in the tenant: the list is being changed by somebody else",
        hint="try again when nobody is changing it",
    )


def _lay_out(backend: BaseBackend, rows: Rows) -> Rows:
    """Rows that are many as Parquet: what came over the wire is taken apart once, however often it is looked at."""
    if rows.format == "parquet" or rows.count <= batches.A_SHARE:
        return rows
    read = engine.read_rows(backend, rows)
    target = rows.path.with_suffix(".parquet")
    engine.write_parquet(backend, read, target)
    rows.path.unlink()
    return replace(rows, path=target, format="parquet", columns=dict.fromkeys(read.columns, "string"), take={})
