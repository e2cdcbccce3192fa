# tested by: tests/steps/test_compare.py
"""Define how a plan differs from an earlier one, such as the one that was approved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from reconciler.model.resource_address import Address


@dataclass(frozen=True, slots=True)
class ObjectDifference:
    """One thing that is done otherwise to an object.

    Attributes:
        path: of a field that is to have another value; None: something else is done to the object.
        before, after: the value, or what was to be done and is; None: nothing.
    """

    address: Address
    path: str | None
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class RowDifference:
    """How the rows of one list, one campaign's outcomes or one do-not-call list differ.

    Attributes:
        before, after: how many are added, updated and removed; None: the plan does nothing there.
        new: contacts of whom nothing was to be done. gone: those of whom nothing is done any more. otherwise: those of
            whom something else is done, or for another reason. None: what is done has no contacts to be told apart by.
    """

    address: Address
    before: tuple[int, int, int] | None
    after: tuple[int, int, int] | None
    new: int | None = None
    gone: int | None = None
    otherwise: int | None = None


@dataclass(frozen=True, slots=True)
class NamedDifference:
    """A finding or a waiver that only one of the two plans has; `state`: of a finding, whether it is waived."""

    what: Literal["finding", "waiver"]
    which: Literal["new", "gone"]
    rule: str
    object: str
    state: str


@dataclass(frozen=True, slots=True)
class PlanComparison:
    """How a plan differs from an earlier one of the same workspace and tenant.

    Attributes:
        digest, created: of the earlier one. same: whether the two have one digest, so that nothing else is said.
        same_manifests: whether both were made of the same manifests: then the tenant or the sources have changed.
        blast: the blast radius of both, in percent; None: unknown.
    """

    digest: str
    created: datetime
    same: bool
    same_manifests: bool
    objects: tuple[ObjectDifference, ...] = ()
    rows: tuple[RowDifference, ...] = ()
    named: tuple[NamedDifference, ...] = ()
    blast_before: float | None = None
    blast_after: float | None = None

    @property
    def alike(self) -> bool:
        """Whether both do the same to the same objects and contacts, and find the same."""
        return self.same or not (self.objects or self.rows or self.named)
