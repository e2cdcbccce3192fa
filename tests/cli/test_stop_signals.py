"""Is the promise of a stop kept by each of the four ways onto a list, chunks in flight and jobs under way?"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests import delivery
from tests.conftest import Folder
from tests.delivery import METHODS, contact, on_list
from tests.steps.apply.killing import Stage

INT, TERM = signal.SIGINT, signal.SIGTERM
EVERYBODY = range(40)
PACE = "rate: 5000, burst: 500, attempts: 1, workers: 2, readTimeout: 300s"
PUT: dict[str, Any] = {"method": "POST", "path": "contacts$|bulkinsert$|batch$"}
MAKES_A_JOB: dict[str, Any] = {"method": "POST", "path": "bulkinsert$|batch$"}


@pytest.fixture
def stage(tmp_path: Path, method: str) -> Iterator[Stage]:
    """Contacts to be put on a list by a method, ten at once and two chunks in flight, or all that are jobs."""

    def build(tenant: Simulator, folder: Folder) -> None:
        delivery.known(tenant, method, EVERYBODY)
        delivery.write_contacts(folder, EVERYBODY)
        delivery.declare(folder, tenant, method, pace=PACE)

    made = Stage(tmp_path, build)
    yield made
    made.close()


def journal(stage: Stage) -> list[dict[str, Any]]:
    """What the ledger holds of the only run so far."""
    found = list(Path(stage.folder.root).glob(".reconciler/runs/*/journal.jsonl"))
    return [json.loads(line) for path in found for line in path.read_text().splitlines()]


def submitted(stage: Stage) -> set[str]:
    """The jobs that the ledger knows."""
    return {entry["job"] for entry in journal(stage) if entry["event"] == "submitted"}


def stopped(stage: Stage, code: int | None, said: str) -> None:
    """The program has said how to go on, and left nothing behind."""
    assert code == 130, said
    assert f"reconciler apply --resume -w {stage.folder.root}" in said
    assert "Traceback" not in said
    assert "Nothing was written" not in said
    assert list(stage.scratch.iterdir()) == []


def resumed(stage: Stage) -> None:
    """The run goes on to the end of an uninterrupted one, and then there is nothing to do."""
    code, said = stage.ended("apply", "--resume")
    assert code == 0, said
    assert set(on_list(stage.tenant)) == {contact(n) for n in EVERYBODY}
    assert stage.ended("plan", "--detailed-exitcode")[0] == 0


@pytest.mark.thin
@pytest.mark.parametrize(("method", "number"), [*zip(METHODS, (INT, TERM, TERM, INT), strict=True)])
def test_what_is_in_flight_is_finished_and_no_more_is_sent(stage: Stage, method: str, number: int) -> None:
    code, said = stage.ended("apply", "--yes", at=1, send=[number], **PUT)
    stopped(stage, code, said)
    assert "Stopping once the requests in flight are finished" in said
    sent = stage.tenant.requests().to(**PUT)
    known = {
        entry["key"] for entry in journal(stage) if entry["event"] in ("done", "submitted") and "#" in entry["key"]
    }
    # of chunks that are jobs, all four may be under way
    most = 4 if method in ("bulkInsert", "contactBatch") else 3
    assert 2 <= len(sent) == len(known) <= most, "each that was sent is over, or its job is known"
    resumed(stage)


@pytest.mark.thin
@pytest.mark.parametrize(("method", "number"), [*zip(METHODS, (TERM, INT, INT, TERM), strict=True)])
def test_a_second_signal_waits_for_no_reply_and_the_run_can_be_resumed(stage: Stage, method: str, number: int) -> None:
    rule = stage.tenant.faults.add("hold-before", seconds=300, times=2, **PUT)
    code, said = stage.ended("apply", "--yes", send_when=lambda: rule.hit == 2, send=[number, number])
    stopped(stage, code, said)
    assert "Stopped at once" in said
    resumed(stage)


@pytest.mark.thin
@pytest.mark.parametrize(("method", "number"), [("bulkInsert", TERM), ("contactBatch", INT)])
def test_the_wait_for_a_slow_job_ends_and_its_id_is_kept(stage: Stage, method: str, number: int) -> None:
    stage.tenant.faults.add("slow-job", held=True, times=2, **MAKES_A_JOB)
    code, said = stage.ended("apply", "--yes", send_when=lambda: len(submitted(stage)) == 4, send=[number])
    stopped(stage, code, said)
    assert "stopped while a job was under way" in said
    under_way = submitted(stage)
    assert set(stage.tenant.jobs.all) == under_way
    for job in stage.tenant.jobs.all.values():
        stage.tenant.jobs.finish(job)
    resumed(stage)
    assert len(stage.tenant.jobs.all) == 4, "none that was under way was asked for again"
    asked = len(stage.tenant.requests())
    code, said = stage.ended("apply", "--resume")
    assert code == 0, said
    assert "was interrupted; there is nothing to resume" in said
    assert len(stage.tenant.requests()) == asked


@pytest.mark.thin
@pytest.mark.parametrize("method", ["bulkInsert", "contactBatch"])
def test_a_second_signal_while_a_job_is_under_way_keeps_its_id_too(stage: Stage, method: str) -> None:
    stage.tenant.faults.add("slow-job", held=True, **MAKES_A_JOB)
    held = stage.tenant.faults.add("hold-before", seconds=300, **MAKES_A_JOB)

    def both_are_under_way() -> bool:
        return held.hit > 0 and len(submitted(stage)) == 3

    code, said = stage.ended("apply", "--yes", send_when=both_are_under_way, send=[INT, TERM])
    stopped(stage, code, said)
    for known in submitted(stage):
        stage.tenant.jobs.finish(stage.tenant.jobs.all[known])
    resumed(stage)
    assert len(stage.tenant.jobs.all) == 4, "the one that was known was not asked for again"
