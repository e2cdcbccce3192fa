# tested by: tests/templates/test_callback_bodies.py
"""Sandbox Jinja templates: data only, bounded in size.

Jinja's own sandbox stands behind this one, in which a dot means a key of a mapping and never an attribute of a Python
object, and in which there is nothing that was not put there: no globals, no tests, and only the filters that are given.
What a template may be made of, who uses it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, Undefined, nodes
from jinja2.runtime import LoopContext, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reconciler.model.template_nesting import BRACKETS, OPERATORS, goes_too_deep

_OF_A_LOOP = frozenset({"first", "last", "index", "index0", "length"})

VALUES = (
    *(nodes.Name, nodes.Const, nodes.List, nodes.Filter, nodes.Getattr, nodes.Getitem, nodes.Compare, nodes.Operand),
    *(nodes.CondExpr, nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Neg),
    *(nodes.TemplateData, nodes.Output, nodes.Template, nodes.Keyword),
)
"""What nothing can loop with, grow without bound by, or reach anything but its data through."""


class TooLarge(ValueError):
    """A template of too many parts, or that nests too deep; it says which."""


class _Sandbox(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext) and attribute in _OF_A_LOOP:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        insist(obj)
        held = isinstance(argument, str) and isinstance(obj, Mapping) and argument in obj
        if held or (type(argument) is int and isinstance(obj, list | tuple) and 0 <= argument < len(obj)):
            return obj[argument]
        return self.undefined(obj=obj, name=argument)


def insist(value: Any) -> None:
    """Let what is not there say so.

    Raises:
        UndefinedError: it is not there.
    """
    if isinstance(value, Undefined):
        str(value)


def open_sandbox(
    filters: Mapping[str, Callable[..., Any]],
    undefined: type[StrictUndefined] = StrictUndefined,
    **options: Any,
) -> Environment:
    """An environment that knows these filters and nothing else; `options` are Jinja's."""
    environment = _Sandbox(undefined=undefined, **options)
    environment.globals.clear()
    environment.tests.clear()
    environment.filters = dict(filters)
    return environment


def parse(environment: Environment, text: str, parts: int) -> tuple[nodes.Template, list[nodes.Node]]:
    """A template, and everything in it: at most so many parts, and no deeper than what can be computed.

    Raises:
        TooLarge: it is larger. TemplateSyntaxError: it is no template.
    """
    if goes_too_deep(environment.lex(text)):
        raise TooLarge(f"an expression has more than {OPERATORS} operators, or something is more than {BRACKETS} deep")
    tree = environment.parse(text)
    every = list(tree.find_all(nodes.Node))
    if len(every) > parts:
        raise TooLarge(f"it is too large: at most {parts:,} parts")
    return tree, every
