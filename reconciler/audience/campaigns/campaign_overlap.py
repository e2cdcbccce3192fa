# tested by: tests/steps/test_check.py
"""Find the people whom several campaigns would call once a plan is applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.campaigns import audience_by_place, projected_members
from reconciler.audience.relations import engine
from reconciler.model.campaign_audience import Shared
from reconciler.model.changes import Changes
from reconciler.model.live_state import Live
from reconciler.model.row_queries import MembersOf, Rows
from reconciler.model.rule_input import Planned, find_lists_put_on
from reconciler.model.segment_membership import Members

if TYPE_CHECKING:
    from ibis import BaseBackend


def find_overlap(
    backend: BaseBackend,
    campaigns: Sequence[Planned],
    others: Sequence[Planned],
    members: Members,
    changes: Changes,
    live: Live,
    into: Path,
) -> tuple[tuple[Planned, ...], tuple[Planned, ...]]:
    """Declared campaigns and others, with who is on their lists after the apply, and with whom they share people.

    A list is counted once, however many campaigns dial it. One whose people nobody could read has no exposure. Of
    others only those are looked at that dial a list which the plan puts somebody on. `into` is a new folder of this
    run's: what is laid down in it is people's data.
    """
    into.mkdir(mode=0o700, exist_ok=True)
    filled = find_lists_put_on(changes)
    judged = [*campaigns, *(each for each in others if each.campaign.list in filled)]
    known = {each.campaign.address for each in judged}
    names = dict.fromkeys(each.campaign.list for each in judged)
    active = [each for each in judged if each.campaign.active]
    dialling = {each.campaign.list for each in (*active, *(others if active else ())) if each.campaign.list}
    every = (*names, *sorted(dialling - names.keys()))
    lists = dict(_iter_lists(backend, every, members, changes, live, into))
    counted = {
        name: audience_by_place.count_by_place(backend, engine.read_rows(backend, rows))
        for name, (rows, numbered) in lists.items()
        if numbered and name in names
    }
    met = projected_members.find_shared_members(
        backend, {name: rows for name, (rows, _) in lists.items() if name in dialling}
    )

    def add_people(each: Planned) -> Planned:
        if each.campaign.address not in known:
            return each
        seen = replace(each, exposure=counted.get(each.campaign.list))
        return replace(seen, shared=tuple(_iter_shared(seen, [*campaigns, *others], met)))

    return tuple(map(add_people, campaigns)), tuple(map(add_people, others))


def _iter_lists(
    backend: BaseBackend, names: Sequence[str], members: Members, changes: Changes, live: Live, into: Path
) -> Iterator[tuple[str, tuple[Rows, bool]]]:
    """The people of each list, as far as they could be read, and whether their numbers could be."""
    fillers = {target.list: standing for standing in members for target in standing.segment.targets}
    changed = {change.list: change for change in changes.rows}
    for number, name in enumerate(names):
        target, phones = into / f"{number}.parquet", projected_members.find_phone_query(name, live.rows)
        if name in fillers and name in changed:
            yield (
                name,
                (
                    projected_members.project_filled_list(
                        backend, fillers[name], changed[name], live.rows, phones, target
                    ),
                    True,
                ),
            )
        elif phones is not None:
            yield name, (projected_members.project_current_list(backend, phones, target), True)
        elif (members_alone := MembersOf(name, ())) in live.rows:
            yield name, (projected_members.has_members(backend, live.rows[members_alone], target), False)


def _iter_shared(mine: Planned, every: Iterable[Planned], met: Mapping[tuple[str, str], int]) -> Iterator[Shared]:
    """Other active campaigns with people of one: declared ones, then those that somebody else made."""
    if not mine.campaign.active:
        return
    everybody = mine.contacts if mine.exposure is None else mine.exposure.contacts
    for each in every:
        other = each.campaign
        if not other.active or other.address == mine.campaign.address:
            continue
        count = everybody if other.list == mine.campaign.list else met.get((mine.campaign.list, other.list))
        if count:
            yield Shared(other.address, other.name, count)
