# tested by: tests/steps/apply/test_campaign_faults.py
"""Activate objects, and deactivate them where that fails."""

from __future__ import annotations

from reconciler.model.errors import Interrupted, LedgerError, ReconcilerError
from reconciler.model.kind import RunStates
from reconciler.model.live_state import LiveObject
from reconciler.model.reason import Reason
from reconciler.model.write_ops import WriteOp
from reconciler.steps.apply.calling_hours_check import Calling
from reconciler.steps.apply.filled_lists import Filled
from reconciler.steps.apply.recorded_writes import NotAsWritten, Writes


def activate(writes: Writes, activity: RunStates, lists: Filled, calling: Calling) -> Reason:
    """Set an object to work that is as planned, on lists that are as planned.

    Raises:
        ReconcilerError: it was not, or the tenant would not; it is not at work then, or the note says that it may be.
    """
    change = writes.change
    lists.check(change.references)
    rest = {name: value for name, value in (change.after or {}).items() if name != activity.field}
    live = _read_as_planned(writes, rest)
    if not activity.is_running(live.fields):
        calling.check(live.fields)
        if activity.may_run(live.fields):
            raise NotAsWritten(
                f"{change.name!r} is not activated: its {activity.field} is {live.fields.get(activity.field)!r}",
                note="that may mean that it dials already",
                hint="look at it in the tenant, then plan again",
            )
        set_to_work(writes, activity, WriteOp.ACTIVATE, rest)
    return Reason("object_activated", (change.name,))


def set_to_work(writes: Writes, activity: RunStates, deed: WriteOp, rest: dict[str, object]) -> None:
    """Set an object to work; one that does not come out as planned is made to rest again.

    Raises:
        ReconcilerError: as `activate`.
    """
    try:
        writes.update(deed, {activity.field: activity.on})
        _read_as_planned(writes, rest)
    except (Interrupted, LedgerError):
        raise
    except ReconcilerError as error:
        stop(writes, activity, error)
        raise


def stop(writes: Writes, activity: RunStates, error: ReconcilerError) -> None:
    """Make an object rest that may be at work; where nobody can say whether it does, the error gets a note of that."""
    try:
        live = writes.find()
        if live is not None and activity.may_run(live.fields):
            writes.pause(activity, live)
    except (Interrupted, LedgerError):
        raise
    except ReconcilerError as another:
        error.note = f"{writes.change.name!r} may be {activity.on}: it could not be stopped ({another.message})"
        error.hint = "look at it in the tenant, then resume"


def _read_as_planned(writes: Writes, rest: dict[str, object]) -> LiveObject:
    live = writes.find()
    if live is None:
        raise NotAsWritten(f"{writes.change.name!r} no longer exists")
    wrong = writes.list_differing(live, rest)
    if wrong:
        raise NotAsWritten(f"{', '.join(wrong)} of {writes.change.name!r} changed meanwhile: it is not activated")
    return live
