# tested by: tests/simulator/test_bulk.py
"""Check request bodies against the contract."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from reconciler.simulator.error_replies import Refusal, bad_request, too_many_rows

Check = Callable[[Any, str], Any]

_INSTANT = re.compile(r"\d{4}-?\d\d-?\d\d[Tt]\d\d:?\d\d(:?\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)")


def fields(
    body: Any, where: str = "", *, required: Mapping[str, Check], optional: Mapping[str, Check]
) -> dict[str, Any]:
    """The checked fields of an object; 400 for one that is missing, unknown or wrong."""
    if not isinstance(body, dict):
        raise bad_request(f"{where or 'body'}: must be a JSON object")
    prefix = f"{where}." if where else ""
    checks = {**required, **optional}
    for name in body:
        if name not in checks:
            raise bad_request(f"{prefix}{name}: unknown field")
    for name in required:
        if name not in body:
            raise bad_request(f"{prefix}{name}: is required")
    return {name: checks[name](value, prefix + name) for name, value in body.items()}


def text(value: Any, where: str) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise bad_request(f"{where}: must be a string")
    return value


def some_text(value: Any, where: str) -> str:
    """A text that is not blank."""
    if not text(value, where).strip():
        raise bad_request(f"{where}: must not be empty")
    return str(value)


def number(value: Any, where: str) -> float:
    """A number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise bad_request(f"{where}: must be a number")
    return value


def share(value: Any, where: str) -> float:
    """A number above 0 and at most 1."""
    if not 0 < number(value, where) <= 1:
        raise bad_request(f"{where}: must be a number above 0 and at most 1")
    return float(value)


def truth(value: Any, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise bad_request(f"{where}: must be true or false")
    return value


def between(low: float, high: float) -> Check:
    """A number from `low` to `high`, both included."""

    def check(value: Any, where: str) -> float:
        if not low <= number(value, where) <= high:
            raise bad_request(f"{where}: must be a number from {low} to {high}")
        return float(value)

    return check


def whole(low: int, high: int | None = None) -> Check:
    """A whole number of at least `low` and at most `high`."""

    def check(value: Any, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise bad_request(f"{where}: must be a whole number")
        if value < low or (high is not None and value > high):
            bounds = f"at least {low}" if high is None else f"from {low} to {high}"
            raise bad_request(f"{where}: must be {bounds}")
        return value

    return check


def one_of(allowed: Collection[str]) -> Check:
    """One of a few words."""

    def check(value: Any, where: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise bad_request(f"{where}: must be one of {', '.join(sorted(allowed))}")
        return value

    return check


def instant_text(value: Any, where: str) -> str:
    """An ISO 8601 instant, with Z or an offset; it is kept as it was sent."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise bad_request(f"{where}: must be an ISO 8601 instant, such as 2026-01-31T08:00:00Z or …T09:00:00+01:00")
    instant(value, where)
    return value


def instant(value: str, where: str) -> datetime:
    """The aware time that a checked text means; 400 where no calendar has it."""
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError as error:
        raise bad_request(f"{where}: no such time ({error})") from None


def anything_in_object(value: Any, where: str) -> dict[str, Any]:
    """An object whose fields are the client's own."""
    if not isinstance(value, dict):
        raise bad_request(f"{where}: must be a JSON object")
    return value


_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


def e164(value: Any, where: str) -> str:
    """A phone number in E.164 by its form: a plus and seven to fifteen digits. The message does not repeat it."""
    if not isinstance(value, str) or not _E164.fullmatch(value):
        raise bad_request(f"{where}: must be a number in E.164, such as +14155550102")
    return value


def nullable(check: Check) -> Check:
    """What `check` takes, or null."""
    return lambda value, where: None if value is None else check(value, where)


def boolean(value: Any, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise bad_request(f"{where}: must be true or false")
    return value


Refuse = Callable[[str, int, int], Refusal]
Rows = Callable[[Any, str], list[Any]]


def rows(check: Check, limit: int, refuse: Refuse = too_many_rows) -> Rows:
    """A list of one to `limit` rows, each of which passes `check`; 413, or what `refuse` makes, over the limit."""
    checked = some_rows(check, limit, refuse)

    def check_all(value: Any, where: str) -> list[Any]:
        if value == []:
            raise bad_request(f"{where}: must not be empty")
        return checked(value, where)

    return check_all


def some_rows(check: Check, limit: int, refuse: Refuse = too_many_rows) -> Rows:
    """A list as `rows` has it, that may be empty."""

    def check_all(value: Any, where: str) -> list[Any]:
        if not isinstance(value, list):
            raise bad_request(f"{where}: must be a list")
        if len(value) > limit:
            raise refuse(where, len(value), limit)
        return [check(row, f"{where}[{index}]") for index, row in enumerate(value)]

    return check_all
