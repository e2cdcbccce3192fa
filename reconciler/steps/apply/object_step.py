# tested by: tests/steps/apply/test_apply.py
"""Create, change, activate or delete one object, and read it back."""

from __future__ import annotations

from datetime import timedelta

from reconciler.ledger.journal import Run
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.errors import Interrupted, LedgerError, ReconcilerError
from reconciler.model.instants import format_instant
from reconciler.model.kind import RunStates
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.plan import Plan, Step
from reconciler.model.ports import Writer
from reconciler.model.reason import Reason
from reconciler.model.report import Outcome, StepResult
from reconciler.model.write_ops import WriteOp, make_resting_fields
from reconciler.steps.apply import activation
from reconciler.steps.apply.calling_hours_check import Calling
from reconciler.steps.apply.filled_lists import Filled
from reconciler.steps.apply.paused_change import Transaction
from reconciler.steps.apply.recorded_writes import NotAsWritten, Writes
from reconciler.steps.apply.replacement import Succession


def write(
    plan: Plan, step: Step, change: ObjectChange, writer: Writer, run: Run, terms: ApplyOptions, lists: Filled
) -> StepResult:
    """Do what a step does to its object, and read it back.

    Raises:
        ReconcilerError: the tenant would not, or holds something else than was written.
    """
    writes = Writes(change, step.address, plan.workspace, writer, run, terms.stop)
    activity, calling = writes.kind.run_states, Calling(plan, change, terms)
    if change.action is Action.RELEASE:
        writes.release()
        why = Reason("object_released", (change.name,))
    elif activity is None:
        why = _do_at_rest(writes, None, calling, terms)
    elif step.does == (WriteOp.ACTIVATE,):
        why = activation.activate(writes, activity, lists, calling)
    elif change.action is Action.REPLACE:
        fields = {**make_resting_fields(change, activity), **_fix_times(writes, calling, terms)}
        Succession(writes, activity, lists, calling, fields).run()
        why = Reason("object_replaced", (change.name,))
    elif step.does[0] is WriteOp.PAUSE and change.action is not Action.DELETE:
        Transaction(writes, activity, lists, calling, step.does).run()
        why = Reason("object_updated", (change.name,))
    else:
        why = _do_at_rest(writes, activity, calling, terms)
    return StepResult(step.address, Outcome.DONE, why=why)


def _do_at_rest(writes: Writes, activity: RunStates | None, calling: Calling, terms: ApplyOptions) -> Reason:
    change = writes.change
    match change.action:
        case Action.CREATE:
            fields = {**make_resting_fields(change, activity), **_fix_times(writes, calling, terms)}
            try:
                writes.create(fields)
            except (Interrupted, LedgerError):
                raise
            except ReconcilerError as error:
                if activity is not None:  # a tenant may have set it to work all the same
                    activation.stop(writes, activity, error)
                raise
            return Reason("object_created", (change.name,))
        case Action.DELETE:
            live = writes.find() if activity is not None else None
            if activity is not None and live is not None and activity.may_run(live.fields):
                writes.pause(activity, live)
            writes.delete()
            return Reason("object_deleted", (change.name,))
        case _:
            fields = make_resting_fields(change, activity)
            if activity is not None and activity.may_run(change.before):
                writes.update(WriteOp.CHANGE, fields)  # nothing but what may be changed while it works
            else:
                _check_still_rests(writes, activity)
                writes.update(WriteOp.CHANGE, fields)
            if change.previous is not None:
                if any(surface.size for surface in writes.kind.surfaces):  # it holds contacts
                    writes.run.lists.record_rename(change.previous, change.name)
                return Reason("object_renamed", (change.previous, change.name))
            return Reason("object_adopted" if change.adopts else "object_updated", (change.name,))


def _check_still_rests(writes: Writes, activity: RunStates | None) -> None:
    """Raise if an object that was at rest may have been activated by somebody else meanwhile."""
    live = writes.find() if activity is not None else None
    if activity is not None and live is not None and activity.may_run(live.fields):
        raise NotAsWritten(
            f"{writes.change.name!r} may have been activated by somebody else since the plan was made",
            note=f"its {activity.field} is {live.fields.get(activity.field)!r}; nothing was written to it",
            hint="plan again, have the new plan reviewed, and apply that",
        )


def _fix_times(writes: Writes, calling: Calling, terms: ApplyOptions) -> dict[str, str]:
    """What is counted from the moment of creation; what a first attempt has fixed stays fixed when a run is resumed."""
    now = terms.clock()
    later = writes.change.seconds_later.items()
    moments = {name: format_instant(now + timedelta(seconds=seconds)) for name, seconds in later}
    moments |= calling.fix_times(now)
    fixed: dict[str, str] = writes.run.record_intent(str(writes.change.address), fixed=moments)["fixed"]
    return fixed
