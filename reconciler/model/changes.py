# tested by: tests/properties/test_values.py
"""Define everything that differs between the manifests and the tenant."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.held_numbers import HeldChange
from reconciler.model.list_change import Accounting, RowChange
from reconciler.model.notice import Notice
from reconciler.model.object_change import ObjectChange, Undeclared
from reconciler.model.outcome_change import NumbersChange, OutcomeChange


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs, in no particular order.

    Attributes:
        rows: the memberships of lists. outcomes: those of contacts in campaigns. numbers: what these add to
            do-not-call lists. held: numbers that objects of the tenant get, or that expire there.
        undeclared: what is ours and declared no more, where it is left as it is.
        notices: what a person should know of declared objects.
    """

    objects: tuple[ObjectChange, ...]
    rows: tuple[RowChange, ...]
    accounts: tuple[Accounting, ...]
    outcomes: tuple[OutcomeChange, ...] = ()
    numbers: tuple[NumbersChange, ...] = ()
    held: tuple[HeldChange, ...] = ()
    undeclared: tuple[Undeclared, ...] = ()
    notices: tuple[Notice, ...] = ()
