"""Are metrics written as Prometheus reads them?"""

from __future__ import annotations

from reconciler.model.telemetry import Measured, Value
from reconciler.views.prometheus import Metrics

REQUEST: dict[str, Value] = {"method": "GET", "host": "example.com", "status": 200}
STEP: dict[str, Value] = {"kind": "Segment", "outcome": "done", "rows": 3, "rejected": 1, "suppressed": 0, "unknown": 0}


def test_what_was_measured_is_added_up_by_its_labels_and_sorted() -> None:
    metrics = Metrics()
    metrics.take(Measured("request", 0.25, REQUEST))
    metrics.take(Measured("request", 0.5, REQUEST))
    metrics.take(Measured("request", 1.0, {**REQUEST, "status": 0}))
    metrics.take(Measured("step", 2.0, STEP))
    metrics.take(Measured("step", 2.0, STEP))
    metrics.take(Measured("job", 1.0, {"kind": "Segment", "status": "COMPLETED", "failed": 0}))
    metrics.take(Measured("command", 4.0, {"command": "apply", "exit_code": 5}))
    lines = metrics.render(1_800_000_000).splitlines()
    assert [line for line in lines if line.startswith("reconciler_requests_total")] == [
        'reconciler_requests_total{method="GET",host="example.com",status="0"} 1',
        'reconciler_requests_total{method="GET",host="example.com",status="200"} 2',
    ]
    assert 'reconciler_request_seconds_total{method="GET",host="example.com",status="200"} 0.75' in lines
    assert 'reconciler_steps_total{kind="Segment",outcome="done"} 2' in lines
    assert 'reconciler_contacts_total{what="rows"} 6' in lines
    assert 'reconciler_contacts_total{what="rejected"} 2' in lines
    assert 'reconciler_jobs_total{status="COMPLETED"} 1' in lines
    assert 'reconciler_command_exit_code{command="apply"} 5' in lines
    assert lines[-1] == "reconciler_command_end_time_seconds 1800000000"
    names = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    assert names == [line.split()[2] for line in lines if line.startswith("# HELP ")]
    assert len(names) == len(set(names))


def test_a_label_that_would_end_its_quotes_is_escaped() -> None:
    metrics = Metrics()
    metrics.take(Measured("job", 1.0, {"kind": "Segment", "status": 'a"b\\c\nd', "failed": 0}))
    assert 'reconciler_jobs_total{status="a\\"b\\\\c\\nd"} 1' in metrics.render(0)
