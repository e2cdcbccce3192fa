"""Whom would each campaign call once a plan is applied, and whom would another one call as well?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.audience import dialled, exposure, sources
from reconciler.model.address import Address
from reconciler.model.change import Action, Changes
from reconciler.model.exposure import Shared
from reconciler.model.live import Live
from reconciler.model.members import Members
from reconciler.model.rows import MembersOf, Rows
from reconciler.model.situation import Planned

ACTIVE = "active"


def exposed(
    backend: Any, campaigns: Sequence[Planned], members: Members, changes: Changes, live: Live, into: Path
) -> tuple[Planned, ...]:
    """The campaigns with who is on their lists after the apply, and with whom they share people.

    A list is counted once, however many campaigns dial it. One whose people nobody could read has no exposure. `into`
    is a new folder of this run's: what is laid down in it is people's data.
    """
    into.mkdir(mode=0o700, exist_ok=True)
    names = dict.fromkeys(each.campaign.list for each in campaigns)
    dialling = {each.campaign.list for each in campaigns if each.campaign.active}
    others = tuple(not_ours(campaigns, changes, live)) if dialling else ()
    dialling |= {name for _, name in others}
    every = (*names, *sorted(dialling - names.keys()))
    lists = dict(_lists(backend, every, members, changes, live, into))
    counted = {
        name: exposure.exposure(backend, sources.table(backend, rows))
        for name, (rows, numbered) in lists.items()
        if numbered and name in names
    }
    met = dialled.shared(backend, {name: rows for name, (rows, _) in lists.items() if name in dialling})
    found = [replace(each, exposure=counted.get(each.campaign.list)) for each in campaigns]
    return tuple(replace(each, shared=tuple(_shared(each, found, others, met))) for each in found)


def not_ours(campaigns: Sequence[Planned], changes: Changes, live: Live) -> Iterator[tuple[Address, str]]:
    """Active campaigns that somebody else made, by name, and the list that each dials."""
    for kind in sorted({each.campaign.address.kind for each in campaigns}):
        ours = {each.campaign.name for each in campaigns if each.campaign.address.kind == kind}
        ours |= {each.name for each in changes.objects if each.action is Action.DELETE and each.address.kind == kind}
        for name, held in sorted(live.objects.get(kind, {}).items()):
            if name not in ours and held.fields.get("status") == ACTIVE and "list" in held.fields:
                yield Address(kind, name), held.fields["list"]


def _lists(
    backend: Any, names: Sequence[str], members: Members, changes: Changes, live: Live, into: Path
) -> Iterator[tuple[str, tuple[Rows, bool]]]:
    """The people of each list, as far as they could be read, and whether their numbers could be."""
    fillers = {target.list: standing for standing in members for target in standing.segment.targets}
    changed = {change.list: change for change in changes.rows}
    for number, name in enumerate(names):
        target, phones = into / f"{number}.parquet", dialled.phones_of(name, live.rows)
        if name in fillers and name in changed:
            yield name, (dialled.filled(backend, fillers[name], changed[name], live.rows, phones, target), True)
        elif phones is not None:
            yield name, (dialled.held(backend, phones, target), True)
        elif (members_alone := MembersOf(name, ())) in live.rows:
            yield name, (dialled.known(backend, live.rows[members_alone], target), False)


def _shared(
    mine: Planned,
    campaigns: Sequence[Planned],
    others: Sequence[tuple[Address, str]],
    met: Mapping[tuple[str, str], int],
) -> Iterator[Shared]:
    """Other active campaigns with people of one: declared ones, then those that somebody else made."""
    if not mine.campaign.active:
        return
    everybody = mine.contacts if mine.exposure is None else mine.exposure.contacts
    declared = [each.campaign for each in campaigns if each.campaign.active]
    every = [(each.address, each.name, each.list) for each in declared if each.address != mine.campaign.address]
    every += [(address, address.name, dials) for address, dials in others]
    for address, name, dials in every:
        count = everybody if dials == mine.campaign.list else met.get((mine.campaign.list, dials))
        if count:
            yield Shared(address, name, count)
