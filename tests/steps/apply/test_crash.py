"""Can a run be killed at any moment, and finished by `apply --resume` as if nothing had happened?"""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import KILLED, Folder
from tests.sample import tried
from tests.steps.apply.killing import Stage

STAGES = 3
ON_ONE_STAGE = 8
"""Places for which another stage is not worth its building."""


@dataclass(frozen=True)
class Resumed:
    """What a run that was killed came to in the end."""

    where: str
    code: int | None
    said: str
    state: dict[str, Any]


def small(tenant: Simulator, folder: Folder) -> None:
    """A list made, contacts put by both methods, changed and removed; a campaign made, one changed, one deleted."""
    scene.whole(tenant, folder)
    scene.live_campaign(tenant, "Yesterday", "Few", status="paused")


def planned(stage: Stage) -> str:
    """A plan that is saved once: the tenant's ids are the same whenever the stage is put back."""
    path = str(stage.root / "plan")
    code, said = stage.ended("plan", "--prune", "--out", path)
    assert code == 0, said
    return path


def killed_and_resumed(stage: Stage, plan: str, place: int, after: bool) -> Resumed:
    """Kill an apply before or after the nth request takes effect, and go on with it."""
    stage.reset()
    killed, said = stage.ended("apply", plan, at=place, after=after)
    assert killed == -signal.SIGKILL, f"request {place}: ended with {killed} before it could be killed: {said}"
    code, said = stage.ended("apply", "--resume")
    return Resumed(f"{'after' if after else 'before'} request {place}", code, said, scene.state(stage.tenant))


def test_a_run_killed_at_any_request_is_resumed_to_the_same_end(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    stages = [Stage(tmp_path / "0", small)]
    try:
        plans = [planned(stage) for stage in stages]
        stages[0].reset()
        code, said = stages[0].ended("apply", plans[0])
        assert code == 0, said
        expected = scene.state(stages[0].tenant)
        assert len(scene.members(stages[0].tenant, "Chosen")) == 25
        every = [(place, after) for place in range(len(stages[0].tenant.requests())) for after in (False, True)]
        places = tried(every)
        for number in range(1, min(STAGES, 1 + len(places) // ON_ONE_STAGE)):
            stages.append(Stage(tmp_path / str(number), small))
            plans.append(planned(stages[number]))

        def share(number: int) -> list[Resumed]:
            stage, plan = stages[number], plans[number]
            return [killed_and_resumed(stage, plan, *place) for place in places[number :: len(stages)]]

        with ThreadPoolExecutor(len(stages)) as pool:
            ended = [each for results in pool.map(share, range(len(stages))) for each in results]
    finally:
        for stage in stages:
            stage.close()
    record_property(KILLED, len(ended))
    wrong = [(each.where, each.code, each.said) for each in ended if each.code != 0 or each.state != expected]
    assert not wrong, f"{len(wrong)} of {len(ended)}: {wrong[0]}"
    for kind in ("lists", "campaigns"):
        names = [each["name"] for each in expected[kind]]
        assert len(names) == len(set(names)), f"an object exists twice: {names}"
