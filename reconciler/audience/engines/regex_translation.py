# tested by: tests/audience/relations/test_engine.py
"""Translate regular expressions from RE2 to Java.

To Java `$` also stands before a line break at the end, `.` for less and `\\s` for more than to RE2: a number with a
line break after it would be taken for a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibis import Table
    from ibis.expr.operations import Node

_OUTSIDE = {"\\s": "[\\t\\n\\f\\r ]", "\\S": "[^\\t\\n\\f\\r ]", "$": "\\z"}
_INSIDE = {"\\s": "\\t\\n\\f\\r ", "[": "\\[", "&": "\\&"}


def as_java(pattern: str) -> str:
    """The expression that finds with `java.util.regex` what `pattern` finds with RE2; no lookaround, no `[:class:]`."""
    written, at, inside = ["(?d)"], 0, False
    while at < len(pattern):
        token = pattern[at : at + 2] if pattern[at] == "\\" else pattern[at]
        at += len(token)
        written.append((_INSIDE if inside else _OUTSIDE).get(token, token))
        if not inside and token == "[":  # noqa: S105 # a part of a pattern
            inside = True
            # a bracket that comes first is one of the class's characters
            first = pattern[at : at + 2] if pattern[at : at + 1] == "^" else pattern[at : at + 1]
            if first.endswith("]"):
                written.append(first.replace("]", "\\]"))
                at += len(first)
        elif inside and token == "]":  # noqa: S105 # a part of a pattern
            inside = False
    return "".join(written)


def translate_relation(relation: Table) -> Table:
    """A relation whose every constant pattern is written for Java."""
    import ibis.expr.operations as ops

    def replace(node: Node, changed: Mapping[str, object] | None) -> Node:
        made = node.__recreate__(changed) if changed else node
        if isinstance(made, ops.RegexSearch | ops.RegexExtract | ops.RegexReplace):
            pattern = made.pattern
            if isinstance(pattern, ops.Literal):
                arguments = dict(zip(made.__argnames__, made.__args__, strict=True))
                arguments["pattern"] = ops.Literal(as_java(str(pattern.value)), pattern.dtype)
                return made.__recreate__(arguments)
        return made

    return relation.op().replace(replace).to_expr()
