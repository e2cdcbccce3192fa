"""Do those who watch a command hear of each request, step and job, of nobody, and of nothing where nobody asked?"""

from __future__ import annotations

import gzip
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
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


class Collector:
    """A collector of OTLP over HTTP on the loopback: it takes what the specification says, and nothing else.

    Source: OTLP 1.3, "OTLP/HTTP": POST of binary protobuf to /v1/traces and /v1/metrics; the answer is an empty reply.
    """

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.metrics: list[Any] = []
        self.bodies: list[bytes] = []
        self.faults: list[str] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = self.rfile.read(int(self.headers["Content-Length"]))
                status, reply = collector.take(
                    self.path, {name.lower(): value for name, value in self.headers.items()}, told
                )
                self.send_response(status)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path: str, headers: Mapping[str, str], told: bytes) -> tuple[int, bytes]:
        """The status and the answer to one request."""
        kinds: Mapping[str, tuple[Any, Any, list[Any]]] = {
            "/v1/traces": (ExportTraceServiceRequest, ExportTraceServiceResponse, self.spans),
            "/v1/metrics": (ExportMetricsServiceRequest, ExportMetricsServiceResponse, self.metrics),
        }
        if path not in kinds or headers.get("content-type") != "application/x-protobuf":
            self.faults.append(f"{path} as {headers.get('Content-Type')}")
            return 400, b""
        body = gzip.decompress(told) if headers.get("content-encoding") == "gzip" else told
        asked, answered, into = kinds[path]
        request = asked()
        if request.ParseFromString(body) != len(body):
            self.faults.append(f"{path}: fields that nobody knows")
            return 400, b""
        self.bodies.append(body)
        into.append(request)
        return 200, bytes(answered().SerializeToString())


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    found = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_collector_gets_the_spans_and_metrics_of_an_apply_and_nothing_of_a_person(
    tenant: Simulator,
    folder: Folder,
    collector: Collector,
    compression: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", compression)
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    assert run_program(["--otel", "apply", "--yes", "-w", str(folder.root)]) == 0
    capsys.readouterr()
    assert collector.faults == []
    scopes = [scope for each in collector.spans for of in each.resource_spans for scope in of.scope_spans]
    spans = [span for scope in scopes for span in scope.spans]
    (root,) = [each for each in spans if each.name == "apply"]
    others = [each for each in spans if each is not root]
    assert {each.name for each in others} >= {"request", "step"}
    assert {(each.trace_id, each.parent_span_id) for each in others} == {(root.trace_id, root.span_id)}
    assert {each.key for each in root.attributes} == {"reconciler.command", "reconciler.exit_code"}
    measured = [each for one in collector.metrics for of in one.resource_metrics for each in of.scope_metrics]
    counted = {each.name: each for scope in measured for each in scope.metrics}
    assert counted.keys() >= {f"reconciler.{what}.duration" for what in ("request", "step", "command")}
    requests = sum(point.count for point in counted["reconciler.request.duration"].histogram.data_points)
    assert requests == len([each for each in others if each.name == "request"]) > 10
    everything = b"".join(collector.bodies)
    for number in range(100):
        assert scene.contact(number).encode() not in everything
        assert scene.phone(number).removeprefix("+").encode() not in everything
    assert str(folder.root).encode() not in everything


def test_a_collector_that_is_away_or_refuses_changes_nothing_of_how_a_command_ends(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert collector.take("/v1/logs", {"content-type": "application/x-protobuf"}, b"")[0] == 400
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"{collector.url}/elsewhere")
    assert run_program(["--otel", "rules"]) == 0
    assert "Traceback" not in capsys.readouterr().err
    assert {each.split()[0] for each in collector.faults} == {
        "/v1/logs",
        "/elsewhere/v1/traces",
        "/elsewhere/v1/metrics",
    }


def test_nothing_is_imported_where_nobody_watches() -> None:
    words = "import sys; from reconciler.cli import run; run(['rules']); print(sorted(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    loaded = ended.stdout.splitlines()[-1]
    assert "'reconciler.cli'" in loaded
    assert "opentelemetry" not in loaded
    assert "reconciler.cli.observability'" not in loaded
