# tested by: tests/steps/load/test_schemas.py
"""Render the templates of manifests in a sandbox.

A value (never a key) may hold Jinja expressions: `name: "{{ region }} - high"`. They are evaluated after the YAML was
read, so that a variable cannot change a manifest's structure. A value that is one expression and nothing else keeps
the type of what it stands for; otherwise expressions are put into the text.

What is allowed is what makes values, and nothing else is: variables, literals, comparisons, conditions, `+ -`, and the
filters below. There are no statements, calls, multiplications or attributes of Python objects: so nothing can loop,
grow without bound, or reach anything but the variables (`templates.sandbox`).
A variable's text is never printed: it may be a secret. Where it was written is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any

import orjson
from jinja2 import Environment, Template, TemplateSyntaxError, Undefined, UndefinedError, nodes

from reconciler.model.nearest_name import suggest
from reconciler.model.problem import Location, Problem, Problems
from reconciler.model.resource import Path
from reconciler.steps.load.manifest_document import Document
from reconciler.steps.load.template_filters import FILTERS, OUTPUT, PARTS, Refused, format_text, too_large
from reconciler.steps.load.template_variables import Variables, describe_missing
from reconciler.templates.sandbox import VALUES, TooLarge, open_sandbox, parse

_MARKS = ("{{", "{%", "{#")
_DEFAULTS = ("default", "d")


@cache
def _make_environment() -> Environment:
    return open_sandbox(FILTERS, keep_trailing_newline=True)


def render(document: Document, given: Variables, literal: Collection[Path] = ()) -> Problems:
    """Put values in the place of a document's templates; what cannot be evaluated is told and left as it is.

    Args:
        literal: parts that are templates for another moment, and stay as they are.
    """
    problems = Problems()
    values = {**given.values, **document.variables}

    def walk(value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: walk(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, (*path, index)) for index, inner in enumerate(value)]
        if not isinstance(value, str) or path in literal or not any(mark in value for mark in _MARKS):
            return value
        document.rendered.add(path)
        where = document.locate(*path)
        document.origins[where] = (*document.origins.get(where, ()), *_iter_origins(value, given, document.variables))
        try:
            return evaluate(value, values)
        except _Missing as error:
            problems.extend(
                describe_missing(name, where, values, given.offered) for name in error.names if given.complete
            )
        except Refused as error:
            code, message, hint = error.told
            problems.append(Problem(where, code, message, hint=hint))
        document.spoiled.add(where)
        document.sound = False
        return value

    document.value = walk(document.value, ())
    return problems


class _Missing(Exception):
    def __init__(self, names: list[str]) -> None:
        self.names = names


def evaluate(text: str, values: Mapping[str, Any]) -> Any:
    """What a text with templates stands for.

    Raises:
        _Missing: a variable that is used has no value. Refused: for any other reason.
    """
    if len(text) > OUTPUT:
        raise too_large()
    # whatever goes wrong in a template is the template's fault: none may end the program
    try:
        template, needed, _ = _compile(text)
        unknown = sorted(needed - values.keys())
        if unknown:
            raise _Missing(unknown)
        context = template.new_context(dict(values))
        list(template.root_render_func(context))  # puts nothing out: the parts are assigned to `result`
        parts: list[Any] = context.vars["result"]
        if any(isinstance(part, Undefined) for part in parts):
            raise Refused("missing-part", "a variable does not have the part that is asked of it")
        whole = parts[0] if len(parts) == 1 else "".join(map(format_text, parts))
        return _bound_value(whole)
    except (_Missing, Refused):
        raise
    except UndefinedError as error:
        raise Refused("missing-part", "a variable does not have the part that is asked of it") from error
    except Exception as error:
        raise _refuse_no_value() from error


def _iter_origins(text: str, given: Variables, own: Collection[str]) -> Iterator[Location]:
    """Where the variables that a text with templates uses were written, without the document's own."""
    if len(text) > OUTPUT:
        return
    with suppress(Exception):  # what is wrong with the template is told where its value is asked for
        for path in _compile(text)[2]:
            place = given.locate(path) if path[0] not in own else None
            if place is not None:
                yield place


@lru_cache(maxsize=4096)
def _compile(text: str) -> tuple[Template, frozenset[str], tuple[Path, ...]]:
    environment = _make_environment()
    try:
        tree, every = parse(environment, text, PARTS)
    except TooLarge:
        raise too_large() from None
    except (TemplateSyntaxError, ValueError, OverflowError) as error:
        raise _refuse_syntax() from error
    _check(every)
    outputs = [part for output in tree.find_all(nodes.Output) for part in output.nodes]
    parts = [nodes.Const(part.data) if isinstance(part, nodes.TemplateData) else part for part in outputs]
    body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), nodes.List(parts), lineno=1)]
    return environment.from_string(nodes.Template(body, lineno=1)), _find_needed(tree), tuple(_iter_used(tree))


def _check(every: list[nodes.Node]) -> None:
    if any(name.startswith("_") for name in map(_name_reached, every)):
        raise _refuse_unsafe()
    for node in every:
        if not isinstance(node, VALUES):
            what = "statements such as `{% … %}`" if isinstance(node, nodes.Stmt) else f"`{_describe_node(node)}`"
            hint = "use variables, conditions and filters; write the rest in YAML"
            raise Refused("template-not-allowed", f"a template here may not use {what}", hint)
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise Refused("unknown-filter", f"there is no filter `{node.name}`", suggest(node.name, FILTERS))


def _name_reached(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return str(node.arg.value)
    return node.name if isinstance(node, nodes.Name) else ""


def _describe_node(node: nodes.Node) -> str:
    operator = getattr(node, "operator", None)
    return {"Call": "name(…)", "Test": "is"}.get(type(node).__name__) or operator or type(node).__name__.lower()


def _find_needed(tree: nodes.Template) -> frozenset[str]:
    """The variables that must have a value: all that are used, but for those given a default."""
    optional = {id(node.node) for node in tree.find_all(nodes.Filter) if node.name in _DEFAULTS}
    return frozenset(name.name for name in tree.find_all(nodes.Name) if id(name) not in optional)


def _iter_used(node: nodes.Node) -> Iterator[Path]:
    """The variables that are used, and which parts of them: `limits.high` is `("limits", "high")`."""
    path = _find_chain(node)
    if path is not None:
        yield path
    else:
        for inner in node.iter_child_nodes():
            yield from _iter_used(inner)


def _find_chain(node: nodes.Node) -> Path | None:
    if isinstance(node, nodes.Name):
        return (node.name,)
    inner = _find_chain(node.node) if isinstance(node, nodes.Getattr | nodes.Getitem) else None
    if isinstance(node, nodes.Getattr) and inner is not None:
        return (*inner, node.attr)
    if isinstance(node, nodes.Getitem) and inner is not None and isinstance(node.arg, nodes.Const):
        return (*inner, node.arg.value)
    return None


def _refuse_unsafe() -> Refused:
    hint = "templates can use variables and nothing behind them"
    return Refused("template-unsafe", "the template reaches into the program's internals", hint)


def _refuse_no_value() -> Refused:
    return Refused("template-value", "the template cannot be evaluated with the variables' values")


def _refuse_syntax() -> Refused:
    hint = "to write braces that are no template, write {{ '{{' }}"
    return Refused("template-syntax", "the template is not written as Jinja writes expressions", hint)


def _bound_value(value: Any) -> Any:
    """A value as a manifest could have written it, neither too large nor beyond JSON."""
    try:
        written = orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise _refuse_no_value() from error
    if len(written) > OUTPUT:
        raise too_large()
    read: Any = orjson.loads(written)
    if read != value:  # an infinite number, which JSON cannot write, was lost
        raise _refuse_no_value()
    return read
