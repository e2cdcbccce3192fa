"""Render the bodies of callbacks.

Jinja, in a sandbox that knows data and nothing behind it: output, conditions, loops no deeper than two, and the
filters below. A dot means a key of a mapping. There are no calls, no `set`, no macros and no includes, so that what a
template can cost is bounded by its own size, its data, and `OUTPUT`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import orjson
from jinja2 import Environment, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.filters import do_default, do_items, do_join
from jinja2.runtime import StrictUndefined

from reconciler.templates.sandbox import VALUES, TooLarge, insist, open_sandbox, parse

OUTPUT = 64 * 1024
"""The most characters that a template may be, or become."""

PARTS = 1_000
"""The most names, literals, filters and statements that one template may have."""

_LOOPS = 2
_ALLOWED = (*VALUES, nodes.Tuple, nodes.Concat, nodes.For, nodes.If)


class BadTemplate(ValueError):
    """A template that makes no body: why, in our own words."""


class _Absent(StrictUndefined):
    """Something that is not there; it says what there is instead."""

    @property
    def _undefined_message(self) -> str:
        held = self._undefined_obj if isinstance(self._undefined_obj, Mapping) else {}
        there = f"; there is {', '.join(f'`{key}`' for key in held)}" if held else ""
        return f"there is no `{self._undefined_name}`{there}"


def _write_json(value: Any) -> str:
    insist(value)
    return orjson.dumps(value).decode()


def _write_value(value: Any) -> Any:
    """Text as it is, anything else as JSON writes it: `true`, not `True`."""
    return value if isinstance(value, str | Undefined) else _write_json(value)


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "d": do_default,
    "default": do_default,
    "items": do_items,
    "join": do_join,
    "length": len,
    "lower": lambda value: str(value).lower(),
    "tojson": _write_json,
    "upper": lambda value: str(value).upper(),
}


@cache
def _make_environment() -> Environment:
    return open_sandbox(_FILTERS, _Absent, finalize=_write_value, trim_blocks=True)


def render(text: str, context: Mapping[str, Any], content_type: str) -> str:
    """The body that a template makes.

    Raises:
        BadTemplate: it makes none, or one that is not the JSON it should be.
    """
    if len(text) > OUTPUT:
        raise _body_too_large()
    try:
        body = _render_text(text, context)
    except BadTemplate:
        raise
    except TooLarge as error:
        raise BadTemplate(str(error)) from None
    except TemplateSyntaxError as error:
        raise BadTemplate(f"line {error.lineno} is not written as Jinja writes templates") from error
    except UndefinedError as error:
        raise BadTemplate(error.message or "something is not there") from error
    except Exception as error:  # whatever goes wrong in a template is the template's fault: none may end the program
        raise BadTemplate("it cannot be evaluated") from error
    if content_type.partition(";")[0].strip().endswith(("/json", "+json")):
        _must_be_json(body)
    return body


def _render_text(text: str, context: Mapping[str, Any]) -> str:
    environment = _make_environment()
    tree, every = parse(environment, text, PARTS)
    _check(tree, every)
    pieces, size = [], 0
    for piece in environment.from_string(tree).generate(context):
        pieces.append(piece)
        size += len(piece)
        if size > OUTPUT:
            raise _body_too_large()
    return "".join(pieces)


def _check(tree: nodes.Template, every: list[nodes.Node]) -> None:
    for node in every:
        if not isinstance(node, _ALLOWED):
            raise BadTemplate(f"line {node.lineno} uses `{type(node).__name__.lower()}`, which templates here may not")
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            known = ", ".join(f"`{name}`" for name in _FILTERS)
            raise BadTemplate(f"line {node.lineno} uses the filter `{node.name}`; there are {known}")
    _check_loops(tree, 0)


def _check_loops(node: nodes.Node, depth: int) -> None:
    for inner in node.iter_child_nodes():
        deeper = depth + isinstance(inner, nodes.For)
        if deeper > _LOOPS:
            raise BadTemplate(f"line {inner.lineno} is a loop inside {_LOOPS} others")
        _check_loops(inner, deeper)


def _must_be_json(body: str) -> None:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        message = f"it does not make JSON: line {error.lineno}, column {error.colno} of what it makes"
        raise BadTemplate(message) from None


def _body_too_large() -> BadTemplate:
    return BadTemplate(f"it is, or becomes, too large: at most {OUTPUT:,} characters and {PARTS:,} parts")
