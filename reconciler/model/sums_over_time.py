# tested by: tests/rules/test_recent_changes.py
"""Hold what a plan and the runs before it do to lists against the limits of a day and a week."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from reconciler.model.finding import Finding
from reconciler.model.recent_changes import DAY, WEEK, add_up
from reconciler.model.rule_input import Situation


def find_over_time(
    rule: str, situation: Situation, what: Literal["removed", "changed"], done: str, waiver: str
) -> Iterator[Finding]:
    """Each list that this plan and what was applied before it pass a limit of: of 24 hours, else of 7 days.

    Args:
        done: what is done to contacts, in words. waiver: the rule that judges a plan alone.
    """
    limits = situation.limits
    day, week = (
        (limits.removals_24h, limits.removals_7d) if what == "removed" else (limits.updates_24h, limits.updates_7d)
    )
    for change in situation.changes.rows:
        mine = change.removes if what == "removed" else change.changed
        for span, words, limit in ((DAY, "24 hours", day), (WEEK, "168 hours (a week)", week)):
            before = add_up(situation.recent, change.list, what, waiver, situation.now, span, change.live)
            if not mine or not before.runs:
                continue  # of a plan alone another rule says so
            count = mine + before.contacts
            share = 100 * count / before.live if before.live else 100.0
            if share <= limit:
                continue
            counted = f"{count:,} of {before.live:,} contacts ({share:.0f} %)"
            earlier = f"{before.contacts:,} of them by {before.runs:,} earlier run{'' if before.runs == 1 else 's'}"
            message = f"{counted} are {done} list {change.list!r} in {words}, {earlier}; the limit is {limit:g} %"
            details = {"list": change.list, what: mine, "before": before.contacts, "runs": before.runs}
            hours = span.total_seconds() / 3600
            details |= {"live": before.live, "share": share, "limit": limit, "hours": hours}
            yield Finding(rule, change.address, message, details=details)
            break
