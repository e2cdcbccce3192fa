# tested by: tests/rules/test_recent_changes.py
"""Define what runs have done to lists lately, and add it up over a span of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
LONGEST = WEEK
"""Nothing before that is asked for."""


@dataclass(frozen=True, slots=True)
class RecentRun:
    """What one run has written of one list.

    Attributes:
        at: when it wrote last. live: contacts on the list when its plan was made.
        removed, changed: how many it took off and changed; those of which nobody knows are among them.
        waived: rules that somebody waived for it: what they would have judged does not count a second time.
    """

    run: str
    at: datetime
    list: str
    live: int
    removed: int
    changed: int
    waived: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sum:
    """What runs have done to a list in a span, without what was waived: so many contacts in so many runs.

    `live`: the most contacts that were on the list in that time.
    """

    contacts: int
    runs: int
    live: int


def add_up(
    recent: Iterable[RecentRun], name: str, what: str, waiver: str, now: datetime, span: timedelta, live: int
) -> Sum:
    """The `removed` or `changed` contacts of a list in the span up to now; what is exactly as old as it counts no more.

    Args:
        waiver: the rule by whose waiver, or by that of its sum, a run does not count. live: contacts on the list now.
    """
    inside = [each for each in recent if each.list == name and each.at > now - span]
    allowed = {waiver, f"{waiver}-SUM"}
    counted = [each for each in inside if allowed.isdisjoint(each.waived) and getattr(each, what)]
    most = max([live, *(each.live for each in inside)])
    return Sum(sum(getattr(each, what) for each in counted), len(counted), most)
