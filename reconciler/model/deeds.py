"""Which writes does a change of an object take, and in which order?

An object that does something by itself, as a campaign dials, is made at rest and set to work by a step of its own, when
everything it needs is known to be there. What is at work is made to rest before anything about it changes that matters.
"""

from __future__ import annotations

from enum import StrEnum

from reconciler.model.change import Action, ObjectChange
from reconciler.model.kind import Activity


class Deed(StrEnum):
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


def deeds(change: ObjectChange, activity: Activity | None) -> tuple[Deed, ...]:
    """The writes of a change's own step, in order; none where all there is to do is to set the object to work."""
    if activity is None:
        return _PLAIN[change.action]
    working = activity.may_work(change.before)
    match change.action:
        case Action.DELETE:
            return (Deed.PAUSE, Deed.DELETE) if working else (Deed.DELETE,)
        case Action.REPLACE:
            works = (Deed.ACTIVATE,) if activity.may_work(change.after) else ()
            return (*((Deed.PAUSE,) if working else ()), Deed.RENAME, Deed.CREATE, *works, Deed.DELETE)
        case Action.UPDATE if working:
            return _at_work(change, activity)
        case Action.UPDATE:
            only_work = activates(change, activity) and set(change.declared) == {activity.field}
            return () if only_work and not change.adopts else (Deed.CHANGE,)
        case _:
            return _PLAIN[change.action]


def activates(change: ObjectChange, activity: Activity | None) -> bool:
    """Whether a change has a step of its own in which its object is set to work."""
    if activity is None or change.action not in (Action.CREATE, Action.UPDATE):
        return False
    return activity.may_work(change.after) and not activity.may_work(change.before)


def resting(change: ObjectChange, activity: Activity | None) -> dict[str, object]:
    """What a change's own step writes of the declared fields: the object is not set to work by it."""
    declared = dict(change.declared)
    if activity is None or declared.get(activity.field) != activity.on:
        return declared
    if change.action in (Action.CREATE, Action.REPLACE):
        return {**declared, activity.field: activity.fresh}
    del declared[activity.field]
    return declared


def _at_work(change: ObjectChange, activity: Activity) -> tuple[Deed, ...]:
    if activity.may_work(change.after):
        # of what only may be at work, nothing is changed before it rests
        certain = activity.at_work(change.before)
        others = set(change.declared) - {activity.field}
        if certain and not set(change.declared) - activity.calm:
            return (Deed.CHANGE,)
        return (Deed.PAUSE, Deed.CHANGE, Deed.RESUME) if others or change.adopts else (Deed.PAUSE, Deed.RESUME)
    stops = change.declared.get(activity.field) == activity.off
    others = set(change.declared) - ({activity.field} if stops else set())
    return (Deed.PAUSE, Deed.CHANGE) if others else (Deed.PAUSE,)


_PLAIN: dict[Action, tuple[Deed, ...]] = {
    Action.NO_OP: (),
    Action.CREATE: (Deed.CREATE,),
    Action.UPDATE: (Deed.CHANGE,),
    Action.REPLACE: (Deed.RENAME, Deed.CREATE, Deed.DELETE),
    Action.DELETE: (Deed.DELETE,),
    Action.RELEASE: (Deed.RELEASE,),
}
