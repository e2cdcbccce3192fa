# tested by: tests/cli/test_drift_watch.py
"""Define one thing in which the tenant differs from the manifests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.model.problem import Location


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the tenant differs.

    Attributes:
        address: of the object, or of the band whose list it is. field: empty: it is the object as a whole. what: an
            action (`create`, `delete`, …), `undeclared`, or `rows`. cause: as a plan has it; empty: nothing is known.
    """

    address: str
    field: str
    what: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class LocatedDifference:
    """A difference with the tenant's value and the declared one, where it is of a field, and where that is declared."""

    difference: Difference
    before: Any = None
    after: Any = None
    place: Location | None = None
