# tested by: tests/cxone/test_hostile_endpoints.py
"""Write the pages of a read, several of them at once, to a file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from reconciler.cxone.pages import QUIET_HINT, Rows, Unsettled


class TooDeep(Unsettled):
    """Rows that are nested too deeply to be written down."""

    code = "bad-reply"


class Spool:
    """A file that takes pages of rows from several threads and holds them as one JSON array."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._lock = threading.Lock()
        path.touch(mode=0o600)
        self._file = path.open("wb")
        self._file.write(b"[")

    def add(self, rows: Rows) -> None:
        """Add a page; raises Unsettled where a row holds what cannot be written down."""
        if not rows:
            return
        try:
            body = orjson.dumps(rows)[1:-1]
        except TypeError:
            raise TooDeep("rows of the tenant are nested deeper than 250 levels", hint=QUIET_HINT) from None
        with self._lock:
            if self.count:
                self._file.write(b",\n")  # JSON has no line break of its own: a line is a page
            self._file.write(body)
            self.count += len(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.write(b"]")
        self._file.close()


def iter_pages(path: Path) -> Iterator[Rows]:
    """The pages of a file that a `Spool` wrote, one after the other."""
    with path.open("rb") as file:
        for line in file:
            page = line.strip().removeprefix(b"[").removesuffix(b"]").removesuffix(b",")
            if page:
                yield orjson.loads(b"[" + page + b"]")
