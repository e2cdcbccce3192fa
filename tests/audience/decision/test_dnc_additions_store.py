"""Are numbers that outcomes add to a do-not-call list kept whole, once, and for good?"""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from reconciler.audience.decision import dnc_additions_store
from reconciler.audience.delivery import wire_rows
from reconciler.audience.relations import engine
from reconciler.model.outcome_change import NumbersChange
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Rows
from reconciler.model.tables import NUMBER_CHANGES
from reconciler.model.workspace_settings import Engine
from tests.outcomes import phone
from tests.s3 import S3

Make = Callable[..., NumbersChange]
ENGINE = Engine(memory_limit="256MB")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A change that adds some numbers to a store."""

    def made(folder: str, *numbers: int) -> NumbersChange:
        file = tmp_path / f"rows-{'-'.join(map(str, numbers))}.parquet"
        why = "{'code': 'asked_not_to_be_called', 'args': ['a set', 'DO_NOT_CALL']}"
        rows = ", ".join(f"('C{n}', 'add', '{phone(n)}', 'DO_NOT_CALL', NULL::VARCHAR, {why})" for n in numbers)
        names = ", ".join(f'"{name}"' for name in NUMBER_CHANGES.types)
        with duckdb.connect() as database:
            database.execute(f"COPY (SELECT * FROM (VALUES {rows}) t({names})) TO '{file}' (FORMAT parquet)")
        found = Rows(file, "parquet", NUMBER_CHANGES.types, len(numbers))
        change = NumbersChange(Address("SuppressionList", "asked"), folder, found, "")
        return replace(change, digest=wire_rows.digest_rows(found))

    return made


def add(change: NumbersChange, root: Path) -> str:
    with engine.open_engine(ENGINE, root) as backend:
        return dnc_additions_store.add_numbers(backend, change, root)


def numbers(text: str) -> list[str]:
    return [json.loads(line)["phone"] for line in text.splitlines()]


def test_what_is_added_twice_is_there_once_and_nobody_else_may_read_it(make: Make, tmp_path: Path) -> None:
    first = add(make("data/asked", 3, 1), tmp_path)
    assert add(make("data/asked", 3, 1), tmp_path) == first
    add(make("data/asked", 2), tmp_path)
    files = sorted((tmp_path / "data" / "asked").iterdir())
    assert len(files) == 2
    kept = [number for file in files for number in numbers(file.read_text(encoding="utf-8"))]
    assert sorted(kept) == [phone(n) for n in (1, 2, 3)]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_store_that_leads_out_of_the_workspace_is_refused(make: Make, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "data").symlink_to(tmp_path)
    with pytest.raises(dnc_additions_store.NotAdded, match="leads outside the workspace"):
        add(make("data/asked", 1), root)
    assert not (tmp_path / "asked").exists()


def test_a_store_may_be_in_an_object_store(make: Make, tmp_path: Path, s3_here: S3) -> None:
    bucket = s3_here.bucket()
    change = make(f"s3://{bucket}/asked", 1, 2)
    name = add(change, tmp_path)
    assert add(change, tmp_path) == name
    assert numbers(s3_here.get(bucket, f"asked/{name}").decode()) == [phone(1), phone(2)]
