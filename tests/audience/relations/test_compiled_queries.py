"""What one run has compiled serves the next, no relation is taken for another, and nobody else can put a query there."""

from __future__ import annotations

import json
import re
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest

from reconciler.audience.engines import compiled_queries
from reconciler.audience.engines.duckdb import get_value
from reconciler.ledger.compiled_queries_file import CompiledFile
from reconciler.ledger.sealing import Seal
from reconciler.model.secret import Secret
from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder

ROWS = ibis.table({"a": "int64", "b": "string", "m": "map<string, string>"}, name="rows")
OTHERS = ibis.table({"a": "int64", "b": "string", "m": "map<string, string>"}, name="others")
ALIKE: list[Callable[[], Any]] = [
    lambda: ROWS,
    lambda: ROWS.filter(ROWS["a"] > 1),
    lambda: ROWS.filter(ROWS["a"] > 2),
    lambda: ROWS.filter(ROWS["a"] >= 1),
    lambda: ROWS.filter(ROWS["b"] == "1"),
    lambda: ROWS.filter(ROWS["b"] == "one"),
    lambda: ROWS.select("a"),
    lambda: ROWS.select("b"),
    lambda: ROWS.select(c="a"),
    lambda: ROWS.select(a=ibis.literal(1)),
    lambda: ROWS.select(a=ibis.literal(1, "int64")),
    lambda: ROWS.select(a=ibis.literal("1")),
    lambda: ROWS.select(a=ibis.literal(True)),
    lambda: ROWS.select(a=ibis.literal(1.0)),
    lambda: ROWS.select(a=ibis.null("string")),
    lambda: ROWS.select(a=ibis.null("int64")),
    lambda: ROWS.select(a=ibis.literal("2026-07-01", "timestamp")),
    lambda: ROWS.select(a=ibis.literal("2026-07-01", "timestamp('UTC')")),
    lambda: ROWS.select(v=get_value(ROWS["m"], "k")),
    lambda: ROWS.select(v=get_value(ROWS["m"], "l")),
    lambda: ROWS.select(v=ROWS["m"]["k"]),
    lambda: ROWS.order_by("a"),
    lambda: ROWS.order_by(ibis.desc("a")),
    lambda: ROWS.left_join(OTHERS, "a"),
    lambda: ROWS.inner_join(OTHERS, "a"),
    lambda: ROWS.group_by("a").agg(n=ROWS.count()),
    lambda: ROWS.group_by("b").agg(n=ROWS.count()),
    lambda: OTHERS,
    lambda: ibis.table({"a": "int64", "b": "!string", "m": "map<string, string>"}, name="rows"),
]

Made = list[tuple[Any, str]]
Run = Callable[..., Ended]


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Made]]:
    """Forget what this process has compiled, as another one would; what is compiled from then on."""
    compiled: Made = []

    def forget() -> Made:
        compiled.clear()
        monkeypatch.setattr(compiled_queries, "_COMPILED", OrderedDict())
        return compiled

    backend = type(ibis.duckdb.connect())
    compile_it = backend.compile

    def count(self: Any, relation: Any, **options: Any) -> str:
        query: str = compile_it(self, relation, **options)
        compiled.append((relation, query))
        return query

    monkeypatch.setattr(backend, "compile", count)
    yield forget
    compiled_queries.keep_between_runs(None)


def test_of_relations_that_differ_in_anything_no_two_have_one_digest() -> None:
    digests = [compiled_queries.compute_digest(make().op()) for make in ALIKE]
    assert len(set(digests)) == len(ALIKE)
    assert digests == [compiled_queries.compute_digest(make().op()) for make in ALIKE], "made again, it is the same"


def test_a_relation_that_cannot_be_told_apart_is_compiled_each_time() -> None:
    with pytest.raises(compiled_queries._Undescribed):
        compiled_queries.compute_digest(ibis.memtable(pa.table({"a": [1]})).op())


def test_a_second_plan_compiles_nothing_and_is_the_same(
    tenant: Simulator, folder: Folder, run: Run, anew: Callable[[], Made]
) -> None:
    scene.whole(tenant, folder)
    made = anew()
    first = run("plan", "--as-of", "2026-07-01T00:00:00Z", "--format", "json")
    assert first.code == 0
    assert len(made) > 20
    fresh = {query for _, query in made}
    (file,) = folder.root.rglob("compiled/queries")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(word in file.read_bytes() for word in (b"SELECT", b"read_0", b"engaged")), "it is encrypted"
    anew()
    second = run("plan", "--as-of", "2026-07-01T00:00:00Z", "--format", "json")
    assert {query for _, query in made} - fresh == set()
    assert len(made) <= 1, "what cannot be told apart"
    assert _leave_out_moments(second.out) == _leave_out_moments(first.out)


def _leave_out_moments(plan: str) -> Any:
    document = json.loads(re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)|sha256:[0-9a-f]{64}", "", plan))
    return {name: told for name, told in document.items() if name != "ledger"}


SEALS = {"its own": "k" * 43, "another": "o" * 43}


@pytest.mark.parametrize(
    ("key", "versions", "found"),
    [
        ("its own", "duckdb 2.0", {"d": "SELECT 1"}),
        ("another", "duckdb 2.0", {}),
        ("its own", "duckdb 2.1", {}),
    ],
)
def test_queries_come_back_under_their_key_and_for_their_versions_alone(
    tmp_path: Path, key: str, versions: str, found: Mapping[str, str]
) -> None:
    CompiledFile(tmp_path / "cache", Seal(Secret(SEALS["its own"]))).store("duckdb 2.0", {"d": "SELECT 1"})
    assert CompiledFile(tmp_path / "cache", Seal(Secret(SEALS[key]))).fetch(versions) == found


def test_a_file_that_somebody_changed_or_cut_short_is_none(tmp_path: Path) -> None:
    kept = CompiledFile(tmp_path / "cache", Seal(Secret(SEALS["its own"])))
    assert kept.fetch("1") == {}
    kept.store("1", {"d": "SELECT 1"})
    (file,) = (tmp_path / "cache").iterdir()
    whole = file.read_bytes()
    for other in (whole[:-1], whole[:5], b"", whole[:20] + bytes([whole[20] ^ 1]) + whole[21:], b'{"d": "DROP"}'):
        file.write_bytes(other)
        assert kept.fetch("1") == {}


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in its place")
    kept = CompiledFile(tmp_path / "cache", Seal(Secret(SEALS["its own"])))
    kept.store("1", {"d": "SELECT 1"})
    assert kept.fetch("1") == {}
