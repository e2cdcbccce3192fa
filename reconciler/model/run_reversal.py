# tested by: tests/cli/test_rollback.py
"""Define what a rollback goes back by: what a run changed, and what runs after it changed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.list_change import RowChange
from reconciler.model.object_change import ObjectChange

Named = tuple[str, str]
"""An object of the tenant: its kind and its name there."""


@dataclass(frozen=True, slots=True)
class LaterRun:
    """What a run did that was begun after the one that is rolled back.

    Attributes:
        objects: the paths of the fields that it changed, by object; empty: it made, deleted or replaced the object.
        rows: what it did on lists of contacts.
    """

    run: str
    objects: Mapping[Named, frozenset[str]] = field(default_factory=dict)
    rows: tuple[RowChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Reversal:
    """A run that is to be rolled back, as far as it got.

    Attributes:
        run: its name. whole: whether all its steps were done.
        objects, rows: what it may have written; what it never began is none of them.
        outcomes, numbers: how many outcomes of contacts it set, and how many numbers it added to do-not-call lists:
            neither is taken back.
        later: the runs after it against the same tenant, the first one first.
    """

    run: str
    whole: bool
    objects: tuple[ObjectChange, ...] = ()
    rows: tuple[RowChange, ...] = ()
    outcomes: int = 0
    numbers: int = 0
    later: tuple[LaterRun, ...] = ()

    def find_later(self, named: Named, path: str | None = None) -> str | None:
        """The last run after it that changed an object: a field of it (a path in words), or anything of it."""
        for each in reversed(self.later):
            paths = each.objects.get(named)
            if paths is None:
                continue
            if path is None or not paths or any(_meets(path, other) for other in paths):
                return each.run
        return None


def _meets(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def list_names(change: ObjectChange) -> frozenset[str]:
    """The names that an object has in the tenant before and after a change."""
    told = (change.name, change.previous, *((each or {}).get("name") for each in (change.before, change.after)))
    return frozenset(str(each) for each in told if each is not None)
