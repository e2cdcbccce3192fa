"""Who gave consent, said as a condition over a source's columns?

The condition is a small part of SQL; `audience/conditions.py` says which, and how it compares.
"""

from __future__ import annotations

from typing import Any

from reconciler.audience.conditions import Columns, NotAllowed, truth
from reconciler.model.problem import BadInput, Location, Problem

MOST_CHARACTERS = 4_000


def columns_of(text: str, where: Location) -> set[str]:
    """The source's columns that a condition speaks of.

    Raises:
        BadInput: it is no condition, or says something that is not allowed.
    """
    from sqlglot import exp

    tree = _parsed(text, where)
    names = {column.name for column in tree.find_all(exp.Column)}
    import ibis

    # translated once over columns that hold nothing, so that what is not allowed is refused before anything is read
    _translated(tree, dict.fromkeys(names, ibis.null("string")), where)
    return names


def condition(text: str, columns: Columns, where: Location) -> Any:
    """A condition as an expression: true, false, or null where the source does not say.

    Raises:
        BadInput: it is no condition, or says something that is not allowed.
    """
    return _translated(_parsed(text, where), columns, where)


def _translated(tree: Any, columns: Columns, where: Location) -> Any:
    try:
        return truth(tree, columns)
    except NotAllowed as refusal:
        raise BadInput([_refused(where, str(refusal))]) from None
    except RecursionError:
        raise BadInput([_refused(where, "the condition is nested too deeply")]) from None


def _refused(where: Location, message: str) -> Problem:
    return Problem(
        where,
        "consent-expression",
        f"the condition for consent: {message}",
        note="allowed are columns, texts, numbers, true and false; = <> < <= > >= in, is null, like; and, or, not; "
        "lower, upper, trim, coalesce",
        hint="for example `consent = 'yes' and revoked_at is null`; a column with a space stands in double quotes",
    )


def _parsed(text: str, where: Location) -> Any:
    import sqlglot
    from sqlglot.errors import SqlglotError

    if len(text) > MOST_CHARACTERS:
        raise BadInput([_refused(where, f"it is longer than {MOST_CHARACTERS:,} characters")])
    try:
        trees = [tree for tree in sqlglot.parse(text) if tree is not None]
    except SqlglotError as error:
        raise BadInput([_refused(where, _place(error))]) from None
    except RecursionError:
        raise BadInput([_refused(where, "it is nested too deeply")]) from None
    if len(trees) != 1:
        raise BadInput([_refused(where, "it is empty" if not trees else "it is more than one condition")])
    return trees[0]


def _place(error: Any) -> str:
    found = getattr(error, "errors", None) or [{}]
    column, near = found[0].get("col"), found[0].get("highlight")
    return f"it cannot be read at character {column}, near `{near}`" if column else "it cannot be read"
