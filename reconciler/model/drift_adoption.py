# tested by: tests/cli/test_adopting_drift.py
"""Define what is written into manifests of what the tenant holds, and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.model.problem import Location
from reconciler.model.reason import Reason
from reconciler.model.resource_address import Address


@dataclass(frozen=True, slots=True)
class ValueEdit:
    """A live value that goes to its place in a manifest. `path`: the live field."""

    address: Address
    path: str
    place: Location
    value: Any


@dataclass(frozen=True, slots=True)
class NotAdopted:
    """A difference that no manifest is changed for, and why."""

    address: Address
    path: str
    why: Reason
