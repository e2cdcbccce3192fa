"""Convert typed values to JSON and back.

By its type hints: dataclasses become objects, tuples lists, instants ISO 8601, durations seconds, addresses text, and
reasons their code with its arguments by name.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import date, timedelta
from enum import Enum, StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from reconciler.model.reason import Reason, read_reason
from reconciler.model.resource_address import Address

if TYPE_CHECKING:
    from cattrs import Converter

Noun = TypeVar("Noun")


def to_json(value: Any) -> Any:
    """A noun as JSON values."""
    return _make_converter().unstructure(value)


def from_json(kind: type[Noun], value: Mapping[str, Any], **given: Any) -> Noun:
    """The noun that `to_json` wrote; the fields in `given` are nouns already, and taken as they are.

    Raises:
        ValueError, TypeError, KeyError: it is written otherwise.
    """
    from cattrs.errors import CattrsError

    try:
        found: Noun = _make_reader(cast("Hashable", kind), frozenset(given))({**value, **given}, kind)
    except (CattrsError, AttributeError) as error:
        raise ValueError(str(error)) from error
    return found


@cache
def _make_reader(kind: Hashable, given: frozenset[str] = frozenset()) -> Any:
    """What makes a noun of an object; of the fields in `given` nothing is made."""
    from cattrs.gen import make_dict_structure_fn, override

    taken = override(struct_hook=lambda value, _: value)
    rules: dict[str, Any] = dict.fromkeys(given, taken)
    return make_dict_structure_fn(
        cast("type[Any]", kind),
        _make_converter(),
        _cattrs_forbid_extra_keys=True,
        _cattrs_detailed_validation=False,
        **rules,
    )


@cache
def _make_converter() -> Converter:
    from cattrs import Converter

    made = Converter(forbid_extra_keys=True, detailed_validation=False, unstruct_collection_overrides={tuple: list})
    # what is of another type than it was written as was altered: it is refused, and never made to fit
    for kind, taken in _PLAIN.items():
        made.register_structure_hook(kind, _make_strict_hook(kind, taken))
    for words in (StrEnum, Enum):  # a word of one is text as well
        made.register_structure_hook(words, lambda value, kind: kind(value))
    made.register_structure_hook(date, lambda value, kind: kind.fromisoformat(value))
    made.register_unstructure_hook(date, lambda value: value.isoformat())
    made.register_structure_hook(timedelta, lambda value, _: timedelta(seconds=value))
    made.register_unstructure_hook(timedelta, lambda value: value.total_seconds())
    made.register_structure_hook(Address, lambda value, _: Address.parse_told(value))
    made.register_unstructure_hook(Address, str)
    made.register_structure_hook(Reason, lambda value, _: read_reason(value["code"], value["args"]))
    made.register_unstructure_hook(Reason, lambda value: {"code": value.code, "args": value.name_arguments()})
    return made


_PLAIN: Mapping[type, tuple[type, ...]] = {str: (str,), bool: (bool,), int: (int,), float: (int, float)}
"""What JSON writes each as."""


def _make_strict_hook(kind: type, taken: tuple[type, ...]) -> Any:
    def read(value: Any, _: Any) -> Any:
        if not isinstance(value, taken) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"{kind.__name__} is written as {type(value).__name__}")
        return value

    return read
