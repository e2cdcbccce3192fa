# tested by: tests/steps/apply/test_another_tenant.py
"""Write to one object, each write journaled before and verified after.

Whether a write took effect is for the tenant to say: the object is read back, also where the reply was an error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.kinds import load_kinds
from reconciler.ledger.journal import Run
from reconciler.model.campaign_state import RunState
from reconciler.model.errors import Interrupted, LedgerError, ReconcilerError
from reconciler.model.kind import RunStates
from reconciler.model.live_state import LiveObject
from reconciler.model.object_change import ObjectChange
from reconciler.model.ports import Writer
from reconciler.model.resource_address import Address
from reconciler.model.write_ops import WriteOp

SETTLING = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds between looks at an object whose state nobody knows: it may be on its way to one that is known."""

STOPPING = (*SETTLING, 8.0, 15.0, 30.0)
"""The same while it is stopping: it has calls under way, and they come to an end."""


class NotAsWritten(ReconcilerError):
    """The tenant took a write and holds something else."""

    code = "not-as-written"


class Writes:
    """The writes of one step to its object.

    Attributes:
        change: what is planned. at: the step that the writes are recorded under.
        writer, run, workspace: the tenant, the journal, and the name in the ownership mark.
        stop: set when the person asks to stop; a wait for the object to settle then ends.
    """

    def __init__(
        self,
        change: ObjectChange,
        at: Address,
        workspace: str,
        writer: Writer,
        run: Run,
        stop: threading.Event | None = None,
    ) -> None:
        self.change, self.at, self.workspace = change, at, workspace
        self.writer, self.run = writer, run
        self.kind = load_kinds()[change.address.kind]
        self._stop = stop or threading.Event()

    @property
    def begun(self) -> bool:
        """Whether anything of this step may have been written before."""
        return bool(self.run.state.list_write_ops(self.at))

    def find(self, name: str | None = None) -> LiveObject | None:
        """The object as the tenant holds it now; another of its kind by its name."""
        wanted = self.change.name if name is None else name
        return self.writer.read_named(self.kind, wanted)

    def create(self, fields: Mapping[str, Any]) -> None:
        """Make the object."""
        begun = self.begun
        self._write(
            WriteOp.CREATE,
            lambda: self.writer.create(self.kind, fields, self.workspace, again=begun),
            lambda: self._describe_difference(self.change.name, fields),
        )

    def update(
        self, deed: WriteOp, fields: Mapping[str, Any], then: Mapping[str, Any] | None = None, *, of: str | None = None
    ) -> None:
        """Write some fields of the object, or of another of its kind.

        Args:
            then: what it must be afterwards; these fields, where nothing is said.
            of: the other's name. A name that is written is read back under the new one.
        """
        name = self.change.name if of is None else of
        self._write(
            deed,
            lambda: self.writer.update(self.kind, name, fields, self.workspace),
            lambda: self._describe_difference(str(fields.get("name", name)), fields if then is None else then),
        )

    def pause(self, run_states: RunStates, live: LiveObject) -> None:
        """Make an object of this kind rest, if it may be at work, and know that it does.

        What is stopping is waited for first: it comes to rest by itself, and takes no other status before.

        Raises:
            NotAsWritten: the tenant does not say that it rests.
        """
        found: LiveObject | None = live
        if run_states.read_state(live.fields) is RunState.STOPPING:
            found = self._wait_until_settled(live.name, {RunState.STOPPING})
        if found is not None and run_states.may_run(found.fields):
            self.update(WriteOp.PAUSE, {run_states.field: run_states.off}, of=live.name)

    def _wait_until_settled(self, name: str | None, states: set[RunState]) -> LiveObject | None:
        """The object, once its state is none of these that pass, or that has been waited for long enough."""
        run_states, waited = self.kind.run_states, 0
        while True:
            live = self.find(name)
            state = run_states.read_state(live.fields) if run_states is not None and live is not None else None
            pauses = STOPPING if state is RunState.STOPPING else SETTLING
            if state not in states or waited >= len(pauses):
                return live
            if self._stop.wait(pauses[waited]):
                raise Interrupted("stopped while an object was on its way to another state")
            waited += 1

    def release(self) -> None:
        """Take our mark off the object."""
        self._write(
            WriteOp.RELEASE,
            lambda: self.writer.release(self.kind, self.change.name, self.workspace),
            self._describe_if_ours,
        )

    def _describe_if_ours(self) -> str:
        live, before = self.find(), (self.change.before or {}).get("description") or ""
        if live is None:
            return f"{self.change.name!r} was to be released and no longer exists"
        if live.owner == self.workspace:
            return f"the tenant did not take the ownership mark off {self.change.name!r}"
        kept = (live.fields.get("description") or "") == before
        return "" if kept else f"the tenant did not keep description of {self.change.name!r} as it was"

    def delete(self, name: str | None = None) -> None:
        """Delete the object, or another of its kind."""
        wanted = self.change.name if name is None else name
        self._write(
            WriteOp.DELETE,
            lambda: self.writer.delete(self.kind, wanted),
            lambda: f"{wanted!r} was deleted and still exists" if self.find(wanted) else "",
        )

    def list_differing(self, live: LiveObject, fields: Mapping[str, Any]) -> list[str]:
        """The fields that the tenant does not hold as they are given; our mark among them."""
        wrong = [name for name, value in fields.items() if not self.kind.as_written(name, live.fields.get(name), value)]
        return wrong if live.owner == self.workspace else [*wrong, "the ownership mark"]

    def _describe_difference(self, name: str, fields: Mapping[str, Any]) -> str:
        run_states = self.kind.run_states
        passing = (
            {RunState.STOPPING, RunState.UNKNOWN} if run_states is not None and run_states.field in fields else set()
        )
        live = self._wait_until_settled(name, passing)
        if live is None:
            return f"{name!r} was written and does not exist"
        wrong = self.list_differing(live, fields)
        if not wrong:
            return ""
        words = f"the tenant did not keep {', '.join(wrong)} of {name!r} as written"
        if run_states is not None and run_states.field in wrong:
            words += f": its {run_states.field} is {live.fields.get(run_states.field)!r}"
            unknown = run_states.read_state(live.fields) is RunState.UNKNOWN
            words += ", which nobody knows the meaning of, and which may mean that it dials" if unknown else ""
        return words

    def _write(self, deed: WriteOp, act: Callable[[], None], wrong: Callable[[], str]) -> None:
        failure: ReconcilerError | None = None
        with self.run.record_write_op(self.at, deed.value):
            try:
                act()
            except (Interrupted, LedgerError):
                raise
            except ReconcilerError as error:
                failure = error
            try:
                words = wrong()
            except (Interrupted, LedgerError):
                raise
            except ReconcilerError as error:
                raise failure or error from None
            if words:
                raise failure or NotAsWritten(words)
