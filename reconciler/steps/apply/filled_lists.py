# tested by: tests/steps/apply/test_campaign_faults.py
"""Check that a campaign's list is there, filled, and as planned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.audience.delivery import read_back, wire_rows
from reconciler.audience.relations import engine
from reconciler.audience.staging import staged_members
from reconciler.kinds import load_kinds
from reconciler.ledger.journal import Run
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.errors import ReconcilerError
from reconciler.model.list_change import RowChange
from reconciler.model.plan import Plan
from reconciler.model.ports import Writer
from reconciler.model.row_queries import Rows
from reconciler.steps.apply.suppression_recheck import Fresh


class NotFilled(ReconcilerError):
    """The list is empty, gone, or does not hold who was planned."""

    code = "list-not-as-planned"


class Filled:
    """Looks at the lists of one plan in the tenant, every time it is asked."""

    def __init__(self, plan: Plan, writer: Writer, run: Run, terms: ApplyOptions, fresh: Fresh) -> None:
        self._plan, self._writer, self._run, self._terms, self._fresh = plan, writer, run, terms, fresh

    def check(self, references: Iterable[tuple[str, str]]) -> None:
        """Read who is on each list: somebody, and, where the plan says who, those; nobody who may not be called now.

        Raises:
            NotFilled: with the list, and what is wrong with it.
            DoNotCallUnknown: it cannot be known who may not be called.
        """
        for kind, name in references:
            self.check_occupied([(kind, name)])
            for change in self._plan.rows:
                if change.list == name and change.list_address.kind == kind:
                    self._check_as_planned(change)

    def check_occupied(self, references: Iterable[tuple[str, str]]) -> None:
        """Ask whether there is anybody on each list, in few requests: while an object rests for it, nobody is called.

        The members say so, and not the count that the tenant keeps of them: that may lag behind.

        Raises:
            NotFilled: there is nobody, or no such list.
        """
        for kind, name in references:
            if self._writer.read_named(load_kinds()[kind], name) is None:
                raise NotFilled(f"list {name!r} is not there")
            if not self._writer.has_members(name):
                raise NotFilled(f"list {name!r} is empty", hint="fill it, then resume; nothing dials an empty list")

    def _check_as_planned(self, change: RowChange) -> None:
        self._fresh.look(change)
        now = self._fresh.take_off(change)
        out = self._fresh.list_out(change)
        with engine.open_engine(self._terms.engine, self._terms.scratch) as backend:
            if not now.count:
                raise NotFilled(f"list {change.list!r} is empty", hint="fill it, then resume")
            if not change.total:
                if self._is_unchanged(backend, change, now, len(out)):
                    return
                raise NotFilled(f"who is on list {change.list!r}, or their attributes, changed meanwhile", hint=_HINT)
            rejected = self._run.list_rejected(change.address)
            wrong = read_back.find_not_as_written(backend, change, now, {*rejected, *out})
        if wrong:
            raise NotFilled(f"{wrong:,} contacts of list {change.list!r} are not as this run wrote them", hint=_HINT)

    def _is_unchanged(self, backend: Any, change: RowChange, now: Rows, out: int) -> bool:
        """Whether a list that nothing is delivered to is as it was, but for those who were taken off it."""
        if not out:
            return wire_rows.digest_members(backend, now) == change.precondition
        return engine.count_rows(backend, staged_members.read_members(backend, now)) == change.live - out


_HINT = "plan again, have the new plan reviewed, and apply that"
