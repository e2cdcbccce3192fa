# tested by: tests/test_engines.py
"""Stage rows that were read, so that every segment computes from the same rows.

Settled once: one row for each interaction and member, types instead of texts, and, where they are many, phones that say
all of themselves (`+1 415 …`, or ten digits with a region of their own) in E.164.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import reasons
from reconciler.audience.staging import (
    phone_normalisation,
    staged_contacts,
    staged_interactions,
    staged_members,
    staged_numbers,
    staged_outcomes,
)
from reconciler.model.row_queries import InteractionsOf, MembersOf, NumbersOf, OutcomesOf, RowQuery, Rows
from reconciler.model.source_specs import DispositionFeed, FileHistory, SqlHistory
from reconciler.model.tables import STAGED_CONTACTS, STAGED_INTERACTIONS, STAGED_MEMBERS

if TYPE_CHECKING:
    from ibis import BaseBackend


def stage_rows(backend: BaseBackend, query: RowQuery, rows: Rows, into: Path) -> Rows:
    """What was read for a query, in a new file below `into`: `CONTACTS`, `INTERACTIONS` or `MEMBERS` of `sources`.

    Of dispositions those of `outcomes`: `DISPOSITIONS` and `LIVE`. Of numbers that an object holds, `HELD_NUMBERS`.
    """
    target = into / f"kept-{rows.path.stem}.parquet"
    if isinstance(query, InteractionsOf | FileHistory | SqlHistory):
        kept = tables.write_table(
            backend, staged_interactions.read_interactions(backend, rows), target, STAGED_INTERACTIONS
        )
        return replace(kept, skipped=tuple(reasons.count_faults(backend, rows)))
    if isinstance(query, DispositionFeed):
        return staged_outcomes.stage_dispositions(backend, rows, target)
    if isinstance(query, OutcomesOf):
        return staged_outcomes.stage_live_outcomes(backend, rows, target)
    if isinstance(query, MembersOf):
        return tables.write_table(backend, staged_members.read_members(backend, rows), target, STAGED_MEMBERS)
    if isinstance(query, NumbersOf):
        return staged_numbers.stage_numbers(backend, rows, target)
    told = staged_contacts.read_contacts(backend, rows, entries=getattr(query, "entries", None) is not None)
    if rows.count > phone_normalisation.FEW:
        told = phone_normalisation.read_plain_numbers(told.drop("plain"))
    told = told.mutate(attributes=told["attributes"].cast("json").cast("map<string, string>"))
    return tables.write_table(backend, told.select(*STAGED_CONTACTS.columns), target, STAGED_CONTACTS)
