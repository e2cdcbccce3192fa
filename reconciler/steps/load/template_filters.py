# tested by: tests/steps/load/test_load.py
"""Define the filters that templates may use.

Each is bounded before it works: none can make more of a value than a template may become.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Undefined, UndefinedError
from jinja2.filters import do_default, do_title, do_trim

from reconciler.model.template_nesting import BRACKETS, OPERATORS

OUTPUT = 100_000
"""The most characters that a template may be, or become."""


PARTS = 500
"""The most parts (names, literals, filters, operators) that one value's templates may have."""


class Refused(Exception):
    """A template that is not evaluated: code, message and hint of the problem."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        self.told = (code, message, hint)


def too_large() -> Refused:
    """The template, or its result, is beyond a limit."""
    message = "the template, or what it makes of the variables, is too large"
    sizes = f"{OUTPUT:,} characters and {PARTS} parts"
    hint = f"at most {sizes}, {OPERATORS} operators in one expression, brackets {BRACKETS} deep"
    return Refused("template-too-large", message, hint)


def format_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Undefined):
        raise UndefinedError
    raise Refused("template-value", "a list or a mapping cannot be put inside a text")


def _replace(value: object, old: object, new: object) -> str:
    text, before, after = str(value), str(old), str(new)
    if len(text) + text.count(before) * len(after) > OUTPUT:
        raise too_large()
    return text.replace(before, after)


def _join(value: list[Any], between: object = "") -> str:
    texts = [format_text(item) for item in value]
    if sum(map(len, texts)) + len(texts) * len(str(between)) > OUTPUT:
        raise too_large()
    return str(between).join(texts)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "capitalize": lambda value: str(value).capitalize(),
    "d": do_default,
    "default": do_default,
    # unlike Jinja's own, these refuse what is no number: a 0 in its place would be a threshold nobody wrote
    "float": float,
    "int": int,
    "join": _join,
    "length": len,
    "lower": lambda value: str(value).lower(),
    "replace": _replace,
    "string": format_text,
    "title": do_title,
    "trim": do_trim,
    "upper": lambda value: str(value).upper(),
}
"""The filters that templates may use."""
