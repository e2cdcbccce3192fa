# tested by: tests/audience/sources/test_sql_source.py
"""Connect to a source database for reading only, and describe its errors.

The URL is a secret with its user, password and host. None of them stands in a message, and no error of a driver is
chained to ours: it would carry them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from reconciler.model.problem import BadInput, Problem
from reconciler.model.secret import Secret
from reconciler.model.source_specs import AnySql

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

T = TypeVar("T")

DIALECTS = {"sqlite": "sqlite", "postgresql": "postgres", "postgres": "postgres"}
CONNECT_SECONDS = 15


def parse_url(url: Secret, feed: AnySql) -> URL:
    """A URL in its parts, as SQLAlchemy has them.

    Raises:
        BadInput: it is none, or of a database that is not known.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parts = make_url(url.reveal())
    except (ArgumentError, ValueError):
        parts = None
    if parts is None:
        raise BadInput([_make_problem(feed, "database-url", "the database's URL cannot be read", _URL_HINT)])
    if parts.drivername.split("+")[0] not in DIALECTS:
        raise BadInput(
            [_make_problem(feed, "database-url", "the database is neither SQLite nor PostgreSQL", _URL_HINT)]
        )
    return parts


_URL_HINT = "write it as `postgresql://user:password@host:5432/database` or `sqlite:///path/in/the/workspace.db`"


def name_dialect(parts: URL) -> str:
    """The database's dialect, as sqlglot names it."""
    return DIALECTS[parts.drivername.split("+")[0]]


def read_query(parts: URL, feed: AnySql, root: Path, work: Callable[[Connection], T]) -> T:
    """What `work` makes of a connection whose transaction can only read, and is rolled back at the end.

    Raises:
        BadInput: the database cannot be reached, or refuses what it is asked.
    """
    from sqlalchemy.exc import SQLAlchemyError

    engine = _make_sqlite(parts, feed, root) if name_dialect(parts) == "sqlite" else _make_postgres(parts, feed)
    connected = False
    try:
        with engine.connect() as connection:
            connected = True
            return work(connection.execution_options(stream_results=True, no_parameters=True))
    except SQLAlchemyError as error:
        problem = _describe_error(error, parts, feed, connected=connected)
    finally:
        engine.dispose()
    # raised out here, so that the driver's error is not even the context of this one
    raise BadInput([problem])


def _make_sqlite(parts: URL, feed: AnySql, root: Path) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    inside = root.resolve()
    path = (inside / (parts.database or "")).resolve()
    if not parts.database or parts.database.startswith(":") or not path.is_relative_to(inside):
        raise BadInput([_make_problem(feed, "database-url", "the SQLite file is not inside the workspace", _URL_HINT)])
    if not path.is_file():
        raise BadInput([_make_problem(feed, "no-database", "there is no such SQLite file in the workspace", None)])

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=CONNECT_SECONDS)

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


def _make_postgres(parts: URL, feed: AnySql) -> Engine:
    from importlib.util import find_spec

    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    if find_spec("psycopg") is None:
        hint = "install it with `pip install 'cxone-reconciler[postgres]'`"
        raise BadInput([_make_problem(feed, "no-driver", "the driver for PostgreSQL is not installed", hint)])
    return create_engine(
        parts.set(drivername="postgresql+psycopg"),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": CONNECT_SECONDS},
        execution_options={"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"},
    )


def _describe_error(error: BaseException, parts: URL, feed: AnySql, *, connected: bool) -> Problem:
    """What the database says of a query, in its own words; of a connection, in ours."""
    words = _read_words(getattr(error, "orig", None) or error)
    if connected:
        return _make_problem(
            feed, "query-failed", "the database refuses the query", None, _clean(words, parts, feed.query)
        )
    if "password" in words.lower() or "authentication" in words.lower():
        return _make_problem(feed, "wrong-password", "the database refuses the user or the password", _REFERENCE)
    if "does not exist" in words:
        return _make_problem(feed, "no-database", "the database's server has no such database or user", _REFERENCE)
    return _make_problem(
        feed, "cannot-connect", "the database cannot be reached", "is it running, and is the host right?"
    )


_REFERENCE = "look at what the URL's reference holds"


def _read_words(error: BaseException) -> str:
    diagnosed = getattr(error, "diag", None)
    return str(getattr(diagnosed, "message_primary", None) or error)


def _clean(words: str, parts: URL, query: str) -> str:
    """The first line of a database's words, without anything that the URL holds, or that a row may hold.

    Databases repeat the value that they cannot read (`invalid input syntax for type integer: "…"`): of what stands in
    quotes only what stands in the query, too, is kept.
    """
    line = next(iter(words.strip().splitlines()), "")
    line = _MANY_DIGITS.sub("…", _drop_quoted(line, query))
    if parts.password:
        line = line.replace(str(parts.password), "***")
    for word in (parts.username, parts.host):
        line = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "***", line) if word else line
    return line


def _drop_quoted(line: str, query: str) -> str:
    """A line without what stands in quotes, from the first that is none of the query's to the last: a value has any."""
    for found in _QUOTED.finditer(line):
        if not found[2] or not re.search(rf"(?<!\w){re.escape(found[2])}(?!\w)", query):
            end = max(line.rfind(quote) for quote in "\"'")
            return f"{line[: found.start()]}{found[1]}…{found[1]}{line[end + 1 :]}"
    return line


_QUOTED = re.compile(r"""(["'])(.*?)\1""")

_MANY_DIGITS = re.compile(r"\+?(?:\d[\s().-]*){5,}")
"""What may be somebody's number, where it stands without quotes."""


def _make_problem(feed: AnySql, code: str, message: str, hint: str | None, note: str | None = None) -> Problem:
    return Problem(feed.where, code, message, note=note or f"the URL is kept in {feed.url}", hint=hint)
