"""Write what was measured in the text format of Prometheus (version 0.0.4), for a textfile collector."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping

from reconciler.model.telemetry import Measured

_HELP = {
    "reconciler_requests_total": ("counter", "Requests that were sent, by method, host and status (0: no reply)."),
    "reconciler_request_seconds_total": ("counter", "Seconds that requests took, by method, host and status."),
    "reconciler_steps_total": ("counter", "Steps of an apply, by kind and outcome."),
    "reconciler_step_seconds_total": ("counter", "Seconds that steps took, by kind and outcome."),
    "reconciler_contacts_total": ("counter", "Contacts of steps, by what became of them."),
    "reconciler_jobs_total": ("counter", "Jobs of the tenant that are over, by status."),
    "reconciler_command_seconds": ("gauge", "Seconds that the command took."),
    "reconciler_command_exit_code": ("gauge", "Its exit code."),
    "reconciler_command_end_time_seconds": ("gauge", "When it ended, in seconds since 1970."),
}
_COUNTED = ("rows", "rejected", "suppressed", "unknown")


class Metrics:
    """Adds up what was measured. May be told from several threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._values: dict[str, dict[tuple[tuple[str, str], ...], float]] = defaultdict(lambda: defaultdict(float))

    def take(self, measured: Measured) -> None:
        """Count what was done."""
        told = measured.attributes
        with self._guard:
            match measured.what:
                case "request":
                    labels = {name: told[name] for name in ("method", "host", "status")}
                    self._add("reconciler_requests_total", 1, labels)
                    self._add("reconciler_request_seconds_total", measured.seconds, labels)
                case "step":
                    labels = {name: told[name] for name in ("kind", "outcome")}
                    self._add("reconciler_steps_total", 1, labels)
                    self._add("reconciler_step_seconds_total", measured.seconds, labels)
                    for name in _COUNTED:
                        self._add("reconciler_contacts_total", float(told[name]), {"what": name})
                case "job":
                    self._add("reconciler_jobs_total", 1, {"status": told["status"]})
                case "command":
                    labels = {"command": told["command"]}
                    self._add("reconciler_command_seconds", measured.seconds, labels)
                    self._add("reconciler_command_exit_code", float(told["exit_code"]), labels)

    def render(self, now: float) -> str:
        """Everything, sorted; `now` in seconds since 1970."""
        with self._guard:
            self._values["reconciler_command_end_time_seconds"] = {(): now}
            return "".join(line + "\n" for line in self._iter_lines())

    def _add(self, name: str, value: float, labels: Mapping[str, object]) -> None:
        self._values[name][tuple((key, str(said)) for key, said in labels.items())] += value

    def _iter_lines(self) -> Iterator[str]:
        for name, (kind, words) in _HELP.items():
            if name in self._values:
                yield f"# HELP {name} {words}"
                yield f"# TYPE {name} {kind}"
                for labels, value in sorted(self._values[name].items()):
                    yield f"{name}{_write_labels(labels)} {value:.17g}"


def _write_labels(labels: tuple[tuple[str, str], ...]) -> str:
    told = ",".join(f'{name}="{_escape(value)}"' for name, value in labels)
    return f"{{{told}}}" if told else ""


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
