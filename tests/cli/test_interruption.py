"""What does a run do that is asked to stop? A real process gets real signals."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests import delivery, scene
from tests.conftest import Ended, Folder
from tests.steps.apply.killing import Stage

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def one_worker(tenant: Simulator, folder: Folder) -> None:
    """The whole scene; one call at a time, so that it is known what is in flight."""
    scene.whole(tenant, folder)
    text = (folder.root / "tenant.yaml").read_text()
    folder.write("tenant.yaml", text.replace("attempts: 1}", "attempts: 1, workers: 1}"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One stage for all tests of this file."""
    stage = Stage(tmp_path_factory.mktemp("stage"), one_worker)
    yield stage
    stage.close()


@pytest.fixture
def stage(shared: Stage) -> Stage:
    """The stage as it was in the beginning."""
    shared.reset()
    return shared


@pytest.fixture(scope="module")
def expected(shared: Stage) -> dict[str, Any]:
    """The tenant after an apply that nobody stopped."""
    shared.reset()
    code, said = shared.ended("apply", "--yes")
    assert code == 0, said
    return scene.state(shared.tenant)


def journal(stage: Stage) -> list[dict[str, Any]]:
    """What the ledger holds of the only run."""
    (path,) = Path(stage.folder.root).glob(".reconciler/runs/*/journal.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def resumed(stage: Stage, expected: dict[str, Any]) -> None:
    """The run goes on to the end of an uninterrupted one, and then there is nothing to do."""
    code, said = stage.ended("apply", "--resume")
    assert code == 0, said
    assert scene.state(stage.tenant) == expected
    assert stage.ended("plan", "--detailed-exitcode")[0] == 0


@BOTH
def test_a_plan_that_is_stopped_ends_with_130_and_leaves_no_contacts_behind(stage: Stage, number: int) -> None:
    code, said = stage.ended("plan", at=4, send=[number])
    assert code == 130, said
    assert "Nothing was written" in said
    assert "Traceback" not in said
    assert not stage.tenant.requests().writes()
    assert list(stage.scratch.iterdir()) == []


@pytest.mark.thin
@BOTH
def test_an_apply_finishes_what_is_in_flight_and_says_how_to_go_on(
    stage: Stage, expected: dict[str, Any], number: int
) -> None:
    code, said = stage.ended("apply", "--yes", at=1, send=[number], method="POST", path="/contactlists/.*/contacts$")
    assert code == 130, said
    assert "Stopping once the requests in flight are finished" in said
    assert f"reconciler apply --resume -w {stage.folder.root}" in said
    assert "Nothing was written" not in said
    assert len(scene.members(stage.tenant, "Chosen")) == 20, "two chunks of ten: the one in flight, and no other"
    done = [entry["key"] for entry in journal(stage) if entry["event"] == "done"]
    assert "Segment/chosen[engaged]#put:1" in done
    assert list(stage.scratch.iterdir()) == []
    resumed(stage, expected)


@pytest.mark.thin
@BOTH
def test_an_apply_that_is_stopped_twice_ends_at_once_and_can_be_resumed(
    stage: Stage, expected: dict[str, Any], number: int
) -> None:
    path = "/contactlists/.*/contacts$"
    code, said = stage.ended("apply", "--yes", at=1, send=[number, number], method="POST", path=path)
    assert code == 130, said
    assert "Nothing was written" not in said
    assert f"reconciler apply --resume -w {stage.folder.root}" in said
    assert "Traceback" not in said
    resumed(stage, expected)


def test_an_apply_stopped_while_an_object_is_made_makes_it_once(stage: Stage, expected: dict[str, Any]) -> None:
    code, said = stage.ended("apply", "--yes", at=0, send=[signal.SIGINT], method="POST", path="/lists$")
    assert code == 130, said
    assert stage.tenant.store.find_list("Chosen") is not None
    resumed(stage, expected)


def test_an_apply_stopped_before_its_first_write_says_how_to_go_on(stage: Stage, expected: dict[str, Any]) -> None:
    plan = str(stage.root / "a.plan")
    assert stage.ended("plan", "--out", plan)[0] == 0
    code, said = stage.ended("apply", plan, at=2, send=[signal.SIGINT])
    assert code == 130, said
    assert "apply --resume" in said
    assert not stage.tenant.requests().writes()
    resumed(stage, expected)


def test_the_same_apply_again_says_first_that_a_run_was_interrupted_and_a_refusal_is_no_run(
    stage: Stage, expected: dict[str, Any]
) -> None:
    plan = str(stage.root / "again.plan")
    assert stage.ended("plan", "--out", plan)[0] == 0
    path = "/contactlists/.*/contacts$"
    assert stage.ended("apply", plan, at=1, send=[signal.SIGINT], method="POST", path=path)[0] == 130
    (run,) = (each.parent.name for each in Path(stage.folder.root).glob(".reconciler/runs/*/journal.jsonl"))

    code, said = stage.ended("apply", plan)
    assert code == 4, said
    assert said.startswith(f"Run {run}, begun by ")
    assert f"apply --resume={run} -w {stage.folder.root}" in said.splitlines()[1]

    (stage.folder.root / ".reconciler" / "runs" / ".DS_Store").write_bytes(b"\0")
    code, said = stage.ended("apply", f"--resume={run}")
    assert code == 0, said
    assert scene.state(stage.tenant) == expected
    code, said = stage.ended("apply", f"--resume={run}")
    assert code == 1
    assert "has ended" in said


@pytest.mark.thin
@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]])
def test_a_stop_is_heard_while_the_tenant_says_to_wait(stage: Stage, command: list[str]) -> None:
    stage.folder.write(
        "tenant.yaml", (stage.folder.root / "tenant.yaml").read_text().replace("attempts: 1", "attempts: 3")
    )
    try:
        if command == ["plan"]:
            rule = stage.tenant.faults.add("rate-limited", skip=3, times=None, seconds=100)
        else:
            rule = stage.tenant.faults.add("rate-limited", method="POST", path="contacts$", times=None, seconds=100)
        code, said = stage.ended(*command, send_when=lambda: rule.hit > 0, send=[signal.SIGINT])
    finally:
        one_worker_again = (stage.folder.root / "tenant.yaml").read_text().replace("attempts: 3", "attempts: 1")
        stage.folder.write("tenant.yaml", one_worker_again)
    assert code == 130, said


def test_a_run_of_which_the_tenant_takes_nobody_is_over_and_says_what_to_do(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    delivery.write_contacts(folder, range(2))
    delivery.declare(folder, tenant, "listContacts")  # and the tenant knows neither of them
    ended = run("apply", "--yes")
    assert ended.code == 5
    assert "the tenant accepted none of the contacts" in ended.out
    assert "plan again" in ended.out
    assert "--resume" not in ended.out + ended.err, "what is refused once is not sent again by going on"
    again = run("apply", "--resume")
    assert (again.code, "nothing to resume" in again.out) == (0, True)
    planned = run("plan", "--detailed-exitcode")
    assert planned.code == 0
    assert "2 pending retry on list" in planned.out
