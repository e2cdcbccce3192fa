"""Does a run by each of the methods end as planned whatever goes wrong, or say exactly what is missing?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copy2
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.simulator import Options, Simulator
from reconciler.simulator.fault_kinds import KINDS
from reconciler.simulator.tenant_options import JobPace
from tests import delivery, sealed
from tests.conftest import AS_OF, Ended, Folder, manifest
from tests.delivery import EVERY
from tests.sample import examples, tried
from tests.steps.apply import course, mishap_table
from tests.steps.apply.mishap_table import Mishap

PACES = {"bulkInsert": JobPace(seconds=0.04, steps=2), "contactBatch": JobPace(polls=2), "listUpload": JobPace(polls=2)}
JOBS = "pollEvery: 1s, jobTimeout: 2s"


def held(tenant: Simulator) -> dict[str, Any]:
    """Who is on the list with what, and how often each number is in the directory: the tenant's own ids left out."""
    on_list = delivery.on_list(tenant)
    members = {key: {name: data.get(name) for name in ("priority", "tier")} for key, data in on_list.items()}
    return {"members": members, "phones": Counter(each.phone_number for each in tenant.store.contacts.values())}


@dataclass
class Course:
    """A tenant and a workspace that are put back to the beginning, a saved plan, and what it leads to if all is well."""

    method: str
    tenant: Simulator
    folder: Folder
    plan: str = ""
    runs: int = 0

    def prepare(self) -> None:
        """Plan, apply it, and see that a further plan is empty."""
        self.reset()
        self.plan = str(self.folder.root.parent / "plan")
        assert course.go(self.folder, "plan", "--out", self.plan).code == 0
        ended = course.go(self.folder, "apply", self.plan)
        assert ended.code == 0, ended
        self.expected = held(self.tenant)
        planned = course.go(self.folder, "plan", "--detailed-exitcode")
        assert planned.code == 0, planned
        self.rows = len(course.JOINING) + len(course.CHANGING) + len(course.LEAVING)

    def reset(self) -> None:
        """As it was before the run."""
        self.tenant.reset()
        self.runs += 1
        (self.folder.root / f"ledger-{self.runs - 1}").mkdir(exist_ok=True)
        ledger = self.folder.root / ".reconciler"
        if ledger.exists():
            kept = ledger.rename(self.folder.root / f"ledger-{self.runs - 1}" / "kept")
            ledger.mkdir(mode=0o700)
            # what a plan was sealed with goes on being the workspace's
            for key in kept.glob("*.key"):
                copy2(key, ledger / key.name)
        course.build(self.method, self.tenant, self.folder, one_worker=False, jobs=JOBS, archived=False)

    def run(self, faults: list[tuple[Mishap, int | None, int]]) -> list[str]:
        """What is wrong with a run that these befall, and with going on when they are over."""
        self.reset()
        for mishap, times, skip in faults:
            mishap.put_in_force(self.tenant, times, skip)
        ended = course.go(self.folder, "apply", self.plan, "--format", "json")
        wrong = self._judged(ended)
        self.tenant.faults.clear()
        course.watch(self.tenant)
        said = [ended]
        course.finish_jobs(self.tenant)
        if not _finished(ended):
            said.append(course.go(self.folder, "apply", "--resume", "--format", "json"))
            wrong += self._judged(said[-1])
        if held(self.tenant) != self.expected:
            # only what the tenant refused is left: it is offered again
            if not _finished(said[-1]):
                wrong.append("it cannot be resumed")
            said.append(course.go(self.folder, "apply", "--yes", "--format", "json"))
        if held(self.tenant) != self.expected:
            wrong.append(f"never as planned: {_differences(held(self.tenant), self.expected)} after {said}")
        wrong += course.wrong_at_an_instant(self.tenant, self.method)
        return wrong + course.leaks(self.folder, *(text for each in said for text in (each.out, each.err)))

    def _rejected(self) -> set[str]:
        """The contacts that the ledger names as rejected."""
        return {line["contact"] for line in sealed.lines(self.folder.root, "runs/*/rejected.jsonl")}

    def _judged(self, ended: Ended) -> list[str]:
        """Does what a run says of itself agree with what the tenant holds?"""
        now = held(self.tenant)
        missing = _differences(now, self.expected)
        if ended.code == 0:
            return [f"it says that all is done, and not so: {missing}"] if missing else []
        if ended.code not in (1, 5) or "internal" in ended.err + ended.out:
            return [f"it ended with {ended}"]
        if not ended.out.strip().startswith("{"):
            return [] if ended.err.strip() else [f"it says nothing: {ended}"]
        document = json.loads(ended.out)
        if "error" in document:  # it ended before there was a report
            return [] if document["error"]["message"] else [f"it says nothing: {ended}"]
        step = next(each for each in document["steps"] if each["address"].startswith("Segment"))
        done, rejected, unknown, left = (step[name] for name in ("rows", "rejected", "unknown", "left"))
        total = done + rejected + unknown + left
        wrong = []
        if total != self.rows:
            wrong.append(f"{total} rows are told of, and not {self.rows}: {step}")
        # a job that failed without a word may have written rows that count as rejected
        if not left <= len(missing) <= self.rows - done:
            wrong.append(f"{len(missing)} rows are missing: {missing}, and it says {step}")
        if not unknown and not left and not set(missing) <= self._rejected():
            wrong.append(f"missing, and the ledger does not name them: {missing}, but {self._rejected()}")
        return wrong


def _finished(ended: Ended) -> bool:
    """Whether every step is done, so that there is nothing to resume."""
    said = ended.out.strip()
    document = json.loads(said) if said.startswith("{") else {}
    return "steps" in document and all(step["outcome"] == "done" for step in document["steps"])


def told(play: Iterable[tuple[Mishap, int | None]]) -> str:
    """What was played."""
    return " and ".join(f"{mishap}, {f'{times} times' if times else 'always'}" for mishap, times in play)


def _differences(now: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """The contacts that are not on the list as they should be, or are on it and should not."""
    on, should = now["members"], expected["members"]
    wrong = [key for key in {**on, **should} if on.get(key) != should.get(key)]
    doubled = now["phones"] - expected["phones"]
    return sorted(wrong) + sorted(f"{count} more contacts with one number" for count in doubled.values())


@contextmanager
def opened(method: str) -> Iterator[Course]:
    """The course of one method."""
    options = Options(jobs=PACES.get(method, JobPace()))
    with TemporaryDirectory() as root, Simulator(options) as tenant, course.environment(tenant.environment()):
        made = Course(method, tenant, Folder(Path(root) / "workspace", tenant.url))
        made.folder.write(
            "workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\nrejected: {{wait: 0s, most: 20}}")
        )
        made.prepare()
        yield made


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short waits: what is waited for is the same."""
    monkeypatch.setattr("reconciler.cxone.backoff.FIRST", 0.01)
    course.restored(monkeypatch)
    course.hurry()


@pytest.fixture(scope="module")
def courses() -> Iterator[Callable[[str], Course]]:
    """The course of each method, made when it is first asked for."""
    with ExitStack() as stack:
        made: dict[str, Course] = {}

        def of(method: str) -> Course:
            if method not in made:
                made[method] = stack.enter_context(opened(method))
            return made[method]

        yield of


def dealt() -> Iterator[Any]:
    """Each method with each kind of fault that can befall it; `make test` plays every second kind, by one method in turn."""
    for number, kind in enumerate(sorted({kind for method in EVERY for kind in mishap_table.kinds_of(method)})):
        methods = [method for method in EVERY if kind in mishap_table.kinds_of(method)]
        for method in methods:
            marks = [pytest.mark.xdist_group(f"faults of {method}")]
            if number % 2 or method != methods[number // 2 % len(methods)]:
                marks.append(pytest.mark.matrix)
            yield pytest.param(method, kind, marks=marks)


@pytest.mark.parametrize(("method", "kind"), list(dealt()))
def test_whatever_goes_wrong_the_list_is_as_planned_or_what_is_missing_is_told(
    courses: Callable[[str], Course], method: str, kind: str
) -> None:
    run, wrong = courses(method), {}
    for play in tried(list(mishap_table.plays(method, kind))):
        if found := run.run([(mishap, times, 0) for mishap, times in play]):
            wrong[told(play)] = found
    assert not wrong, "\n".join(f"{each}: {found}" for each, found in wrong.items())


@st.composite
def several(draw: st.DrawFn) -> tuple[str, list[tuple[Mishap, int | None, int]]]:
    """A method, and one to four faults that befall a run by it."""
    method = draw(st.sampled_from(EVERY))
    every = [
        mishap
        for kind in mishap_table.kinds_of(method)
        for play in mishap_table.plays(method, kind)
        for mishap, _ in play
    ]
    one = st.tuples(st.sampled_from(every), st.sampled_from([1, 2, 5, None]), st.integers(0, 2))
    return method, draw(st.lists(one, min_size=1, max_size=4))


@given(drawn=several())
@settings(max_examples=examples(25), derandomize=True, deadline=None, database=None)
def test_whatever_goes_wrong_together_the_list_is_as_planned_or_what_is_missing_is_told(
    courses: Callable[[str], Course], drawn: tuple[str, list[tuple[Mishap, int | None, int]]]
) -> None:
    method, faults = drawn
    wrong = courses(method).run(faults)
    assert not wrong, f"{method}: {told((mishap, times) for mishap, times, _ in faults)}: {wrong}"


def test_every_kind_of_fault_is_played_or_it_is_said_why_it_cannot_be() -> None:
    played = {kind for method in EVERY for kind in mishap_table.kinds_of(method)}
    # how runs are killed is there where a test that kills them was read
    assert played | set(mishap_table.NOT_APPLICABLE) == {*KINDS, "act"}
    assert not played & set(mishap_table.NOT_APPLICABLE)
    assert played >= set(mishap_table.OF_JOBS) | mishap_table.OF_THE_SOCKET
