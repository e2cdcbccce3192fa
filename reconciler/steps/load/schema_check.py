# tested by: tests/steps/load/test_schemas.py
"""Validate manifests against the JSON Schema of their kind.

One validator a kind is made once and used for every manifest. It differs from JSON Schema's letter in four points,
each on the strict side: 20.0 is no whole number; `$` in a pattern is the end of the text and not the line break
before it; `date-time` must say its offset, and `date` must be one; what `x-formats` says of a setting of files, the
formats for which it means something, is held against the `format` beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import orjson
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from reconciler.kinds import load_kinds, load_schema, load_shared_schema
from reconciler.model.countries import find_country
from reconciler.model.draft import SchemaFault
from reconciler.model.instants import EARLIEST, LATEST, LONGEST, is_reckonable, parse_duration, parse_instant
from reconciler.model.nearest_name import suggest
from reconciler.model.problem import Problem, Problems
from reconciler.steps.load.manifest_document import Document
from reconciler.steps.load.schema_fault import FILE_FORMAT, MEANT_FOR, find_definition
from reconciler.steps.load.schema_messages import LONGEST_TIMEOUT, describe_schema_errors

_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=(ValueError, OverflowError))
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or is_reckonable(parse_instant(value))


@_FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or EARLIEST.date() <= date.fromisoformat(value) < LATEST.date()


@_FORMATS.checks("duration")
def _is_duration(value: object) -> bool:
    return _is_at_most(value, LONGEST)


@_FORMATS.checks("timeout")
def _is_timeout(value: object) -> bool:
    return _is_at_most(value, LONGEST_TIMEOUT)


def _is_at_most(value: object, longest: timedelta) -> bool:
    try:
        return not isinstance(value, str) or parse_duration(value) <= longest
    except ValueError:
        return True  # its pattern says so


@_FORMATS.checks("country")
def _is_country(value: object) -> bool:
    return not isinstance(value, str) or find_country(value) is not None


def _check_pattern(validator: Any, pattern: str, value: object, schema: object) -> Iterator[ValidationError]:
    if isinstance(value, str) and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), value):
        yield ValidationError("the text does not match")


def _check_unique(validator: Any, wanted: bool, value: object, schema: object) -> Iterator[ValidationError]:
    # jsonschema compares each item with each where they cannot be sorted: minutes, for a long list of a mean mixture
    if wanted and isinstance(value, list):
        written = {orjson.dumps(item, option=orjson.OPT_SORT_KEYS) for item in value}
        if len(written) < len(value):
            yield ValidationError("an item is repeated")


class _NoResolver:
    """Stands where the library would resolve references: to do so for each value is half of its work."""

    def in_subresource(self, resource: object) -> _NoResolver:
        """Itself: `follow_reference` below follows references."""
        return self


_UNUSED: Any = _NoResolver()


def _check_properties(validator: Any, properties: Mapping[str, Any], value: object, schema: object) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, inner in properties.items():
            if name in value:
                yield from validator.descend(value[name], inner, path=name, schema_path=name, resolver=_UNUSED)
        yield from _check_formats(properties, value)


def _check_formats(properties: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[ValidationError]:
    """An error for each setting that means nothing for the format of files that stands beside it."""
    of_files = properties.get("format", {}).get("$ref") == FILE_FORMAT
    if of_files and value.get("format") in find_definition({}, FILE_FORMAT)["enum"]:
        for name in value.keys() & properties.keys():
            meant = find_definition({}, properties[name].get("$ref", FILE_FORMAT)).get(MEANT_FOR)
            if meant is not None and value["format"] not in meant:
                yield ValidationError(
                    "it means nothing here",
                    validator=MEANT_FOR,
                    validator_value=meant,
                    instance=value["format"],
                    path=[name],
                )


_VALIDATOR: Any = extend(  # type: ignore[no-untyped-call] # its stub has no types
    Draft202012Validator,
    {"pattern": _check_pattern, "uniqueItems": _check_unique, "properties": _check_properties},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def make_validator(schema: Mapping[str, Any]) -> Any:
    """A validator of one schema that may refer to its own definitions and to those shared by all."""

    def follow_reference(validator: Any, reference: str, value: object, _: object) -> Iterator[Any]:
        yield from validator.descend(value, find_definition(schema, reference), resolver=_UNUSED)

    made: Any = extend(_VALIDATOR, {"$ref": follow_reference})  # type: ignore[no-untyped-call]
    return made(schema, format_checker=_FORMATS)


@cache
def _load_validator(kind: str) -> Any:
    return make_validator(load_schema(kind))


@cache
def _load_common_validator() -> Any:
    """What every manifest has, for one whose kind is not known."""
    shared = load_shared_schema()
    parts = {name: {"$ref": f"{shared['$id']}#/$defs/{name}"} for name in ("apiVersion", "metadata")}
    parts["kind"] = {"description": "What the manifest declares."}
    return make_validator({"type": "object", "required": ["apiVersion", "kind", "metadata"], "properties": parts})


def check(document: Document) -> Problems:
    """Every way in which a manifest is not what its kind's schema says."""
    value = document.value
    if not isinstance(value, dict):
        hint = "a manifest has `apiVersion`, `kind`, `metadata` and `spec`"
        return Problems([Problem(document.locate(), "not-a-manifest", "this document is not a manifest", hint=hint)])
    kind = value.get("kind")
    known = kind if isinstance(kind, str) and kind in load_kinds() else None
    problems = Problems([] if known or "kind" not in value else [_describe_unknown_kind(document, kind)])
    fitting = _load_validator(known) if known else _load_common_validator()
    problems += describe_schema_errors(fitting.iter_errors(value), document, fitting.schema)
    return Problems(problem for problem in problems if problem.where not in document.spoiled)


def list_faults(manifest: Mapping[str, Any]) -> list[SchemaFault]:
    """The places at which a manifest of a known kind is not what its schema says, for a program that mends it."""
    return [_make_fault(error) for error in _load_validator(manifest["kind"]).iter_errors(manifest)]


def _make_fault(error: ValidationError) -> SchemaFault:
    path, value = tuple(error.absolute_path), error.instance
    schema: Any = error.schema
    wanted: Any = error.validator_value
    if error.validator == "additionalProperties" and isinstance(schema, Mapping) and isinstance(value, Mapping):
        return SchemaFault(path, unknown=tuple(key for key in value if key not in schema.get("properties", {})))
    if error.validator == "required" and isinstance(value, Mapping):
        return SchemaFault(path, missing=tuple(key for key in wanted if key not in value))
    return SchemaFault(path)


def _describe_unknown_kind(document: Document, kind: Any) -> Problem:
    where = document.locate("kind")
    if not isinstance(kind, str):
        return Problem(where, "unknown-kind", "`kind` must be the name of a kind", hint=suggest("", load_kinds()))
    shown = "of that name" if document.is_secret(("kind",)) else f"`{kind}`"
    return Problem(where, "unknown-kind", f"there is no kind {shown}", hint=suggest(kind, load_kinds()))
