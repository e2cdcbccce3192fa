"""Key phone numbers by the subscriber they reach.

`subscribers.toml` holds the plans in which one subscriber has several numbers in E.164, or had another one not long
ago. A key is the number that all of these are compared by; it is looked at and never called.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibis import Column

_PLANS = "subscribers.toml"
_GROUP = re.compile(r"\\g<(\d)>|\\(\d)")
# not a digit that may be left out
_CODE = re.compile(r"\\\+(\d+)(?![?*{])")


@dataclass(frozen=True, slots=True)
class Form:
    """A form that numbers of a plan are compared by: those that `pattern` matches whole are compared as `to`.

    Attributes:
        code: the digits that its numbers begin with.
        parts: `to`, as texts and as numbers of groups of `pattern`.
    """

    pattern: str
    to: str
    code: str
    parts: tuple[str | int, ...]


@cache
def load_forms() -> tuple[Form, ...]:
    """Every form of every plan, in the order in which they are tried."""
    plans = tomllib.loads(files(__package__).joinpath(_PLANS).read_text(encoding="utf-8"))["plan"]
    return tuple(_make_form(each["from"], each["to"]) for plan in plans for each in plan["forms"])


def _make_form(pattern: str, to: str) -> Form:
    parts: list[str | int] = []
    for at, text in enumerate(_GROUP.split(to)):
        # of three texts one is between groups, and one of the other two is a group's number
        if text:
            parts.append(text if at % 3 == 0 else int(text))
    begins = _CODE.match(pattern)
    if begins is None:
        raise ValueError(f"{_PLANS}: {pattern} does not begin with a country calling code")
    return Form(f"^{pattern}$", to, begins[1], tuple(parts))


@cache
def has_several_forms() -> str:
    """How numbers begin that may have a key other than themselves, as a regular expression."""
    return rf"^\+(?:{'|'.join(sorted({form.code for form in load_forms()}))})"


@cache
def _compile_forms() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], str], ...]]:
    return re.compile(has_several_forms()), tuple((re.compile(each.pattern), each.to) for each in load_forms())


def key_number(e164: str) -> str:
    """The key of a number in E.164."""
    begin, patterns = _compile_forms()
    if begin.match(e164):
        for pattern, to in patterns:
            if found := pattern.match(e164):
                return found.expand(to)
    return e164


def key_column(e164: Column) -> Column:
    """The same of a column: null where the number is."""
    import ibis

    told = [
        (
            e164.re_search(form.pattern),
            _concatenate(
                [
                    ibis.literal(part) if isinstance(part, str) else e164.re_extract(form.pattern, part)
                    for part in form.parts
                ]
            ),
        )
        for form in load_forms()
    ]
    # most numbers are of plans that have one form, and are looked at once
    return ibis.ifelse(e164.re_search(has_several_forms()), ibis.cases(*told, else_=e164), e164)


def _concatenate(parts: list[Column]) -> Column:
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    return whole
