"""How is one object written to, so that every write is recorded before it is sent and proven after it?

Whether a write took effect is for the tenant to say: the object is read back, also where the reply was an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.kinds import kinds
from reconciler.ledger.journal import Run
from reconciler.model.address import Address
from reconciler.model.change import ObjectChange
from reconciler.model.deeds import Deed
from reconciler.model.errors import Interrupted, LedgerError, ReconcilerError
from reconciler.model.live import LiveObject
from reconciler.model.ports import Writer


class NotAsWritten(ReconcilerError):
    """The tenant took a write and holds something else."""

    code = "not-as-written"


class Writes:
    """The writes of one step to its object.

    Attributes:
        change: what is planned. at: the step that the writes are recorded under.
        writer, run, workspace: the tenant, the journal, and the name in the ownership mark.
    """

    def __init__(self, change: ObjectChange, at: Address, workspace: str, writer: Writer, run: Run) -> None:
        self.change, self.at, self.workspace = change, at, workspace
        self.writer, self.run = writer, run
        self.kind = kinds()[change.address.kind]

    @property
    def begun(self) -> bool:
        """Whether anything of this step may have been written before."""
        return bool(self.run.deeds(self.at))

    def found(self, name: str | None = None) -> LiveObject | None:
        """The object as the tenant holds it now; another of its kind by its name."""
        wanted = self.change.name if name is None else name
        return next((each for each in self.writer.objects(self.kind) if each.name == wanted), None)

    def create(self, fields: Mapping[str, Any]) -> None:
        """Make the object."""
        self._write(
            Deed.CREATE,
            lambda: self.writer.create(self.kind, fields, self.workspace),
            lambda: self._differs(self.change.name, fields),
        )

    def update(
        self, deed: Deed, fields: Mapping[str, Any], then: Mapping[str, Any] | None = None, *, of: str | None = None
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
            lambda: self._differs(str(fields.get("name", name)), fields if then is None else then),
        )

    def delete(self, name: str | None = None) -> None:
        """Delete the object, or another of its kind."""
        wanted = self.change.name if name is None else name
        self._write(
            Deed.DELETE,
            lambda: self.writer.delete(self.kind, wanted),
            lambda: f"{wanted!r} was deleted and is still there" if self.found(wanted) else "",
        )

    def differing(self, live: LiveObject, fields: Mapping[str, Any]) -> list[str]:
        """The fields that the tenant does not hold as they are given; our mark among them."""
        wrong = [name for name, value in fields.items() if live.fields.get(name) != value]
        return wrong if live.owner == self.workspace else [*wrong, "the ownership mark"]

    def _differs(self, name: str, fields: Mapping[str, Any]) -> str:
        live = self.found(name)
        if live is None:
            return f"{name!r} was written and is not there"
        wrong = self.differing(live, fields)
        return f"the tenant did not keep {', '.join(wrong)} of {name!r} as written" if wrong else ""

    def _write(self, deed: Deed, act: Callable[[], None], wrong: Callable[[], str]) -> None:
        failure: ReconcilerError | None = None
        with self.run.deed(self.at, deed.value):
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
