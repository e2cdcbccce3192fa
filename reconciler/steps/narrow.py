# tested by: tests/cli/test_narrowing.py
"""Keep of all changes those that a narrowed plan writes."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.changes import Changes
from reconciler.model.desired_state import Desired
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.problem import Location, Problem, Problems
from reconciler.model.reason import Reason
from reconciler.model.segment_membership import Members


def keep_written(desired: Desired, members: Members, changes: Changes) -> tuple[Members, Changes]:
    """Who belongs where, and the changes, without those of what is only read: that stays as the tenant has it.

    Raises:
        BadInput: what is only read is not there, and what was asked for refers to it.
    """
    if not desired.read_only:
        return members, changes
    problems = Problems()
    objects = []
    for change in changes.objects:
        if change.address not in desired.read_only:
            objects.append(change)
        elif change.action is Action.CREATE:
            message = f"{change.address} is not in the tenant yet, is left out, and what was asked for refers to it"
            hint = f"add `--only {change.address.resource}`"
            problems.append(Problem(Location("--only"), "needed-and-left-out", message, hint=hint))
        else:
            objects.append(_leave(change))
    problems.refuse()
    kept = replace(
        changes,
        objects=tuple(objects),
        rows=tuple(each for each in changes.rows if each.address.resource not in desired.read_only),
        accounts=tuple(each for each in changes.accounts if each.segment.resource not in desired.read_only),
        outcomes=tuple(each for each in changes.outcomes if each.address.resource not in desired.read_only),
        numbers=tuple(each for each in changes.numbers if each.address.resource not in desired.read_only),
        held=tuple(each for each in changes.held if each.address.resource not in desired.read_only),
    )
    return tuple(each for each in members if each.segment.address.resource not in desired.read_only), kept


def _leave(change: ObjectChange) -> ObjectChange:
    """An object as it is."""
    return ObjectChange(
        address=change.address,
        name=change.name,
        action=Action.NO_OP,
        before=change.before,
        after=change.before,
        owner=change.owner,
        references=change.releases,
        releases=change.releases,
        precondition=change.precondition,
        why=(Reason("only_read"),),
        protected=change.protected,
    )
