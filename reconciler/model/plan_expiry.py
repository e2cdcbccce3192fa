"""Compute until when a plan may be applied.

A do-not-call list that it was judged by gets too old; and what it would set of a schedule is for a time that comes. The
window of a calendar is chosen when the plan is made: once it has begun, or is over, another may be meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.instants import format_instant
from reconciler.model.object_change import Action
from reconciler.model.reason import Reason
from reconciler.model.resource_address import Address
from reconciler.model.rule_input import Planned
from reconciler.model.segment_membership import DoNotCall


@dataclass(frozen=True, slots=True)
class Expiry:
    """A moment at which a plan is no longer good.

    Attributes:
        at: the moment. of: whose it is. why: what has happened by then.
        included: whether the plan is still good at that very moment: a list is as old as it may be, and no older.
    """

    at: datetime
    of: Address
    why: Reason
    included: bool

    def is_over(self, now: datetime) -> bool:
        """Whether it is over with the plan."""
        return now > self.at if self.included else now >= self.at


def writes_window(planned: Planned) -> bool:
    """Whether a plan gives a campaign its times, or sets it to work in those that it has."""
    change = planned.change
    if change.action is Action.UPDATE:
        times = {"startTime", "endTime"} & change.declared.keys()
        works = planned.campaign.active and "status" in change.declared
        return bool(times) or works
    return change.action in (Action.CREATE, Action.REPLACE)


def iter_expiries(campaigns: Iterable[Planned], suppressions: Iterable[DoNotCall]) -> Iterator[Expiry]:
    """Every moment at which something that a plan was made by is no longer so."""
    for listed in suppressions:
        if listed.taken is not None and not listed.only_warns:
            why = Reason("dnc_list_too_old", (str(listed.segment),))
            yield Expiry(listed.taken + listed.max_age, listed.address, why, included=True)
    for planned in campaigns:
        if writes_window(planned):
            yield from _iter_schedule_expiries(planned)


def _iter_schedule_expiries(planned: Planned) -> Iterator[Expiry]:
    campaign = planned.campaign
    starts, ends = campaign.starts, campaign.ends
    if campaign.repeats and starts is not None:
        begun = Reason("window_begun", (format_instant(starts),))
        yield Expiry(starts, campaign.address, begun, included=False)
    # other times are the manifest's own, and are the same in a new plan: only that they are over is news
    if ends is not None and (campaign.repeats or campaign.active):
        over = Reason("window_over" if campaign.repeats else "schedule_over", (format_instant(ends),))
        yield Expiry(ends, campaign.address, over, included=False)


def find_good_until(campaigns: Iterable[Planned], suppressions: Iterable[DoNotCall], now: datetime) -> datetime | None:
    """The first of these moments that is still to come; what has passed already is for the rules to find."""
    return min((each.at for each in iter_expiries(campaigns, suppressions) if not each.is_over(now)), default=None)


def find_expired(
    campaigns: Iterable[Planned], suppressions: Iterable[DoNotCall], until: datetime | None, now: datetime
) -> list[Expiry]:
    """What has passed since a plan was made that is good `until` a moment: of each object the last."""
    if until is None:
        return []
    found = [each for each in iter_expiries(campaigns, suppressions) if each.at >= until and each.is_over(now)]
    return list({each.of: each for each in sorted(found, key=lambda each: each.at)}.values())
