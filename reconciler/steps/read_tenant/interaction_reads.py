# tested by: tests/test_engines.py
"""Read the interactions of contacts from the tenant and what is cached of them, as far back as scores need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from reconciler.audience.cache import interaction_cache
from reconciler.audience.diff import recency_only
from reconciler.audience.staging import stage
from reconciler.kinds.segment import make_segments
from reconciler.model.cache_port import CacheContext, CachePort
from reconciler.model.desired_state import Desired
from reconciler.model.notice import Notice
from reconciler.model.ports import Reader
from reconciler.model.row_queries import InteractionsOf, RowQuery, Rows
from reconciler.model.score_basis import Scored
from reconciler.steps.read_tenant.query_selection import list_queries


def read_interactions(
    backend: Any,
    desired: Desired,
    rows: dict[RowQuery, Rows],
    reader: Reader,
    shelf: CachePort | None,
    into: Path,
    earlier: timedelta,
) -> interaction_cache.CachedInteractions:
    """The interactions of the contacts that could be read: why the others could not is among the problems already.

    They are read from so much `earlier` than a window begins: what a list holds is of a window that began before.
    """
    asked = [query for query in list_queries(desired) if isinstance(query, InteractionsOf) and query.contacts in rows]
    wider = {query: replace(query, start=query.start - earlier) for query in asked}
    memory = CacheContext(shelf, dict(reader.surfaces), desired.settings.cache, desired.now, desired.refresh)
    found = interaction_cache.read_interactions(backend, list(wider.values()), rows, reader, memory, into)
    kept: dict[RowQuery, Rows] = {
        query: stage.stage_rows(backend, query, found.rows[wide], into) for query, wide in wider.items()
    }
    return replace(found, rows=kept)


def find_earliest(desired: Desired, scored: Callable[[str], Scored | None]) -> timedelta:
    """How long ago the first of all lists was written whose scores are of the present models."""
    told = (
        recency_only.find_last_written(each, scored(target.list), desired.as_of)
        for each in make_segments(desired.catalogue, desired.as_of).values()
        for target in each.targets
    )
    return max((desired.as_of - each for each in told if each is not None), default=timedelta())


def describe_skipped(rows: dict[RowQuery, Rows]) -> Iterator[Notice]:
    """What a person should know of interactions that were left out; contacts are accounted for one by one."""
    for query, read in rows.items():
        if read.skipped:
            count = sum(each.count for each in read.skipped)
            words = f"{count:,} interactions of {query} cannot be used and do not count"
            args = {"source": str(query), "count": count}
            yield Notice("interactions_unusable", words, args, read.skipped)
