"""What would every campaign be after the apply, and what do the rules say of it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.kinds import campaign as campaigns
from reconciler.kinds import kinds
from reconciler.model.ceiling import Ceiling
from reconciler.model.change import Changes
from reconciler.model.desired import Desired
from reconciler.model.forecast import forecast
from reconciler.model.judged import Asked, Judged
from reconciler.model.live import Live
from reconciler.model.members import Members
from reconciler.model.moment import present
from reconciler.model.situation import Planned, Situation, sizes
from reconciler.model.waiver import waive, waivers
from reconciler.rules import ask, rules, severity_of


def judge(desired: Desired, members: Members, changes: Changes, live: Live, now: datetime) -> Judged:
    """Ask every rule of what would be, and set aside what a waiver sets aside today."""
    settings = desired.settings
    moment = present(desired.as_of, now)
    planned = (_foreseen(each, settings.ceilings, moment) for each in _planned(desired, changes, live))
    situation = Situation(
        changes=changes,
        now=now,
        as_of=desired.as_of,
        workspace=settings.name,
        campaigns=tuple(planned),
        suppressions=tuple(each for standing in members for each in standing.suppressions),
        ceilings=settings.ceilings,
        limits=settings.limits,
        immutable=frozenset((kind.name, field) for kind in kinds().values() for field in kind.immutable),
        needed={kind.name: kind.needed for kind in kinds().values() if kind.needed},
        sizes=sizes(changes, live),
    )
    found = waive(ask(situation, settings.severities), settings.overrides, now.date(), settings.firm)
    asked = tuple(
        Asked(rule.id, rule.title, severity_of(rule, settings.severities), tuple(s.citation for s in rule.sources))
        for rule in rules().values()
    )
    waived = tuple(waivers(found, settings.overrides, now.date()))
    return Judged(changes, situation.campaigns, asked, found, waived)


def _planned(desired: Desired, changes: Changes, live: Live) -> Iterator[Planned]:
    """Every declared campaign as it would be after the apply."""
    known = {change.address: change for change in changes.objects}
    held = sizes(changes, live)
    for resource in desired.catalogue.of_kind(campaigns.KIND.name):
        change = known.get(resource.address)
        if change is not None:
            campaign = campaigns.campaign(resource, desired.catalogue, desired.as_of)
            found = live.find(campaigns.KIND.name, campaign.name)
            yield Planned(
                campaign,
                change,
                contacts=held.get((campaign.list_address.kind, campaign.list)),
                statistics=None if found is None else found.statistics,
            )


def _foreseen(planned: Planned, law: Mapping[str, Ceiling], moment: datetime) -> Planned:
    """With what is to be expected of it, of all that is known of it by then."""
    ceiling = planned.ceiling(law)
    percent = ceiling.percent if ceiling is not None else None
    campaign, counted = planned.dialled(moment), planned.statistics
    return replace(planned, forecast=forecast(campaign, planned.contacts, moment, statistics=counted, ceiling=percent))
