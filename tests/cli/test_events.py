"""Can a program follow an apply from its file of events, and is nobody's data in it?"""

from __future__ import annotations

import json
import os
import re
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests import delivery
from tests.conftest import Ended, Folder
from tests.delivery import METHODS
from tests.steps.apply.killing import Stage

Run = Callable[..., Ended]
EVERYBODY = range(40)
DOCUMENTED = re.compile(r"^\| `([a-z-]+)` \|(.*)\|$", re.MULTILINE)


def ready(tenant: Simulator, folder: Folder, method: str, **said: Any) -> None:
    """Forty contacts to be put on a list, ten at once."""
    delivery.known(tenant, method, EVERYBODY)
    delivery.write_contacts(folder, EVERYBODY)
    delivery.declare(folder, tenant, method, **said)


def read(path: Path) -> list[dict[str, Any]]:
    """The events of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where events are written to."""
    return tmp_path / "events.ndjson"


@pytest.mark.thin
@pytest.mark.parametrize("method", METHODS)
def test_every_row_and_job_of_an_apply_is_told_and_no_contact(
    tenant: Simulator, folder: Folder, run: Run, file: Path, method: str
) -> None:
    ready(tenant, folder, method)
    ended = run("apply", "--yes", "--format", "json", "--events", str(file))
    assert ended.code == 0, ended
    name = json.loads(ended.out)["run"]
    assert "done: 40 to add" in ended.err, "standard output is the report's alone"
    events = read(file)
    assert [events[0]["event"], events[-1]["event"]] == ["run-started", "run-finished"]
    assert {(each["format_version"], each["run"]) for each in events} == {("1.1", name)}
    chunks = [each for each in events if each["event"] == "chunk-done"]
    assert sorted(each["chunk"] for each in chunks) == [0, 1, 2, 3]
    assert {(each["phase"], each["rows"], each["rejected"], each["before"]) for each in chunks} == {("put", 10, 0, 0)}
    jobs = {each["job"] for each in events if each["event"] == "job-submitted"}
    assert jobs == {each["job"] for each in events if each["event"] == "job-over"} == set(tenant.jobs.all)
    assert len(jobs) == (4 if method in ("bulkInsert", "contactBatch") else 0)
    assert events[-1]["rows"] == 40
    assert not re.search(r"C00\d\d|555\d{4}|Ada|example\.com", file.read_text(encoding="utf-8"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_every_event_is_documented_with_its_fields(
    tenant: Simulator, folder: Folder, run: Run, file: Path, request: pytest.FixtureRequest
) -> None:
    golden = read(Path(__file__).parents[1] / "golden" / "events.ndjson")
    table = dict(DOCUMENTED.findall((request.config.rootpath / "docs" / "events.md").read_text(encoding="utf-8")))
    assert {each["event"] for each in golden} == set(table)
    for event in golden:
        said = set(re.findall(r"`([a-z_]+)`", table[event["event"]]))
        assert set(event) - {"format_version", "event", "at", "run"} <= said, event["event"]


@pytest.mark.matrix(instead="test_every_row_and_job_of_an_apply_is_told_and_no_contact")
def test_a_later_run_is_added_to_the_file(tenant: Simulator, folder: Folder, run: Run, file: Path) -> None:
    ready(tenant, folder, "contactIds")
    assert run("apply", "--yes", "--events", str(file)).code == 0
    first = file.read_bytes()
    file.write_bytes(first + b'{"format_version":"1.1","ev')  # a disk that was full for a moment
    delivery.write_contacts(folder, range(39))
    assert run("apply", "--yes", "--events", str(file)).code == 0
    assert file.read_bytes().startswith(first)
    assert len({each["run"] for each in read(file)}) == 2


@pytest.mark.parametrize("content", ["kind: Tenant\n", "[1]\n", '{"kind": "Tenant"}\n', '{"format_version"'])
def test_a_file_that_holds_something_else_is_refused_and_left_alone(
    tenant: Simulator, folder: Folder, run: Run, file: Path, content: str
) -> None:
    ready(tenant, folder, "contactIds")
    file.write_text(content, encoding="utf-8")
    ended = run("apply", "--yes", "--events", str(file))
    assert (ended.code, file.read_text(encoding="utf-8")) == (64, content)
    assert "holds something else than events" in ended.err
    assert not tenant.requests()


@pytest.mark.parametrize(("name", "said"), [("-", "name a file or a pipe"), ("nowhere/events", "cannot be written")])
def test_a_file_that_cannot_be_is_told_before_anything_is_asked(
    tenant: Simulator, folder: Folder, run: Run, tmp_path: Path, name: str, said: str
) -> None:
    ready(tenant, folder, "contactIds")
    ended = run("apply", "--yes", "--events", name if name == "-" else str(tmp_path / name))
    assert ended.code == 64
    assert said in ended.err
    assert not tenant.requests()


def test_an_apply_goes_on_when_nobody_reads_its_events_any_more(
    tenant: Simulator, folder: Folder, run: Run, tmp_path: Path
) -> None:
    ready(tenant, folder, "contactIds")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    lines: list[str] = []

    def read_one() -> None:
        with pipe.open(encoding="utf-8") as reader:
            lines.append(reader.readline())

    reader = Thread(target=read_one)
    reader.start()
    ended = run("apply", "--yes", "--events", str(pipe))
    reader.join()
    assert ended.code == 0, ended
    assert json.loads(lines[0])["event"] == "run-started"
    assert ended.err.count("no more events are written") == 1


def test_a_plan_that_is_refused_is_told(tenant: Simulator, folder: Folder, run: Run, file: Path) -> None:
    ready(tenant, folder, "contactIds")
    assert run("apply", "--yes").code == 0
    delivery.write_contacts(folder, range(5))
    assert run("apply", "--yes", "--events", str(file)).code == 3
    (event,) = read(file)
    assert (event["event"], event["exit_code"], event["code"], event["run"]) == ("run-failed", 3, "refused", None)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Forty contacts for the bulk surface, two chunks in flight."""
    pace = "rate: 5000, burst: 500, attempts: 1, workers: 2, readTimeout: 300s"
    made = Stage(tmp_path, lambda tenant, folder: ready(tenant, folder, "bulkInsert", pace=pace))
    yield made
    made.close()


@pytest.mark.thin
@pytest.mark.parametrize("send", [[signal.SIGINT], [signal.SIGINT, signal.SIGTERM]], ids=["once", "twice"])
def test_a_stop_is_told_and_the_run_is_followed_when_it_goes_on(stage: Stage, file: Path, send: list[int]) -> None:
    stage.tenant.faults.add("slow-job", method="POST", path="bulkinsert$", held=True)
    if len(send) == 2:  # else the first would be enough
        stage.tenant.faults.add("hold-before", method="POST", path="bulkinsert$", seconds=300)

    def under_way() -> bool:
        sent = stage.tenant.requests().to("bulkinsert$", "POST")
        return len(sent) >= 2 and "job-submitted" in file.read_text(encoding="utf-8")

    code, said = stage.ended("apply", "--yes", "--events", str(file), send_when=under_way, send=send)
    assert code == 130, said
    before = read(file)
    assert [each["at_once"] for each in before if each["event"] == "interrupted"] == [False, True][: len(send)]
    last = before[-1]
    if len(send) == 1:
        assert (last["event"], last["exit_code"], last["resumable"]) == ("run-finished", 130, True)
    for job in stage.tenant.jobs.all.values():
        stage.tenant.jobs.finish(job)
    assert stage.ended("apply", "--resume", "--events", str(file))[0] == 0
    after = read(file)[len(before) :]
    assert (after[0]["event"], after[0]["run"]) == ("run-resumed", before[0]["run"])
    assert True in {each["again"] for each in after if each["event"] == "job-submitted"}
    assert after[-1]["event"] == "run-finished"
    delivered = [each for each in read(file) if each["event"] == "chunk-done" and not each["before"]]
    assert sorted(each["chunk"] for each in delivered) == [0, 1, 2, 3]
