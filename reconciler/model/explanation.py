# tested by: tests/cli/test_questions.py
"""Why is one contact on a list, or on none: from the row it was read from to the lists it is on?"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.address import Address
from reconciler.model.change import Sample
from reconciler.model.meant import Meant
from reconciler.model.notice import Notice
from reconciler.model.reason import Reason


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
