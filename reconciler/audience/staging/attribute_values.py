# tested by: tests/properties/test_attribute_values.py
"""Type and compare the attribute values that go from a source to the wire.

A value is kept as a JSON text: `85`, `"85"`, `true`; null is nothing. What JSON cannot carry exactly is kept as a text
in quotes: most readers take a number for a double, and so lose digits of a long one (RFC 8259, section 6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from reconciler.audience.relations.reasons import find_fault, make_no_reason
from reconciler.audience.sources.raw_rows import RawRows
from reconciler.model.source_specs import Pairs

if TYPE_CHECKING:
    from ibis import Column

NUMBER = r"^-?[0-9]"
"""How a number begins in JSON, and nothing else does."""

_SAFE = 2**53 - 1
_WHOLE = r"^([+-]?)0*([0-9]+)(?:\.0*)?$"
_DECIMAL = r"^([+-]?)0*([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?$"
_TRUE = ("true", "yes", "y", "t", "1")
_FALSE = ("false", "no", "n", "f", "0")


def read_values(rough: RawRows, columns: Pairs, types: Mapping[str, str]) -> tuple[Column, Column]:
    """Some of a source's columns, by other names, and why the row cannot be used because of them, or null.

    They are one JSON object whose values are texts: each a value as JSON, or null. `types` are those that the manifest
    declares, by name: `text`, `integer`, `number`, `boolean`. Computed by the engine that reads sources.
    """
    import ibis

    if not columns:
        return ibis.null("string"), make_no_reason()
    found: dict[str, Column] = {}
    faults: list[tuple[Column, *tuple[str, ...]]] = []
    for name, column in sorted(columns):
        value = _read(rough, column)
        if name in types:
            value, wrong = _read_declared(value, types[name])
            faults.append((wrong, "wrong_type", name, types[name]))
        else:
            kind = _make_json_function("json_type", 1)(value)
            faults.append((kind.isin(["OBJECT", "ARRAY"]), "nested", name))
            faults.append((_is_endless(value), "endless_number", name))
            value = _carry(value)
        found[name] = value
    return ibis.struct(found).cast("json").cast("string"), find_fault(*faults)


def name_values(rough: RawRows, columns: Pairs) -> Iterator[tuple[str, Column]]:
    """The same columns as they are written, with their names, in the order of these."""
    return ((name, rough.table[rough.columns[column]]) for name, column in sorted(columns))


def is_same_value(wanted: Column, held: Column) -> Column:
    """Whether two values are one: of one type, numbers by what they amount to; nothing is only nothing."""
    numbers = (wanted.re_search(NUMBER) & held.re_search(NUMBER)).fill_null(False)
    amounts = wanted.try_cast("float64") == held.try_cast("float64")
    return wanted.identical_to(held) | (numbers & amounts.fill_null(False))


def _read(rough: RawRows, column: str) -> Column:
    """A column as JSON: with the source's own types where it has some, else as texts."""
    import ibis

    if column not in rough.values:
        return quote_value(rough.table[rough.columns[column]])
    value = rough.table[rough.values[column]].cast("string")
    return ibis.ifelse(value == "null", ibis.null("string"), value)


def quote_value(text: Column) -> Column:
    """A text as JSON."""
    return _make_json_function("to_json", 1, "json")(text).cast("string")


def read_column_value(column: Column) -> Column:
    """A column of an engine's own type as JSON: dates and moments as ISO 8601, those with a zone in UTC with `Z`."""
    kind, text = column.type(), column.cast("string")
    if kind.is_boolean() or kind.is_numeric():
        return text
    if kind.is_timestamp():
        text = column.strftime("%Y-%m-%dT%H:%M:%S.%f").re_replace(r"\.?0+$", "") + ("Z" if kind.timezone else "")
    return quote_value(text)


def _is_endless(value: Column) -> Column:
    return value.re_search(r"^-?(inf|nan)")


def _carry(value: Column) -> Column:
    """A value as it is, but for a number that most readers of JSON would read as another."""
    import ibis

    return ibis.cases(
        # written by whoever: one text has several forms in JSON
        (value.startswith('"'), quote_value(_make_json_function("json_extract_string", 2)(value, "$"))),
        (value.re_search(NUMBER) & ~_is_exact(value), quote_value(value)),
        else_=value,
    )


def _is_exact(number: Column) -> Column:
    """Whether a double holds a number to its last digit, and is not taken for a whole number that it cannot tell apart.

    Fifteen digits always fit; of more, the shortest way to write the double must have the same.
    """
    import ibis

    double = number.try_cast("float64")
    whole = number.try_cast("int64")
    digits = _count_digits(number)
    fits = (digits.length() <= 15) | (digits == _count_digits(double.cast("string")))
    safe = (whole.abs() <= _SAFE).fill_null(False)
    finite = (double.notnull() & ~double.isinf()).fill_null(False)
    return ibis.ifelse(number.re_search(r"^-?[0-9]+$"), safe, finite & fits)


def _count_digits(number: Column) -> Column:
    plain = number.re_replace(r"[eE].*$", "").re_replace(r"[^0-9]", "")
    return plain.re_replace(r"^0+", "").re_replace(r"0+$", "")


def _read_declared(value: Column, kind: str) -> tuple[Column, Column]:
    """A value in a type that the manifest declares, and whether it cannot be read so. A blank one is nothing."""
    import ibis

    null = ibis.null("string")
    # what has no such text is a list or an object
    text = _make_json_function("json_extract_string", 2)(value, "$")
    nested = _make_json_function("json_type", 1)(value).isin(["OBJECT", "ARRAY"]).fill_null(False) | _is_endless(
        value
    ).fill_null(False)
    if kind == "text":
        return quote_value(text), nested
    plain = text.strip()
    there = plain.nullif("").notnull()
    if kind == "boolean":
        said = plain.lower()
        read = ibis.cases((said.isin(_TRUE), "true"), (said.isin(_FALSE), "false"), else_=null)
    else:
        read = _parse_whole(plain) if kind == "integer" else _parse_decimal(plain)
        read = ibis.ifelse(_is_exact(read), read, null)
    return read, nested | (there & read.isnull())


def _parse_whole(text: Column) -> Column:
    import ibis

    minus = ibis.ifelse(text.re_extract(_WHOLE, 1) == "-", "-", "")
    return ibis.ifelse(text.re_search(_WHOLE), minus + text.re_extract(_WHOLE, 2), ibis.null("string"))


def _parse_decimal(text: Column) -> Column:
    """A number as JSON writes it: no plus, a digit before the point and behind it."""
    import ibis

    minus = ibis.ifelse(text.re_extract(_DECIMAL, 1) == "-", "-", "")
    part = [text.re_extract(_DECIMAL, number).fill_null("") for number in range(5)]
    whole = ibis.ifelse(part[2] == "", "0", part[2])
    fraction = ibis.ifelse(part[3] == "", ibis.literal(""), ibis.literal(".") + part[3])
    exponent = ibis.ifelse(part[4] == "", ibis.literal(""), ibis.literal("e") + part[4])
    number = text.re_search(_DECIMAL) & text.re_search(r"[0-9]")
    return ibis.ifelse(number, minus + whole + fraction + exponent, ibis.null("string"))


@cache
def _make_json_function(name: str, arguments: int, gives: str = "string") -> Callable[..., Column]:
    """One of DuckDB's own functions on JSON, which takes texts."""
    import ibis

    signature = (("string",) * arguments, gives)

    def function(json: object) -> object: ...

    def function_at(json: object, path: object) -> object: ...

    whole = function if arguments == 1 else function_at
    return ibis.udf.scalar.builtin(whole, name=name, signature=signature)
