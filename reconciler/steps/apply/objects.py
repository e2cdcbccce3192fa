"""How is one object made, changed, set to work or deleted, and known to be as it should?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from reconciler.ledger.journal import Run
from reconciler.model.change import Action, ObjectChange
from reconciler.model.deeds import Deed, resting
from reconciler.model.kind import Activity
from reconciler.model.moment import format_instant
from reconciler.model.plan import Plan, Step
from reconciler.model.ports import Writer
from reconciler.model.report import Outcome, StepResult
from reconciler.model.terms import Terms
from reconciler.steps.apply import activation
from reconciler.steps.apply.filled import Filled
from reconciler.steps.apply.transaction import Transaction
from reconciler.steps.apply.writes import Writes


def write(plan: Plan, step: Step, change: ObjectChange, writer: Writer, run: Run, terms: Terms) -> StepResult:
    """Do what a step does to its object, and read it back.

    Raises:
        ReconcilerError: the tenant would not, or holds something else than was written.
    """
    writes = Writes(change, step.address, plan.workspace, writer, run)
    activity = writes.kind.activity
    if activity is None:
        words = _at_rest(writes, None)
    elif step.does == (Deed.ACTIVATE,):
        words = activation.activate(writes, activity, Filled(plan, writer, run, terms))
    elif step.does[0] is Deed.PAUSE and change.action is not Action.DELETE:
        Transaction(writes, activity, Filled(plan, writer, run, terms), step.does).run()
        words = f"updated {change.name!r}"
    else:
        words = _at_rest(writes, activity)
    return StepResult(step.address, Outcome.DONE, words)


def _at_rest(writes: Writes, activity: Activity | None) -> str:
    change = writes.change
    match change.action:
        case Action.CREATE:
            # what was fixed by the first attempt stays fixed when the run is resumed
            fixed = writes.run.intent(str(change.address), fixed=_fixed(change.seconds_later))["fixed"]
            writes.create({**resting(change, activity), **fixed})
            return f"created {change.name!r}"
        case Action.DELETE:
            live = writes.found()
            if activity is not None and live is not None and activity.at_work(live.fields):
                writes.update(Deed.PAUSE, {activity.field: activity.off})
            writes.delete()
            return f"deleted {change.name!r}"
        case _:
            writes.update(Deed.CHANGE, resting(change, activity))
            return f"{'adopted' if change.adopts else 'updated'} {change.name!r}"


def _fixed(seconds_later: Mapping[str, int]) -> dict[str, str]:
    now = datetime.now(UTC)
    return {name: format_instant(now + timedelta(seconds=seconds)) for name, seconds in seconds_later.items()}
