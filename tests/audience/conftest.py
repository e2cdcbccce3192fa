"""Rows for the audience: small files as a tenant would have sent them, and an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.audience import engine
from reconciler.model.rows import Rows
from reconciler.model.settings import Engine
from tests.audience import postgres

Written = Callable[[Sequence[Mapping[str, Any]], Mapping[str, str]], Rows]


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Any]:
    """The default engine."""
    with engine.opened(Engine(memory_limit="512MB"), tmp_path) as opened:
        yield opened


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write rows to a file, as the wire does, with the columns named."""
    count = iter(range(1000))

    def write(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> Rows:
        path = tmp_path / f"{next(count)}.json"
        path.write_bytes(orjson.dumps(list(rows)))
        return Rows(path, "json", columns, len(rows))

    return write


@pytest.fixture(scope="session")
def postgres_port() -> Iterator[int]:
    """The port of a PostgreSQL server of this test run alone, on the loopback."""
    reason = postgres.missing()
    if reason is not None:
        pytest.skip(reason)
    with postgres.started() as port:
        yield port
