"""Handle output that cannot be written: a closed pipe, a full disk.

A command that has begun is finished all the same; an apply must not end half-way because a pipe was closed.
"""

from __future__ import annotations

import errno
import io
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer


class _Output(io.FileIO):
    """A file descriptor that takes what is written, and remembers the first time that it could not."""

    failure: OSError | None = None

    def write(self, data: Buffer, /) -> int:
        """Write, waiting for a slow reader, or let it go: the number of bytes that are done with."""
        length = memoryview(data).nbytes
        while self.failure is None:
            try:
                # nothing is written at a time where whoever gave us the pipe does not let it wait, and it is full
                written: int | None = super().write(data)
                if written is not None:
                    return written
                select.select([], [self.fileno()], [])
            except OSError as error:
                self.failure = error
        return length


def keep_printing() -> None:
    """Let no print of this process fail: to be called once, before anything is printed."""
    sys.stdout, sys.stderr = _patient(sys.stdout), _patient(sys.stderr)


def _patient(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):  # a process that was given none has None here
        return stream
    with suppress(OSError):
        stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(stream.fileno(), "wb", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
    )


def explain_loss() -> str | None:
    """Why standard output did not take all that was printed; None where it did, or where its reader has gone."""
    if not isinstance(sys.stdout, io.TextIOWrapper):
        return None
    sys.stdout.flush()
    raw = getattr(sys.stdout.buffer, "raw", None)
    failure = raw.failure if isinstance(raw, _Output) else None
    return None if failure is None or failure.errno == errno.EPIPE else failure.strerror
