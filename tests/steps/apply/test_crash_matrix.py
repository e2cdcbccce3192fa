"""Is a run by each of the methods resumed to the same end, at whatever request or message it was killed?"""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from reconciler.simulator import Options
from reconciler.simulator.request_log import Received
from reconciler.simulator.tenant_options import JobPace
from tests.conftest import KILLED, Ended
from tests.delivery import EVERY, contact
from tests.sample import tried
from tests.steps.apply import course
from tests.steps.apply.killing import Stage

PACES = {"bulkInsert": JobPace(held=True, steps=2), "contactBatch": JobPace(polls=2), "listUpload": JobPace(polls=2)}
PREPARE = {
    "bulkInsert": course.one_job_at_once,
    "contactBatch": course.one_batch_at_once,
    "listUpload": course.one_batch_at_once,
}
JOBS = "pollEvery: 1s"
BEFORE = re.compile("/nice/(authentication|.well-known)/|/apiversion$")
"""Where an API has to be found is asked before there is a run: of one that is killed then nothing is left."""
PATIENCE = 60
"""Seconds that a tenant waits for a client which is late on a busy machine: where it moves on alone, calls come in
another order, and the place to be killed at is another, or none."""

PLANNED_AGAIN = 8
"""Each so many places a plan is made afterwards: the others ended in the very state that it was empty in."""


@dataclass(frozen=True)
class Place:
    """The nth call of its kind, and whether it has taken effect when the run is killed."""

    method: str
    path: str
    nth: int
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.method} {self.path} ({self.nth + 1})"

    def is_of(self, request: Received) -> bool:
        return (request.method, request.path) == (self.method, self.path)


def places(requests: list[Received]) -> Iterator[Place]:
    """Before and after every request and every message of a run."""
    counted: Counter[tuple[str, str]] = Counter()
    for each in requests:
        key = (each.method, each.path)
        for after in (False, True):
            yield Place(*key, counted[key], after)
        counted[key] += 1


class Matrix:
    """A stage for one method, and how a run of it ends that nobody kills."""

    def __init__(self, root: Path, method: str) -> None:
        self.method = method
        build = partial(course.build, method, one_worker=True, jobs=JOBS, archived=method == "bulkInsert")
        self.stage = Stage(
            root,
            build,
            options=Options(jobs=PACES.get(method, JobPace())),
            prepare=PREPARE.get(method),
        )
        self.tenant, self.folder = self.stage.tenant, self.stage.folder
        self.plan = str(root / "plan")
        self.rejected = int(method == "bulkInsert")
        code, said = self.stage.ended("plan", "--out", self.plan)
        assert code == 0, said
        self.stage.reset()
        with course.moving(self.tenant, PATIENCE):
            self.code, self.said = self.stage.ended("apply", self.plan)
        assert self.code == (5 if self.rejected else 0), self.said
        self.expected = course.state(self.tenant)
        assert not self.wrong_in_the_end(None)
        self.places = [each for each in places(self.tenant.requests()) if not BEFORE.search(each.path)]

    def killed_and_resumed(self, place: Place, planned: bool) -> list[str]:
        """What is wrong after a run was killed at a place, and resumed."""
        self.stage.reset()
        with course.moving(self.tenant, PATIENCE):
            path = f"^{re.escape(place.path)}$"
            killed, said = self.stage.ended(
                "apply", self.plan, at=place.nth, after=place.after, method=place.method, path=path
            )
        if killed != -signal.SIGKILL:
            return [f"ended with {killed} before it could be killed: {said}"]
        course.watch(self.tenant)
        with course.moving(self.tenant, 0.2):
            resumed = course.go(self.folder, "apply", "--resume")
        course.finish_jobs(self.tenant)  # a batch that nobody heard of writes as well
        wrong = self.wrong_in_the_end(place)
        if resumed.code != self.code:
            wrong.append(f"resumed to {resumed.code}: {resumed.out}{resumed.err}")
        asked = len(self.tenant.requests())
        again = course.go(self.folder, "apply", "--resume")
        if again.code != 0 or len(self.tenant.requests()) != asked:
            wrong.append(f"resumed again to {again.code}: {again.out}{again.err}")
        if planned:
            wrong += self.left()
        log = (self.stage.root / f"{self.stage.output.name}.log").read_text(encoding="utf-8")
        return wrong + course.leaks(self.folder, said, log, *self._said(resumed), *self._said(again))

    def _said(self, ended: Ended) -> tuple[str, str]:
        return ended.out, ended.err

    def wrong_in_the_end(self, place: Place | None) -> list[str]:
        wrong = course.wrong_at_an_instant(self.tenant, self.method)
        if place is not None and course.state(self.tenant) != self.expected:
            wrong.append(f"the tenant is not as it should be: {course.state(self.tenant)['lists']}")
        requests = self.tenant.requests()
        at = [each for each in requests if place is not None and place.is_of(each)]
        allowed = set(course.rows_of(at[place.nth])) if place is not None else set()
        twice = {row for row, count in course.sent(requests).items() if count > 1}
        if twice != allowed:
            wrong.append(f"sent twice: {sorted(twice)}, and only these may have been: {sorted(allowed)}")
        return wrong + self._written_by_two_jobs(place, requests)

    def _written_by_two_jobs(self, place: Place | None, requests: list[Received]) -> list[str]:
        """A batch cannot be looked up: it is sent again, and only if nobody heard that it was taken."""
        target = "directory" if self.method == "contactBatch" else self.tenant.store.list_named("Chosen").id
        counts = self.tenant.jobs.writes(target)
        lost = place is not None and place.after and place.path.endswith("/contacts/batch")
        repeats = {row for row, count in counts.items() if count > 1}
        allowed = self._batch(place.nth) if lost and place is not None else set()
        if repeats != allowed or max(counts.values(), default=0) > 2:
            return [f"written by two jobs: {sorted(repeats)}, and only these may have been: {sorted(allowed)}"]
        if self.method in course.WRITES_BY_JOB:
            put = {contact(n) for n in (*course.JOINING, *course.CHANGING)}
            jobs = sum(counts.values()) + self.rejected - len(allowed)
            return [] if jobs == len(put) else [f"{jobs} rows were written by jobs, and not {len(put)}"]
        return []

    def _batch(self, number: int) -> set[str]:
        put = [contact(n) for n in (*course.JOINING, *course.CHANGING)]
        return set(put[number * course.CHUNK : (number + 1) * course.CHUNK])

    def left(self) -> list[str]:
        """What a further plan would do: nothing, but for the contact that was refused."""
        planned = course.go(self.folder, "plan", "--format", "json")
        document = json.loads(planned.out)
        rows = [(each["adds"], each["updates"], each["removes"]) for each in document["row_changes"]]
        changes = [each for each in document["resource_changes"] if each["change"]["actions"] != ["no-op"]]
        if any(sum(each) for each in rows) and rows != [(self.rejected, 0, 0)]:
            return [f"a further plan would write {rows}"]
        return [f"a further plan would change {changes}"] if changes else []


@contextmanager
def matrix(root: Path, method: str) -> Iterator[Matrix]:
    """One method's matrix; its tenant is stopped in the end."""
    made = Matrix(root, method)
    try:
        yield made
    finally:
        made.stage.close()


@pytest.mark.thin
@pytest.mark.parametrize("method", EVERY)
def test_a_run_killed_at_any_request_or_message_is_resumed_to_the_same_end(
    tmp_path: Path, record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    if method in PREPARE:
        course.restored(monkeypatch)
        PREPARE[method]()
    with matrix(tmp_path, method) as course_of, course.environment(course_of.tenant.environment()):
        wrong = {}
        places = tried(course_of.places)
        for number, place in enumerate(places):
            found = course_of.killed_and_resumed(place, number % PLANNED_AGAIN == 0)
            if found:
                wrong[str(place)] = found
    record_property(KILLED, len(places))
    assert not wrong, f"{len(wrong)} of {len(places)}: {wrong}"
