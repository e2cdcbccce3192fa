"""Measure how deep a template nests, from its tokens.

A parser follows brackets and operators by calling itself. What goes deeper than Python's own limit would end in
whatever frame happens to be the last, so it is counted first: the same text is then refused everywhere, traced or not.
"""

from __future__ import annotations

from collections.abc import Iterable

BRACKETS = 20
"""The most brackets, or blocks, that may stand in one another."""

OPERATORS = 100
"""The most operators, dots, filters and words such as `and`, `not`, `if` that one expression may have."""

_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_WORDS = frozenset({"and", "or", "not", "if", "else", "in", "is"})
_BLOCKS = frozenset({"for", "if", "filter", "call", "macro", "block", "with", "set", "autoescape", "trans"})


def goes_too_deep(tokens: Iterable[tuple[int, str, str]]) -> bool:
    """Whether a template nests or chains more than is followed.

    Args:
        tokens: (line, type, text) as Jinja's `Environment.lex` gives them.
    """
    brackets = operators = blocks = 0
    opening = False
    for _, kind, text in tokens:
        if kind in ("variable_begin", "block_begin"):
            brackets = operators = 0
        elif kind == "operator":
            brackets += (text in _OPEN) - (text in _CLOSE)
            operators += text not in ",:" and text not in _CLOSE
        elif kind == "name":
            operators += text in _WORDS
            if opening:
                blocks += (text in _BLOCKS) - text.startswith("end")
        if kind != "whitespace":
            opening = kind == "block_begin"
        if brackets > BRACKETS or operators > OPERATORS or blocks > BRACKETS:
            return True
    return False
