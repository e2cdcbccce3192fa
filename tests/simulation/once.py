"""Compute what a relation says once for the same rows, however many seeds ask it.

What the program asks its engine in an apply are pure functions of files: who is on a list, what was written, who may
not be called. The first time, the real one answers; later the answer is known, by the digests of the files. The engine
itself is opened only for the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from shutil import copyfile
from typing import Any

_known: dict[Any, Any] = {}
counts = {"asked": 0, "computed": 0}
_kept = Path("kept")
_alive: list[Any] = []
_root: list[Path] = [Path()]
_agree: set[Any] = set()


def forget() -> None:
    """Know nothing any more: the relations are others now."""
    _known.clear()
    _agree.clear()


def close_engines() -> None:
    """Have no engine open before a child is forked."""
    from reconciler.audience.engines import duckdb_pool

    while duckdb_pool._idle:
        duckdb_pool._idle.popitem()[1].close()


def leave_engines() -> None:
    """In a child: use no engine that its parent has open, a killed run's for example. Their threads are not here."""
    from reconciler.audience.engines import duckdb_pool

    _alive.append((dict(duckdb_pool._idle), dict(duckdb_pool._asked)))  # to close one would wait for its threads
    duckdb_pool._idle.clear()
    duckdb_pool._asked.clear()


class Later:
    """An engine that is opened when it is needed."""

    name = "duckdb"

    def __init__(self, engine: Any, scratch: Path, stack: ExitStack) -> None:
        self.engine, self.scratch, self._stack = engine, scratch, stack
        self._opened: Any = None

    def open(self) -> Any:
        """The engine itself, for what is asked of it that is not known to be asked again."""
        if self._opened is None:
            self._opened = self._stack.enter_context(_real[0](self.engine, self.scratch))
        return self._opened

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.open(), name)


def _freeze(value: Any) -> Any:
    from reconciler.audience.sources.source_files import find_files
    from reconciler.audience.staging.read_people import Access
    from reconciler.model.list_change import RowChange
    from reconciler.model.row_queries import Rows
    from reconciler.model.secret import Secret
    from reconciler.model.source_specs import FileFeed

    if isinstance(value, Later | Path):
        return None
    if isinstance(value, Rows):
        digest = hashlib.sha256(value.path.read_bytes()).hexdigest()
        told = (value.format, tuple(value.columns.items()), value.count, tuple(value.take.items()), value.total)
        return ("rows", digest, told, value.shifted)
    if isinstance(value, RowChange):
        return ("change", str(value.address), value.digest, value.reached_digest, value.precondition, value.method)
    if isinstance(value, Secret):
        return ("secret", value.reveal())
    if isinstance(value, Mapping):
        return ("map", tuple((_freeze(key), _freeze(each)) for key, each in value.items()))
    if isinstance(value, Set):
        return ("set", tuple(sorted(value)))
    if isinstance(value, list | tuple):
        return ("list", tuple(_freeze(each) for each in value))
    if isinstance(value, str | int | float | bool | bytes | None):
        return value
    if isinstance(value, Access):
        return ("root", str(value.root))
    if isinstance(value, FileFeed):
        files = [
            (each.name, hashlib.sha256(each.path.read_bytes()).hexdigest()) for each in find_files(value, _root[0])
        ]
        return ("feed", repr(value), tuple(files))
    _alive.append(value)  # so that nobody else gets its number
    return (type(value).__name__, id(value))


@contextmanager
def _open_later(engine: Any, scratch: Path) -> Iterator[Later]:
    with ExitStack() as stack:
        yield Later(engine, scratch, stack)


def _ask_once(real: Callable[..., Any], opened: Callable[..., Any], lazy: bool) -> Callable[..., Any]:
    @wraps(real)
    def ask(*args: Any, **options: Any) -> Any:
        if not any(isinstance(each, Later) for each in args) and real.__name__ not in _WITH_ENGINE:
            return real(*args, **options)
        access = next((each for each in args if hasattr(each, "root") and hasattr(each, "reader")), None)
        if access is not None:
            _root[0] = access.root
        key = (real.__module__, real.__name__, _freeze(args), _freeze(options))
        counts["asked"] += 1
        if key not in _known:
            counts["computed"] += 1
            later = next((each for each in args if isinstance(each, Later)), None)
            if later is None:
                with _computing():
                    _known[key] = real(*args, **options)
            else:
                with opened(later.engine, later.scratch) as backend:
                    found = real(*(backend if each is later else each for each in args), **options)
                    _known[key] = _keep(list(found) if lazy else found)
        return _known[key]

    return ask


def _with_engine(real: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(real)
    def ask(backend: Any, *args: Any, **options: Any) -> Any:
        return real(backend.open() if isinstance(backend, Later) else backend, *args, **options)

    return ask


def _keep(found: Any) -> Any:
    from reconciler.model.row_queries import Rows

    if not isinstance(found, Rows):
        return found
    _kept.mkdir(exist_ok=True)
    target = _kept / f"{len(_known)}{found.path.suffix}"
    copyfile(found.path, target)
    return replace(found, path=target)


_WITH_ENGINE = {"digest_rejected"}


def install() -> None:
    """Do it, in the modules where these functions are."""
    from reconciler.audience.decision import unreadable_dnc_entries
    from reconciler.audience.delivery import dnc_consent_recheck, read_back, wire_rows, written_digests
    from reconciler.audience.diff import changed_since_rejection
    from reconciler.audience.engines import duckdb
    from reconciler.audience.relations import engine
    from reconciler.audience.staging import consistent_read, read_people

    for name in ("scratch", "table", "parquet", "stream", "group_sets", "write"):
        setattr(duckdb, name, _with_engine(getattr(duckdb, name)))
    opened = engine.open_engine
    _real[:] = engine.open_engine, engine.open_reader
    for module, name, lazy in (
        (wire_rows, "digest_members", False),
        (read_back, "find_not_as_written", False),
        (read_back, "find_superseded", True),
        (dnc_consent_recheck, "recheck_planned", True),
        (dnc_consent_recheck, "recheck_consent", True),
        (dnc_consent_recheck, "recheck_live", True),
        (dnc_consent_recheck, "recheck_members", False),
        (read_people, "read_people", False),
        (unreadable_dnc_entries, "count_unreadable", False),
        (unreadable_dnc_entries, "list_first_unreadable", False),
        (changed_since_rejection, "digest_rejected", False),
    ):
        setattr(module, name, _ask_once(getattr(module, name), opened, lazy))
    consistently = consistent_read.read_consistently

    def read_consistently(backend: Any, read: Callable[[], Any]) -> Any:
        if not isinstance(backend, Later):
            return consistently(backend, read)
        rows = read()
        key = _freeze(rows)
        counts["asked"] += 1
        if key in _agree:
            return rows
        counts["computed"] += 1
        first = [rows]
        with opened(backend.engine, backend.scratch) as real:
            found = consistently(real, lambda: first.pop() if first else read())
        if found is rows:
            _agree.add(key)
        return found

    consistent_read.read_consistently = read_consistently
    written = written_digests.write_digests

    def write_digests(*args: Any) -> None:
        *others, before, target = args
        key = ("written", _freeze(others), None if before is None else before.read_bytes())
        counts["asked"] += 1
        if key not in _known:
            counts["computed"] += 1
            with _computing():
                written(*args)
            _known[key] = target.read_bytes()
            return
        target.touch(mode=0o600)
        target.write_bytes(_known[key])

    written_digests.write_digests = write_digests  # type: ignore[assignment]


@contextmanager
def _engines(opened: Any, reader: Any) -> Iterator[None]:
    from reconciler.audience.relations import engine

    before = engine.open_engine, engine.open_reader
    engine.open_engine, engine.open_reader = opened, reader
    try:
        yield
    finally:
        engine.open_engine, engine.open_reader = before


def _computing() -> Any:
    """While what opens engines by itself is computed: it waits for nothing."""
    return _engines(*_real)


def computing_really() -> Any:
    """While this lasts, everything is computed, as where there is no simulation."""
    return _engines(*_real)


def computing_once() -> Any:
    """While this lasts, engines are opened when they are needed."""
    return _engines(_open_later, _open_later)


_real: list[Any] = []
