"""Contacts and interactions that a query selects: from SQLite, and from a PostgreSQL server that runs for this test."""

from __future__ import annotations

import logging
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from reconciler.audience.relations import engine
from reconciler.audience.relations.reasons import write_fault
from reconciler.audience.sources import sql_source
from reconciler.model.problem import BadInput, Location
from reconciler.model.row_queries import Rows
from reconciler.model.secret import Secret
from reconciler.model.source_specs import Answers, Entries, SqlFeed, SqlHistory
from tests.audience.postgres import PASSWORD, USER

HERE = Location("sources.yaml", 7, 3)
SQLITE = Secret("sqlite:///data/people.db")
ROWS = """
    CREATE TABLE people (id text, tel text, consent text, seen_at text, score real);
    INSERT INTO people VALUES ('007', '+15555550100', 'yes', NULL, 81.5), ('8', 'it''s, "5%"', NULL, '2026-01-01', NULL);
"""

Read = Callable[..., list[dict[str, Any]]]


def feed(query: str = "SELECT * FROM people", **said: Any) -> SqlFeed:
    columns = (("contactId", "id"), ("phone", "tel"))
    return SqlFeed(**{"url": "env WAREHOUSE_URL", "query": query, "columns": columns, "where": HERE, **said})


def listed(backend: Any, rows: Rows) -> list[dict[str, Any]]:
    names = list(rows.columns)
    table = engine.read_rows(backend, rows).select(*names).order_by("contactId")
    return [dict(zip(names, row, strict=True)) for chunk in engine.stream_rows(backend, table, 1000) for row in chunk]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    (folder / "data").mkdir(parents=True)
    with closing(sqlite3.connect(folder / "data" / "people.db")) as database:
        database.executescript(ROWS)
    return folder


@pytest.fixture
def server(postgres_port: int) -> Iterator[Secret]:
    import psycopg

    url = f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{postgres_port}/postgres"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS people")
        connection.execute(ROWS)
    yield Secret(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Secret:
    """Each database in turn, with the same rows in it."""
    if request.param == "sqlite":
        return SQLITE
    server = request.getfixturevalue("server")
    assert isinstance(server, Secret)
    return server


def people(url: Secret, root: Path) -> list[Any]:
    """What the table holds now."""
    if url is SQLITE:
        with closing(sqlite3.connect(root / "data" / "people.db")) as database:
            return database.execute("SELECT id, tel FROM people ORDER BY id").fetchall()
    import psycopg

    with psycopg.connect(url.reveal()) as connection:
        return connection.execute("SELECT id, tel FROM people ORDER BY id").fetchall()


def refused(backend: Any, given: SqlFeed, url: Secret, root: Path, into: Path) -> BadInput:
    """The refusal, in which no part of the URL stands: not in its words, nor in its chain."""
    with pytest.raises(BadInput) as raised:
        sql_source.read_contacts(backend, given, url, root, into)
    told = "".join(traceback.format_exception(raised.value)) + repr(raised.value.problems)
    error: BaseException | None = raised.value
    while error is not None:
        told += repr(error) + str(error)
        error = error.__cause__ or error.__context__
    for part in (url.reveal(), PASSWORD, quote(PASSWORD, safe=""), USER, "127.0.0.1"):
        assert part not in told or part == "sqlite://"
    assert list(into.glob("*")) == []
    return raised.value


def test_the_rows_of_a_query_become_contacts(backend: Any, url: Secret, root: Path, tmp_path: Path) -> None:
    columns = (("contactId", "id"), ("phone", "tel"), ("engagementScore", "score"))
    given = feed(
        "SELECT * FROM people -- all of them: 100%\n ORDER BY id;",
        columns=columns,
        attributes=(("seen", "seen_at"),),
        opted_in="consent = 'yes'",
        region="US",
    )
    rows = sql_source.read_contacts(backend, given, url, root, tmp_path / "rows")
    assert rows.path.stat().st_mode & 0o777 == 0o600
    assert [{k: v for k, v in row.items() if v is not None} for row in listed(backend, rows)] == [
        {
            "contactId": "007",
            "phone": "+15555550100",
            "phones": ["+15555550100"],
            "region": "US",
            "optedIn": True,
            "status": "ACTIVE",
            "engagementScore": 81.5,
            "attributes": '{"seen":null}',
            "place": "sources.yaml:7:3 row 1",
        },
        {
            "contactId": "8",
            "phone": 'it\'s, "5%"',
            "phones": ['it\'s, "5%"'],
            "region": "US",
            "status": "ACTIVE",
            "attributes": r'{"seen":"\"2026-01-01\""}',
            "place": "sources.yaml:7:3 row 2",
        },
    ]


def test_signs_that_drivers_take_for_parameters_are_only_text(
    backend: Any, url: Secret, root: Path, tmp_path: Path
) -> None:
    given = feed("SELECT 'a:b %s ? 10%' AS tel, CASE WHEN tel LIKE '+1%' THEN ':x' ELSE 'y' END AS id FROM people")
    found = listed(backend, sql_source.read_contacts(backend, given, url, root, tmp_path / "rows"))
    assert [(row["contactId"], row["phone"]) for row in found] == [(":x", "a:b %s ? 10%"), ("y", "a:b %s ? 10%")]


def test_an_empty_result_is_no_error_here(backend: Any, url: Secret, root: Path, tmp_path: Path) -> None:
    assert (
        sql_source.read_contacts(backend, feed("SELECT * FROM people WHERE 1 = 0"), url, root, tmp_path / "rows").count
        == 0
    )


@pytest.mark.thin(1)
def test_many_rows_are_streamed_and_numbered(backend: Any, url: Secret, root: Path, tmp_path: Path) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) SELECT i AS id, 'x' AS tel FROM n"
    found = listed(backend, sql_source.read_contacts(backend, feed(many), url, root, tmp_path / "rows"))
    assert {row["contactId"]: row["place"].split()[-1] for row in found} == {str(n): str(n) for n in range(1, 25_001)}


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM people",
        "INSERT INTO people (id) VALUES ('9')",
        "UPDATE people SET id = '1'",
        "DROP TABLE people",
        "WITH gone AS (DELETE FROM people RETURNING *) SELECT * FROM gone",
        "SELECT * INTO others FROM people",
        "SELECT * FROM people FOR UPDATE",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE people",
        "COMMIT; DELETE FROM people",
        "CREATE TABLE others AS SELECT * FROM people",
        "VACUUM",
        "COPY people TO PROGRAM 'cat'",
        "PRAGMA writable_schema = 1",
        "ATTACH 'x.db' AS x",
        "SELECT FROM WHERE (",
        "(" * 5000,
        "-- nothing",
        "",
    ],
)
def test_a_query_that_does_more_than_read_is_refused_before_anything_is_sent(
    backend: Any, url: Secret, root: Path, tmp_path: Path, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = people(url, root)
    with monkeypatch.context() as patched:
        patched.setattr(
            "reconciler.audience.sources.database_connection.read_query", lambda *_: pytest.fail("it was sent")
        )
        (problem,) = refused(backend, feed(query), url, root, tmp_path / "rows").problems
    assert (problem.code, problem.where) == ("not-a-query", HERE)
    assert people(url, root) == before


@pytest.mark.parametrize(
    "query", ["DELETE FROM people RETURNING id, tel", "INSERT INTO people (id) VALUES ('9') RETURNING id, tel"]
)
def test_a_query_that_writes_would_fail_in_the_database_too(
    backend: Any, url: Secret, root: Path, tmp_path: Path, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.audience.sources.sql_source.refuse_writing", lambda *_: None)
    before = people(url, root)
    (problem,) = refused(backend, feed(query), url, root, tmp_path / "rows").problems
    assert problem.code == "query-failed"
    assert people(url, root) == before


def test_a_function_that_writes_fails_in_the_database(backend: Any, server: Secret, root: Path, tmp_path: Path) -> None:
    import psycopg

    with psycopg.connect(server.reveal(), autocommit=True) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION sneak() RETURNS text LANGUAGE sql AS 'DELETE FROM people; SELECT 1::text'"
        )
    given = feed("SELECT sneak() AS id, '' AS tel")
    (problem,) = refused(backend, given, server, root, tmp_path / "rows").problems
    assert problem.note == "cannot execute DELETE in a read-only transaction"
    assert len(people(server, root)) == 2


@pytest.mark.parametrize(
    ("query", "word"), [("SELECT * FROM persons", "persons"), ("SELECT idd, tel FROM people", "idd")]
)
def test_an_unknown_table_or_column_is_told_in_the_databases_words(
    backend: Any, url: Secret, root: Path, tmp_path: Path, query: str, word: str
) -> None:
    (problem,) = refused(backend, feed(query), url, root, tmp_path / "rows").problems
    assert (problem.code, problem.where) == ("query-failed", HERE)
    assert problem.note is not None
    assert word in problem.note
    assert "\n" not in problem.note


def test_a_column_that_the_query_does_not_select_is_named_with_the_nearest(
    backend: Any, url: Secret, root: Path, tmp_path: Path
) -> None:
    (problem,) = refused(backend, feed("SELECT id, tel AS tell FROM people"), url, root, tmp_path / "rows").problems
    assert (problem.code, problem.hint) == ("unknown-column", "did you mean `tell`?")


def test_a_column_selected_twice_is_refused(backend: Any, url: Secret, root: Path, tmp_path: Path) -> None:
    given = feed("SELECT id, tel, tel AS id FROM people")
    (problem,) = refused(backend, given, url, root, tmp_path / "rows").problems
    assert problem.code == "duplicate-column"


def test_a_phone_with_a_fraction_is_refused(backend: Any, url: Secret, root: Path, tmp_path: Path) -> None:
    (problem,) = refused(backend, feed("SELECT id, score AS tel FROM people"), url, root, tmp_path / "rows").problems
    assert (problem.code, problem.message) == ("column-type", "the column `tel` holds float, which is no text here")


def test_a_row_that_cannot_be_used_is_an_error_or_is_kept_with_its_fault(
    backend: Any, url: Secret, root: Path, tmp_path: Path
) -> None:
    given = feed(
        "SELECT NULL AS id, tel FROM people WHERE id = '8' UNION ALL SELECT id, tel FROM people WHERE id = '007'"
    )
    bad = refused(backend, given, url, root, tmp_path / "rows")
    assert [problem.code for problem in bad.problems] == ["rows-refused", "bad-row"]
    found = listed(
        backend, sql_source.read_contacts(backend, replace(given, on_invalid="skip"), url, root, tmp_path / "rows")
    )
    assert sorted(((row["contactId"] or "", row["fault"]) for row in found), key=str) == [
        ("", write_fault("empty", "contactId")),
        ("007", None),
    ]


def test_interactions_are_read_with_their_moments_in_utc(
    backend: Any, server: Secret, root: Path, tmp_path: Path
) -> None:
    query = "SELECT 'a' AS id, timestamptz '2026-06-30 12:00:00.7+02' AS at, 'voice' AS how"
    columns = (("contactId", "id"), ("startTime", "at"), ("type", "how"))
    given = SqlHistory(url="env U", query=query, columns=columns, where=HERE)
    (row,) = listed(backend, sql_source.read_interactions(backend, given, server, root, tmp_path / "rows"))
    assert (row["id"], row["startTime"], row["fault"]) == ("sources.yaml:7:3 row 1", "2026-06-30T10:00:00Z", None)
    naive = replace(given, query=query.replace("timestamptz", "timestamp"), on_invalid="skip")
    (row,) = listed(backend, sql_source.read_interactions(backend, naive, server, root, tmp_path / "rows"))
    assert row["fault"] == write_fault("no_time_zone", "startTime")


def test_every_type_of_postgresql_that_has_a_text_is_read(
    backend: Any, server: Secret, root: Path, tmp_path: Path
) -> None:
    query = """SELECT 12345678901234567890123::numeric AS id, 15555550100 AS tel, true AS t, 1.50::numeric AS n,
        date '2026-01-02' AS d, time '10:11:12' AS h, 'b0f7f1c2-0000-4000-8000-000000000000'::uuid AS u"""
    attributes = tuple((name, name) for name in ("t", "n", "d", "h", "u"))
    given = feed(query, attributes=attributes, opted_in="t")
    (row,) = listed(backend, sql_source.read_contacts(backend, given, server, root, tmp_path / "rows"))
    assert (row["contactId"], row["phone"], row["optedIn"]) == ("12345678901234567890123", "15555550100", True)
    assert row["attributes"] == (
        '{"d":"\\"2026-01-02\\"","h":"\\"10:11:12\\"","n":"1.50","t":"true",'
        '"u":"\\"b0f7f1c2-0000-4000-8000-000000000000\\""}'
    )
    (problem,) = refused(
        backend,
        replace(given, query="SELECT ARRAY[1] AS id, '' AS tel, 1 t, 1 n, 1 d, 1 h, 1 u"),
        server,
        root,
        tmp_path / "none",
    ).problems
    assert problem.code == "column-type"


@pytest.mark.parametrize("ids", ["12.0::numeric", "12::numeric(6, 2)", "'NaN'::numeric"])
def test_an_id_with_decimal_places_is_refused_as_it_would_be_another_id(
    backend: Any, server: Secret, root: Path, tmp_path: Path, ids: str
) -> None:
    given = feed(f"SELECT 12::numeric AS id, 4155550100.0::numeric AS tel UNION ALL SELECT {ids}, '4155550100'")
    (problem,) = refused(backend, given, server, root, tmp_path / "rows").problems
    assert problem.code == "column-type"
    assert problem.message == "the column `id` holds numbers with decimal places, which is no text here"


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("SELECT '1' AS id, ('+1 415 555 01' || '01')::bigint AS tel", 'invalid input syntax for type bigint: "…"'),
        ("SELECT '1' AS id, ('4155550101' || 'O\"Ha' || 'ra')::jsonb AS tel", "invalid input syntax for type json"),
        ("SELECT '1' AS id, ('Ann ' || 'Lee')::date AS tel", 'invalid input syntax for type date: "…"'),
        ("SELECT '1' AS id, 'infinity'::date AS tel", "date too large (after year 10K): 'infinity'"),
        ("SELECT '1' AS id, ('inf' || 'inity')::timestamp AS tel", "timestamp too large (after year 10K): '…'"),
        (
            "SELECT i AS id, 1 / (24000 - i) AS tel FROM generate_series(1, 25000) AS i",
            "division by zero",
        ),
    ],
)
def test_a_database_that_repeats_a_value_it_cannot_read_is_told_without_the_value(
    backend: Any, server: Secret, root: Path, tmp_path: Path, query: str, note: str
) -> None:
    (problem,) = refused(backend, feed(query), server, root, tmp_path / "rows").problems
    assert (problem.code, problem.note) == ("query-failed", note)


def test_a_text_that_sqlite_cannot_decode_is_told_by_its_column_and_without_the_text(
    backend: Any, root: Path, tmp_path: Path
) -> None:
    given = feed("SELECT id, cast(x'34313535353530313031ff' AS text) AS tel FROM people")
    (problem,) = refused(backend, given, SQLITE, root, tmp_path / "rows").problems
    assert problem.note == "Could not decode to UTF-8 column 'tel' with text '…'"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (lambda url: url.replace(quote(PASSWORD, safe=""), "wrong"), "wrong-password"),
        (lambda url: url.replace(USER, "nobody-known"), "wrong-password"),
        (lambda url: url.removesuffix("postgres") + "elsewhere", "no-database"),
        (lambda url: url.rsplit(":", 1)[0] + ":1/postgres", "cannot-connect"),
        (lambda url: url.replace("127.0.0.1", "no-such-host.invalid"), "cannot-connect"),
        (lambda url: url.replace("postgresql://", "mysql://"), "database-url"),
        (lambda url: url.rsplit(":", 1)[0] + ":port/postgres", "database-url"),
    ],
)
def test_a_server_that_cannot_be_reached_is_told_without_its_url(
    backend: Any, server: Secret, root: Path, tmp_path: Path, changed: Any, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = Secret(changed(server.reveal()))
    (problem,) = refused(backend, feed(), url, root, tmp_path / "rows").problems
    assert (problem.code, problem.where, problem.note) == (code, HERE, "the URL is kept in env WAREHOUSE_URL")
    assert PASSWORD not in caplog.text
    assert quote(PASSWORD, safe="") not in caplog.text


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("sqlite:////etc/passwd", "database-url"),
        ("sqlite:///../outside.db", "database-url"),
        ("sqlite:///data/link.db", "database-url"),
        ("sqlite://", "database-url"),
        ("sqlite:///:memory:", "database-url"),
        ("sqlite:///data/nothing.db", "no-database"),
        ("sqlite:///data", "no-database"),
        ("sqlite:///data/words.db", "query-failed"),
        ("nonsense", "database-url"),
    ],
)
def test_only_a_sqlite_file_inside_the_workspace_is_read(
    backend: Any, root: Path, tmp_path: Path, url: str, code: str
) -> None:
    (tmp_path / "outside.db").write_bytes((root / "data" / "people.db").read_bytes())
    (root / "data" / "link.db").symlink_to(tmp_path / "outside.db")
    (root / "data" / "words.db").write_text("these are only words, and no database at all\n" * 100)
    (problem,) = refused(backend, feed(), Secret(url), root, tmp_path / "rows").problems
    assert problem.code == code


def test_sqlite_makes_no_file_and_changes_none(backend: Any, root: Path, tmp_path: Path) -> None:
    before = (root / "data" / "people.db").read_bytes()
    sql_source.read_contacts(backend, feed(), SQLITE, root, tmp_path / "rows")
    assert (root / "data" / "people.db").read_bytes() == before
    assert [path.name for path in (root / "data").iterdir()] == ["people.db"]


def test_the_rows_of_a_query_become_do_not_call_entries_with_their_places(
    backend: Any, url: Secret, root: Path, tmp_path: Path
) -> None:
    query = (
        "SELECT '+15555550100' AS home, '+15555550101;+15555550102' AS cell, 'yes' AS said, '2999-01-01' AS until "
        "UNION ALL SELECT '+15555550103', NULL, 'no', NULL UNION ALL SELECT '+15555550104', NULL, 'maybe', NULL "
        "UNION ALL SELECT '+15555550105', '', 'yes', 'soon' UNION ALL SELECT '+15555550106', '', 'yes', '2020-01-01' "
        "ORDER BY home"
    )
    given = replace(
        feed(query, columns=(("expires", "until"),), on_invalid="skip"),
        phones=(("home",), ("cell",)),
        entries=Entries(separator=";", answers=Answers(column="said", suppress=("yes",), skip=("no",))),
    )
    rows = sql_source.read_contacts(backend, given, url, root, tmp_path / "rows")
    found = [(row["phone"], row["place"].rpartition(" ")[2], row["fault"]) for row in listed(backend, rows)]
    found.sort(key=lambda each: each[:2])
    assert found == [
        ("+15555550100", "1", None),
        ("+15555550101", "1", None),
        ("+15555550102", "1", None),
        ("+15555550104", "3", write_fault("answer_unknown")),
        ("+15555550105", "4", write_fault("not_a_day_or_time", "expires")),
    ]
