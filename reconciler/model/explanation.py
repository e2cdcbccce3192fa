# tested by: tests/cli/test_questions.py
"""Define the explanation of one contact."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.list_change import Sample
from reconciler.model.notice import Notice
from reconciler.model.reason import Reason
from reconciler.model.resource_address import Address
from reconciler.model.run_target import Meant


@dataclass(frozen=True, slots=True)
class Stage:
    """What is known of a contact at one stage.

    Attributes:
        name: source, number, interactions, recency_and_frequency, intersect, score, do_not_call, verdict, or list.
        subject: which one of them, in names; empty where there is one alone.
        facts: in the order in which they are to be read.
        planned: of a list, what the plan would do with the contact there.
    """

    name: str
    subject: str
    facts: tuple[Reason, ...]
    planned: Sample | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One contact in one segment, stage by stage.

    The contact is a token; no fact holds a phone or a name. `notices` say how the tenant was read.
    """

    segment: Address
    contact: str
    stages: tuple[Stage, ...]
    meant: Meant
    notices: tuple[Notice, ...] = ()
