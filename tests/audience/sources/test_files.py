"""What is written to a file is read back as it was, whatever it holds; and large files keep every row and every line."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.audience.relations import engine
from reconciler.audience.sources import files, source_files, sql_source
from reconciler.audience.sources.formats import csv as delimited
from reconciler.audience.sources.source_files import Found
from reconciler.audience.staging import staged_interactions
from reconciler.model.problem import BadInput, Location
from reconciler.model.reason import Counted, Reason
from reconciler.model.row_queries import Rows
from reconciler.model.secret import Secret
from reconciler.model.source_specs import FileFeed, FileHistory, SqlFeed
from tests.sample import examples

HERE = Location("sources.yaml", 4, 3)
COLUMNS = (("contactId", "id"), ("phone", "tel"), ("name", "Full Name"))
HEADER = ("id", "tel", "Full Name")

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    [
        '"',
        '""',
        ",",
        "\n",
        "\r",
        "\r\n",
        '"\n",',
        " a ",
        "NULL",
        "null",
        "'",
        "\\",
        "\ufeff",
        "007",
        "#",
        "\x1a",
        "\u2028",
    ]
)
ROWS = st.lists(st.tuples(TEXTS.filter(lambda text: text.strip()), st.none() | TEXTS, st.none() | TEXTS), max_size=12)
ANY_FILE = settings(
    deadline=None,
    max_examples=examples(200),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Row = tuple[str, str | None, str | None]


def feed(name: str, kind: Any, **said: Any) -> FileFeed:
    return FileFeed(
        **{"paths": (name,), "format": kind, "columns": COLUMNS, "on_invalid": "skip", "where": HERE, **said}
    )


def back(backend: Any, rows: Rows) -> list[Row]:
    """The rows in the order in which they were written."""
    table = engine.read_rows(backend, rows)
    read = table.select("contactId", "phone", "name", "place", "fault")
    found = engine.list_rows(backend, read, tuple[str, str | None, str | None, str, object])
    assert {row[4] for row in found} <= {None}
    return [row[:3] for row in sorted(found, key=lambda row: int(row[3].replace(" ", ":").rpartition(":")[2]))]


def as_csv(rows: list[Row], **dialect: Any) -> str:
    text = io.StringIO()
    writer = csv.writer(text, **dialect)
    writer.writerows([HEADER, *rows])
    return text.getvalue()


@ANY_FILE
@given(
    ROWS, st.sampled_from(["\n", "\r\n"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from(",;\t|")
)
@pytest.mark.matrix(instead="test_both_readers_of_csv_read_the_same")
def test_what_is_written_as_csv_is_read_back(
    backend: Any, tmp_path: Path, rows: list[Row], end: str, quoting: Any, delimiter: str
) -> None:
    # Python's writer leaves a lone \\r without quotes where lines end with \\n
    quoting = csv.QUOTE_ALL if end == "\n" else quoting
    text = as_csv(rows, lineterminator=end, quoting=quoting, delimiter=delimiter)
    (tmp_path / "c.csv").write_text(text, encoding="utf-8", newline="")
    read = files.read_contacts(backend, feed("c.csv", "csv", delimiter=delimiter), tmp_path, tmp_path / "rows")
    # an empty field and no value are one in CSV
    assert back(backend, read) == [(one, two or None, three or None) for one, two, three in rows]


@ANY_FILE
@given(ROWS, st.booleans())
def test_what_is_written_as_json_lines_is_read_back(
    backend: Any, tmp_path: Path, rows: list[Row], ascii_only: bool
) -> None:
    lines = [json.dumps(dict(zip(HEADER, row, strict=True)), ensure_ascii=ascii_only) for row in [("0", "", ""), *rows]]
    (tmp_path / "c.jsonl").write_text("\n".join(lines), encoding="utf-8", newline="")
    read = files.read_contacts(backend, feed("c.jsonl", "jsonl"), tmp_path, tmp_path / "rows")
    assert back(backend, read) == [("0", "", ""), *rows]


@ANY_FILE
@given(ROWS)
@pytest.mark.matrix(instead="test_what_is_written_as_json_lines_is_read_back")
def test_what_is_written_as_parquet_is_read_back(backend: Any, tmp_path: Path, rows: list[Row]) -> None:
    columns = {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(HEADER)}
    pq.write_table(pa.table(columns), tmp_path / "c.parquet")
    read = files.read_contacts(backend, feed("c.parquet", "parquet"), tmp_path, tmp_path / "rows")
    assert back(backend, read) == rows


def test_a_parquet_file_that_is_damaged_before_its_whole_end_is_told_with_its_rows(
    backend: Any, tmp_path: Path
) -> None:
    rows = [[str(number) for number in range(start, start + 3000)] for start in (0, 10_000)]
    with pq.ParquetWriter(tmp_path / "c.parquet", pa.schema([(name, pa.string()) for name in HEADER])) as writer:
        for group in rows:
            writer.write_table(pa.table(dict.fromkeys(HEADER, group)))
    whole = bytearray((tmp_path / "c.parquet").read_bytes())
    begin = pq.read_metadata(tmp_path / "c.parquet").row_group(1).column(0).dictionary_page_offset
    whole[begin : begin + 3000] = b"A" * 3000
    (tmp_path / "c.parquet").write_bytes(whole)
    with pytest.raises(BadInput) as raised:
        files.read_contacts(backend, feed("c.parquet", "parquet"), tmp_path, tmp_path / "rows")
    (problem,) = raised.value.problems
    assert problem.where == Location("c.parquet")
    assert problem.message == "the file is damaged: its rows 3,001 to 6,000 cannot be read"


def test_a_parquet_file_that_has_a_mapped_column_twice_is_refused(backend: Any, tmp_path: Path) -> None:
    columns = [pa.array([text]) for text in ("1", "+14155550101", "Ann", "+14155550102")]
    pq.write_table(pa.Table.from_arrays(columns, names=[*HEADER, "tel"]), tmp_path / "c.parquet")
    with pytest.raises(BadInput) as raised:
        files.read_contacts(backend, feed("c.parquet", "parquet"), tmp_path, tmp_path / "rows")
    assert [each.message for each in raised.value.problems] == ["the file has the column `tel` 2 times"]


def test_columns_of_a_parquet_file_that_differ_by_case_are_told_apart(backend: Any, tmp_path: Path) -> None:
    columns = [pa.array([text]) for text in ("other", "1", "+14155550101", "Ann")]
    pq.write_table(pa.Table.from_arrays(columns, names=["TEL", "id", "tel", "Full Name"]), tmp_path / "c.parquet")
    read = files.read_contacts(backend, feed("c.parquet", "parquet"), tmp_path, tmp_path / "rows")
    assert back(backend, read) == [("1", "+14155550101", "Ann")]


@ANY_FILE
@given(ROWS)
@pytest.mark.matrix(instead="test_what_is_written_as_json_lines_is_read_back")
def test_what_is_written_to_a_database_is_read_back(backend: Any, tmp_path: Path, rows: list[Row]) -> None:
    with closing(sqlite3.connect(tmp_path / "c.db")) as database, database:
        database.execute("DROP TABLE IF EXISTS t")
        database.execute('CREATE TABLE t (id text, tel text, "Full Name" text)')
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    query = SqlFeed(url="env U", query="SELECT * FROM t ORDER BY rowid", columns=COLUMNS, where=HERE)
    assert (
        back(backend, sql_source.read_contacts(backend, query, Secret("sqlite:///c.db"), tmp_path, tmp_path / "rows"))
        == rows
    )


@ANY_FILE
@example(rows=[("", ',"', '" ')], raw=True)
@given(st.lists(st.tuples(*[st.text(st.sampled_from("ab\",'é# "), max_size=4)] * 3), max_size=20), st.booleans())
def test_both_readers_of_csv_read_the_same(
    backend: Any, tmp_path: Path, rows: list[tuple[str, str, str]], raw: bool
) -> None:
    """Raw: the fields are written without quoting, so that many a file is wrong in some way."""
    text = "\n".join(",".join(row) for row in [HEADER, *rows]) if raw else as_csv(rows, lineterminator="\n")  # type: ignore[arg-type]
    (tmp_path / "c.csv").write_text(text, encoding="utf-8", newline="")
    told: list[list[Any]] = []
    for by_engine in (True, False):
        with pytest.MonkeyPatch.context() as patched:
            if not by_engine:
                patched.setattr(delimited, "_read_by_engine", lambda *_: False)
            try:
                read = files.read_contacts(backend, feed("c.csv", "csv"), tmp_path, tmp_path / "rows")
                table = engine.read_rows(backend, read).order_by("place")
                told.append(next(engine.stream_rows(backend, table, 100), []))
            except BadInput as bad:
                told.append(list(bad.problems))
    assert told[0] == told[1]


ONE_COLUMN = st.lists(
    st.sampled_from(["4155550101", "a", '""', '"', '" ', " ", ",", "\n", "\r\n", "\n", "\r"]), max_size=12
)


@ANY_FILE
@example(said=["a", "\n", "\n", "a"], bom=False, header=False)
@example(said=["\n", "a", "\n", "a"], bom=True, header=True)
@example(said=["a", "\n", '""', "\n", "a"], bom=False, header=True)
@given(ONE_COLUMN, st.booleans(), st.booleans())
def test_both_readers_of_csv_read_a_file_of_one_column_the_same(
    backend: Any, tmp_path: Path, said: list[str], bom: bool, header: bool
) -> None:
    file = Found(tmp_path / "c.csv", "c.csv")
    file.path.write_bytes(("\ufeff" * bom + "".join(said)).encode())
    told: list[Any] = []
    for by_engine in (True, False):
        with pytest.MonkeyPatch.context() as patched:
            if not by_engine:
                patched.setattr(delimited, "_read_by_engine", lambda *_: False)
            try:
                table, named = delimited.read_records(
                    backend, file, feed("c.csv", "csv", header=header), tmp_path / "rows"
                )
                told.append((named, next(engine.stream_rows(backend, table.order_by("line"), 100), [])))
            except BadInput as bad:
                told.append(list(bad.problems))
    assert told[0] == told[1]


def test_a_file_whose_records_are_lines_is_read_by_the_engine(
    backend: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "_read_by_python", lambda *_: pytest.fail("it was read again"))
    (tmp_path / "one.csv").write_text("phone\n4155550101\n4155550102\n")
    one = Found(tmp_path / "one.csv", "one.csv")
    table, _ = delimited.read_records(backend, one, feed("one.csv", "csv"), tmp_path / "one.parquet")
    assert engine.count_rows(backend, table) == 2
    (tmp_path / "c.csv").write_text(as_csv([('a "b"', "x, y", "ö")], lineterminator="\r\n"), newline="")
    assert back(backend, files.read_contacts(backend, feed("c.csv", "csv"), tmp_path, tmp_path / "rows")) == [
        ('a "b"', "x, y", "ö")
    ]


@pytest.mark.parametrize(
    ("wrong", "all_rows"), [(150_001, 160_000), pytest.param(900_001, 1_000_000, marks=pytest.mark.matrix)]
)
def test_a_wrong_type_far_down_is_found_on_its_line(backend: Any, tmp_path: Path, wrong: int, all_rows: int) -> None:
    with (tmp_path / "c.csv").open("w") as file:
        file.write("id,score\n")
        file.writelines(f"{n},{'much' if n == wrong else n % 100}\n" for n in range(1, all_rows + 1))
    scored = feed("c.csv", "csv", columns=(("contactId", "id"), ("engagementScore", "score")))
    read = files.read_contacts(backend, scored, tmp_path, tmp_path / "rows")
    table = engine.read_rows(backend, read)
    line = table["place"].re_extract(r"(\d+)$", 1).cast("int64")
    assert read.count == all_rows
    assert engine.count_rows(backend, table.filter(table["contactId"].cast("int64") + 1 != line)) == 0
    with pytest.raises(BadInput) as refused:
        files.read_contacts(backend, replace(scored, on_invalid="refuse"), tmp_path, tmp_path / "rows")
    places = [(str(problem.where), problem.message) for problem in refused.value.problems]
    assert places == [
        (f"c.csv:{wrong + 1}", "this row cannot be used"),
        ("sources.yaml:4:3", f"1 of {all_rows:,} rows cannot be used"),
    ]
    why = (Counted(Reason("not_a_number", ("engagementScore",)), 1),)
    assert [problem.faults for problem in refused.value.problems] == [why, why]


def test_of_many_bad_rows_the_first_twenty_are_shown_and_all_are_counted(backend: Any, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("id,tel,Full Name\n" + ",1,\n" * 15)
    with pytest.raises(BadInput) as refused:
        files.read_contacts(backend, feed("*.csv", "csv", on_invalid="refuse"), tmp_path, tmp_path / "rows")
    places = [str(problem.where) for problem in refused.value.problems if problem.code == "bad-row"]
    assert places == [f"a.csv:{n}" for n in range(2, 17)] + [f"b.csv:{n}" for n in range(2, 7)]
    assert refused.value.problems[-1].message == "30 of 30 rows cannot be used"


def test_a_large_compressed_file_with_quoted_line_breaks_keeps_its_lines(backend: Any, tmp_path: Path) -> None:
    import gzip

    with gzip.open(tmp_path / "c.csv.gz", "wt", newline="", compresslevel=1) as file:
        file.write("id,tel,Full Name\n")
        file.writelines(f'{2 + 3 * n},x,"one\n\ntwo"\n' for n in range(25_000))
    read = files.read_contacts(backend, feed("c.csv.gz", "csv"), tmp_path, tmp_path / "rows")
    table = engine.read_rows(backend, read)
    right = table["place"] == "c.csv.gz:" + table["contactId"]
    assert (read.count, engine.count_rows(backend, table.filter(right))) == (25_000, 25_000)


def test_a_field_without_end_does_not_swallow_the_file(backend: Any, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text('id,tel,Full Name\n1,"2,3\n' + "4,5,6\n" * 100_000)
    with pytest.raises(BadInput) as refused:
        files.read_contacts(backend, feed("c.csv", "csv"), tmp_path, tmp_path / "rows")
    assert [(str(p.where), p.message) for p in refused.value.problems] == [
        ("c.csv:2", "a quote is opened and never closed")
    ]


def test_a_json_line_without_end_is_refused(backend: Any, tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text('{"id": "1"}\n{"id": "' + "x" * (1 << 20))
    with pytest.raises(BadInput) as refused:
        files.read_contacts(backend, feed("c.jsonl", "jsonl"), tmp_path, tmp_path / "rows")
    assert [(str(p.where), p.code) for p in refused.value.problems] == [("c.jsonl:2", "long-line")]


def test_the_engines_order_of_rows_is_as_it_was_afterwards(backend: Any, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("id,tel,Full Name\n1,2,3\n")
    files.read_contacts(backend, feed("c.csv", "csv"), tmp_path, tmp_path / "rows")
    ((kept,),) = backend.raw_sql("SELECT current_setting('preserve_insertion_order')").fetchall()
    assert kept is False


def test_a_feed_is_the_same_feed_wherever_it_is_said() -> None:
    one, other = feed("c.csv", "csv"), feed("c.csv", "csv", where=Location("other.yaml", 1, 1))
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize("columns", [(("phone", "tel"),), (("contactId", "id"), ("fone", "tel"))])
def test_a_mapping_that_makes_no_contacts_is_a_mistake_of_the_program(
    backend: Any, tmp_path: Path, columns: Any
) -> None:
    with pytest.raises(ValueError, match="columns"):
        files.read_contacts(backend, feed("c.csv", "csv", columns=columns), tmp_path, tmp_path / "rows")


def test_interactions_of_several_files_are_one_relation(backend: Any, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("who,at\n1,2026-06-30T10:00:00Z\n")
    history = FileHistory(
        paths=("a.csv", "b.csv"),
        format="csv",
        columns=(("contactId", "who"), ("startTime", "at")),
        type="voice",
        where=HERE,
    )
    read = files.read_interactions(backend, history, tmp_path, tmp_path / "rows")
    staged_interactions.refuse_unclear_times(backend, read)
    assert engine.count_rows(backend, staged_interactions.read_interactions(backend, read)) == 2


def test_a_workspace_that_is_run_from_the_folder_above_is_told_which_one_is_meant(tmp_path: Path) -> None:
    (tmp_path / "manifests" / "data").mkdir(parents=True)
    (tmp_path / "manifests" / "data" / "people.csv").write_text("id\n")
    where = Location("manifests/contacts.yaml", 9, 5)
    with pytest.raises(BadInput) as refused:
        source_files.find_files(feed("data/people.csv", "csv", where=where), tmp_path)
    (problem,) = refused.value.problems
    assert (problem.code, problem.hint) == (
        "no-file",
        "paths begin at the workspace's folder; if that is `manifests`, say `-w manifests`",
    )
