# tested by: tests/ledger/test_promises.py
"""Open the plan that a run applies, and no other that lies in its place."""

from __future__ import annotations

from pathlib import Path

from reconciler.ledger.interrupted_runs import journal_of
from reconciler.ledger.record_store_interface import parse_line
from reconciler.ledger.saved_plans import name_run_plan, open_plan
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.model.errors import LedgerError
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest


def open_run_plan(records: ProvenRecords, tenant: str, run: str, into: Path) -> Plan:
    """The plan that the journal of a run against a tenant names, its rows below `into`.

    Raises:
        LedgerError: the ledger no longer holds it, or holds another in its place.
    """
    path = records.fetch_file(f"runs/{run}/plan.zip", into)
    if path is None:
        raise LedgerError(f"the ledger holds no plan of run {run}", hint="plan again and apply the new plan")
    first = next(iter(records.scan_lines(journal_of(run))), b"{}")
    told = parse_line(records, journal_of(run), 1, first)
    begun = told.get("plan")
    if told.get("run") != run or told.get("tenant") != tenant:
        raise LedgerError(
            f"the journal of run {run} is of {told.get('run')} against {told.get('tenant')!r}",
            where=records.locate(journal_of(run)),
            hint="nothing was written; find out who has changed the ledger, then plan again",
        )
    plan = open_plan(path, into, records.seal, name_run_plan(run))
    if begun != plan_digest(plan):
        raise LedgerError(
            f"the plan that the ledger holds of run {run} is not the one that was begun",
            where=records.locate(f"runs/{run}/plan.zip"),
            note=f"it is {plan_digest(plan)}; the run's journal names {begun}",
            hint="nothing was written; find out who has changed the ledger, then plan again",
        )
    return plan
