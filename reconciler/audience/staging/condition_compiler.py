# tested by: tests/audience/staging/test_consent_and_dnc_conditions.py
"""Compile conditions over the columns of a source into relational expressions.

A small part of SQL: columns, texts, numbers, `true` and `false`; `=`, `<>`, `<`, `<=`, `>`, `>=`, `in (…)`, `is null`
and `like`; `and`, `or`, `not`; `lower`, `upper`, `trim`, `coalesce`. Nothing else is translated, so nothing
else can run.

Every column is text, as it stands in the source. Compared with a text it is compared as text, letter by letter, and by
`<` and its like as `instants.to_ordered_text` says: days and moments in ISO 8601, and words without digits, have an
order.
Compared with a number it is read as a number, and with `true` or `false` as a truth (`true`, `t`, `yes`, `y`, `1` and
their opposites, in any case). Where it cannot be read so, is null, holds only
blanks or a word for nothing (`unsaid`), the comparison is unknown, and so are `is null` of such a text and `is true` of
another word: what nobody said is no answer. Nor is it known whether two texts are the same that may be two ways of
writing one thing (`_mean_the_same`). A condition that is unknown says neither yes nor no. A column alone means
`column = true`. Only a blank text, or a word for nothing, that the condition itself writes (`consent <> ''`) is a text
like any other.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from typing import TYPE_CHECKING

from reconciler.audience.relations.numeric_parsing import NUMBER
from reconciler.audience.staging import instants, null_words

if TYPE_CHECKING:
    from ibis import Column
    from sqlglot.expressions import Expr

    Columns = Mapping[str, Column]
    Translate = Callable[[Expr, Columns], Column]
    Compare = Callable[[Column, Column], Column]

_TRUE = ("true", "t", "yes", "y", "1")
_UNDERSTOOD = {"this", "expression", "expressions", "is_string"}
_FALSE = ("false", "f", "no", "n", "0")


class NotAllowed(Exception):
    """A part of a condition that is not translated."""

    def __init__(self, node: Expr) -> None:
        super().__init__(f"`{_shorten(node.sql())}` is not allowed here")


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"


def compile_condition(node: Expr, columns: Columns) -> Column:
    """A node as something true, false or unknown."""
    translate = _list_truths().get(type(node))
    if translate is None or not _is_plain(node):
        raise NotAllowed(node)
    return translate(node, columns)


@cache
def _list_truths() -> Mapping[type[Expr], Translate]:
    """What may be true or false, and how each is translated: all that is allowed."""
    from sqlglot import exp

    comparisons: Mapping[type[Expr], Compare] = {
        exp.EQ: operator.eq,
        exp.NEQ: operator.ne,
        exp.LT: operator.lt,
        exp.LTE: operator.le,
        exp.GT: operator.gt,
        exp.GTE: operator.ge,
    }

    def compile_comparison(compare: Compare) -> Translate:
        return lambda node, columns: _compare(node.this, node.expression, compare, columns)

    return {
        exp.Paren: lambda node, columns: compile_condition(node.this, columns),
        exp.Not: lambda node, columns: ~compile_condition(node.this, columns),
        exp.And: lambda node, columns: (
            compile_condition(node.this, columns) & compile_condition(node.expression, columns)
        ),
        exp.Or: lambda node, columns: (
            compile_condition(node.this, columns) | compile_condition(node.expression, columns)
        ),
        exp.Is: _compile_is,
        exp.In: _compile_in,
        exp.Like: _compile_like,
        exp.Column: lambda node, columns: _as_truth(_compile_text(node, columns)),
        **{kind: compile_comparison(compare) for kind, compare in comparisons.items()},
    }


def _compare(left: Expr, right: Expr, compare: Compare, columns: Columns) -> Column:
    """Two values compared: as numbers or truths where one is written as such, else as text."""
    import ibis

    kinds = {_name_kind(left), _name_kind(right)}
    if "number" in kinds:
        return compare(_as_number(left, columns), _as_number(right, columns))
    if "truth" in kinds:
        return compare(_compile_bare(left, columns), _compile_bare(right, columns))
    if _is_blank(left) or _is_blank(right):
        return compare(_compile_text(left, columns), _compile_text(right, columns))
    one, other = _compile_said(left, columns), _compile_said(right, columns)
    if compare not in (operator.eq, operator.ne):
        return instants.to_ordered_text(null_words.strip_blanks(one), null_words.strip_blanks(other), compare)
    found = compare(one, other)
    almost = (one != other) & _mean_the_same(one, other, [_find_written(left), _find_written(right)])
    return ibis.ifelse(almost, ibis.null("boolean"), found)


def _mean_the_same(one: Column, other: Column, written: Sequence[str | None]) -> Column:
    """Whether two texts may be two ways of writing one thing.

    They differ by case, accents, blanks, hyphens and the like, or what nobody sees; or both are a yes, or both a no (a
    database's truth is `true` here, and `t` or `1` elsewhere); or both are one number (`1` is `1.0` where a column of
    numbers has gaps). `written`: the texts that the condition writes itself; what such a one cannot be is not asked.
    """
    alike = null_words.fold_word(one) == null_words.fold_word(other)
    said = [text.strip().lower() for text in written if text is not None]
    if all(text in (*_TRUE, *_FALSE, *_ROUND) for text in said):
        alike = alike | (_as_truth(one, _ROUND) == _as_truth(other, _ROUND)).fill_null(False)
    if all(re.search(NUMBER, text) for text in said):
        alike = alike | (_to_number(one) == _to_number(other)).fill_null(False)
    return alike


_ROUND = ("1.0", "0.0")
"""A yes and a no that a column of numbers with fractions has."""


def _find_written(node: Expr) -> str | None:
    """The text that a node writes, if it writes one."""
    from sqlglot import exp

    if isinstance(node, exp.Paren):
        return _find_written(node.this)
    return str(node.this) if isinstance(node, exp.Literal) and node.is_string else None


def _is_blank(node: Expr) -> bool:
    """Whether a node is a text that is written in the condition and holds nothing."""
    text = _find_written(node)
    return text is not None and not text.strip()


def _compile_said(node: Expr, columns: Columns) -> Column:
    """A node as text, null where it holds nothing, or a word for that which the condition does not write itself."""
    from sqlglot import exp

    written = [each.this for each in node.root().find_all(exp.Literal) if each.is_string]
    return null_words.null_words_to_null(_compile_text(node, columns), written)


def _name_kind(node: Expr) -> str:
    from sqlglot import exp

    if isinstance(node, exp.Paren):
        return _name_kind(node.this)
    if isinstance(node, exp.Boolean):
        return "truth"
    number = node.this if isinstance(node, exp.Neg) else node
    return "number" if isinstance(number, exp.Literal) and not number.is_string else "text"


def _compile_is(node: Expr, columns: Columns) -> Column:
    import ibis
    from sqlglot import exp

    if isinstance(node.expression, exp.Null):
        text = _compile_text(node.this, columns)
        said = _compile_said(node.this, columns)
        return ibis.cases((text.isnull(), True), (said.isnull(), ibis.null("boolean")), else_=False)
    if isinstance(node.expression, exp.Boolean):
        # null is neither true nor false to `is`; another word is not known to be either
        found = _compile_bare(node.this, columns) == bool(node.expression.this)
        if _name_kind(node.this) == "truth":
            return found
        return ibis.ifelse(_compile_text(node.this, columns).isnull(), False, found)
    raise NotAllowed(node)


def _compile_in(node: Expr, columns: Columns) -> Column:
    choices = node.expressions
    if not choices:
        raise NotAllowed(node)
    return reduce(operator.or_, (_compare(node.this, choice, operator.eq, columns) for choice in choices))


def _compile_like(node: Expr, columns: Columns) -> Column:
    import ibis
    from sqlglot import exp

    pattern = node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise NotAllowed(node)
    text = _compile_said(node.this, columns)
    alike = text.like(pattern.this)
    plain = null_words.strip_accents_here(pattern.this.strip().lower())
    almost = ~alike & null_words.strip_accents(null_words.fold_text(text)).like(plain)
    alike = ibis.ifelse(almost, ibis.null("boolean"), alike)
    return ~alike if node.args.get("negate") else alike


def _compile_text(node: Expr, columns: Columns) -> Column:
    """A node as text, or null."""
    translate = _list_values().get(type(node))
    if translate is None or not _is_plain(node):
        raise NotAllowed(node)
    return translate(node, columns)


@cache
def _list_values() -> Mapping[type[Expr], Translate]:
    """What may stand for a text, and how each is translated: all that is allowed."""
    import ibis
    from sqlglot import exp

    return {
        exp.Paren: lambda node, columns: _compile_text(node.this, columns),
        exp.Column: _compile_column,
        exp.Literal: _compile_literal,
        exp.Coalesce: lambda node, columns: ibis.coalesce(
            *(_compile_text(each, columns) for each in (node.this, *node.expressions))
        ),
        exp.Lower: lambda node, columns: _compile_text(node.this, columns).lower(),
        exp.Upper: lambda node, columns: _compile_text(node.this, columns).upper(),
        exp.Trim: lambda node, columns: _compile_text(node.this, columns).strip(),
    }


def _compile_column(node: Expr, columns: Columns) -> Column:
    from sqlglot import exp

    if not isinstance(node.this, exp.Identifier):
        raise NotAllowed(node)
    return columns[node.name]


def _compile_literal(node: Expr, columns: Columns) -> Column:
    import ibis

    if not node.is_string:
        raise NotAllowed(node)
    return ibis.literal(node.this)


def _is_plain(node: Expr) -> bool:
    """Whether a node says nothing but what is translated: a part that were overlooked might turn a no into a yes."""
    from sqlglot import exp

    understood = _UNDERSTOOD | {"negate"} if isinstance(node, exp.Like) else _UNDERSTOOD
    return {name for name, value in node.args.items() if value} <= understood


def _as_number(node: Expr, columns: Columns) -> Column:
    import ibis
    from sqlglot import exp

    if isinstance(node, exp.Paren):
        return _as_number(node.this, columns)
    if _name_kind(node) == "number":
        negative = isinstance(node, exp.Neg)
        value = float(node.this.this if negative else node.this)
        return ibis.literal(-value if negative else value)
    return _to_number(_compile_text(node, columns))


def _to_number(text: Column) -> Column:
    import ibis

    # `NaN` is above everything to an engine, and `1_000` a number to some
    return ibis.ifelse(text.re_search(NUMBER), text.try_cast("float64"), ibis.null("float64"))


def _compile_bare(node: Expr, columns: Columns) -> Column:
    import ibis
    from sqlglot import exp

    if isinstance(node, exp.Paren):
        return _compile_bare(node.this, columns)
    return ibis.literal(bool(node.this)) if isinstance(node, exp.Boolean) else _as_truth(_compile_text(node, columns))


def _as_truth(value: Column, more: Sequence[str] = ()) -> Column:
    """A text as a truth. `more`: words for a yes, and then for a no, beside the usual ones."""
    import ibis

    word = value.strip().lower()
    yes, no = (*_TRUE, *more[:1]), (*_FALSE, *more[1:])
    return ibis.cases((word.isin(yes), True), (word.isin(no), False), else_=ibis.null("boolean"))
