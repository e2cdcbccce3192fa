"""A step begins when what it waits for has ended, and waits for nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.model.object_change import Action
from reconciler.model.report import Outcome, StepResult
from reconciler.model.resource_address import Address
from reconciler.steps.apply.step_scheduling import Results, run_steps


def at(text: str) -> Address:
    return Address.parse(text)


def plan_of(
    steps: Mapping[str, Iterable[str]],
    fills: Mapping[str, str] | None = None,
    dials: Mapping[str, str] | None = None,
) -> Any:
    """A plan with steps and their needs; which list each delivery fills, and which one each campaign dials."""
    known = [
        SimpleNamespace(
            address=at(name).object,
            references=((("ContactList", dials[name]),) if dials and name in dials else ()),
            action=Action.DELETE if "gone" in name else Action.CREATE,
            previous="another" if "renamed" in name else None,
        )
        for name in steps
        if not name.startswith(("Segment", "DispositionSet"))
    ]
    rows = [
        SimpleNamespace(address=at(name), list=held, list_address=Address("ContactList", held))
        for name, held in (fills or {}).items()
    ]
    made = tuple(SimpleNamespace(address=at(name), needs=tuple(map(at, needs))) for name, needs in steps.items())
    return SimpleNamespace(steps=made, objects=tuple(known), rows=tuple(rows))


class Course:
    """Does steps, and sees which are under way together; a step that is `held` ends when it is let go."""

    def __init__(self, held: Iterable[str] = (), fails: Iterable[str] = ()) -> None:
        self.begun: list[str] = []
        self.most_objects = 0
        self.gates = {name: threading.Event() for name in held}
        self.fails = set(fails)
        self.changed = threading.Condition()
        self._objects = 0

    def one(self, step: Any, results: Results) -> StepResult:
        name = str(step.address)
        is_object = not name.startswith(("Segment", "DispositionSet"))
        with self.changed:
            self.begun.append(name)
            self._objects += is_object
            self.most_objects = max(self.most_objects, self._objects)
            self.changed.notify_all()
        waiting = [each for each in step.needs if results[each].outcome is not Outcome.DONE]
        if name in self.gates:
            assert self.gates[name].wait(20)
        with self.changed:
            self._objects -= is_object
        outcome = Outcome.BLOCKED if waiting else Outcome.FAILED if name in self.fails else Outcome.DONE
        return StepResult(step.address, outcome, name)

    def await_begun(self, *names: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: set(names) <= set(self.begun), 20), self.begun


LISTS = ["a", "b", "c"]
STEPS = {
    **{f"ContactList/{name}": () for name in LISTS},
    **{f"Segment/{name}[all]": (f"ContactList/{name}",) for name in LISTS},
    **{f"Campaign/{name}": (f"ContactList/{name}", f"Segment/{name}[all]") for name in LISTS},
    "DispositionSet/results": (),
}
FILLS = {f"Segment/{name}[all]": name for name in LISTS}
DIALS = {f"Campaign/{name}": name for name in LISTS}


def in_background(
    plan: Any, course: Course, stop: threading.Event, **options: Any
) -> tuple[threading.Thread, list[Any]]:
    ended: list[Any] = []
    thread = threading.Thread(target=lambda: ended.append(run_steps(plan, course.one, stop, **options)), daemon=True)
    thread.start()
    return thread, ended


def test_a_delivery_that_never_ends_holds_what_depends_on_it_and_nothing_else() -> None:
    course, stop = Course(held=["Segment/a[all]"]), threading.Event()
    thread, ended = in_background(plan_of(STEPS, FILLS, DIALS), course, stop)
    course.await_begun("Segment/a[all]", "Segment/b[all]", "Campaign/b", "Campaign/c", "DispositionSet/results")
    assert "Campaign/a" not in course.begun
    course.gates["Segment/a[all]"].set()
    thread.join(20)
    assert [str(address) for address in ended[0]] == list(STEPS)
    assert {result.outcome for result in ended[0].values()} == {Outcome.DONE}
    assert course.most_objects == 1


def test_as_many_as_are_stuck_hold_no_object_and_no_more_than_so_many_go_at_once() -> None:
    course, stop = Course(held=[f"Segment/{name}[all]" for name in LISTS]), threading.Event()
    steps = {**STEPS, "Campaign/d": ()}
    thread, ended = in_background(plan_of(steps, FILLS, DIALS), course, stop, at_once=2)
    course.await_begun("Campaign/d", "ContactList/c")
    assert len([name for name in course.begun if name.startswith("Segment")]) <= 2
    for gate in course.gates.values():
        gate.set()
    thread.join(20)
    assert list(map(str, ended[0])) == list(steps)


def test_a_step_whose_need_failed_is_asked_and_says_why_not() -> None:
    course = Course(fails=["Segment/a[all]"])
    ended = run_steps(plan_of(STEPS, FILLS, DIALS), course.one, threading.Event())
    assert ended[at("Campaign/a")].outcome is Outcome.BLOCKED
    assert ended[at("Campaign/b")].outcome is Outcome.DONE


def test_a_campaign_comes_after_every_list_of_the_segment_that_fills_its_own_and_does_not_depend_on_them() -> None:
    steps = {
        "Segment/bands[high]": (),
        "Segment/bands[low]": (),
        "Segment/other[all]": (),
        "Campaign/high": ("Segment/bands[high]",),
        "Campaign/other": ("Segment/other[all]",),
    }
    fills = {"Segment/bands[high]": "h", "Segment/bands[low]": "l", "Segment/other[all]": "o"}
    course, stop = Course(held=["Segment/bands[low]"], fails=["Segment/bands[low]"]), threading.Event()
    plan = plan_of(steps, fills, {"Campaign/high": "h", "Campaign/other": "o"})
    thread, ended = in_background(plan, course, stop)
    course.await_begun("Campaign/other", "Segment/bands[high]")
    assert "Campaign/high" not in course.begun
    course.gates["Segment/bands[low]"].set()
    thread.join(20)
    assert ended[0][at("Campaign/high")].outcome is Outcome.DONE


def test_steps_that_go_alone_go_in_the_calling_thread_in_the_order_of_the_plan() -> None:
    seen: list[tuple[str, int]] = []

    def one(step: Any, results: Results) -> StepResult:
        seen.append((str(step.address), threading.get_ident()))
        return StepResult(step.address, Outcome.DONE, "")

    steps: dict[str, tuple[str, ...]] = {f"ContactList/{n}": () for n in range(30)}
    run_steps(plan_of(steps), one, threading.Event())
    assert [name for name, _ in seen] == list(steps)
    assert {thread for _, thread in seen} == {threading.get_ident()}


def test_what_raises_ends_it_all_and_nothing_more_is_begun() -> None:
    stop = threading.Event()

    def one(step: Any, results: Results) -> StepResult:
        if str(step.address) == "ContactList/b":
            raise KeyboardInterrupt
        return StepResult(step.address, Outcome.DONE, "")

    with pytest.raises(KeyboardInterrupt):
        run_steps(plan_of({"ContactList/a": (), "ContactList/b": (), "ContactList/c": ()}), one, stop)
    assert stop.is_set()


def test_steps_that_wait_for_one_another_are_an_error_and_no_endless_wait() -> None:
    with pytest.raises(ValueError, match="wait for one another"):
        run_steps(
            plan_of({"ContactList/a": ("ContactList/b",), "ContactList/b": ("ContactList/a",)}),
            Course().one,
            threading.Event(),
        )


@pytest.mark.parametrize("alone", ["ContactList/gone", "ContactList/renamed", "Campaign/dials"])
def test_lists_are_made_several_at_a_time_and_what_dials_or_goes_or_is_renamed_is_written_alone(alone: str) -> None:
    lists = [f"ContactList/{n}" for n in range(6)]
    course, stop = Course(held=[*lists, alone]), threading.Event()
    steps: dict[str, tuple[str, ...]] = dict.fromkeys([*lists[:3], alone, *lists[3:]], ())
    workers = {"ContactList": 4, "Campaign": 1}
    thread, ended = in_background(plan_of(steps), course, stop, count_workers=workers.__getitem__)
    course.await_begun(*lists[:3])
    for place in range(3):
        assert course.begun == lists[:3], "whatever else there is waits for all before it"
        course.gates[lists[place]].set()
    course.await_begun(alone)
    assert course.begun == [*lists[:3], alone]
    course.gates[alone].set()
    course.await_begun(*lists[3:])
    for gate in course.gates.values():
        gate.set()
    thread.join(20)
    assert [str(address) for address in ended[0]] == list(steps)
    assert course.most_objects == 3


def test_no_more_lists_are_made_at_a_time_than_their_surface_has_workers() -> None:
    lists = [f"ContactList/{n}" for n in range(9)]
    course, stop = Course(held=lists), threading.Event()
    steps: dict[str, tuple[str, ...]] = dict.fromkeys(lists, ())
    thread, ended = in_background(plan_of(steps), course, stop, count_workers=lambda kind: 4)
    course.await_begun(*lists[:4])
    assert len(course.begun) == 4
    for gate in course.gates.values():
        gate.set()
    thread.join(20)
    assert len(ended[0]) == 9
    assert course.most_objects == 4
