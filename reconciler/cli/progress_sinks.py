# tested by: tests/cli/test_events.py
"""Send the progress of an apply to the terminal and to a file of events."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import orjson

from reconciler.model.jobs import Job
from reconciler.model.plan import Plan
from reconciler.model.ports import Progress
from reconciler.model.reason import Reason
from reconciler.model.report import ChunkDone, Report, StepResult
from reconciler.model.resource_address import Address

_LONGEST_EVENT = 64 * 1024


class ProgressSinks:
    """Tells several listeners the same, in their order."""

    def __init__(self, *listeners: Progress) -> None:
        self._listeners = listeners

    def start_run(self, run: str, plan: Plan, resumed: bool) -> None:
        """A run of a plan starts, or goes on."""
        for each in self._listeners:
            each.start_run(run, plan, resumed)

    def start_step(self, address: Address, does: Reason, rows: int) -> None:
        """A step starts."""
        for each in self._listeners:
            each.start_step(address, does, rows)

    def count_chunk(self, address: Address, done: ChunkDone) -> None:
        """A chunk is accounted for."""
        for each in self._listeners:
            each.count_chunk(address, done)

    def start_job(self, address: Address, job_id: str, rows: int, again: bool) -> None:
        """A job is waited for."""
        for each in self._listeners:
            each.start_job(address, job_id, rows, again)

    def update_job(self, address: Address, job: Job) -> None:
        """A job has got on, or is over."""
        for each in self._listeners:
            each.update_job(address, job)

    def end_step(self, result: StepResult) -> None:
        """A step has ended."""
        for each in self._listeners:
            each.end_step(result)

    def end_run(self, report: Report) -> None:
        """The run has ended."""
        for each in self._listeners:
            each.end_run(report)


class EventFile:
    """Lines at the end of a file, each written at once and whole. Without a file they go nowhere.

    A file that cannot be written any more is told of once: an apply does not fail because nobody can follow it.
    """

    def __init__(self, descriptor: int | None, path: Path | None) -> None:
        self._descriptor, self._path = descriptor, path

    def write(self, line: bytes) -> None:
        """Add a line."""
        try:
            rest = memoryview(line)
            while rest and self._descriptor is not None:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self._descriptor = None
            click.echo(f"warning: no more events are written to {self._path}: {error.strerror}", err=True)


@contextmanager
def event_file(path: Path | None) -> Iterator[EventFile]:
    """The file for events, made for its owner alone where there is none; one that holds events is added to.

    Raises:
        BadParameter: it cannot be written, or holds something else.
    """
    if path is None:
        yield EventFile(None, None)
        return
    descriptor = _open_events(path)
    try:
        yield EventFile(descriptor, path)
    finally:
        os.close(descriptor)


def _open_events(path: Path) -> int:
    if str(path) == "-":
        words = "standard output is for the report; name a file or a pipe, such as /dev/fd/3"
        raise click.BadParameter(words, param_hint="--events")
    try:
        # a pipe is opened to be written alone, so that it is known when nobody reads it any more
        plain_file = not path.exists() or stat.S_ISREG(path.stat().st_mode)
        mode = os.O_RDWR | os.O_CREAT if plain_file else os.O_WRONLY
        descriptor = os.open(path, mode | os.O_APPEND | os.O_NOCTTY, 0o600)
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be written: {error.strerror}", param_hint="--events") from error
    try:
        if plain_file:
            _go_on_with(descriptor, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _go_on_with(descriptor: int, path: Path) -> None:
    """Refuse what is no file of events; take away what a full disk left of a last line."""
    size = os.fstat(descriptor).st_size
    if not size:
        return
    first, _, _ = os.pread(descriptor, _LONGEST_EVENT, 0).partition(b"\n")
    try:
        ours = {"format_version", "event"} <= orjson.loads(first).keys()
    except (orjson.JSONDecodeError, AttributeError):
        ours = False
    if not ours:
        words = f"{path} holds something else than events; name another file"
        raise click.BadParameter(words, param_hint="--events")
    start = max(0, size - _LONGEST_EVENT)
    os.ftruncate(descriptor, start + os.pread(descriptor, size - start, start).rfind(b"\n") + 1)
