"""Rows for the audience: small files as a tenant would have sent them, and an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.audience.delivery import wire_rows
from reconciler.audience.relations import engine
from reconciler.model.list_change import Sample
from reconciler.model.row_queries import Rows
from reconciler.model.workspace_settings import Engine
from reconciler.views.reasons import describe_sample
from tests.audience import postgres

Written = Callable[[Sequence[Mapping[str, Any]], Mapping[str, str]], Rows]


def described(backend: Any, changed: Any) -> list[tuple[str, str, str]]:
    """Contact, action and why, in words, of the rows of a change in their order."""
    found = wire_rows.list_examples(backend, changed)
    samples = [Sample("", "", each.action, each.reason, each.score, each.was) for each in found]
    return [(each.contact, each.action, describe_sample(sample)) for each, sample in zip(found, samples, strict=True)]


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Any]:
    """The default engine."""
    with engine.open_engine(Engine(memory_limit="512MB"), tmp_path) as opened:
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
