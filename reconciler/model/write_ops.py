# tested by: tests/steps/apply/test_step_scheduling.py
"""List the writes that a change of an object takes, in order.

An object that does something by itself, as a campaign dials, is made at rest and set to work by a step of its own, when
everything it needs is known to be there. What is at work is made to rest before anything about it changes that matters.
"""

from __future__ import annotations

from enum import StrEnum

from reconciler.model.kind import RunStates
from reconciler.model.object_change import Action, ObjectChange


class WriteOp(StrEnum):
    """One write of a step. Every one is recorded before it is sent, and read back."""

    CREATE = "create"
    PAUSE = "pause"
    CHANGE = "change"
    RESUME = "resume"
    ACTIVATE = "activate"
    RENAME = "rename"
    DELETE = "delete"
    RELEASE = "release"
    DELIVER = "deliver"


def list_write_ops(change: ObjectChange, run_states: RunStates | None) -> tuple[WriteOp, ...]:
    """The writes of a change's own step, in order; none where all there is to do is to set the object to work."""
    if run_states is None:
        return _PLAIN[change.action]
    working = run_states.may_run(change.before)
    match change.action:
        case Action.DELETE:
            return (WriteOp.PAUSE, WriteOp.DELETE) if working else (WriteOp.DELETE,)
        case Action.REPLACE:
            works = (WriteOp.ACTIVATE,) if run_states.may_run(change.after) else ()
            return (*((WriteOp.PAUSE,) if working else ()), WriteOp.RENAME, WriteOp.CREATE, *works, WriteOp.DELETE)
        case Action.UPDATE if working:
            return _list_ops_at_work(change, run_states)
        case Action.UPDATE:
            only_work = activates(change, run_states) and set(change.declared) == {run_states.field}
            return () if only_work and not change.adopts else (WriteOp.CHANGE,)
        case _:
            return _PLAIN[change.action]


def activates(change: ObjectChange, run_states: RunStates | None) -> bool:
    """Whether a change has a step of its own in which its object is set to work."""
    if run_states is None or change.action not in (Action.CREATE, Action.UPDATE):
        return False
    return run_states.may_run(change.after) and not run_states.may_run(change.before)


def make_resting_fields(change: ObjectChange, run_states: RunStates | None) -> dict[str, object]:
    """What a change's own step writes of the declared fields: the object is not set to work by it."""
    declared = dict(change.declared)
    if run_states is None or declared.get(run_states.field) != run_states.on:
        return declared
    if change.action in (Action.CREATE, Action.REPLACE):
        return {**declared, run_states.field: run_states.initial}
    del declared[run_states.field]
    return declared


def _list_ops_at_work(change: ObjectChange, run_states: RunStates) -> tuple[WriteOp, ...]:
    if run_states.may_run(change.after):
        # of what only may be at work, nothing is changed before it rests
        certain = run_states.is_running(change.before)
        others = set(change.declared) - {run_states.field}
        if certain and not set(change.declared) - run_states.changeable_while_running:
            return (WriteOp.CHANGE,)
        return (
            (WriteOp.PAUSE, WriteOp.CHANGE, WriteOp.RESUME)
            if others or change.adopts
            else (WriteOp.PAUSE, WriteOp.RESUME)
        )
    stops = change.declared.get(run_states.field) == run_states.off
    others = set(change.declared) - ({run_states.field} if stops else set())
    return (WriteOp.PAUSE, WriteOp.CHANGE) if others else (WriteOp.PAUSE,)


_PLAIN: dict[Action, tuple[WriteOp, ...]] = {
    Action.NO_OP: (),
    Action.CREATE: (WriteOp.CREATE,),
    Action.UPDATE: (WriteOp.CHANGE,),
    Action.REPLACE: (WriteOp.RENAME, WriteOp.CREATE, WriteOp.DELETE),
    Action.DELETE: (WriteOp.DELETE,),
    Action.RELEASE: (WriteOp.RELEASE,),
}
