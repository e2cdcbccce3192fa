# tested by: tests/steps/test_check.py
"""Order the steps of a plan by their dependencies, and count its requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from graphlib import TopologicalSorter
from typing import Any

from reconciler import __version__
from reconciler.audience.delivery.wire_rows import MOST_REMOVED
from reconciler.audience.diff.row_matching import AGAIN
from reconciler.kinds import load_kinds
from reconciler.model.approval_policy import find_needs
from reconciler.model.change_cause import Causes
from reconciler.model.changes import Changes
from reconciler.model.desired_state import Desired
from reconciler.model.held_numbers import ADD, HeldChange
from reconciler.model.impact import Impact
from reconciler.model.list_change import RowChange
from reconciler.model.live_state import Live
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.plan import Budget, Plan, Step
from reconciler.model.plan_expiry import find_good_until
from reconciler.model.problem import Location
from reconciler.model.resource_address import Address
from reconciler.model.rule_results import RuleResults
from reconciler.model.write_ops import WriteOp, activates, list_write_ops, make_resting_fields

MEMBERS_A_PAGE = 1000


def build_plan(
    judged: RuleResults,
    desired: Desired,
    live: Live,
    now: datetime,
    impact: Impact | None = None,
    causes: Causes | None = None,
) -> Plan:
    """Put changes in the order of their references: lists, their contacts, campaigns at rest.

    Then campaigns are set to work, outcomes are set, which takes its time, and deletes come last, bottom-up. What must
    not be called any more comes before everything: numbers are added to what is there already first of all, and
    expire only when all of them are where they are to be.
    """
    changes = judged.changes
    ordered = _add_outcomes(tuple(_Order(changes).iter_steps()), changes)
    steps = tuple(_count_requests(ordered, changes, live))
    plan = Plan(
        workspace=desired.settings.name,
        tenant=desired.tenant.address.name,
        surfaces=dict(live.surfaces),
        manifests=desired.manifests,
        as_of=desired.as_of,
        tool_version=__version__,
        objects=changes.objects,
        rows=changes.rows,
        accounts=changes.accounts,
        steps=steps,
        findings=judged.findings,
        budget=_make_budget(changes, steps, live),
        created=now,
        good_until=find_good_until(judged.campaigns, judged.suppressions, now),
        notices=(*desired.notices, *live.notices, *changes.notices),
        campaigns=judged.campaigns,
        suppressions=judged.suppressions,
        rules=judged.rules,
        waivers=judged.waivers,
        outcomes=changes.outcomes,
        numbers=changes.numbers,
        held=changes.held,
        others=judged.others,
        unseen=judged.unseen,
        undeclared=changes.undeclared,
        environment=desired.environment,
        impact=impact,
        places=dict(_list_places(desired)),
        causes=causes,
        narrowed=desired.selection.words,
        rolls_back=None if desired.back is None else desired.back.run,
    )
    return replace(plan, approvals=find_needs(plan, desired.settings.approvals))


def _list_places(desired: Desired) -> Iterator[tuple[str, Location]]:
    """Where the manifest of each resource begins, also of what is to be managed no longer."""
    for resource in (*desired.released, *desired.catalogue.resources.values()):
        if () in resource.places:
            yield str(resource.address), resource.where()


class _Order:
    """The steps of some changes: each with what it waits for, and what it only comes after."""

    def __init__(self, changes: Changes) -> None:
        self._objects = {change.address: change for change in changes.objects if change.action is not Action.NO_OP}
        self._rows = {change.address: change for change in changes.rows if change.total}
        self._held = {change.address: change for change in changes.held if change.total}
        self._does = dict(self._iter_write_ops())
        self._made: dict[tuple[str, str], set[Address]] = defaultdict(set)
        self._filled: dict[tuple[str, str], set[Address]] = defaultdict(set)
        for address, change in self._objects.items():
            if change.action is not Action.DELETE:
                self._made[address.kind, change.name].add(address)
        for address, rows in self._rows.items():
            self._filled[rows.list_address.kind, rows.list].add(address)

    def _iter_write_ops(self) -> Iterator[tuple[Address, tuple[WriteOp, ...]]]:
        yield from ((address, (WriteOp.DELIVER,)) for address in self._held)
        for address, change in self._objects.items():
            activity = load_kinds()[address.kind].run_states
            if does := list_write_ops(change, activity):
                yield address, does
            if activates(change, activity):
                yield address.activation, (WriteOp.ACTIVATE,)
        for address in self._rows:
            yield address, (WriteOp.DELIVER,)

    def iter_steps(self) -> Iterator[Step]:
        """Every step, in order: what is set to work comes after everything but what is deleted."""
        needs = {address: self._find_needs(address) & set(self._does) for address in self._does}
        early = {address for address in self._does if not self._is_last(address)}
        after: dict[Address | None, set[Any]] = {
            address: needs[address] | ({None} if self._is_late(address) or self._expires(address) else set())
            for address in needs
        }
        after[None] = early  # one thing that all of them come before, and not each before each
        declared = [address for address in self._does if not self._is_deleted(address)]
        place = {address: number for number, address in enumerate([*declared, *self._does])}
        sorter = TopologicalSorter(after)
        sorter.prepare()
        while sorter.is_active():
            ready = sorter.get_ready()
            for address in sorted((each for each in ready if each is not None), key=lambda each: place[each]):
                yield Step(address, tuple(sorted(needs[address], key=_place_address)), self._does[address])
            sorter.done(*ready)

    def _is_deleted(self, address: Address) -> bool:
        change = self._objects.get(address.object)
        return change is not None and change.action is Action.DELETE

    def _is_late(self, address: Address) -> bool:
        return WriteOp.ACTIVATE in self._does[address]

    def _expires(self, address: Address) -> bool:
        return address in self._held and self._held[address].act != ADD

    def _is_last(self, address: Address) -> bool:
        return self._is_late(address) or self._is_deleted(address) or self._expires(address)

    def _find_needs(self, address: Address) -> set[Address]:
        """What must be done before a step; addresses without a step among them."""
        if address in self._held:
            return self._find_needs_of_numbers(self._held[address])
        change: ObjectChange | RowChange = (self._rows | self._objects)[address.object]
        if isinstance(change, RowChange):
            return {change.list_address, *self._list_guards(waiting=False)}
        if change.action is Action.DELETE:
            mine = (change.address.kind, change.name)
            # whatever lets go of it first; and everything that makes or fills comes before anything is deleted
            going = (a for a, other in self._objects.items() if a != change.address and mine in other.releases)
            return {*going, *(each for each in self._does if not self._is_deleted(each))}
        needed = {change.address} if address.later else set()
        if address.later:
            # nobody is called before whoever must not be is known to the tenant
            needed |= set(self._list_guards(waiting=True))
        for reference in change.references:
            needed |= self._made.get(reference, set()) | self._filled.get(reference, set())
        return needed

    def _find_needs_of_numbers(self, change: HeldChange) -> set[Address]:
        """What must be done before: the object itself is there, and nobody stops being protected before all are."""
        if change.act == ADD:
            made = (each for named in change.holder.objects for each in self._made.get(named, ()))
            return {each for each in made if self._objects[each].action is Action.CREATE}
        return set(self._list_guards(waiting=True))

    def _list_guards(self, *, waiting: bool) -> Iterator[Address]:
        """What keeps people from being called; `waiting`: also what is of objects that are made or changed themselves.

        A list may be dialled already while it is filled: what can be known to the tenant before is.
        """
        found = {
            address
            for address, change in self._objects.items()
            if load_kinds()[address.kind].protects
            and (waiting or not any(self._made.get(each) or self._filled.get(each) for each in change.references))
        }
        yield from found
        # a new object has to be there before its numbers are
        adds = (held for held in self._held.values() if held.act == ADD)
        yield from (held.address for held in adds if waiting or self._find_needs_of_numbers(held) <= found)


def _place_address(address: Address) -> tuple[str, str, str, bool]:
    """By which addresses are told in one order, a whole object beside a part of it."""
    return address.kind, address.name, address.part or "", address.later


def _add_outcomes(steps: tuple[Step, ...], changes: Changes) -> tuple[Step, ...]:
    """Numbers that must not be called go before everything; outcomes, which take their time, after all but deletes."""
    numbers = [Step(change.address, (), (WriteOp.DELIVER,)) for change in changes.numbers if change.total]
    first = tuple(step.address for step in numbers)
    outcomes = [Step(change.address, first, (WriteOp.DELIVER,)) for change in changes.outcomes if change.total]
    deleted = {change.address for change in changes.objects if change.action is Action.DELETE}
    others = [replace(step, needs=(*first, *step.needs)) for step in steps]
    kept = [step for step in others if step.address not in deleted]
    return (*numbers, *kept, *outcomes, *(step for step in others if step.address in deleted))


def _count_chunks(change: RowChange, live: Live) -> tuple[int, int]:
    """Requests that write the rows of a change, and at least how many ask how their jobs get on."""
    put, at_once = -(-(change.adds + change.updates) // change.chunk_size), min(change.chunk_size, MOST_REMOVED)
    again = sum(each.count for each in change.reasons if each.reason.code == AGAIN and each.action == "remove")
    # of a contact that is on a list twice, one row is taken off before, and whoever leaves it after the others are put
    parts = (again, change.removes - again) if change.key == "phone" else (change.removes,)
    removed = sum(-(-rows // at_once) for rows in parts)
    way = live.methods.get(change.method)
    return put * (way.writes if way else 1) + removed, put * (way.looks if way else 0)


def _is_request(deed: WriteOp, change: ObjectChange, live: Live) -> bool:
    """Whether a write of an object is a request: whose one is may be written in the ledger alone."""
    kind = load_kinds()[change.address.kind]
    surface = kind.surface(live.surfaces)
    if surface is None or not surface.ownership.registered:
        return True
    return deed is not WriteOp.RELEASE and (
        deed is not WriteOp.CHANGE or bool(make_resting_fields(change, kind.run_states))
    )


def _count_writes(deed: WriteOp, change: ObjectChange, live: Live) -> int:
    """The requests of a write of an object: parts of it may have endpoints of their own."""
    surface = load_kinds()[change.address.kind].surface(live.surfaces)
    if surface is None or not surface.parts or deed not in (WriteOp.CREATE, WriteOp.CHANGE):
        return int(_is_request(deed, change, live))
    written = set(change.declared)
    parts = [part.fields for part in surface.parts if part.fields & written]
    rest = written.difference(*parts)
    return len(parts) + int(bool(rest) or change.adopts or deed is WriteOp.CREATE)


def _count_requests(steps: tuple[Step, ...], changes: Changes, live: Live) -> Iterator[Step]:
    """The steps, each with the requests that it sends to write."""
    known = {change.address: change for change in changes.objects}
    # additions and updates are put together; removals go after them
    delivered = {change.address: _count_chunks(change, live)[0] for change in changes.rows if change.total}
    delivered |= {change.address: change.total for change in changes.outcomes}
    delivered |= {change.address: change.requests for change in changes.held}
    for step in steps:
        place = step.address.object
        objects = (deed for deed in step.does if deed is not WriteOp.DELIVER)
        writes = sum(_count_writes(deed, known[place], live) for deed in objects)
        yield replace(step, writes=writes + (delivered.get(place, 0) if WriteOp.DELIVER in step.does else 0))


def _make_budget(changes: Changes, steps: tuple[Step, ...], live: Live) -> Budget:
    known = {change.address: change for change in changes.objects}
    deeds = [(step.address.object, deed) for step in steps for deed in step.does if deed is not WriteOp.DELIVER]
    objects = sum(_is_request(deed, known[address], live) for address, deed in deeds)
    filled = [change for change in changes.rows if change.total]
    looks = sum(_count_chunks(change, live)[1] for change in filled)
    pages = sum(max(1, -(-change.after // MEMBERS_A_PAGE)) for change in filled)
    settled = sum(change.total for change in changes.outcomes)  # each contact is looked at before it is written
    pages += sum(max(1, -(-change.live // MEMBERS_A_PAGE)) for change in changes.held if change.total)
    return Budget(live.requests, sum(step.writes or 0 for step in steps), objects + pages + looks + settled)
