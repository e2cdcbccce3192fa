"""How is a noun written in JSON, and read back as the same noun?

By its type hints: dataclasses become objects, tuples lists, instants ISO 8601, durations seconds, addresses text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from enum import Enum
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from reconciler.model.address import Address

Noun = TypeVar("Noun")


def to_json(value: Any) -> Any:
    """A noun as JSON values."""
    if is_dataclass(value) and not isinstance(value, Address):
        return {each.name: to_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(inner) for inner in value]
    return _plain_one(value)


def _plain_one(value: Any) -> Any:
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, date):  # an instant is a date as well
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.value if isinstance(value, Enum) else value


def from_json(kind: type[Noun], value: Mapping[str, Any], **given: Any) -> Noun:
    """The noun that `plain` wrote; the fields in `given` are taken as they are.

    Raises:
        ValueError, TypeError, KeyError: it is written otherwise.
    """
    hints = _hints(kind)
    unknown = value.keys() - hints.keys()
    if unknown:
        raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    return kind(**{name: _read(hints[name], inner) for name, inner in value.items() if name not in given}, **given)


def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _read(hint: Any, value: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return None if value is None else _read(next(each for each in inner if each is not type(None)), value)
    if origin is tuple:
        if inner[1:] == (...,):
            return tuple(_read(inner[0], each) for each in value)
        return tuple(_read(each, part) for each, part in zip(inner, value, strict=True))
    if origin is Literal:
        if value not in inner:
            raise ValueError(f"{value!r} is none of {', '.join(map(str, inner))}")
        return value
    if origin is not None and issubclass(origin, Mapping):
        return {key: _read(inner[1], each) for key, each in value.items()}
    return _read_one(hint, value)


def _read_one(hint: Any, value: Any) -> Any:
    if not isinstance(hint, type):
        return value
    if hint is Address:
        return Address.told(value)
    if is_dataclass(hint):
        return from_json(hint, value)
    if hint is timedelta:
        return timedelta(seconds=value)
    if issubclass(hint, date):
        return hint.fromisoformat(value)
    return hint(value) if issubclass(hint, Enum) else value
