# tested by: tests/cli/test_audit_evidence.py
"""Define a pack of evidence: the runs of a window of days, and what is told of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reconciler.model.audited_runs import LoggedRun
from reconciler.model.evidence import TreeHead


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the ledger has it.

    Attributes:
        day: on which it was begun (UTC). carried: whether that was before the window: what it left was in force at its
            beginning.
        document: its plan's document, byte for byte; None: the ledger no longer holds it.
        envelopes: what was signed. statements: the same, read. stamp: the time-stamp of the last of them.
        tree: its contacts; None: it kept none.
        keys: the public keys (PEM) that signed.
        approvals: the approvals of its plan as they were signed by people, one a line.
    """

    logged: LoggedRun
    day: date
    carried: bool
    document: bytes | None
    envelopes: tuple[bytes, ...]
    statements: tuple[Mapping[str, Any], ...]
    stamp: bytes | None = None
    tree: TreeHead | None = None
    approvals: tuple[bytes, ...] = ()
    plan: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[bytes, ...] = ()

    def find_outcome(self) -> Mapping[str, Any] | None:
        """What its last statement of an apply says; None: there is none."""
        found = [each["predicate"] for each in self.statements if each["predicateType"].endswith("/apply/v1")]
        return found[-1] if found else None

    def find_rules(self) -> Mapping[str, Any] | None:
        """What the summary of its rules says; None: there is none."""
        found = [each["predicate"] for each in self.statements if "verification_summary" in each["predicateType"]]
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class DayState:
    """What was in force at the end of a day (UTC), in one environment of one tenant: what a run left.

    Attributes:
        file: where the pack has it.
    """

    day: date
    tenant: str | None
    environment: str | None
    run: str
    file: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is in a pack.

    Attributes:
        first, last: its days (UTC), both included. runs: those begun in it, and those carried into it.
        days: what was in force, day by day. lines: the audit record's, from the first of the window to its last.
        files: everything but its index and its own list.
    """

    first: date
    last: date
    runs: tuple[RunRecord, ...]
    days: tuple[DayState, ...]
    lines: int
    files: Mapping[str, bytes]
    key: str = ""
