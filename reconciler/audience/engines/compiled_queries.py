# tested by: tests/audience/relations/test_compiled_queries.py
"""Keep what relations compile to, in this process and from one run to the next.

A relation is known by what it is made of, down to the last literal and type: of two that differ in anything, neither is
taken for the other. What is kept for the next run is whatever `keep_between_runs` was given; that has to keep it under
a key, as it is run, and holds what relations hold.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from importlib.metadata import version
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.model.cache_port import CompiledPort

if TYPE_CHECKING:
    from ibis import BaseBackend, Table
    from ibis.expr.operations import Node

MOST = 1_000
"""Queries that are kept; what was asked for the longest time ago goes first."""

_COMPILED: OrderedDict[Node, str] = OrderedDict()

_PLAIN = {bool, int, float, str, bytes, date, datetime, time, timedelta, Decimal}
"""What is told apart by its text."""


class _Undescribed(Exception):
    """A relation is made of something that cannot be told apart by its text."""


class _Between:
    """What is kept from one run to the next: read when the first query is compiled, and written when the run ends."""

    def __init__(self, port: CompiledPort) -> None:
        self._port, self._lock = port, threading.Lock()
        self._held: dict[str, str] | None = None
        self._used: dict[str, str] = {}

    def find(self, digest: str) -> str | None:
        """The query of a relation, if an earlier run has compiled it."""
        with self._lock:
            if self._held is None:
                self._held = dict(self._port.fetch(name_versions()))
            found = self._held.get(digest)
            if found is not None:
                self._used[digest] = found
            return found

    def add(self, digest: str, query: str) -> None:
        """Keep a query that was compiled."""
        with self._lock:
            self._used[digest] = query

    def write(self) -> None:
        """Write what is new; those that this run has used stay longest."""
        with self._lock:
            held = self._held or {}
            if self._used.keys() <= held.keys():
                return
            kept = {**{name: query for name, query in held.items() if name not in self._used}, **self._used}
            self._port.store(name_versions(), dict(list(kept.items())[-MOST:]))


_between: _Between | None = None


def keep_between_runs(port: CompiledPort | None) -> None:
    """Keep what is compiled from now on for the next run; None: no longer."""
    global _between  # noqa: PLW0603 - as what is compiled in this process, it is of the process
    _between = None if port is None else _Between(port)


def write_kept() -> None:
    """Write what this run has compiled, for the next one."""
    if _between is not None:
        _between.write()


def name_versions() -> str:
    """What a query depends on besides its relation: the versions of what compiles and runs it."""
    with_it = " ".join(f"{name} {version(name)}" for name in ("ibis-framework", "sqlglot", "duckdb"))
    return f"reconciler {__version__} {with_it}"


def compile_once(backend: BaseBackend, relation: Table) -> str:
    """A relation in SQL. What was compiled before is not compiled again, in whichever database it is computed."""
    import ibis.expr.operations as ops

    what = relation.op()
    found = _COMPILED.get(what)
    if found is not None:
        with suppress(KeyError):  # another thread may just have let go of it
            _COMPILED.move_to_end(what)
        return found
    if what.find(ops.DatabaseTable):  # what is kept would hold on to its database
        return backend.compile(relation)
    found = _compile_for_next_run(backend, relation)
    _COMPILED[what] = found
    while len(_COMPILED) > MOST:
        _COMPILED.popitem(last=False)
    return found


def _compile_for_next_run(backend: BaseBackend, relation: Table) -> str:
    between = _between
    if between is None:
        return backend.compile(relation)
    try:
        digest = compute_digest(relation.op())
    except _Undescribed:
        return backend.compile(relation)
    found = between.find(digest)
    if found is None:
        found = backend.compile(relation)
        between.add(digest, found)
    return found


def compute_digest(relation: Node) -> str:
    """The SHA-256 of all that a relation is made of: alike in every process, and of no other relation.

    Raises:
        _Undescribed: something of it cannot be told apart by its text.
    """
    from ibis.common.graph import Graph  # type: ignore[import-untyped]

    known: dict[object, str] = {}
    graph, _ = Graph.from_bfs(relation).toposort()
    for node in graph:
        known[node] = hashlib.sha256(_describe_parts(node, known).encode()).hexdigest()
    return known[relation]


def _describe_parts(value: object, known: Mapping[object, str]) -> str:
    """An object of ibis, by its type and what it was made with."""
    kind: object = type(value)
    parts = zip(value.__argnames__, value.__args__, strict=True)  # type: ignore[attr-defined]
    told = ",".join(f"{name}={_describe(each, known)}" for name, each in parts)
    if hasattr(kind, "__func_name__"):  # a class that was made for a function of the engine: it is numbered
        made = [getattr(kind, name) for name in ("__func_name__", "__udf_namespace__", "__input_type__", "__config__")]
        return f"function {made!r} {value.dtype!r}({told})"  # type: ignore[attr-defined]
    return f"{kind.__module__}.{kind.__qualname__}({told})"  # type: ignore[attr-defined]


def _describe(value: object, known: Mapping[object, str]) -> str:
    if hasattr(value, "__argnames__"):
        return known.get(value) or _describe_parts(value, known)
    if value is None or isinstance(value, Enum):
        return repr(value)
    if type(value) in _PLAIN:
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, tuple):
        return f"({','.join(_describe(each, known) for each in value)})"
    if isinstance(value, frozenset):
        return f"<{','.join(sorted(_describe(each, known) for each in value))}>"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{_describe(name, known)}:{_describe(each, known)}' for name, each in value.items())}}}"
    raise _Undescribed(type(value).__name__)
