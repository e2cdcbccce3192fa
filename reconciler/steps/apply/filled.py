"""Is what a campaign is to dial there, filled, and as planned? Nothing is set to work before that is known."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from reconciler.audience import engine, read_back, row_changes, sources
from reconciler.kinds import kinds
from reconciler.ledger.journal import Run
from reconciler.model.change import RowChange
from reconciler.model.errors import ReconcilerError
from reconciler.model.plan import Plan
from reconciler.model.ports import Writer
from reconciler.model.terms import Terms


class NotFilled(ReconcilerError):
    """The list is empty, gone, or does not hold who was planned."""

    code = "list-not-as-planned"


class Filled:
    """Looks at the lists of one plan in the tenant, every time it is asked."""

    def __init__(self, plan: Plan, writer: Writer, run: Run, terms: Terms) -> None:
        self._plan, self._writer, self._run, self._terms = plan, writer, run, terms

    def check(self, references: Iterable[tuple[str, str]]) -> None:
        """Read who is on each list: somebody, and, where the plan says who, those.

        Raises:
            NotFilled: with the list, and what is wrong with it.
        """
        for kind, name in references:
            self.occupied([(kind, name)])
            for change in self._plan.rows:
                if change.list == name and change.list_address.kind == kind:
                    self._as_planned(change)

    def occupied(self, references: Iterable[tuple[str, str]]) -> None:
        """Ask whether there is anybody on each list, in few requests: while an object rests for it, nobody is called.

        The members say so, and not the count that the tenant keeps of them: that may lag behind.

        Raises:
            NotFilled: there is nobody, or no such list.
        """
        for kind, name in references:
            if not any(each.name == name for each in self._writer.objects(kinds()[kind])):
                raise NotFilled(f"list {name!r} is not there")
            if not self._writer.occupied(name):
                raise NotFilled(f"list {name!r} is empty", hint="fill it, then go on; nothing dials an empty list")

    def _as_planned(self, change: RowChange) -> None:
        into = self._terms.scratch / "filled"
        into.mkdir(exist_ok=True)
        with engine.opened(self._terms.engine, self._terms.scratch) as backend:
            now = sources.settled(backend, partial(self._writer.members, change.members, into))
            if not now.count:
                raise NotFilled(f"list {change.list!r} is empty", hint="fill it, then go on")
            if not change.total:
                if row_changes.members_digest(backend, now) == change.precondition:
                    return
                raise NotFilled(f"who is on list {change.list!r}, or their attributes, changed meanwhile", hint=_HINT)
            wrong = read_back.not_as_written(backend, change, now, self._run.rejected(change.address))
        if wrong:
            raise NotFilled(f"{wrong:,} contacts of list {change.list!r} are not as this run wrote them", hint=_HINT)


_HINT = "plan again, have the new plan reviewed, and apply that"
