# tested by: tests/audience/sources/test_salesforce_contacts.py
"""Build and check SOQL queries.

The query is made here, so that it asks for the mapped fields and nothing else, and can only read. A manifest gives
the condition alone. It stands in brackets of its own, and what could end them or write (`FOR VIEW` changes when a
record was last seen) is refused before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

ID = "Id"
RECORD_TYPE = "attributes.type"
"""What every record says of its object without being asked."""

FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*){0,5}")
"""A field, or one of a parent up to five steps away (`Account.Name`)."""

_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|[A-Za-z_][\w.]*|\d+|\S", re.DOTALL)
_CLAUSES = re.compile(
    r"\b(ORDER BY|GROUP BY|FOR (?:VIEW|REFERENCE|UPDATE)|UPDATE (?:TRACKING|VIEWSTAT)|ALL ROWS|USING SCOPE"
    r"|LIMIT \d+|OFFSET \d+|HAVING|WITH)\b"
)
_SAYS = "it compares fields by =, !=, <, >, LIKE and IN, joined by AND, OR and NOT"


def make_select(of: str, fields: Iterable[str], condition: str | None) -> str:
    """The query for some fields of an object's records, in the order of their ids.

    `Id` is always among the fields: by it the records are told apart.
    """
    chosen = {ID.casefold(): ID} | {name.casefold(): name for name in sorted(fields) if name != RECORD_TYPE}
    narrowed = f" WHERE ({condition})" if condition is not None else ""
    return f"SELECT {', '.join(chosen.values())} FROM {of}{narrowed} ORDER BY {ID}"  # noqa: S608 - names and condition are checked


def find_fault(condition: str) -> tuple[str, str] | None:
    """What is wrong with a condition, and what to do about it; None where it may be sent."""
    tokens = list(_TOKEN.findall(condition))
    if not tokens:
        return "the condition is empty", "leave `where` out to read every record"
    if tokens[0].upper() in ("WHERE", "SELECT"):
        return f"the condition begins with {tokens[0].upper()}", f"write the condition alone: {_SAYS}"
    if "'" in tokens:
        return "the condition has a quotation mark that is never closed", "write one inside a text as \\'"
    if not _is_balanced(tokens):
        return "the brackets of the condition do not match", "close each bracket that is opened, and no other"
    found = _CLAUSES.search(" ".join(_iter_words(tokens)))
    if found:
        clause = re.sub(r" \d+$", "", found[1])
        return f"{clause} is not part of a condition", f"write the condition alone: {_SAYS}"
    return None


def _is_balanced(tokens: Iterable[str]) -> bool:
    depth = 0
    for token in tokens:
        depth += (token == "(") - (token == ")")  # noqa: S105 - brackets, no passwords
        if depth < 0:
            return False
    return depth == 0


def _iter_words(tokens: Iterable[str]) -> Iterator[str]:
    """The words of a condition in capitals; texts, and names with a step in them, are none."""
    for token in tokens:
        yield "·" if token.startswith("'") or "." in token else token.upper()
