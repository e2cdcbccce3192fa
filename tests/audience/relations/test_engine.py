"""What an engine does in a way of its own, and what is told when it cannot."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reconciler.audience.engines import compiled_queries, duckdb_pool, regex_translation, spark_session
from reconciler.audience.relations import engine
from reconciler.audience.staging import staged_members
from reconciler.model.errors import ReconcilerError
from reconciler.model.row_queries import Rows
from reconciler.model.workspace_settings import Engine
from tests.audience.conftest import Written

SPARK = Engine("spark", memory_limit="512MB")


@pytest.mark.parametrize(
    ("pattern", "java"),
    [
        (r"^\+?[0-9]{3,}$", r"(?d)^\+?[0-9]{3,}\z"),
        (r"a|b$|\$", r"(?d)a|b\z|\$"),
        (r"[$.]", r"(?d)[$.]"),
        (r"\s[\s.]\S", "(?d)[\\t\\n\\f\\r ][\\t\\n\\f\\r .][^\\t\\n\\f\\r ]"),
        (r"[]$]x$", r"(?d)[\]$]x\z"),
        (r"[^]$]$", r"(?d)[^\]$]\z"),
        (r"[a&&[b]", r"(?d)[a\&\&\[b]"),
        (r"\\$", r"(?d)\\\z"),
    ],
)
def test_a_pattern_is_told_to_java_as_re2_reads_it(pattern: str, java: str) -> None:
    assert regex_translation.as_java(pattern) == java


def test_what_spills_goes_to_the_folder_that_was_named_and_does_not_stay(tmp_path: Path) -> None:
    chosen = Engine(spill_folder=tmp_path / "large" / "disk")
    with (
        engine.open_engine(chosen, tmp_path / "scratch") as one,
        engine.open_engine(chosen, tmp_path / "scratch") as other,
    ):
        folders = {engine.find_scratch(one), engine.find_scratch(other)}
        assert {folder.parent for folder in folders} == {tmp_path / "large" / "disk"}
        assert len(folders) == 2
        assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in folders)
    assert not any((tmp_path / "large" / "disk").iterdir())


def _begun(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every database that is begun from here on; none is at hand."""
    begun: list[Any] = []
    begin = duckdb.connect

    def counted(*arguments: Any, **options: Any) -> Any:
        begun.append(begin(*arguments, **options))
        return begun[-1]

    monkeypatch.setattr(duckdb_pool, "_idle", {})
    monkeypatch.setattr(duckdb, "connect", counted)
    return begun


def test_a_database_that_is_at_hand_is_asked_again_and_nobody_sees_anothers_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, chosen = _begun(monkeypatch), Engine(memory_limit="64MB")
    for name in ("one", "other"):
        with (
            engine.open_reader(chosen, tmp_path / name) as first,
            engine.open_reader(chosen, tmp_path / name) as second,
        ):
            assert engine.find_scratch(first) == engine.find_scratch(second) == tmp_path / name / "spill"
            first.raw_sql("CREATE TEMP VIEW mine AS SELECT 1")
            with pytest.raises(duckdb.CatalogException, match="mine"):
                second.raw_sql("SELECT * FROM mine")
            assert first.raw_sql("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
    with engine.open_reader(replace(chosen, threads=1), tmp_path / "one") as third:
        assert third.raw_sql("SELECT current_setting('threads')").fetchall() == [(1,)]
    assert len(begun) == 2


def test_a_database_that_has_spilled_or_in_which_something_failed_is_asked_by_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, chosen = _begun(monkeypatch), Engine(memory_limit="64MB")
    with engine.open_reader(chosen, tmp_path / "a") as backend:
        spilled = engine.find_scratch(backend)
        backend.raw_sql("CREATE TEMP TABLE large AS SELECT range, md5(range::VARCHAR) FROM range(2_000_000)")
        assert any(spilled.iterdir())
    assert not any(tmp_path.glob("a/spill/*"))
    with pytest.raises(RuntimeError, match="lost"), engine.open_engine(chosen, tmp_path / "b"):
        raise RuntimeError("lost")
    with engine.open_reader(chosen, tmp_path / "c") as backend:
        assert backend.raw_sql("SELECT 1").fetchall() == [(1,)]
    assert len(begun) == 3


def test_what_was_written_is_the_owners_alone_and_counted(backend: Any, written: Written, tmp_path: Path) -> None:
    rows = engine.read_rows(backend, written([{"contactId": "b"}, {"contactId": "a"}], {"contactId": "VARCHAR"}))
    assert engine.write_parquet(backend, rows.order_by("contactId"), tmp_path / "out.parquet") == 2
    assert (tmp_path / "out.parquet").stat().st_mode & 0o777 == 0o600
    assert engine.write_parquet(backend, rows.filter(rows["contactId"] == "c"), tmp_path / "none.parquet") == 0


def test_what_is_computed_once_is_there_until_it_is_not_needed(backend: Any, written: Written) -> None:
    rows = engine.read_rows(backend, written([{"contactId": "b"}, {"contactId": None}], {"contactId": "VARCHAR"}))
    with engine.cache_rows(backend, rows.mutate(n=rows["contactId"].length())) as one:
        with engine.cache_rows(backend, one.filter(one["n"].notnull())) as other:
            assert list(engine.stream_rows(backend, other, 10)) == [[("b", 1)]]
        assert engine.count_rows(backend, one) == 2
    with pytest.raises(Exception, match="No files found"):
        engine.count_rows(backend, one)
    assert not any(engine.find_scratch(backend).glob("computed-*"))


def _counting(compile: Callable[[Any], Any], compiled: list[Any]) -> Callable[[Any], Any]:
    def counted(asked: Any) -> Any:
        compiled.append(asked)
        return compile(asked)

    return counted


def test_the_same_question_of_other_rows_is_compiled_once_and_answered_anew(
    tmp_path: Path, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[Any] = []
    answers = []
    for number, names in enumerate((["a"], ["b", "c"], ["b", "c"])):
        with engine.open_engine(Engine(memory_limit="512MB"), tmp_path / str(number)) as backend:
            monkeypatch.setattr(backend, "compile", _counting(backend.compile, compiled))
            columns = {"contactId": "VARCHAR", "only here": "BIGINT"}
            rows = engine.read_rows(backend, written([{"contactId": name, "only here": 1} for name in names], columns))
            engine.write_parquet(backend, rows.order_by("contactId"), tmp_path / f"{number}.parquet")
            kept = engine.read_parquet(backend, tmp_path / f"{number}.parquet")
            answers.append(
                [row for chunk in engine.stream_rows(backend, kept.order_by("contactId"), 10) for row in chunk]
            )
    assert answers == [[("a", 1)], [("b", 1), ("c", 1)], [("b", 1), ("c", 1)]]
    assert len(compiled) == 2


def test_a_file_that_was_written_anew_is_read_anew(backend: Any, written: Written, tmp_path: Path) -> None:
    file, columns = tmp_path / "rows.parquet", {"contactId": "VARCHAR"}
    for names in (["a"], ["b", "c"]):
        engine.write_parquet(
            backend, engine.read_rows(backend, written([{"contactId": n} for n in names], columns)), file
        )
        assert engine.count_rows(backend, engine.read_parquet(backend, file)) == len(names)


@pytest.mark.parametrize(
    ("said", "hundredths"),
    [("55.55", 5555), (" 12 ", 1200), ("1e2", 10_000), (".5", 50), ("99.995", 10_000), ("-3", -300)]
    + [(each, None) for each in ("", "1_000", "1f", "0x10", "NaN", "Infinity", "1e300", "-1e300", "one")],
)
def test_a_score_is_a_number_to_every_engine_or_to_none(
    backend: Any, written: Written, said: str, hundredths: int | None
) -> None:
    rows = written([{"contactId": "a", "score": said}], {"contactId": "VARCHAR", "score": "VARCHAR"})
    assert list(engine.stream_rows(backend, staged_members.read_members(backend, rows).select("score"), 9)) == [
        [(hundredths,)]
    ]


def test_without_pyspark_it_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_session, "_running", {})
    monkeypatch.setattr(spark_session, "find_spec", lambda name: None)
    with pytest.raises(ReconcilerError, match="PySpark is not installed") as told, engine.open_engine(SPARK, tmp_path):
        pass
    assert "cxone-reconciler[spark]" in str(told.value.hint)


@pytest.mark.parametrize("home", [None, "nowhere"])
def test_without_java_it_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    monkeypatch.setattr(spark_session, "_running", {})
    monkeypatch.setattr(spark_session, "find_spec", lambda name: name)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("JAVA_HOME", str(tmp_path / home))
    with pytest.raises(ReconcilerError, match="needs Java") as told, engine.open_engine(SPARK, tmp_path):
        pass
    assert "17" in str(told.value.hint)
    assert ("JAVA_HOME" in str(told.value.note)) == (home is not None)


def test_sources_are_read_without_the_engine_of_the_audience(tmp_path: Path) -> None:
    with engine.open_reader(SPARK, tmp_path) as backend:
        (tmp_path / "one.json").write_text('[{"contactId": "a"}]')
        assert (
            engine.count_rows(
                backend, engine.read_rows(backend, Rows(tmp_path / "one.json", "json", {"contactId": "VARCHAR"}, 1))
            )
            == 1
        )
    assert not spark_session._running or SPARK not in spark_session._running


def test_what_is_asked_for_often_is_not_compiled_anew_for_what_is_asked_once(
    backend: Any, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[Any] = []
    monkeypatch.setattr(compiled_queries, "MOST", 2)
    monkeypatch.setattr(compiled_queries, "_COMPILED", OrderedDict())
    monkeypatch.setattr(backend, "compile", _counting(backend.compile, compiled))
    rows = engine.read_rows(backend, written([{"contactId": "a"}], {"contactId": "VARCHAR"}))
    for number in range(3):
        engine.count_rows(backend, rows)
        engine.count_rows(backend, rows.filter(rows["contactId"] != str(number)))
    assert len(compiled) == 4
