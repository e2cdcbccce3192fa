"""Check replies against the shape that an endpoint promises.

A shape names the fields that are looked at and no others: what else a tenant sends is its own (contract, clarified
since). What is found is told by its kind alone, never by its value: it may be somebody's name or number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from reconciler.model.instants import is_reckonable, parse_instant

LONGEST_ID = 512
"""Characters of an id: more are none."""

_NULL = type(None)
_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,2})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Odd:
    """What is not as it must be.

    Attributes:
        path: where, as a JSON path. expected, found: in words, without any value.
    """

    path: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.path} must be {self.expected}, and is {self.found}"


@dataclass(frozen=True, slots=True)
class Value:
    """A kind of value.

    Attributes:
        words: what is expected, for people.
        plain: JSON's kinds that are right whatever they hold.
        tested: kinds that are right where `test` says so.
    """

    words: str
    plain: frozenset[type]
    tested: frozenset[type] = frozenset()
    test: Callable[[Any], bool] = lambda value: True

    def takes(self, value: Any) -> bool:
        """Whether a value is one of this kind."""
        kind = type(value)
        return kind in self.plain or (kind in self.tested and self.test(value))


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object. `needed`: whether it must be there and not be null."""

    value: Value | Shape | Rows
    needed: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """An object, by the fields of it that are looked at."""

    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of objects of one shape."""

    row: Shape


def needs(value: Value | Shape | Rows) -> Field:
    """A field that must be there."""
    return Field(value, needed=True)


def may(value: Value | Shape | Rows) -> Field:
    """A field that may be left out, or be null."""
    return Field(value, needed=False)


def _is_id(value: str) -> bool:
    return 0 < len(value) <= LONGEST_ID and not value.isspace() and "\0" not in value


def _is_instant(value: str) -> bool:
    try:
        return is_reckonable(parse_instant(value))
    except ValueError:
        return False


def whole(value: Any) -> int | None:
    """A whole number from 0 that may be written as text; None for anything else, `true` among it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and 0 <= value < 2**53 else None
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else None


def number(value: Any) -> float | None:
    """A number that may be written as text; None for anything else, `true` among it."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


TEXT = Value("text", frozenset({str}))
NAME = Value(
    "a name: text that is not blank",
    frozenset({int}),
    frozenset({str}),
    lambda value: value.strip() and "\0" not in value,
)
ID = Value("an id: text that is not blank, or a whole number", frozenset({int}), frozenset({str}), _is_id)
WHOLE = Value(
    "a whole number from 0", frozenset(), frozenset({int, float, str}), lambda value: whole(value) is not None
)
NUMBER = Value(
    "a number", frozenset({int, float}), frozenset({str}), lambda value: _NUMBER.fullmatch(value) is not None
)
TEXT_OR_NUMBER = Value("text or a number", frozenset({str, int, float}))
INSTANT = Value("an ISO 8601 instant with its offset", frozenset(), frozenset({str}), _is_instant)
SCALAR = Value("text, a number, true or false", frozenset({str, int, float, bool}))
TRUTH = Value("true or false", frozenset({bool}))
OBJECT = Value("an object", frozenset({dict}))
TOTAL = Value(
    "a whole number", frozenset({int}), frozenset({float, str}), lambda value: whole(value) is not None or value == "-1"
)
"""How many rows there are. Less than none is said where that is not known."""
PAGE_TOKEN = Value(
    "a page token: text or a whole number", frozenset({int}), frozenset({str}), lambda value: len(value) <= 4096
)


def find_odd(shape: Shape | Rows, reply: Any, path: str = "$") -> Odd | None:
    """The first thing in a reply that is not as its shape says; None where everything is.

    The rows of a page are looked at a column at a time: of a column of one right kind no value is looked at.
    """
    if isinstance(shape, Rows):
        return _find_odd_row(shape, reply, path)
    if not isinstance(reply, Mapping):
        return Odd(path, "an object", describe_kind(reply))
    return _find_odd_field(shape, reply, path)


def _find_odd_field(shape: Shape, held: Mapping[str, Any], path: str) -> Odd | None:
    for name, field in shape.fields.items():
        value, at = held.get(name), f"{path}.{name}"
        if value is None:
            if field.needed:
                return Odd(at, _describe_value(field.value), "null" if name in held else "not there")
        elif isinstance(field.value, Value):
            if not field.value.takes(value):
                return Odd(at, field.value.words, describe_kind(value, field.value))
        elif (odd := find_odd(field.value, value, at)) is not None:
            return odd
    return None


def _find_odd_row(shape: Rows, rows: Any, path: str) -> Odd | None:
    if not isinstance(rows, list):
        return Odd(path, "a list", describe_kind(rows))
    if not set(map(type, rows)) <= {dict}:
        at = next(index for index, row in enumerate(rows) if type(row) is not dict)
        return Odd(f"{path}[{at}]", "an object", describe_kind(rows[at]))
    for name, field in shape.row.fields.items():
        found = next(islice(_iter_wrong_rows(rows, name, field), 1), None)
        if found is not None:
            return _find_odd_field(Shape({name: field}), rows[found], f"{path}[{found}]")
    return None


def _iter_wrong_rows(rows: Sequence[Mapping[str, Any]], name: str, field: Field) -> Iterator[int]:
    values = [row.get(name) for row in rows]
    value = field.value
    if not isinstance(value, Value):
        shape = Shape({name: field})
        return (index for index, row in enumerate(rows) if _find_odd_field(shape, row, "") is not None)
    right = value.plain if field.needed else value.plain | {_NULL}
    if set(map(type, values)) <= right:
        return iter(())
    return (
        index
        for index, each in enumerate(values)
        if not (value.takes(each) or (each is None and not field.needed))
    )  # fmt: skip


def _describe_value(value: Value | Shape | Rows) -> str:
    if isinstance(value, Value):
        return value.words
    return "a list" if isinstance(value, Rows) else "an object"


_KINDS: Mapping[type, str] = {
    _NULL: "null",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a fraction, or too great to be exact",
    str: "text",
    dict: "an object",
    list: "a list",
}


def describe_kind(value: Any, expected: Value | None = None) -> str:
    """Of which kind a value is, in words, without the value."""
    words = _KINDS.get(type(value), "nothing that JSON has")
    if expected is None or type(value) not in expected.tested:
        return words
    return "blank" if isinstance(value, str) and not value.strip() else f"{words} that is none"
