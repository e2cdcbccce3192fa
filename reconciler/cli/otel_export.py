# tested by: tests/cli/test_observability.py
"""Send what is measured by OpenTelemetry (OTLP over HTTP), as the usual variables `OTEL_…` say where to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from reconciler import __version__
from reconciler.model.telemetry import Measured, listen

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.trace import SpanProcessor

_NAMES = {
    "method": "http.request.method",
    "host": "server.address",
    "status": "http.response.status_code",
}
"""What the conventions of OpenTelemetry call it; of a request alone."""


@contextmanager
def open_export(command: str) -> Iterator[None]:
    """Send spans and metrics until the context ends, and what is left then.

    Raises:
        click.UsageError: the extra is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        words = "--otel needs libraries that are not installed: pip install 'cxone-reconciler[otel]'"
        raise click.UsageError(words) from None
    spans, reader = BatchSpanProcessor(OTLPSpanExporter()), PeriodicExportingMetricReader(OTLPMetricExporter())
    with observe(command, spans, reader):
        yield


@contextmanager
def observe(command: str, spans: SpanProcessor, reader: MetricReader) -> Iterator[None]:
    """Make a span of everything that is done below that of the command, and count it."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import set_span_in_context

    # nothing of the environment or the machine but what OTEL_RESOURCE_ATTRIBUTES says
    resource = Resource.create({"service.name": "reconciler", "service.version": __version__})
    tracers, meters = TracerProvider(resource=resource), MeterProvider([reader], resource=resource)
    tracers.add_span_processor(spans)
    tracer, meter = tracers.get_tracer("reconciler"), meters.get_meter("reconciler")
    root = tracer.start_span(command)
    within, guard = set_span_in_context(root), threading.Lock()
    seconds = {
        what: meter.create_histogram(f"reconciler.{what}.duration", "s")
        for what in ("request", "step", "job", "command")
    }

    def take(measured: Measured) -> None:
        end = time.time_ns()
        told = {_NAMES.get(name, f"reconciler.{name}"): value for name, value in measured.attributes.items()}
        with guard:
            counted = {name: value for name, value in told.items() if not _is_count(name)}
            seconds[measured.what].record(measured.seconds, counted)
            if measured.what == "command":
                root.set_attributes(told)
                return
            span = tracer.start_span(
                measured.what, within, attributes=told, start_time=end - int(measured.seconds * 1e9)
            )
            span.end(end)

    try:
        with listen(take):
            yield
    finally:
        root.end()
        tracers.shutdown()
        meters.shutdown()


def _is_count(name: str) -> bool:
    """Whether an attribute is a number of contacts: by it no metric is told apart."""
    return name.removeprefix("reconciler.") in {"rows", "rejected", "suppressed", "unknown", "failed"}
