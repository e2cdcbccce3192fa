"""Which texts differ only by what nobody sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.audience.relations import engine
from reconciler.audience.staging import equivalent_contact_ids
from reconciler.model import text_folding
from reconciler.model.workspace_settings import Engine

SAME = [
    ("A1", "A1 "),
    ("A1", "\u00a0A1"),
    ("A1", "A\u200b1"),
    ("A1", "\ufeffA1\u2060"),
    ("A1", "A1\r\n"),
    ("A1", "\u202aA1\u202c"),
    ("A1", "A\u00ad1"),
    ("A1", "A1\x00"),
    ("A1", "A1\ufe0f"),
    ("A1", "A1\u3164"),
    ("A 1", "A\u2003\t1"),
    ("Zo\u00eb", "Zoe\u0308"),
    ("001A0000006Vm9r", "001A0000006Vm9rIAC"),
    ("001A0000006Vm9rIAC", "\u200b001A0000006Vm9r "),
    ("0035g00000abCDe", "0035g00000abCDeAAM"),
]
OTHERS = [
    ("A1", "a1"),
    ("A1", "A01"),
    ("A1", "A 1"),
    ("A1", "\u0410" + "1"),
    ("A1", "\uff21" + "1"),
    ("001A0000006Vm9r", "001A0000006VM9R"),
    ("001A0000006Vm9r", "001A0000006Vm9rIAG"),
    ("001A0000006Vm9r", "001A0000006Vm9rIA"),
    ("CUSTOMER0000001", "CUSTOMER0000001AAA"),
    ("123456789012345", "123456789012345678"),
]


def suffixed(text: str) -> str:
    """The 18 characters of a Salesforce id, by its definition: a bit for each capital, the first letter's the lowest."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    groups = [text[start : start + 5] for start in range(0, 15, 5)]
    return text + "".join(letters[int("".join("01"[c.isupper()] for c in reversed(group)), 2)] for group in groups)


@pytest.mark.parametrize(("one", "other"), SAME, ids=ascii)
def test_ids_are_the_same_where_nobody_sees_a_difference(one: str, other: str) -> None:
    assert text_folding.normalise_id(one) == text_folding.normalise_id(other)


@pytest.mark.parametrize(("one", "other"), OTHERS, ids=ascii)
def test_ids_that_look_different_are_different(one: str, other: str) -> None:
    assert text_folding.normalise_id(one) != text_folding.normalise_id(other)


@pytest.mark.parametrize("name", ["Callees ", "CALLEES", "Call\u00adees", "\uff23allees", "callees\u00a0"], ids=ascii)
def test_names_of_objects_are_alike_in_any_case_too(name: str) -> None:
    assert text_folding.normalise_name(name) == text_folding.normalise_name("Callees")
    assert text_folding.normalise_name("Callees 2") != text_folding.normalise_name("Callees")


@given(st.text("abcXYZ0123456789", min_size=15, max_size=15))
def test_a_salesforce_id_is_one_with_its_checksum_and_with_no_other(text: str) -> None:
    whole = suffixed(text)
    assert text_folding.normalise_id(whole) == text
    wrong = whole[:17] + ("A" if whole[17] != "A" else "B")
    assert text_folding.normalise_id(wrong) == wrong


def test_of_ids_that_are_plain_none_is_asked_for(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["A1", "customer-7", "0000000000000000aa", "", None]}), tmp_path / "ids.parquet")
    with engine.open_engine(Engine(memory_limit="512MB"), tmp_path) as backend:
        assert (
            equivalent_contact_ids.find_odd_ids(backend, engine.read_parquet(backend, tmp_path / "ids.parquet")["id"])
            is None
        )


def test_rows_meet_by_their_ids_as_they_are_compared(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["A1 ", "B1", "C1"]}), tmp_path / "ids.parquet")
    pq.write_table(pa.table({"other": ["A1", "C1"]}), tmp_path / "others.parquet")
    with engine.open_engine(Engine(memory_limit="512MB"), tmp_path) as backend:
        ids, others = (engine.read_parquet(backend, tmp_path / f"{name}.parquet") for name in ("ids", "others"))
        rows = equivalent_contact_ids.join_same_ids(ids, "id", equivalent_contact_ids.find_odd_ids(backend, ids["id"]))
        met = rows.left_join(others, rows["same"] == others["other"]).drop("bare", "same")
        told = met.filter(met["other"].notnull()).order_by("id")
        assert list(engine.stream_rows(backend, told, 10)) == [[("A1 ", "A1"), ("C1", "C1")]]


def test_a_column_of_ids_is_told_as_each_of_them_is(tmp_path: Path) -> None:
    odd = [chr(each) for first, last in ((0, 0x300), (0x2000, 0x2070), (0xFE00, 0xFFFC)) for each in range(first, last)]
    ids = [f"A{each}1" for each in odd if not "\ud800" <= each <= "\udfff"]
    ids += [each for pair in (*SAME, *OTHERS) for each in pair] + [suffixed("a1B2c3D4e5F6g7H"), "", " "]
    pq.write_table(pa.table({"id": ids}), tmp_path / "ids.parquet")
    with engine.open_engine(Engine(memory_limit="512MB"), tmp_path) as backend:
        table = engine.read_parquet(backend, tmp_path / "ids.parquet")
        found = equivalent_contact_ids.join_same_ids(
            table, "id", equivalent_contact_ids.find_odd_ids(backend, table["id"])
        ).select("id", "same")
        told: list[tuple[Any, ...]] = [row for chunk in engine.stream_rows(backend, found, 1000) for row in chunk]
    assert len(told) == len(ids)
    # one of nothing but blanks stays as it is: it is refused elsewhere, and nobody else's
    assert [(each, same) for each, same in told if same != (text_folding.normalise_id(each) or each)] == []
