# tested by: tests/steps/apply/test_campaign_kills.py
"""Change a running object: pause, change, read back, resume.

It is made to rest, changed, read back, and set to work again. Where any of that fails it is made what it was before;
and where that fails too it rests. At no instant is it at work with anything but the old values or the new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.errors import Interrupted, LedgerError, ReconcilerError
from reconciler.model.kind import RunStates
from reconciler.model.live_state import LiveObject
from reconciler.model.write_ops import WriteOp, make_resting_fields
from reconciler.steps.apply import activation
from reconciler.steps.apply.calling_hours_check import Calling
from reconciler.steps.apply.filled_lists import Filled
from reconciler.steps.apply.recorded_writes import NotAsWritten, Writes


class Transaction:
    """The change of one object that is at work, or was when this run began with it."""

    def __init__(
        self, writes: Writes, activity: RunStates, lists: Filled, calling: Calling, does: tuple[WriteOp, ...]
    ) -> None:
        self._writes, self._activity, self._lists, self._calling = writes, activity, lists, calling
        self._changes, self._resumes = WriteOp.CHANGE in does, WriteOp.RESUME in does
        change = writes.change
        self._worked = activity.is_running(change.before)
        self._before = self._drop_status(change.before or {})
        self._after = self._drop_status(change.after or {})

    def run(self) -> None:
        """Do it, from wherever an earlier run has left it.

        Raises:
            ReconcilerError: it could not be done; the note says what the object is now.
        """
        if self._resumes:
            self._lists.check(self._writes.change.references)  # before it rests: however long that takes
        live = self._read_unmoved()
        if (
            self._resumes
            and self._activity.is_running(live.fields)
            and not self._writes.list_differing(live, self._after)
        ):
            return
        try:
            if self._resumes:
                self._calling.check(self._after)
            self._go_forward(live)
        except LedgerError:
            raise
        except Interrupted as stopped:
            if WriteOp.PAUSE in self._writes.run.state.list_write_ops(self._writes.at):
                stopped.note = f"{self._writes.change.name!r} may be left {self._activity.off} until the run is resumed"
            raise
        except ReconcilerError as error:
            error.note = self._go_back(error)
            raise

    def _read_unmoved(self) -> LiveObject:
        """The object, which nobody but this run has changed since the plan was made."""
        change, live = self._writes.change, self._writes.find()
        if live is None:
            raise NotAsWritten(f"{change.name!r} no longer exists")
        if not self._writes.begun and live.digest() != change.precondition:
            raise NotAsWritten(
                f"{change.name!r} was changed by somebody else since this run began",
                note="it was left as it is",
                hint="plan again, have the new plan reviewed, and apply that",
            )
        return live

    def _go_forward(self, live: LiveObject) -> None:
        self._writes.pause(self._activity, live)
        if self._changes:
            self._change(make_resting_fields(self._writes.change, self._activity))
        if self._resumes:
            self._lists.check_occupied(self._writes.change.references)
            activation.set_to_work(self._writes, self._activity, WriteOp.RESUME, self._after)

    def _change(self, fields: Mapping[str, Any]) -> None:
        """Write some fields; that it still rests is read back with them."""
        rests = {self._activity.field: self._activity.off}
        sent = {name: value for name, value in fields.items() if rests.get(name) != value}
        self._writes.update(WriteOp.CHANGE, sent, {**rests, **fields})

    def _go_back(self, error: ReconcilerError) -> str:
        """Make the object what it was before; in words, what it is now."""
        name, off = self._writes.change.name, self._activity.off
        why = f"{error.note}; " if error.note else ""
        try:
            live = self._writes.find()
            if live is None:
                return f"{why}{name!r} no longer exists"
            return why + self._restore(live)
        except (Interrupted, LedgerError):
            raise
        except ReconcilerError as another:
            activation.stop(self._writes, self._activity, another)
            unsure = f" ({another.note})" if another.note else ""
            return f"{why}rolling it back failed too: {another.message}{unsure}; {name!r} is left {off}"

    def _restore(self, live: LiveObject) -> str:
        name, off = self._writes.change.name, self._activity.off
        wrong = [field for field in self._before if not self._is_as_before(field, live)]
        gained = [field for field in self._after if field not in self._before and field in live.fields]
        if self._activity.may_run(live.fields):
            if not wrong and not gained:
                return self._describe_untouched(live)
            self._writes.pause(self._activity, live)
        if wrong:
            self._change({field: self._before[field] for field in wrong})
        if gained:
            return f"{name!r} is left {off}: the tenant cannot take {', '.join(gained)} back"
        if not self._resumes or not self._worked:
            return f"{name!r} is left stopped, with its old values"
        self._lists.check_occupied(self._writes.change.releases)
        activation.set_to_work(self._writes, self._activity, WriteOp.RESUME, self._before)
        return f"{name!r} is rolled back"

    def _is_as_before(self, field: str, live: LiveObject) -> bool:
        """Whether a field is as it was; of keys inside it, those count that it had, or that it was to get."""
        now, before, after = (each.get(field) for each in (live.fields, self._before, self._after))
        if isinstance(now, Mapping) and isinstance(before, Mapping) and isinstance(after, Mapping):
            return {key: value for key, value in now.items() if key in before or key in after} == dict(before)
        return bool(now == before)

    def _describe_untouched(self, live: LiveObject) -> str:
        """What is said of an object whose values are the old ones, and which does not rest."""
        name, field = self._writes.change.name, self._activity.field
        if self._activity.is_running(live.fields):
            return f"{name!r} is rolled back"
        state = live.fields.get(field)
        return f"{name!r} is left alone, with its old values: its {field} is {state!r}, which may mean that it dials"

    def _drop_status(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if name != self._activity.field}
