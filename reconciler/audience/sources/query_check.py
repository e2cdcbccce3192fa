# tested by: tests/audience/sources/test_sql_source.py
"""Check that a query is one statement that only reads.

The database is asked to refuse writing as well; a query that is wrong is better refused before anybody hears of it.
"""

from __future__ import annotations

from reconciler.model.problem import BadInput, Problem
from reconciler.model.source_specs import AnySql

_HINT = "write one SELECT, which may begin with WITH"


def refuse_writing(feed: AnySql, dialect: str) -> None:
    """Refuse whatever is not one SELECT (or WITH … SELECT) that reads.

    Args:
        dialect: `postgres` or `sqlite`, as sqlglot names it.

    Raises:
        BadInput: at the feed's place.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = [
            each
            for each in sqlglot.parse(feed.query, dialect=dialect)
            if each is not None and not isinstance(each, exp.Semicolon)
        ]
    except SqlglotError as error:
        first = (error.errors or [{}])[0] if hasattr(error, "errors") else {}
        place = f" at line {first['line']}, character {first['col']} of the query" if first.get("line") else ""
        raise BadInput([_make_problem(feed, f"the query cannot be read{place}")]) from None
    except RecursionError:
        raise BadInput([_make_problem(feed, "the query is nested too deeply")]) from None
    if len(statements) != 1:
        count = f"{len(statements)} statements" if statements else "no statement"
        raise BadInput([_make_problem(feed, f"the query is {count}")])
    if not isinstance(statements[0], exp.Query):
        raise BadInput([_make_problem(feed, "the query is not a SELECT")])
    writing = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock, exp.Copy, exp.Drop, exp.Alter, exp.Pragma, exp.Attach)
    for node in statements[0].walk():
        if isinstance(node, writing):
            raise BadInput([_make_problem(feed, f"the query writes or locks: {node.key.upper()}")])


def _make_problem(feed: AnySql, message: str) -> Problem:
    return Problem(feed.where, "not-a-query", message, note="sources are only ever read", hint=_HINT)
