"""Would a plan give a campaign a window of its calendar that is over?"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.instants import format_instant
from reconciler.model.rule import Rule, Source
from reconciler.model.shelf_life import writes_window
from reconciler.model.situation import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign that would be set to a window, or to work in one, that has ended by now."""
    for each in situation.campaigns:
        ends = each.campaign.ends
        if each.campaign.repeats and ends is not None and ends <= situation.now and writes_window(each):
            window = f"the window of its calendar as of {format_instant(situation.as_of)}"
            message = (
                f"{window} is over since {format_instant(ends)}, and the plan would set it; for the next, plan and"
            )
            message += " apply with `--as-of $(date -u +%FT%TZ)`, the present"
            yield Finding(RULE.id, each.campaign.address, message)


RULE = Rule(
    id="SCH-003",
    title="a window of a calendar that is over",
    says="A calendar gives a campaign the window that the plan's `as_of` is in, else the next. A plan made as of"
    " an earlier moment, or late in the day, would set one that is over: the campaign would call nobody, and look as if"
    " all were well.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="A calendar comes to one window, by the plan's `as_of`",
            citation="decision 22 of this project",
            url="docs/decisions/0022-a-calendar-is-one-window.md",
            effective=None,
            verified=True,
            note="of this tool's own, and no law: nobody is called",
        ),
    ),
    check=check,
)
