# tested by: tests/steps/apply/test_campaign_kills.py
"""Replace an object by a new one of the same name.

The old one rests and steps aside, under another name, until the new one is there and at work; then it is deleted. Where
any of that fails before, the new one is deleted and the old one takes its place again, as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.errors import Interrupted, LedgerError, ReconcilerError
from reconciler.model.kind import RunStates
from reconciler.model.write_ops import WriteOp
from reconciler.steps.apply import activation
from reconciler.steps.apply.calling_hours_check import Calling
from reconciler.steps.apply.filled_lists import Filled
from reconciler.steps.apply.recorded_writes import NotAsWritten, Writes


class Succession:
    """The making anew of one object.

    Args:
        fields: those of the new one, at rest.
    """

    def __init__(
        self, writes: Writes, activity: RunStates, lists: Filled, calling: Calling, fields: Mapping[str, Any]
    ) -> None:
        self._writes, self._activity, self._lists, self._fields = writes, activity, lists, fields
        self._calling = calling
        self._works, self._worked = activity.may_run(writes.change.after), activity.is_running(writes.change.before)
        self._aside = f"{writes.change.name} (replaced {writes.run.name.rpartition('-')[2]})"

    def run(self) -> None:
        """Do it, from wherever an earlier run has left it.

        Raises:
            ReconcilerError: it could not be done; the note says what there is now.
        """
        name = self._writes.change.name
        if self._works:
            self._lists.check(self._writes.change.references)  # before the old one rests: however long that takes
        if self._is_over():
            return
        if self._works:
            self._check_hours()
        self._check_unmoved()
        try:
            self._go_forward()
        except LedgerError:
            raise
        except Interrupted as stopped:
            if self._writes.begun:
                stopped.note = f"{name!r} may be left {self._activity.off} until the run is resumed"
            raise
        except ReconcilerError as error:
            error.note = self._go_back(error)
            raise
        try:
            if self._writes.find(self._aside) is not None:
                self._rest(self._aside)  # somebody may have set it to work meanwhile
            self._writes.delete(self._aside)
        except ReconcilerError as error:
            error.note = f"{name!r} was replaced; the old one is paused as {self._aside!r}, and could not be deleted"
            raise

    def _check_hours(self) -> None:
        """Raise if the new one would call people at the wrong hours; the old one is as before then."""
        try:
            self._calling.check(self._fields)
        except ReconcilerError as error:
            if self._writes.begun:
                error.note = self._go_back(error)
            raise

    def _is_over(self) -> bool:
        """Whether an earlier run was stopped after the last write of all this."""
        if (
            WriteOp.DELETE not in self._writes.run.state.list_write_ops(self._writes.at)
            or self._writes.find(self._aside) is not None
        ):
            return False
        live = self._writes.find()
        return live is not None and not self._writes.list_differing(live, self._writes.change.after or {})

    def _check_unmoved(self) -> None:
        """Raise if somebody but this run has changed the old one since the plan was made."""
        change, live = self._writes.change, self._writes.find()
        if not self._writes.begun and (live is None or live.digest() != change.precondition):
            raise NotAsWritten(
                f"{change.name!r} was changed or deleted by somebody else since this run began",
                note="nothing was written to it",
                hint="plan again, have the new plan reviewed, and apply that",
            )

    def _go_forward(self) -> None:
        name = self._writes.change.name
        if self._writes.find(self._aside) is None:
            self._rest(name)
            self._writes.update(WriteOp.RENAME, {"name": self._aside})
        new = self._writes.find()
        rest = self._drop_status(self._writes.change.after or {})
        if new is not None and self._activity.is_running(new.fields) and not self._writes.list_differing(new, rest):
            return
        self._writes.create(self._fields)
        if self._works:
            self._lists.check_occupied(self._writes.change.references)
            activation.set_to_work(self._writes, self._activity, WriteOp.ACTIVATE, rest)

    def _rest(self, name: str) -> None:
        live = self._writes.find(name)
        if live is None:
            raise NotAsWritten(f"{name!r} no longer exists")
        self._writes.pause(self._activity, live)

    def _go_back(self, error: ReconcilerError) -> str:
        """Put the old one back in its place; in words, what there is now."""
        name = self._writes.change.name
        why = f"{error.note}; " if error.note else ""
        try:
            state = self._restore(name)
        except (Interrupted, LedgerError):
            raise
        except ReconcilerError as another:
            unsure = f" ({another.note})" if another.note else ""
            return (
                f"{why}putting the old {name!r} back failed too: {another.message}{unsure}; "
                f"it is left paused, under its name or as {self._aside!r}"
            )
        return why + state

    def _restore(self, name: str) -> str:
        if self._writes.find(self._aside) is not None:
            if self._writes.find(name) is not None:
                self._rest(name)
                self._writes.delete(name)
            self._writes.update(WriteOp.RENAME, {"name": self._writes.change.previous or name}, of=self._aside)
        live = self._writes.find()
        if live is None:
            raise NotAsWritten(f"{name!r} no longer exists")
        if self._activity.may_run(live.fields) and not self._activity.is_running(live.fields):
            state = live.fields.get(self._activity.field)
            return f"{name!r} is left alone: its {self._activity.field} is {state!r}, which may mean that it dials"
        if not self._worked and self._activity.may_run(self._writes.change.before):
            return f"{name!r} is left stopped, with its old values"
        if self._worked and not self._activity.is_running(live.fields):
            self._lists.check_occupied(self._writes.change.releases)
            before = self._drop_status(self._writes.change.before or {})
            activation.set_to_work(self._writes, self._activity, WriteOp.RESUME, before)
        return f"{name!r} is rolled back"

    def _drop_status(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if name != self._activity.field}
