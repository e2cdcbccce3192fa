# tested by: tests/rules/test_rules.py
"""Define what rules see: campaigns, lists and changes as they would be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.model.before_after_states import (
    CampaignChange,
    CampaignState,
    ListChange,
    iter_campaign_changes,
    iter_list_changes,
    make_campaign_state,
)
from reconciler.model.calling_hours_comparison import find_first_window
from reconciler.model.campaign import Campaign
from reconciler.model.campaign_audience import Exposure, Shared
from reconciler.model.ceiling import ELSEWHERE, Ceiling, find_strictest
from reconciler.model.changes import Changes
from reconciler.model.dialling_forecast import Forecast, Statistics
from reconciler.model.instants import find_present
from reconciler.model.legal_hours import Hours
from reconciler.model.live_state import Live, Unseen
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.recent_changes import RecentRun
from reconciler.model.resource_address import Address
from reconciler.model.safe_harbour import CampaignLeg, Harbour, Leg
from reconciler.model.segment_membership import DoNotCall, ForeignNumbers, RefusedNumbers
from reconciler.model.workspace_settings import Limits


@dataclass(frozen=True, slots=True)
class Planned:
    """A declared campaign as it would be after the apply.

    Attributes:
        campaign: as declared. change: what becomes of it; its `before` is what the tenant holds.
        contacts: on its list after the apply; None: nobody knows.
        ceilings: those that its policy names, by country, `*` for every other: stricter than the law's, or where it has
            none.
        exposure: who they are; None: nobody looked. shared: people whom another active campaign calls as well.
        forecast: an estimate. statistics: what the tenant has counted.
        opens: when it would start if the plan were applied at the moment that it is judged at; of a start that waits
            for the calling hours alone.
        legs: each leg of the safe harbour, as the tenant would hold it. harbours: what its policy declares of them, by
            country, `*` for every other.
    """

    campaign: Campaign
    change: ObjectChange
    contacts: int | None = None
    ceilings: Mapping[str, Ceiling] = field(default_factory=dict)
    exposure: Exposure | None = None
    shared: tuple[Shared, ...] = ()
    forecast: Forecast | None = None
    statistics: Statistics | None = None
    opens: datetime | None = None
    legs: tuple[CampaignLeg, ...] = ()
    harbours: Mapping[str, Harbour] = field(default_factory=dict)

    @property
    def was(self) -> CampaignState | None:
        """As the tenant holds it; None where it is not there."""
        return make_campaign_state(self.change.before)

    @property
    def becomes(self) -> CampaignState | None:
        """As the tenant would hold it after the apply, what is not declared included; None where it is deleted."""
        return make_campaign_state(self.change.after)

    @property
    def runs(self) -> bool:
        """Whether it may be calling people now: it is in the tenant, and is not known to rest."""
        return self.was is not None and self.was.may_dial

    @property
    def threshold(self) -> float | None:
        """Its abandonment threshold after the apply, declared or not, in percent."""
        return None if self.becomes is None else self.becomes.threshold

    def find_leg(self, leg: Leg) -> CampaignLeg | None:
        """A leg of it; None: nobody looked."""
        return next((each for each in self.legs if each.leg is leg), None)

    def iter_harbours(self) -> Iterator[tuple[str, Harbour]]:
        """What its policy declares for anybody on its list, by place; all of it where nobody knows who they are."""
        called = None if self.exposure is None else {each for each, count in self.exposure.countries.items() if count}
        if called is not None and self.exposure is not None and self.exposure.unknown:
            called.add(ELSEWHERE)
        for place in sorted(self.harbours if called is None else called):
            found = self.harbours.get(place, self.harbours.get(ELSEWHERE))
            if found is not None:
                yield place, found

    def schedule_at(self, moment: datetime, hours: Mapping[str, Hours]) -> Campaign:
        """With the schedule that it will have, if it is applied at a moment: one that is there keeps its own.

        One whose start waits for the calling hours has none where no minute is known that suits all its contacts.
        """
        if self.change.action in (Action.UPDATE, Action.NO_OP):
            return self.campaign.as_held(self.change.before or {})
        campaign = self.campaign
        if not campaign.within_hours or campaign.starts_in is None:
            return campaign.as_created(moment)
        if self.exposure is None:
            return campaign.with_window(None, campaign.ends)
        earliest = moment + campaign.starts_in
        found = find_first_window(self.exposure, hours, earliest, campaign.lasts, campaign.ends)
        return campaign.with_window(*(found or (None, campaign.ends)))

    def find_ceiling(self, law: Mapping[str, Ceiling]) -> Ceiling | None:
        """The strictest ceiling that holds for anybody on its list; None where nobody knows who they are."""
        if self.exposure is None:
            return None
        places = [place for place, count in self.exposure.countries.items() if count]
        if self.exposure.unknown:
            places.append(ELSEWHERE)
        found = [each for each in (find_strictest(place, self.ceilings, law) for place in places) if each is not None]
        return min(found, key=lambda each: each.percent, default=None)


@dataclass(frozen=True, slots=True)
class Shrunken:
    """A source of a segment that has at most half as many contacts as when it was last applied.

    Attributes:
        source: which, in words. where: the place of the manifest that names it. before: contacts that it had then.
    """

    segment: Address
    source: str
    where: str
    contacts: int
    before: int


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a rule may know.

    Attributes:
        campaigns: every declared campaign. changes: everything that differs.
        suppressions: every do-not-call list that a segment is judged by. foreign: contacts' numbers that may be of
            another country. refused: contacts who are called by a number of somebody's who gave no consent. A plan that
            is applied has what was found of these as findings.
        ceilings: the law's and the floor's, by country (ISO 3166-1 alpha-2), `*` for every other.
        harbours: the law's safe harbours, likewise.
        hours: when people may be called, by place (ISO 3166), `*` for every other.
        others: campaigns that no manifest declares, that stay, and that may be calling people, as the tenant has them;
            the list of one that names none is empty.
        unseen: kinds of objects that dial lists and that nobody could look at.
        recent: what runs have done to lists lately. shrunken: sources that have half of what they had, or less.
        limits: what a plan may do to one list. workspace: its name, which is the owner in its mark.
        immutable: (kind, field) pairs that the tenant will not change. fixed: those that it will not once there is a
            value.
        needed: by kind, live fields without which the tenant makes no object.
        sizes: how many contacts each list will have, by kind and name; None where nobody knows.
        now: the moment of asking. as_of: the moment that recency is counted from.
        applying: whether the plan is about to be applied, or an object of it to be set to work: then it is known when a
            campaign starts whose schedule is counted from its creation.
    """

    changes: Changes
    now: datetime
    as_of: datetime
    workspace: str
    campaigns: tuple[Planned, ...] = ()
    suppressions: tuple[DoNotCall, ...] = ()
    foreign: tuple[ForeignNumbers, ...] = ()
    refused: tuple[RefusedNumbers, ...] = ()
    others: tuple[Planned, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    applying: bool = False
    ceilings: Mapping[str, Ceiling] = field(default_factory=dict)
    harbours: Mapping[str, Harbour] = field(default_factory=dict)
    hours: Mapping[str, Hours] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    recent: tuple[RecentRun, ...] = ()
    shrunken: tuple[Shrunken, ...] = ()
    immutable: frozenset[tuple[str, str]] = frozenset()
    fixed: frozenset[tuple[str, str]] = frozenset()
    needed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sizes: Mapping[tuple[str, str], int | None] = field(default_factory=dict)

    @property
    def moment(self) -> datetime:
        """The moment that schedules are judged at: none later than now, as what is still to be dialled counts."""
        return self.now if self.applying else min(find_present(self.as_of, self.now), self.now)

    @property
    def campaign_changes(self) -> tuple[CampaignChange, ...]:
        """What becomes of each campaign, before and after it as typed values."""
        return tuple(iter_campaign_changes(self.changes.objects))

    @property
    def list_changes(self) -> tuple[ListChange, ...]:
        """What becomes of each list, likewise."""
        return tuple(iter_list_changes(self.changes.objects))

    @property
    def calling(self) -> tuple[Planned, ...]:
        """Every campaign that answers for whom this plan has it call: declared ones, and others on lists it adds to."""
        lists = find_lists_put_on(self.changes)
        return (*self.campaigns, *(each for each in self.others if each.campaign.list in lists))


def find_lists_put_on(changes: Changes) -> frozenset[str]:
    """The lists that a plan puts somebody on, or changes somebody's row on."""
    return frozenset(each.list for each in changes.rows if each.adds or each.updates)


def make_undeclared_planned(campaign: Campaign) -> Planned:
    """A campaign that no manifest declares, and that stays as it is."""
    held: dict[str, Any] = {"status": campaign.status, "list": campaign.list}
    if campaign.threshold is not None:
        held["abandonThreshold"] = campaign.threshold
    change = ObjectChange(campaign.address, campaign.name, Action.NO_OP, held, held)
    return Planned(campaign, change)


def count_sizes(changes: Changes, live: Live) -> dict[tuple[str, str], int | None]:
    """How many contacts each object that holds some will have, by kind and name; None where nobody knows."""
    found: dict[tuple[str, str], int | None] = {
        (kind, name): each.size for kind, objects in live.objects.items() for name, each in objects.items()
    }
    for change in changes.objects:
        if change.action is Action.CREATE:
            found[change.address.kind, change.name] = 0
    for row_change in changes.rows:
        found[row_change.list_address.kind, row_change.list] = row_change.after
    return found
