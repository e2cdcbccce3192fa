"""Run the steps of a plan, in parallel where their dependencies allow.

A list whose delivery takes its time, or whose job never ends, holds up what depends on it and nothing else. Objects are
written in the plan's order, deliveries and outcomes beside them. Those that do nothing by themselves are made and
changed several at a time; what may dial, goes away, or changes its name is written alone, after all before it.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from heapq import heappop, heappush

from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.plan import Plan, Step
from reconciler.model.report import StepResult
from reconciler.model.resource_address import Address
from reconciler.model.worker_pool import open_pool, wait_for_one

AT_ONCE = 8
"""Lists that are filled at the same time, and campaigns whose outcomes are set. Each has workers of its own, and the
pace of its surface holds for all of them."""

Results = Mapping[Address, StepResult]


def run_steps(
    plan: Plan,
    one: Callable[[Step, Results], StepResult],
    stop: threading.Event,
    at_once: int = AT_ONCE,
    count_workers: Callable[[str], int] = lambda kind: 1,
) -> dict[Address, StepResult]:
    """Do every step as soon as what it waits for has ended; how each ended, in the plan's order.

    A step beside which nothing else can go, goes in the calling thread. Where that is asked to stop at once, or a step
    raises, nothing more is begun, and nobody waits for what is under way.

    Args:
        one: does a step, or says why not, by how those before it ended; never raises for what a tenant does.
        stop: is set where nothing more is to be begun.
        at_once: steps at the same time that write no object.
        count_workers: the name of a kind → how many of its objects may be made or changed at the same time.
    """
    queue = _Queue(plan, count_workers)
    results: dict[Address, StepResult] = {}
    under_way: dict[Future[StepResult], Step] = {}
    with open_pool(at_once + queue.most_objects, "step", waits=False) as pool:
        try:
            while len(results) < len(plan.steps):
                begun = list(queue.take(at_once))
                if len(begun) == 1 and not under_way:
                    results[begun[0].address] = one(begun[0], results)
                    queue.end(begun[0])
                    continue
                under_way |= {pool.submit(one, step, results): step for step in begun}
                if not under_way:
                    raise ValueError("steps of the plan wait for one another, or for steps that it does not have")
                for done in wait_for_one(under_way):
                    step = under_way.pop(done)
                    results[step.address] = done.result()
                    queue.end(step)
        except BaseException:
            stop.set()
            raise
    return {step.address: results[step.address] for step in plan.steps}


class _Queue:
    """The steps of a plan: which can go, those that come first in the plan first."""

    def __init__(self, plan: Plan, count_workers: Callable[[str], int]) -> None:
        objects = {change.address: change for change in plan.objects}
        workers = {kind: count_workers(kind) for kind in {address.kind for address in objects}}
        self._steps = plan.steps
        changes = [objects.get(step.address.object) for step in plan.steps]
        self._writes_object = [change is not None for change in changes]
        self._workers = [1 if change is None else _limit_workers(change, workers) for change in changes]
        self._place = {step.address: place for place, step in enumerate(plan.steps)}
        self._waits: list[int] = []
        self._next: dict[Address, list[int]] = defaultdict(list)
        self._ready: tuple[list[int], list[int]] = ([], [])
        self._busy: tuple[set[int], set[int]] = (set(), set())
        besides = _make_after(plan)
        for place, step in enumerate(plan.steps):
            before = {*step.needs, *(besides(step) if self._writes_object[place] else ())} - {step.address}
            self._waits.append(len(before))
            for each in before:
                self._next[each].append(place)
            if not before:
                heappush(self._ready[self._writes_object[place]], place)

    @property
    def most_objects(self) -> int:
        """How many objects are ever written at the same time."""
        return max(self._workers, default=1)

    def take(self, at_once: int) -> Iterator[Step]:
        """What can go now: of the objects as many as may be written at the same time, and so many others at once."""
        for is_object in (True, False):
            ready, busy = self._ready[is_object], self._busy[is_object]
            while ready and len(busy) < (self._count_beside(ready[0]) if is_object else at_once):
                place = heappop(ready)
                busy.add(place)
                yield self._steps[place]

    def _count_beside(self, place: int) -> int:
        """How many objects may be written at the same time, with the one at a place of the plan among them."""
        return min(self._workers[each] for each in (place, *self._busy[True]))

    def end(self, step: Step) -> None:
        """A step has ended, however it did."""
        place = self._place[step.address]
        self._busy[self._writes_object[place]].discard(place)
        for place in self._next.pop(step.address, ()):
            self._waits[place] -= 1
            if not self._waits[place]:
                heappush(self._ready[self._writes_object[place]], place)


def _limit_workers(change: ObjectChange, workers: Mapping[str, int]) -> int:
    """How many objects may be written while this one is: it has to be made or changed, and to keep its name."""
    most = workers[change.address.kind]
    return most if most > 1 and change.action in {Action.CREATE, Action.UPDATE} and change.previous is None else 1


def _make_after(plan: Plan) -> Callable[[Step], Iterator[Address]]:
    """What a step comes after without depending on it: all lists of a segment that fills what its object dials.

    Whoever moves from one of them to another was taken off the one before the other is dialled, or it was tried.
    """
    dials = {change.address: change.references for change in plan.objects}
    fills: dict[tuple[str, str], list[Address]] = defaultdict(list)
    deliveries: dict[Address, list[Address]] = defaultdict(list)
    steps = {step.address for step in plan.steps}
    for change in plan.rows:
        fills[change.list_address.kind, change.list].append(change.address.resource)
        if change.address in steps:
            deliveries[change.address.resource].append(change.address)

    def find_after(step: Step) -> Iterator[Address]:
        for reference in dials[step.address.object]:
            for segment in fills.get(reference, ()):
                yield from deliveries[segment]

    return find_after
