# tested by: tests/properties/test_values.py
"""Collect what the rules found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reconciler.model.changes import Changes
from reconciler.model.finding import Finding, Severity
from reconciler.model.live_state import Unseen
from reconciler.model.reason import Reason
from reconciler.model.rule_input import Planned
from reconciler.model.segment_membership import DoNotCall


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule that was asked: its severity as the workspace and the floor have it, and what it rests on."""

    id: str
    title: str
    severity: Severity
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waived:
    """A waiver as it was when the plan was made.

    Attributes:
        by: the manifest it stands in. until: the last day (UTC) on which it holds.
        lost: why it does not hold; None: it holds. used: whether it set something aside.
    """

    rule: str
    object: str
    reason: str
    by: str
    until: date | None
    lost: Reason | None
    used: bool


@dataclass(frozen=True, slots=True)
class RuleResults:
    """Changes, what every declared campaign would be after them, and every rule's findings.

    Attributes:
        suppressions: the do-not-call lists that segments were judged by.
        others, unseen: as `Situation` has them.
    """

    changes: Changes
    campaigns: tuple[Planned, ...]
    suppressions: tuple[DoNotCall, ...]
    rules: tuple[CheckedRule, ...]
    findings: tuple[Finding, ...]
    waivers: tuple[Waived, ...] = ()
    others: tuple[Planned, ...] = ()
    unseen: tuple[Unseen, ...] = ()
