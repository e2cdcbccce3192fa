"""What holds for values of attributes, whatever they are."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ibis
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.audience.sources.raw_rows import RawRows
from reconciler.audience.staging import attribute_values

NUMBERED = itertools.count()
quick = settings(
    max_examples=6, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([85, 85.0])
SCALARS = (
    st.none() | st.booleans() | NUMBERS | TEXTS | st.sampled_from(["85", "true", "null", "", " 85", "é", "e\u0301"])
)


@pytest.fixture(scope="module")
def database() -> Iterator[Any]:
    backend = ibis.duckdb.connect()
    yield backend
    backend.disconnect()


def columns(backend: Any, rows: list[tuple[str | None, ...]]) -> Any:
    """A table `t`, with the columns c0, c1, …"""
    names = [f"c{number}" for number in range(len(rows[0]))]
    table = {name: [row[number] for row in rows] for number, name in enumerate(names)}
    held = ibis.memtable(table, schema=dict.fromkeys(names, "string"))
    return backend.create_table(f"t{next(NUMBERED)}", held, temp=True)


def one(first: Any, second: Any) -> bool:
    """Whether two values are one, by the words of the documentation."""
    truths = isinstance(first, bool), isinstance(second, bool)
    if truths == (False, False) and isinstance(first, int | float) and isinstance(second, int | float):
        return float(first) == float(second)
    return type(first) is type(second) and bool(first == second)


@quick
@given(st.lists(st.tuples(SCALARS, SCALARS) | SCALARS.map(lambda value: (value, value)), min_size=40, max_size=60))
def test_values_are_one_if_they_are_of_one_type_and_amount_to_the_same(
    database: Any, pairs: list[tuple[Any, Any]]
) -> None:
    texts = [tuple(None if each is None else json.dumps(each, ensure_ascii=False) for each in pair) for pair in pairs]
    table = columns(database, texts)
    found = database.raw_sql(
        database.compile(table.select("c0", "c1", same=attribute_values.is_same_value(table["c0"], table["c1"])))
    )
    said = {(first, second): same for first, second, same in found.fetchall()}
    assert said == {text: one(*pair) for text, pair in zip(texts, pairs, strict=True)}


@quick
@given(st.lists(SCALARS, min_size=40, max_size=60))
def test_a_value_of_a_source_arrives_as_it_is_or_as_the_text_of_a_number_that_json_would_spoil(
    database: Any, given_values: list[Any]
) -> None:
    texts = [json.dumps(each, ensure_ascii=False) for each in given_values]
    table = columns(database, [(each,) for each in texts])
    told, fault = attribute_values.read_values(RawRows(table, {}, {"s": "c0"}), (("a", "s"),), {})
    read = table.select("c0", told=told.cast("json").cast("map<string, string>").get("a"), fault=fault)
    for text, value, wrong in database.raw_sql(database.compile(read)).fetchall():
        wanted = json.loads(text)
        assert wrong is None
        if value is None:
            assert wanted is None
            continue
        arrived = orjson.loads(value)
        if isinstance(wanted, int) and abs(wanted) > 2**53 - 1:
            assert arrived == text
        else:
            assert arrived == wanted and isinstance(arrived, bool) == isinstance(wanted, bool)
            assert isinstance(arrived, str) == isinstance(wanted, str)


@quick
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60), min_size=40, max_size=60)
)
def test_a_number_that_is_declared_in_csv_is_that_number_or_no_value_at_all(database: Any, numbers: list[Any]) -> None:
    table = columns(database, [(f" +{each!r}" if each > 0 else f"{each!r} ",) for each in numbers])
    told, fault = attribute_values.read_values(RawRows(table, {"s": "c0"}), (("a", "s"),), {"a": "number"})
    read = table.select("c0", told=told.cast("json").cast("map<string, string>").get("a"), fault=fault)
    for text, value, wrong in database.raw_sql(database.compile(read)).fetchall():
        number = float(text)
        if wrong is None:
            assert float(orjson.loads(value)) == number and not isinstance(orjson.loads(value), str)
        else:
            assert value is None and (abs(number) > 2**53 - 1 or not math.isfinite(number))


def test_the_folder_of_a_list_that_was_cut_short_is_as_good_as_none(tmp_path: Path) -> None:
    from reconciler.audience.delivery import written_digests

    file = tmp_path / "written.parquet"
    file.write_bytes(b"PAR1")
    assert not written_digests.is_readable(file)
