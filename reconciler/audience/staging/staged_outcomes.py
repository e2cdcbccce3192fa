# tested by: tests/steps/apply/test_outcome_step.py
"""Stage dispositions, of which the last of each contact counts, and the outcomes that contacts have in the tenant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine
from reconciler.audience.staging import equivalent_contact_ids, region_to_country
from reconciler.model.row_queries import Rows
from reconciler.model.tables import LIVE_OUTCOMES, STAGED_DISPOSITIONS

if TYPE_CHECKING:
    from ibis import BaseBackend, Table


def stage_dispositions(backend: BaseBackend, rows: Rows, target: Path) -> Rows:
    """The dispositions that were read, in a new file: which of them count is decided here, once.

    Of the usable rows of a contact that with the latest moment counts; of one moment the last, by file and line.
    """
    import ibis

    read = region_to_country.read_regions(backend, engine.read_rows(backend, rows))
    # the tenant is asked by the id without what nobody sees
    read = equivalent_contact_ids.join_same_ids(
        read, "contactId", equivalent_contact_ids.find_odd_ids(backend, read["contactId"])
    )
    read = read.mutate(contactId=ibis.coalesce(read["bare"], read["contactId"]))
    line = read["place"].re_extract(r"(\d+)$", 1).try_cast("int64")
    order = [
        ibis.desc(read["timestamp"], nulls_first=False),
        ibis.desc(read["place"].re_replace(r"\d+$", "")),
        ibis.desc(line),
    ]
    usable = read["fault"].isnull()
    # of one contact's ids, however they are written, the last row counts
    rank = ibis.row_number().over(ibis.window(group_by=[read["same"], usable], order_by=order))
    custom = read["custom"].cast("json").cast("map<string, string>")
    told = read.mutate(superseded=usable & (rank > 0), custom=custom)
    return tables.write_table(backend, told.select(*STAGED_DISPOSITIONS.columns), target, STAGED_DISPOSITIONS)


def stage_live_outcomes(backend: BaseBackend, rows: Rows, target: Path) -> Rows:
    """What the tenant said of the contacts, in a new file."""
    read = engine.read_rows(backend, rows)
    told = read.select("contactId", "campaignId", "known", "state", outcome="outcomeCode", since="dispositionTimestamp")
    return tables.write_table(backend, told, target, LIVE_OUTCOMES)


def list_contacts(backend: BaseBackend, rows: Rows) -> Iterator[str]:
    """The contacts of some dispositions that count, in their order."""
    for chunk in engine.stream_rows(backend, _select_usable(backend, rows).order_by("contactId"), 1000, tuple[str]):
        for (contact,) in chunk:
            yield contact


def count_contacts(backend: BaseBackend, rows: Rows) -> int:
    """How many they are."""
    return engine.count_rows(backend, _select_usable(backend, rows))


def _select_usable(backend: BaseBackend, rows: Rows) -> Table:
    read = engine.read_rows(backend, rows)
    return read.filter(read["fault"].isnull(), ~read["superseded"]).select("contactId")
