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
from reconciler.model.rows import Rows
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
    lists = dict(_lists(backend, tuple(names), members, changes, live, into))
    counted = {name: exposure.exposure(backend, sources.table(backend, rows)) for name, rows in lists.items()}
    dialling = {each.campaign.list for each in campaigns if each.campaign.active}
    met = dialled.shared(backend, {name: rows for name, rows in lists.items() if name in dialling})
    found = [replace(each, exposure=counted.get(each.campaign.list)) for each in campaigns]
    return tuple(replace(each, shared=tuple(_shared(each, found, changes, live, met))) for each in found)


def _lists(
    backend: Any, names: Sequence[str], members: Members, changes: Changes, live: Live, into: Path
) -> Iterator[tuple[str, Rows]]:
    """The people of each list, as far as they could be read."""
    fillers = {target.list: standing for standing in members for target in standing.segment.targets}
    changed = {change.list: change for change in changes.rows}
    for number, name in enumerate(names):
        target, phones = into / f"{number}.parquet", dialled.phones_of(name, live.rows)
        if name in fillers and name in changed:
            yield name, dialled.filled(backend, fillers[name], changed[name], live.rows, phones, target)
        elif phones is not None:
            yield name, dialled.held(backend, phones, target)


def _shared(
    mine: Planned, campaigns: Sequence[Planned], changes: Changes, live: Live, met: Mapping[tuple[str, str], int]
) -> Iterator[Shared]:
    """Other active campaigns with people of one: declared ones, and those of others on the very same list."""
    if not mine.campaign.active:
        return
    everybody = mine.contacts if mine.exposure is None else mine.exposure.contacts
    for other in campaigns:
        if other.campaign.active and other.campaign.address != mine.campaign.address:
            same = other.campaign.list == mine.campaign.list
            count = everybody if same else met.get((mine.campaign.list, other.campaign.list))
            if count:
                yield Shared(other.campaign.address, other.campaign.name, count)
    kind = mine.campaign.address.kind
    ours = {each.campaign.name for each in campaigns}
    ours |= {each.name for each in changes.objects if each.action is Action.DELETE and each.address.kind == kind}
    for name, found in sorted(live.objects.get(kind, {}).items()):
        dials = found.fields.get("status") == ACTIVE and found.fields.get("list") == mine.campaign.list
        if dials and everybody and name not in ours:
            yield Shared(Address(kind, name), name, everybody)
