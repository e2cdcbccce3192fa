# tested by: tests/steps/apply/test_outcome_step.py
"""Store numbers for do-not-call lists, before anything else."""

from __future__ import annotations

from reconciler.audience.decision import dnc_additions_store
from reconciler.audience.relations import engine
from reconciler.ledger.journal import Run
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.errors import Stale
from reconciler.model.outcome_change import NumbersChange
from reconciler.model.reason import Reason
from reconciler.model.report import ChunkDone, Outcome, StepResult


def keep_numbers(change: NumbersChange, run: Run, terms: ApplyOptions) -> StepResult:
    """Add the numbers to the list's store. To add them again, when a run goes on, changes nothing.

    Raises:
        Stale: the manifests name another store than the plan.
        NotAdded: they are not in the store, or nobody can say.
    """
    if terms.stores.get(str(change.address)) != change.store:
        raise Stale(
            f"{change.address} does not keep its numbers in {change.store}",
            note="a plan is not believed where it says to write people's numbers to",
            hint="plan again, have the new plan reviewed, and apply that",
        )
    key = f"{change.address}#add:0"
    run.record_intent(key, rows=change.total)
    with engine.open_engine(terms.engine, terms.scratch) as backend:
        name = dnc_additions_store.add_numbers(backend, change, terms.root)
    run.record_done(key, rows=change.total, rejected=[], split=0, unsure=False)
    terms.progress.count_chunk(change.address, ChunkDone("add", 0, change.total, 0))
    why = Reason("numbers_added", (str(change.total), f"{change.store.rstrip('/')}/{name}"))
    return StepResult(change.address, Outcome.DONE, rows=change.total, why=why)
