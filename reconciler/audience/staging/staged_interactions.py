# tested by: tests/audience/relations/test_relations.py
"""Stage interactions: one row for each, by its id, at a moment in UTC."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine
from reconciler.audience.relations.reasons import make_no_reason
from reconciler.audience.staging import equivalent_contact_ids
from reconciler.model.errors import ReconcilerError
from reconciler.model.intermediate_tables import INTERACTION_CONTACTS
from reconciler.model.row_queries import Rows
from reconciler.model.tables import STAGED_INTERACTIONS

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

_MOMENT = r"^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?Z$"


def read_interactions(backend: BaseBackend, rows: Rows) -> Table:
    """One row an interaction: contactId, type, at (timestamp, UTC, whole seconds); de-duplicated by `id`."""
    read = engine.read_rows(backend, rows)
    if rows.columns == STAGED_INTERACTIONS.types:
        return tables.check_table(read, STAGED_INTERACTIONS)
    if "fault" in read.columns:
        read = read.filter(read["fault"].isnull())
    read = equivalent_contact_ids.join_same_ids(
        read, "contactId", equivalent_contact_ids.find_odd_ids(backend, read["contactId"])
    )
    once = read.group_by("id").agg(
        contactId=read["same"].min(), type=read["type"].min(), startTime=read["startTime"].min()
    )
    at = once["startTime"].cast("timestamp").truncate("s")
    return once.select("contactId", "type", at=at)


def select_named(backend: BaseBackend, rows: Rows, target: Path) -> Rows:
    """The contacts that some interactions name, once each, written to `target`; those of unusable rows are left out."""
    import ibis

    everyone = read_interactions(backend, rows).select("contactId").distinct()
    unsaid = everyone.mutate(place=ibis.null("string"), fault=make_no_reason())
    return tables.write_table(backend, unsaid, target, INTERACTION_CONTACTS)


def refuse_unclear_times(backend: BaseBackend, rows: Rows) -> None:
    """Interactions whose time is not UTC with `Z` (contract, section lists): an offset would be dropped in silence.

    Raises:
        ReconcilerError: how many there are.
    """
    read = engine.read_rows(backend, rows)
    start = read["startTime"]
    # `T24:00:00Z` is a time to one engine, `T12:00:00Z` without a day to another
    clear = (start.re_search(_MOMENT) & start.try_cast("timestamp").notnull()).fill_null(False)
    unclear = engine.count_rows(backend, read.filter(~clear))
    if unclear:
        raise ReconcilerError(
            f"{unclear:,} of {rows.count:,} interactions have a startTime that is not ISO 8601 in UTC with Z",
            note="a score made from them would be wrong",
            hint="ask for the tenant's interaction search to be put right",
        )
