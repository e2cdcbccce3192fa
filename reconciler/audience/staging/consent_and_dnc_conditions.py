"""Evaluate the conditions for consent and for do-not-call entries on a source's columns.

The condition is a small part of SQL; `audience/staging/condition_compiler.py` says which, and how it compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.audience.staging.condition_compiler import NotAllowed, compile_condition
from reconciler.model.problem import BadInput, Location, Problem

if TYPE_CHECKING:
    from ibis import Column
    from sqlglot.errors import SqlglotError
    from sqlglot.expressions import Expr

    from reconciler.audience.staging.condition_compiler import Columns

MOST_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class ConditionRole:
    """What a condition is of: the code of its faults, how it is called, and an example."""

    code: str
    name: str
    example: str


CONSENT = ConditionRole("consent-expression", "the condition for consent", "consent = 'yes' and revoked_at is null")
ENTRIES = ConditionRole("where-expression", "the condition in `where`", "result = 'yes' or result is null")


def list_columns(text: str, where: Location, *, of: ConditionRole = CONSENT) -> set[str]:
    """The source's columns that a condition speaks of.

    Raises:
        BadInput: it is no condition, or says something that is not allowed.
    """
    from sqlglot import exp

    tree = _parse(text, where, of)
    names = {column.name for column in tree.find_all(exp.Column)}
    import ibis

    # translated once over columns that hold nothing, so that what is not allowed is refused before anything is read
    _translate(tree, dict.fromkeys(names, ibis.null("string")), where, of)
    return names


def compile_consent(text: str, columns: Columns, where: Location, *, of: ConditionRole = CONSENT) -> Column:
    """A condition as an expression: true, false, or null where the source does not say.

    Raises:
        BadInput: it is no condition, or says something that is not allowed.
    """
    return _translate(_parse(text, where, of), columns, where, of)


def _translate(tree: Expr, columns: Columns, where: Location, of: ConditionRole) -> Column:
    try:
        return compile_condition(tree, columns)
    except NotAllowed as refusal:
        raise BadInput([_refuse(where, of, str(refusal))]) from None
    except RecursionError:
        raise BadInput([_refuse(where, of, "the condition is nested too deeply")]) from None


def _refuse(where: Location, of: ConditionRole, message: str) -> Problem:
    return Problem(
        where,
        of.code,
        f"{of.name}: {message}",
        note="allowed are columns, texts, numbers, true and false; = <> < <= > >= in, is null, like; and, or, not; "
        "lower, upper, trim, coalesce",
        hint=f"for example `{of.example}`; a column with a space stands in double quotes",
    )


def _parse(text: str, where: Location, of: ConditionRole) -> Expr:
    import sqlglot
    from sqlglot.errors import SqlglotError

    if len(text) > MOST_CHARACTERS:
        raise BadInput([_refuse(where, of, f"it is longer than {MOST_CHARACTERS:,} characters")])
    try:
        trees = [tree for tree in sqlglot.parse(text) if tree is not None]
    except SqlglotError as error:
        raise BadInput([_refuse(where, of, _find_place(error))]) from None
    except RecursionError:
        raise BadInput([_refuse(where, of, "it is nested too deeply")]) from None
    if len(trees) != 1:
        raise BadInput([_refuse(where, of, "it is empty" if not trees else "it is more than one condition")])
    return trees[0]


def _find_place(error: SqlglotError) -> str:
    found = getattr(error, "errors", None) or [{}]
    column, near = found[0].get("col"), found[0].get("highlight")
    return f"it cannot be read at character {column}, near `{near}`" if column else "it cannot be read"
