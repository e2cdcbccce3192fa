"""Do those who watch a command hear of each request, step and job, of nobody, and of nothing where nobody asked?"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from reconciler.cli import run as run_program
from reconciler.cli.measured_progress import MeasuredProgress
from reconciler.cli.otel_export import observe
from reconciler.model.jobs import Job
from reconciler.model.report import Outcome, StepResult
from reconciler.model.resource_address import Address
from reconciler.model.telemetry import Measured, listen, tell
from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Folder


def test_an_apply_is_logged_and_counted_and_names_nobody(
    tenant: Simulator, folder: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    log, metrics, workspace = tmp_path / "log.jsonl", tmp_path / "reconciler.prom", ["-w", str(folder.root)]
    metrics.write_text("of an earlier run")
    watched = ["--log-format", "json", "--log-file", str(log), "--metrics-file", str(metrics)]
    assert run_program([*watched, "apply", "--yes", *workspace]) == 0
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert log.stat().st_mode & 0o077 == 0
    assert {"at", "level", "logger", "message"} <= told[0].keys()
    steps = [each for each in told if each.get("what") == "step"]
    assert [(each["kind"], each["outcome"], each["rows"]) for each in steps if each["rows"]] == [
        ("Segment", "done", 25)
    ]
    requests = [each for each in told if each.get("what") == "request"]
    assert {(each["method"], each["host"], each["status"]) for each in requests} >= {("GET", "127.0.0.1", 200)}
    assert (told[-1]["what"], told[-1]["command"], told[-1]["exit_code"]) == ("command", "apply", 0)
    counted = metrics.read_text()
    assert "of an earlier run" not in counted
    assert 'reconciler_steps_total{kind="Segment",outcome="done"} 1\n' in counted
    assert 'reconciler_contacts_total{what="rows"} 25\n' in counted
    assert 'reconciler_command_exit_code{command="apply"} 0\n' in counted
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".reconciler.prom")] == []
    for number in range(100):
        assert scene.contact(number) not in log.read_text() + counted
        assert scene.phone(number).removeprefix("+") not in log.read_text() + counted
    # a command that is refused tells its exit code too, and nothing is heard after it
    assert run_program(["--metrics-file", str(metrics), "plan", "--no-such-option"]) == 64
    assert 'exit_code{command="plan"} 64\n' in metrics.read_text()
    size = log.stat().st_size
    logging.getLogger("reconciler").warning("nobody listens")
    assert log.stat().st_size == size
    capsys.readouterr()


def test_a_file_that_cannot_be_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--log-file", "--metrics-file"):
        assert run_program([option, str(tmp_path / "none" / "file"), "rules"]) == 64
        assert option in capsys.readouterr().err


def test_each_step_and_job_is_told_once_it_is_over() -> None:
    heard: list[Measured] = []
    progress, address = MeasuredProgress(), Address("Segment", "people")
    with listen(heard.append):
        progress.start_job(address, "j-1", 10, again=False)
        progress.update_job(address, Job("j-1", "RUNNING"))
        progress.update_job(address, Job("j-1", "COMPLETED"))
        progress.update_job(address, Job("j-1", "COMPLETED"))
        progress.end_step(StepResult(address, Outcome.FAILED, rows=7, rejected=3))
    assert [(each.what, each.attributes.get("status"), each.attributes.get("outcome")) for each in heard] == [
        ("job", "COMPLETED", None),
        ("step", None, "failed"),
    ]


def test_spans_stand_below_that_of_the_command_and_their_attributes_are_those_of_the_list() -> None:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    with observe("apply", SimpleSpanProcessor(exporter), reader):
        tell("request", 0.25, method="GET", host="example.com", status=200)
        tell("step", 1.5, kind="Segment", outcome="done", rows=3, rejected=0, suppressed=0, unknown=0)
        tell("job", 1.0, kind="Segment", status="COMPLETED", failed=0)
        tell("command", 2.0, command="apply", exit_code=0)
        (found,) = reader.get_metrics_data().resource_metrics  # type: ignore[union-attr]
    spans = {each.name: each for each in exporter.get_finished_spans()}
    assert set(spans) == {"apply", "request", "step", "job"}
    root = spans["apply"]
    for name in ("request", "step", "job"):
        parent, context = spans[name].parent, root.get_span_context()
        assert parent is not None
        assert context is not None
        assert parent.span_id == context.span_id
    request = spans["request"]
    assert dict(request.attributes or {}) == {
        "http.request.method": "GET",
        "server.address": "example.com",
        "http.response.status_code": 200,
    }
    assert request.start_time is not None
    assert request.end_time is not None
    assert request.end_time - request.start_time == 250_000_000
    assert dict(root.attributes or {}) == {"reconciler.command": "apply", "reconciler.exit_code": 0}
    named = {each.name for scope in found.scope_metrics for each in scope.metrics}
    assert named == {f"reconciler.{what}.duration" for what in ("request", "step", "job", "command")}
    tell("request", 0.25, method="GET", host="example.com", status=200)
    assert len(exporter.get_finished_spans()) == 4


def test_nothing_is_imported_where_nobody_watches() -> None:
    words = "import sys; from reconciler.cli import run; run(['rules']); print(sorted(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    loaded = ended.stdout.splitlines()[-1]
    assert "'reconciler.cli'" in loaded
    assert "opentelemetry" not in loaded
    assert "reconciler.cli.observability'" not in loaded
