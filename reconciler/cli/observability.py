"""`--log-format`, `--log-file`, `--metrics-file`, `--otel`: what a command did, for machines that watch it."""

from __future__ import annotations

import logging
import os
import secrets
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click
import orjson

from reconciler.model.telemetry import Measured, listen, tell

if TYPE_CHECKING:
    from reconciler.views.prometheus import Metrics

_LOGGER = "reconciler"


class _JsonLines(logging.Formatter):
    """A record as a JSON object on one line. Words of exceptions are left out: they may quote what they were given."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "attributes", {}),
        }
        return orjson.dumps(told).decode()


class Observers:
    """Those who watch one command line; opened once its options are read, and closed with its exit code."""

    def __init__(self, command: str) -> None:
        self.command, self._begun = command, time.monotonic()
        self._stack = ExitStack()
        self._metrics: tuple[Metrics, Path] | None = None

    def log(self, output_format: str, file: Path | None) -> None:
        """Write this program's log; raises click.BadParameter where the file cannot be."""
        stream: IO[str] = sys.stderr
        if file is not None:
            try:
                handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            except OSError as error:
                words = f"{file} cannot be written: {error.strerror}"
                raise click.BadParameter(words, param_hint="--log-file") from error
            stream = self._stack.enter_context(os.fdopen(handle, "a", encoding="utf-8"))
        handler, logger = logging.StreamHandler(stream), logging.getLogger(_LOGGER)
        plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
        handler.setFormatter(_JsonLines() if output_format == "json" else plain)
        before, passed_on = logger.level, logger.propagate
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False

        def restore() -> None:
            logger.removeHandler(handler)
            logger.setLevel(before)
            logger.propagate = passed_on

        self._stack.callback(restore)
        self._stack.enter_context(listen(_log_measured))

    def count(self, file: Path) -> None:
        """Add up what is done, and write it to a file at the end."""
        from reconciler.views.prometheus import Metrics

        if not file.absolute().parent.is_dir():
            raise click.BadParameter(f"there is no folder {file.parent}", param_hint="--metrics-file")
        metrics = Metrics()
        self._metrics = metrics, file
        self._stack.enter_context(listen(metrics.take))

    def export(self) -> None:
        """Send traces and metrics by OpenTelemetry; raises click.UsageError where it is not installed."""
        from reconciler.cli.otel_export import open_export

        self._stack.enter_context(open_export(self.command))

    def close(self, code: int) -> None:
        """Tell how the command ended, and write what is written at the end."""
        tell("command", time.monotonic() - self._begun, command=self.command, exit_code=code)
        if self._metrics is not None:
            metrics, file = self._metrics
            try:
                _write_whole(file, metrics.render(time.time()))
            except OSError as error:
                click.echo(f"Notice: the metrics cannot be written to {file}: {error.strerror}", err=True)
        self._stack.close()


_open: list[Observers] = []


def open_observers(
    command: str, log_format: str | None, log_file: Path | None, metrics_file: Path | None, otel: bool
) -> None:
    """Let those watch whom the command line names; raises click.UsageError."""
    observers = Observers(command)
    _open.append(observers)
    if log_format is not None or log_file is not None:
        observers.log(log_format or "text", log_file)
    if metrics_file is not None:
        observers.count(metrics_file)
    if otel:
        observers.export()


def close_observers(code: int) -> None:
    """Tell them how it ended."""
    while _open:
        _open.pop().close(code)


def _log_measured(measured: Measured) -> None:
    seconds = round(measured.seconds, 3)
    words = ", ".join(f"{name} {value}" for name, value in measured.attributes.items())
    attributes = {"what": measured.what, "seconds": seconds, **measured.attributes}
    logging.getLogger(f"{_LOGGER}.{measured.what}").info(
        "%s: %s, %.3f s", measured.what, words, seconds, extra={"attributes": attributes}
    )


def _write_whole(file: Path, text: str) -> None:
    """Whoever reads the file sees what was there, or all of this. It may be read by everybody, as collectors must."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.chmod(0o644)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
