"""Rows leave their engine as the types that whoever reads them says, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reconciler.audience.relations import batches, engine
from reconciler.audience.relations.reasons import ReasonCell
from reconciler.audience.relations.row_type_check import Row, WrongColumns, check_row_type
from reconciler.model.reason_codes import REASON

COLUMNS = {"who": "string", "n": "int64", "why": REASON, "keys": "array<string>", "held": "map<string, string>"}
WHOLE = tuple[str, int, ReasonCell | None, list[str] | None, dict[str, str | None] | None]


class Person(NamedTuple):
    who: str
    n: int | None


def rows(backend: Any, folder: Path) -> Any:
    import ibis

    one = ibis.table({"seed": "int64"}, name="one")
    backend.raw_sql("CREATE TEMP TABLE one AS SELECT 7::BIGINT AS seed")
    made = one.select(
        who=ibis.literal("a"),
        n=one["seed"],
        why=ibis.struct({"code": ibis.literal("archived"), "args": ibis.literal([], "array<string>")}),
        keys=ibis.array([ibis.literal("+14155550101")]),
        held=ibis.map(ibis.array([ibis.literal("tier")]), ibis.array([ibis.literal('"gold"')])),
    )
    return engine.write_rows(backend, made, folder / "rows.parquet", COLUMNS)


def test_rows_are_what_they_are_read_as(backend: Any, tmp_path: Path) -> None:
    file = rows(backend, tmp_path)
    read = engine.read_rows(backend, file)
    expected = ("a", 7, {"code": "archived", "args": []}, ["+14155550101"], {"tier": '"gold"'})
    assert engine.list_rows(backend, read, tuple[str, int, ReasonCell, list[str], dict[str, str]]) == [expected]
    assert list(engine.stream_rows(backend, read, 10, tuple[object, ...])) == [[expected]]
    assert list(batches.iter_file_batches(file, tuple(COLUMNS), 10, tuple[object, ...])) == [[expected]]


def test_a_row_with_names_has_its_cells_by_name(backend: Any, tmp_path: Path) -> None:
    file = rows(backend, tmp_path)
    (one,) = engine.list_rows(backend, engine.read_rows(backend, file).select("who", "n"), Person)
    ((other,),) = batches.iter_file_batches(file, Person._fields, 10, Person)
    assert (one.who, one.n) == (other.who, other.n) == ("a", 7)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (tuple[int, int], "column who: int expected, string found"),
        (tuple[str, str | None], "column n: str | None expected, int64 found"),
        (tuple[str, float], "column n: float expected, int64 found"),
        (tuple[str, bool], "column n: bool expected, int64 found"),
        (tuple[str], "1 columns expected, 2 found: who, n"),
        (tuple[str, int, str], "3 columns expected, 2 found: who, n"),
        (tuple[str, ReasonCell], "column n: ReasonCell expected, int64 found"),
        (tuple[list[str], int], "column who: list[str] expected, string found"),
        (tuple[dict[str, str], list[int]], "column who: dict[str, str] expected, string found; column n: list[int] "),
        (tuple[int, ...], "column who: int expected, string found"),
    ],
)
def test_a_row_of_other_types_is_refused_with_each_column(row: type[Row], said: str) -> None:
    import ibis

    with pytest.raises(WrongColumns) as refused:
        check_row_type(ibis.schema({"who": "string", "n": "int64"}), row)
    assert refused.value.note is not None
    assert refused.value.note.startswith(said)


@pytest.mark.parametrize("row", [WHOLE, tuple[object, int, object, list[str], object]])
def test_null_is_of_any_type_and_an_object_anything(row: type[Row]) -> None:
    import ibis

    check_row_type(ibis.schema(COLUMNS), row)


def test_a_file_of_other_types_is_refused_before_its_first_row(backend: Any, tmp_path: Path) -> None:
    file = rows(backend, tmp_path)
    with pytest.raises(WrongColumns, match="read as something else"):
        next(batches.iter_file_batches(file, ("who", "n"), 10, tuple[str, str]))
    with pytest.raises(KeyError):
        next(batches.iter_file_batches(file, ("who", "missing"), 10, tuple[str, str]))
