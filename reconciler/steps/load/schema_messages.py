# tested by: tests/steps/load/test_schemas.py
"""Describe schema faults to people.

Each keyword of JSON Schema that our schemas use has its own words, with the schema's own description beside them;
the validator's words are never shown. What only follows from another fault is not said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta

from jsonschema.exceptions import ValidationError

from reconciler.model.instants import EARLIEST, LATEST, LONGEST
from reconciler.model.nearest_name import find_nearest, list_names, suggest, suggest_country
from reconciler.model.problem import Problem
from reconciler.steps.load.manifest_document import Document
from reconciler.steps.load.schema_fault import MEANT_FOR, Fault, Schema, find_part

LONGEST_TIMEOUT = timedelta(days=1)
"""The longest wait for a reply that a person may name; a socket takes no more than 24 days."""

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "nothing",
}
_TOLD_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a number"),
    (float, "a decimal number"),
    (list, "a list"),
    (dict, "a mapping"),
)


def describe_schema_errors(errors: Iterable[ValidationError], document: Document, schema: Schema) -> Iterator[Problem]:
    """The validator's errors as problems, without those that only follow from another."""
    for error in errors:
        fault = Fault(error, document, schema)
        say = KEYWORDS.get(str(error.validator))
        if say is None:
            yield fault.make_problem("bad-value", f"{fault.name} is not what it must be")
        else:
            yield from say(fault)


def _describe_unknown_fields(fault: Fault) -> Iterator[Problem]:
    known = fault.part.get("properties", {})
    for key in fault.strangers:
        where = fault.document.keys.get((*fault.path, key), fault.where)
        shown = "of that name" if fault.document.is_secret(fault.path) else f"`{key}`"
        # a schema may say what to write in the place of a field that means something elsewhere
        told = fault.part.get("x-instead", {}).get(key)
        hint = suggest(key, known) if told is None else None
        yield Problem(where, "unknown-field", f"{fault.name} has no field {shown}", note=told, hint=hint)


def _describe_missing(fault: Fault) -> Iterator[Problem]:
    # the validator speaks once for each missing field and does not say which: all are told the first time
    for field in fault.wanted:
        if field in fault.value or field in fault.meant:
            continue
        _, description = find_part(fault.root, (*fault.path, field))
        note = _describe_condition(fault, field) or description
        yield Problem(fault.where, "missing-field", f"{fault.name} has no `{field}`", note=note, hint=f"add `{field}:`")


def _describe_condition(fault: Fault, field: str) -> str | None:
    if field in fault.part.get("required", ()) or field in fault.part.get("else", {}).get("required", ()):
        return None
    # the condition of a manifest that stands for one object stands among what such a one needs
    held = fault.part.get("else", fault.part).get("if", {}).get("properties", {})
    wants = [f"`{key}` is `{rule['const']}`" for key, rule in held.items() if "const" in rule]
    return f"it is needed when {' and '.join(wants)}" if wants else None


def _describe_wrong_type(fault: Fault) -> Iterator[Problem]:
    wanted = [fault.wanted] if isinstance(fault.wanted, str) else fault.wanted
    words = " or ".join(_TYPES[name] for name in wanted)
    found = next((name for kind, name in _TOLD_TYPES if isinstance(fault.value, kind)), "nothing")
    hint = None
    if fault.value is None:
        hint = "leave the key out, or write `{}` after it" if wanted == ["object"] else "leave the key out"
    elif "integer" in wanted and isinstance(fault.value, float) and fault.value.is_integer():
        hint = "write it without a decimal point or exponent"
    elif fault.schema.get("format") in ("duration", "timeout") and not isinstance(fault.value, list | dict):
        hint = "write a duration with its unit, such as 30s, 15m, 8h or 90d"
    elif words == "text" and found != "text":
        hint = "put it in quotes" if not isinstance(fault.value, list | dict) else None
    elif found == "text" and wanted[0] in {"number", "integer", "boolean"}:
        hint = "write it without quotes, and only as JSON does: 75, 0.5, true"
    message = f"{fault.name} must be {words}, and is {found}"
    yield Problem(fault.where, "wrong-type", message, note=fault.description, hint=hint)


def _describe_out_of_range(fault: Fault) -> Iterator[Problem]:
    low, high = fault.schema.get("minimum"), fault.schema.get("maximum")
    above = fault.schema.get("exclusiveMinimum")
    if low is not None and high is not None:
        rule = f"from {low:g} to {high:g}"
    else:
        rule = " and ".join(
            f"{words} {bound:g}"
            for words, bound in (("at least", low), ("more than", above), ("at most", high))
            if bound is not None
        )
    message = f"{fault.name} is {fault.shown}; it must be {rule}"
    yield fault.make_problem("out-of-range", message)


def _describe_unknown_value(fault: Fault) -> Iterator[Problem]:
    choices = [str(choice) for choice in fault.wanted]
    near = find_nearest(fault.value, choices) if isinstance(fault.value, str) else None
    hint = f"did you mean `{near}`?" if near is not None else None
    message = f"{fault.name} is {fault.shown}; it must be one of {list_names(choices)}"
    if len(choices) == 1:
        message = f"{fault.name} is {fault.shown}; it must be `{choices[0]}`"
    yield fault.make_problem("unknown-value", message, hint)


def _describe_const(fault: Fault) -> Iterator[Problem]:
    code = "unknown-api-version" if fault.path == ("apiVersion",) else "unknown-value"
    yield fault.make_problem(code, f"{fault.name} is {fault.shown}", f"write `{fault.wanted}`")


def _describe_pattern(fault: Fault) -> Iterator[Problem]:
    if fault.of_key:
        yield fault.make_problem("bad-format", f"{fault.shown} cannot be a key of {fault.name}")
    else:
        yield fault.make_problem("bad-format", f"{fault.name} cannot be {fault.shown}")


def _describe_format(fault: Fault) -> Iterator[Problem]:
    longest = {"duration": LONGEST, "timeout": LONGEST_TIMEOUT}.get(fault.wanted)
    if longest is not None:
        yield fault.make_problem("out-of-range", f"{fault.name} is {fault.shown}; it must be at most {longest.days:,}d")
    elif fault.wanted == "country":
        yield fault.make_problem(
            "unknown-region", f"unknown region {fault.shown} in {fault.name}", suggest_country(fault.value)
        )
    else:
        yield from _describe_moment(fault)


def _describe_moment(fault: Fault) -> Iterator[Problem]:
    """What is wrong with a day or an instant: how it is written, or when it is."""
    day = fault.wanted == "date"
    read: date | None = None
    with suppress(ValueError):
        read = date.fromisoformat(fault.value) if day else datetime.fromisoformat(fault.value)
    if isinstance(read, datetime) and read.tzinfo is None:
        message = f"{fault.name} does not say its offset from UTC: it would be another hour for each reader"
        hint = "add `Z` if UTC is meant, or an offset such as -05:00: 2026-07-01T09:00:00Z"
        yield fault.make_problem("naive-timestamp", message, hint)
    elif read is not None:
        message = f"{fault.name} is {fault.shown}; it must be in the years {EARLIEST.year} to {LATEST.year - 1}"
        yield fault.make_problem("out-of-range", message)
    elif day:
        yield fault.make_problem("bad-date", f"{fault.name} cannot be {fault.shown}", "write a day such as 2026-07-01")
    else:
        hint = "write an instant such as 2026-07-01T09:00:00Z"
        yield fault.make_problem("bad-timestamp", f"{fault.name} cannot be {fault.shown}", hint)


def _describe_length(fault: Fault) -> Iterator[Problem]:
    low, high = fault.schema.get("minLength", 0), fault.schema.get("maxLength")
    rule = f"{low} to {high} characters" if high is not None else f"at least {low} characters"
    yield fault.make_problem("wrong-length", f"{fault.name} must have {rule}, and has {len(fault.value)}")


def _describe_count(fault: Fault) -> Iterator[Problem]:
    if fault.strangers:
        return
    if fault.schema.get("minItems", 0) > 1:
        message = f"{fault.name} must have at least {fault.wanted} items, and has {len(fault.value)}"
        yield fault.make_problem("too-few", message)
    elif fault.schema.get("minProperties") == fault.schema.get("maxProperties") == 1:
        given = list_names(fault.value) + " are given" if fault.value else "none is given"
        message = f"{fault.name} must have exactly one of {list_names(fault.part.get('properties', {}))}; {given}"
        yield fault.make_problem("exactly-one-of", message)
    else:
        yield fault.make_problem("empty", f"{fault.name} must not be empty")


def _describe_too_many(fault: Fault) -> Iterator[Problem]:
    message = f"{fault.name} must have at most {fault.wanted} items, and has {len(fault.value)}"
    yield fault.make_problem("too-many", message)


def _describe_repeated(fault: Fault) -> Iterator[Problem]:
    yield fault.make_problem("repeated-item", f"{fault.name} names an item twice")


def _describe_needed(fault: Fault) -> Iterator[Problem]:
    for field, needed in fault.wanted.items():
        for other in needed:
            if field in fault.value and other not in {*fault.value, *fault.meant}:
                message = f"{fault.name} has `{field}` without `{other}`, and it would do nothing"
                _, description = find_part(fault.root, (*fault.path, field))
                where = fault.document.keys.get((*fault.path, field), fault.where)
                yield Problem(where, "missing-field", message, note=description, hint=f"add `{other}:`")


def _describe_any_of(fault: Fault) -> Iterator[Problem]:
    sets = [option["required"] for option in fault.wanted if "required" in option]
    if fault.meant & {field for names in sets for field in names}:
        return
    ways = [("both " if len(names) > 1 else "") + " and ".join(f"`{name}`" for name in names) for names in sets]
    yield fault.make_problem("missing-field", f"{fault.name} must have either {', or '.join(ways)}")


def _describe_meaningless(fault: Fault) -> Iterator[Problem]:
    message = f"`{fault.path[-1]}` means nothing for {fault.value}: it is for {' and '.join(fault.wanted)}"
    yield Problem(fault.where, "without-effect", message, hint="leave it out")


KEYWORDS: Mapping[str, Callable[[Fault], Iterable[Problem]]] = {
    "additionalProperties": _describe_unknown_fields,
    "required": _describe_missing,
    "type": _describe_wrong_type,
    "minimum": _describe_out_of_range,
    "maximum": _describe_out_of_range,
    "exclusiveMinimum": _describe_out_of_range,
    "enum": _describe_unknown_value,
    "const": _describe_const,
    "pattern": _describe_pattern,
    "format": _describe_format,
    "minLength": _describe_length,
    "maxLength": _describe_length,
    "minProperties": _describe_count,
    "maxProperties": _describe_count,
    "minItems": _describe_count,
    "maxItems": _describe_too_many,
    "uniqueItems": _describe_repeated,
    "anyOf": _describe_any_of,
    "dependentRequired": _describe_needed,
    MEANT_FOR: _describe_meaningless,
}
