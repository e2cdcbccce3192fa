"""Is a campaign safe wherever a run is killed that changes it, replaces it or makes it: at rest, as before, or as planned?"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import KILLED, Folder
from tests.sample import tried
from tests.steps.apply import running
from tests.steps.apply.killing import Stage

STAGES = 3
ON_ONE_STAGE = 8
"""Places for which another stage is not worth its building."""
Takes = Callable[[], Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]]


@dataclass(frozen=True)
class Course:
    """What is there, what is wanted, and what the tenant makes of it; `code` is how a run ends that nobody kills."""

    build: Callable[[Simulator, Folder], None]
    takes: Takes | None = None
    code: int = 0


COURSES: Mapping[str, Course] = {
    "changed while it dials": Course(running.build),
    "changed, and taken by halves": Course(running.build, running.half, 5),
    "changed, and not resumed": Course(running.build, running.unwilling, 5),
    "replaced while it dials": Course(partial(running.build, dial_type="progressive")),
    "replaced, and not activated": Course(partial(running.build, dial_type="progressive"), running.unwilling, 5),
    "stopped and changed": Course(partial(running.build, status="paused")),
    "made and activated": Course(running.build_new),
    "made, and not activated": Course(running.build_new, running.unwilling, 5),
}


class Kills:
    """A stage for one course, and what may be true of it."""

    def __init__(self, root: Path, course: Course) -> None:
        self._course = course
        self.stage = Stage(root, self._build)
        self.tenant = self.stage.tenant
        self.witness = running.Witness(self.tenant)
        self.plan = str(root / "plan")
        code, said = self.stage.ended("plan", "--out", self.plan)
        assert code == 0, said
        self.witness.look()
        self.before = {settings for _, settings in self.witness.seen}
        self._reset(None)
        assert self.stage.ended("apply", self.plan)[0] == 0
        self.expected = scene.state(self.tenant)
        self.allowed = self.before | {settings for _, settings in self._active()}
        self._reset(course)
        code, self.said = self.stage.ended("apply", self.plan)
        assert code == course.code, self.said
        assert not self.unsafe(), self.said
        self.requests = len(self.tenant.requests())

    def _build(self, tenant: Simulator, folder: Folder) -> None:
        self._course.build(tenant, folder)
        overrides = "overrides: [{rule: LIM-STOPPED, object: Campaign/morning, reason: It is on purpose.}]"
        folder.write("workspace.yaml", WORKSPACE + f"  {overrides}\n")

    def _reset(self, course: Course | None) -> None:
        takes = course.takes if course is not None else None
        self.witness.takes = takes() if takes is not None else lambda before, changed: dict(changed)
        self.stage.reset()
        self.witness.seen.clear()

    def _active(self) -> set[tuple[str, running.Settings]]:
        self.witness.seen.clear()
        self.witness.look()
        return set(self.witness.seen)

    def unsafe(self) -> list[str]:
        """Campaigns that were at work, at any instant since the reset, with values that are neither old nor new."""
        self.witness.look()
        wrong = [f"{name!r} dialled with {dict(held)}" for name, held in self.witness.seen if held not in self.allowed]
        at_work = [each.name for each in self.tenant.store.campaigns.values() if each.fields.get("status") == "active"]
        return wrong if len(at_work) < 2 else [*wrong, f"{at_work} dial at once"]

    def killed(self, place: int, after: bool) -> list[str]:
        """What is wrong after a run was killed at a place, and after it was resumed."""
        self._reset(self._course)
        ended, said = self.stage.ended("apply", self.plan, at=place, after=after)
        if ended != -signal.SIGKILL:
            return [f"ended with {ended} before it could be killed: {said}"]
        wrong = self.unsafe()
        self.witness.takes = lambda before, changed: dict(changed)
        code, said = self.stage.ended("apply", "--resume")
        wrong += self.unsafe()
        if code != 0:
            wrong.append(f"resumed to {code}: {said}")
        if (state := scene.state(self.tenant)) != self.expected:
            wrong.append(f"not as it should be in the end: {state['campaigns']}")
        return wrong


WORKSPACE = """apiVersion: cxone.reconciler/v1
kind: Workspace
metadata: {name: test}
spec:
  asOf: 2026-07-01T00:00:00Z
"""


@pytest.mark.thin(2)
@pytest.mark.parametrize("name", COURSES)
def test_a_campaign_is_safe_wherever_the_run_is_killed_and_as_planned_when_it_is_resumed(
    tmp_path: Path, record_property: Callable[[str, object], None], name: str
) -> None:
    kills = [Kills(tmp_path / "0", COURSES[name])]
    try:
        places = tried([(place, after) for place in range(kills[0].requests) for after in (False, True)])
        stages = min(STAGES, 1 + len(places) // ON_ONE_STAGE)
        kills += [Kills(tmp_path / str(number), COURSES[name]) for number in range(1, stages)]

        def share(number: int) -> dict[str, list[str]]:
            mine = places[number::stages]
            found = {f"{'after' if after else 'before'} {n}": kills[number].killed(n, after) for n, after in mine}
            return {where: wrong for where, wrong in found.items() if wrong}

        with ThreadPoolExecutor(stages) as pool:
            wrong = [each for found in pool.map(share, range(stages)) for each in found.items()]
    finally:
        for each in kills:
            each.stage.close()
    record_property(KILLED, len(places))
    assert not wrong, f"{len(wrong)} of {len(places)}: {wrong[0]}"
