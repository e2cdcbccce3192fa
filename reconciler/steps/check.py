"""Project every campaign after the apply, and check the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.audience.campaigns import campaign_overlap
from reconciler.audience.relations import engine
from reconciler.kinds import abandonment_policy as policies
from reconciler.kinds import campaign as campaigns
from reconciler.kinds import dnc_group as groups
from reconciler.kinds import load_kinds
from reconciler.model.ceiling import Ceiling, merge_ceilings
from reconciler.model.change_cause import Applied
from reconciler.model.changes import Changes
from reconciler.model.desired_state import Desired
from reconciler.model.dialling_forecast import make_forecast
from reconciler.model.instants import find_present
from reconciler.model.legal_hours import Hours
from reconciler.model.live_state import Live, LiveObject
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.resource_address import Address
from reconciler.model.rule_input import Planned, Shrunken, Situation, count_sizes, make_undeclared_planned
from reconciler.model.rule_results import CheckedRule, RuleResults
from reconciler.model.safe_harbour import CampaignLeg, Harbour, list_legs
from reconciler.model.segment_membership import Members
from reconciler.model.waiver_matching import list_waivers, waive
from reconciler.rules import collect_findings, load_rules, severity_of
from reconciler.rules.calling_hours_by_place import load_allowed_hours
from reconciler.rules.ceilings_by_jurisdiction import load_ceilings
from reconciler.rules.harbours_by_jurisdiction import load_harbours


def check_rules(desired: Desired, members: Members, changes: Changes, live: Live, now: datetime) -> RuleResults:
    """Ask every rule of what would be, and waive what a waiver allows today."""
    settings = desired.settings
    moment = find_present(desired.as_of, now)
    ceilings, hours = merge_ceilings(load_ceilings(), settings.ceilings), load_allowed_hours()
    exposed, others = _measure_exposure(desired, members, changes, live)
    situation = Situation(
        changes=changes,
        now=now,
        as_of=desired.as_of,
        workspace=settings.name,
        campaigns=tuple(_add_forecast(each, ceilings, moment, hours) for each in exposed),
        suppressions=tuple(each for standing in members for each in standing.suppressions),
        foreign=tuple(each for standing in members for each in standing.foreign),
        refused=tuple(each for standing in members for each in standing.refused),
        others=others,
        unseen=live.unseen,
        ceilings=ceilings,
        harbours=load_harbours(),
        hours=hours,
        limits=settings.limits,
        recent=live.recent,
        shrunken=tuple(_iter_shrunken(members, live.applied)),
        immutable=frozenset((kind.name, field) for kind in load_kinds().values() for field in kind.immutable),
        fixed=frozenset(
            (kind.name, field) for kind in load_kinds().values() for field in kind.list_fixed(live.surfaces)
        ),
        needed={kind.name: kind.needed for kind in load_kinds().values() if kind.needed},
        sizes=count_sizes(changes, live),
    )
    found = waive(collect_findings(situation, settings.severities), settings, now.date())
    asked = tuple(
        CheckedRule(
            rule.id, rule.title, severity_of(rule, settings.severities), tuple(s.citation for s in rule.sources)
        )
        for rule in load_rules().values()
    )
    waived = tuple(list_waivers(found, settings, now.date()))
    return RuleResults(
        changes,
        situation.campaigns,
        situation.suppressions,
        asked,
        found,
        waived,
        others=situation.others,
        unseen=situation.unseen,
    )


def _iter_shrunken(members: Members, applied: Applied | None) -> Iterator[Shrunken]:
    """Sources that have at most half as many contacts as when they were last applied."""
    for each in members:
        segment, now = each.segment, each.account.source
        before = 0 if applied is None else applied.sources.get(str(segment.address), 0)
        if 2 * now <= before:
            yield Shrunken(
                segment.address, str(segment.contacts).replace("'", ""), str(segment.contacts.where), now, before
            )


def _measure_exposure(
    desired: Desired, members: Members, changes: Changes, live: Live
) -> tuple[tuple[Planned, ...], tuple[Planned, ...]]:
    """Every declared campaign, and every other that may be at work, with whom it would call."""
    planned, others = tuple(_iter_planned(desired, changes, live)), tuple(_iter_others(desired, changes, live))
    if not planned and not others:
        return (), ()
    with engine.open_engine(desired.settings.engine, desired.scratch) as backend:
        return campaign_overlap.find_overlap(
            backend, planned, others, members, changes, live, desired.scratch / "dialled"
        )


def _iter_others(desired: Desired, changes: Changes, live: Live) -> Iterator[Planned]:
    """Campaigns that no manifest declares, that stay, and that may be calling people."""
    kind, held = campaigns.KIND, count_sizes(changes, live)
    ours = {kind.live_name(resource) for resource in desired.catalogue.of_kind(kind.name)}
    if desired.back is not None:  # whatever it does not change is as the tenant has it
        ours = {each.name for each in changes.objects if each.address.kind == kind.name}
    # one that is only read is as the tenant has it, whatever its manifest says
    ours -= {kind.live_name(desired.catalogue.resources[each]) for each in desired.read_only if each.kind == kind.name}
    ours |= {each.name for each in changes.objects if each.action is Action.DELETE and each.address.kind == kind.name}
    for name, found in sorted(live.objects.get(kind.name, {}).items()):
        if name not in ours and campaigns.RUN_STATES.may_run(found.fields):
            other = campaigns.make_undeclared_campaign(Address(kind.name, name), found)
            yield replace(make_undeclared_planned(other), contacts=held.get((other.list_address.kind, other.list)))


def _iter_planned(desired: Desired, changes: Changes, live: Live) -> Iterator[Planned]:
    """Every declared campaign as it would be after the apply; of a rollback, every one that it makes or changes."""
    if desired.back is not None:
        yield from _iter_restored(desired, changes, live)
        return
    known = {change.address: change for change in changes.objects}
    held = count_sizes(changes, live)
    scrubbed = _find_scrubbed(changes)
    for resource in desired.catalogue.of_kind(campaigns.KIND.name):
        change = known.get(resource.address)
        if change is not None and resource.address not in desired.read_only:
            campaign = campaigns.make_campaign(resource, desired.catalogue, desired.as_of)
            found = live.find(campaigns.KIND.name, campaign.name)
            harbours = _find_harbours(campaign.policy, desired)
            yield Planned(
                campaign,
                change,
                contacts=held.get((campaign.list_address.kind, campaign.list)),
                ceilings=_find_ceilings(campaign.policy, desired),
                statistics=None if found is None else found.statistics,
                legs=_list_legs(desired, live, change, campaign.name in scrubbed, harbours),
                harbours=harbours,
            )


def _iter_restored(desired: Desired, changes: Changes, live: Live) -> Iterator[Planned]:
    """The campaigns that a rollback makes or changes: as they would be, whatever their manifests say."""
    kind, held = campaigns.KIND, count_sizes(changes, live)
    scrubbed = _find_scrubbed(changes)
    for change in changes.objects:
        if change.address.kind == kind.name and change.after is not None:
            resource = desired.catalogue.resources.get(change.address)
            as_told = LiveObject(kind.name, change.name, "", change.after)
            campaign = campaigns.make_undeclared_campaign(change.address, as_told)
            if resource is not None:  # what the tenant does not tell
                said = campaigns.make_campaign(resource, desired.catalogue, desired.as_of)
                campaign = replace(campaign, policy=said.policy, band=said.band, staffing=said.staffing)
            found = live.find(kind.name, change.name)
            harbours = _find_harbours(campaign.policy, desired)
            yield Planned(
                campaign,
                change,
                contacts=held.get((campaign.list_address.kind, campaign.list)),
                ceilings=_find_ceilings(campaign.policy, desired),
                statistics=None if found is None else found.statistics,
                legs=_list_legs(desired, live, change, campaign.name in scrubbed, harbours),
                harbours=harbours,
            )


def _find_scrubbed(changes: Changes) -> frozenset[str]:
    """The campaigns that a declared do-not-call group scrubs after the apply, by their names in the tenant."""
    held = (each.after or {} for each in changes.objects if each.address.kind == groups.KIND.name)
    return frozenset(name for fields in held for name, scrubs in (fields.get("scrubs") or {}).items() if scrubs)


def _list_legs(
    desired: Desired, live: Live, change: ObjectChange, scrubbed: bool, declared: Mapping[str, Harbour]
) -> tuple[CampaignLeg, ...]:
    """Every leg of the safe harbour of a campaign, as the tenant's surface would hold it."""
    surface = load_kinds()[campaigns.KIND.name].surface(live.surfaces)
    if surface is None or change.after is None:
        return ()
    wire = surface.bind_to(desired.tenant.spec["surfaces"].get(surface.name, {}))
    has_groups = load_kinds()[groups.KIND.name].surface(live.surfaces) is not None
    return list_legs(change.after, change.later, wire, has_groups, scrubbed, declared)


def _find_harbours(policy: str | None, desired: Desired) -> dict[str, Harbour]:
    """The safe harbours that a campaign's policy declares."""
    return {} if policy is None else policies.make_harbours(desired.catalogue.get(policies.KIND.name, policy))


def _find_ceilings(policy: str | None, desired: Desired) -> dict[str, Ceiling]:
    """The ceilings that a campaign's policy names."""
    return {} if policy is None else policies.make_ceilings(desired.catalogue.get(policies.KIND.name, policy))


def _add_forecast(
    planned: Planned, ceilings: Mapping[str, Ceiling], moment: datetime, hours: Mapping[str, Hours]
) -> Planned:
    """With what is to be expected of it, of all that is known of it by then."""
    ceiling = planned.find_ceiling(ceilings)
    percent = ceiling.percent if ceiling is not None else None
    campaign, counted = planned.schedule_at(moment, hours), planned.statistics
    waits = campaign.within_hours and planned.change.action in (Action.CREATE, Action.REPLACE)
    expected = make_forecast(campaign, planned.contacts, moment, statistics=counted, ceiling=percent)
    return replace(planned, forecast=expected, opens=campaign.starts if waits else None)
