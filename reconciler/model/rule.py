# tested by: tests/rules/test_rules.py
"""Define what a rule is, with its sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from reconciler.model.finding import Finding, Severity
from reconciler.model.legal_hours import Hours

if TYPE_CHECKING:
    from reconciler.model.rule_input import Situation


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule or a number comes from.

    Attributes:
        title: of the text. citation: the place in it, as lawyers write it. url: where it can be read.
        effective: since when it holds; None: not known, or it has no such day.
        verified: whether the text itself was read for what is taken from it. note: what was taken, or what is open.
    """

    title: str
    citation: str
    url: str
    effective: date | None
    verified: bool
    note: str = ""


def cite_decision(page: str, title: str, note: str) -> Source:
    """A decision of this project, by the name of its page: `0006-limits-and-overrides`."""
    return Source(title, f"decision {int(page[:4])} of this project", f"docs/decisions/{page}.md", None, True, note)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a file in `reconciler/rules/` that sets `RULE`.

    Attributes:
        id: as plans print it and waivers name it; it never changes its meaning.
        title: in a few words. says: what it asks for and why, in a paragraph for people.
        severity: what a finding of it does, unless the workspace or the floor raises it. Only a waiver lowers it.
        sources: of the law, or of the decision, that it rests on; at least one.
        check: the findings in a situation (pure). It yields nothing where it lacks what it would judge by.
        waivable: whether a finding of it may be waived at all. ends: whether a waiver of it must say until when.
        starting: whether it is asked once more the moment a campaign is set to work.
    """

    id: str
    title: str
    says: str
    severity: Severity
    sources: tuple[Source, ...]
    check: Callable[[Situation], Iterable[Finding]]
    waivable: bool = True
    ends: bool = False
    starting: bool = False


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """Where one ceiling holds.

    Attributes:
        places: ISO 3166-1 alpha-2. percent, measured, internal: as `Ceiling` has them.
        sources: at least one.
    """

    name: str
    places: tuple[str, ...]
    percent: float
    measured: str
    internal: bool
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Timetable:
    """Where the same calling hours hold.

    Attributes:
        places: ISO 3166, a state as `US-FL`; `*` for every place that has no hours of its own.
        hours: when people there may be called. sources: at least one.
    """

    places: tuple[str, ...]
    hours: Hours
    sources: tuple[Source, ...]
