# tested by: tests/cli/test_rollback.py
"""Keep of what changes on lists what a rollback takes back, and the removal of those who may not be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.decision import must_remove
from reconciler.audience.relations import reasons
from reconciler.audience.relations.reasons import make_reason
from reconciler.model.segment_membership import Restored
from reconciler.model.tables import RESTORED_MEMBERS

if TYPE_CHECKING:
    from ibis import BaseBackend, Table


def keep_restored(backend: BaseBackend, told: Table, restored: Restored) -> Table:
    """Of all rows those of who goes back to a list or off one; everybody else stays as they are."""
    import ibis

    goes = tables.read_table(backend, restored.rows, RESTORED_MEMBERS).rename(goes_id="contactId")
    met = told.left_join(goes, told["contactId"] == goes["goes_id"])
    put = (met["action"] == "add") & (met["on"] == met["was_on"]).fill_null(False)
    taken = (met["action"] == "remove") & (met["on"] == met["put_on"]).fill_null(False)
    barred = (met["action"] == "remove") & met["reason"]["code"].isin(must_remove.BARRED)
    kept = met.filter(put | taken | barred)
    went = reasons.first_reason(
        (kept["reason"]["code"].isin(must_remove.BARRED), kept["reason"]),
        default=make_reason("rolled_back", restored.run),
    )
    none = ibis.null("string")
    columns = {"reason": went, "moves_from": none, "moves_to": none}
    return kept.select(**{name: columns.get(name, kept[name]) for name in told.columns})
