# tested by: tests/properties/test_values.py
"""Define a finding of a rule, and its waiver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from reconciler.model.finding_details import DETAILS
from reconciler.model.resource_address import Address


class Severity(StrEnum):
    """What a finding does: it makes `apply` refuse, or it is told and nothing more."""

    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unsafe about a plan.

    Attributes:
        rule: the rule's id. object: the address it is about. message: what is unsafe, with the numbers.
        waived: the reason given in a waiver, if one holds: the finding is then printed and does not refuse.
        waivable: whether a waiver may set it aside at all.
        severity: the rule's, or a higher one that the workspace or the floor gives it; whoever asks the rule sets it.
        until: the last day (UTC) on which the waiver holds, if it ends.
        details: every figure and name of the message as JSON values, by the keys of `DETAILS`, and in full where a
            message can only name some.

    Raises:
        ValueError: details have a key that is no such one.
    """

    rule: str
    object: Address
    message: str
    waived: str | None = None
    waivable: bool = True
    severity: Severity = Severity.REFUSE
    until: date | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no schema knows."""
        if unknown := self.details.keys() - DETAILS.keys():
            raise ValueError(f"no such details: {sorted(unknown)}")

    @property
    def refuses(self) -> bool:
        """Whether `apply` refuses because of it."""
        return self.waived is None and self.severity is Severity.REFUSE
