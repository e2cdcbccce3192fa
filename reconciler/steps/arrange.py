"""In which order is it done, what would be unsafe, and what does it cost? Pure: the answer is a Plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from graphlib import TopologicalSorter

from reconciler import __version__
from reconciler.kinds import kinds
from reconciler.model.address import Address
from reconciler.model.change import Action, Changes, ObjectChange, RowChange
from reconciler.model.desired import Desired
from reconciler.model.limits import findings, waive
from reconciler.model.live import Live
from reconciler.model.plan import Budget, Plan, Step

MEMBERS_A_PAGE = 1000


def arrange(changes: Changes, desired: Desired, live: Live, now: datetime) -> Plan:
    """Put changes in the order of their references: lists, their contacts, campaigns; deletes last, bottom-up."""
    settings = desired.settings
    immutable = frozenset((kind.name, field) for kind in kinds().values() for field in kind.immutable)
    found = [*changes.findings, *findings(changes, live, settings.limits, settings.name, immutable)]
    return Plan(
        workspace=settings.name,
        tenant=desired.tenant.address.name,
        surfaces=dict(live.surfaces),
        manifests=desired.manifests,
        as_of=desired.as_of,
        tool_version=__version__,
        objects=changes.objects,
        rows=changes.rows,
        accounts=changes.accounts,
        steps=_with_outcomes(tuple(_steps(changes)), changes),
        findings=waive(found, settings.overrides, now.date()),
        budget=_budget(changes, live),
        created=now,
        good_until=changes.good_until,
        notices=live.notices,
        outcomes=changes.outcomes,
        numbers=changes.numbers,
    )


def _steps(changes: Changes) -> Iterator[Step]:
    objects = {change.address: change for change in changes.objects if change.action is not Action.NO_OP}
    rows = {change.address: change for change in changes.rows if change.total}
    declared = [*(a for a, c in objects.items() if c.action is not Action.DELETE), *rows]
    place = {address: number for number, address in enumerate([*declared, *objects])}
    changing: dict[Address, ObjectChange | RowChange] = {**objects, **rows}
    needs = {address: _needs(change, objects, rows) for address, change in changing.items()}
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda address: place[address])
        for address in ready:
            yield Step(address, tuple(sorted(needs[address])))
        sorter.done(*ready)


def _needs(
    change: ObjectChange | RowChange, objects: dict[Address, ObjectChange], rows: dict[Address, RowChange]
) -> set[Address]:
    """What must be done before a change."""
    if isinstance(change, RowChange):
        return {change.list_address} & set(objects)
    if change.action is Action.DELETE:
        mine = (change.address.kind, change.name)
        # whatever lets go of it first; and everything that makes or fills comes before anything is deleted
        letting_go = {a for a, other in objects.items() if a != change.address and mine in other.releases}
        making = {a for a, other in objects.items() if other.action is not Action.DELETE}
        return letting_go | making | set(rows)
    named = set(change.references)
    lists = {a for a, other in objects.items() if (a.kind, other.name) in named and other.action is not Action.DELETE}
    filled = {a for a, other in rows.items() if (other.list_address.kind, other.list) in named}
    return lists | filled


def _with_outcomes(steps: tuple[Step, ...], changes: Changes) -> tuple[Step, ...]:
    """Numbers that must not be called go before everything; outcomes, which take their time, after all but deletes."""
    numbers = [Step(change.address, ()) for change in changes.numbers if change.total]
    first = tuple(step.address for step in numbers)
    outcomes = [Step(change.address, first) for change in changes.outcomes if change.total]
    deleted = {change.address for change in changes.objects if change.action is Action.DELETE}
    others = [replace(step, needs=(*first, *step.needs)) for step in steps]
    kept = [step for step in others if step.address not in deleted]
    return (*numbers, *kept, *outcomes, *(step for step in others if step.address in deleted))


def _chunks(change: RowChange, live: Live) -> int:
    """Requests that write the rows of a change; what a job is asked how it gets on is among them."""
    put, removed = (-(-rows // change.chunk_size) for rows in (change.adds + change.updates, change.removes))
    each = live.methods[change.method].requests if change.method in live.methods else 1
    return put * each + removed


def _budget(changes: Changes, live: Live) -> Budget:
    objects = sum(change.action is not Action.NO_OP for change in changes.objects)
    filled = [change for change in changes.rows if change.total]
    # additions and updates are put together; removals go after them
    chunks = sum(_chunks(change, live) for change in filled)
    pages = sum(max(1, -(-change.after // MEMBERS_A_PAGE)) for change in filled)
    settled = sum(change.total for change in changes.outcomes)  # each contact is looked at before it is written
    return Budget(live.requests, objects + chunks + settled, objects + pages + settled)
