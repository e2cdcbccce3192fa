# tested by: tests/steps/load/test_properties.py
"""Resolve unquoted YAML scalars.

Only JSON's scalars have a type: `true`, `false`, `null` (or nothing at all), whole numbers and decimals as JSON
writes them. All else is the text that was written: `no`, `on`, `~`, `12:30:45`, `0777`, `2026-07-01`,
`+12025550142`, `.5`. So is a number that JSON's readers do not agree on: one beyond 64 bits, or infinite.
"""

from __future__ import annotations

import math
import re

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "": None}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 400


def parse_plain(text: str) -> str | int | float | None:
    """The value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST_NUMBER or _DECIMAL.fullmatch(text) is None:
        return text
    if _INTEGER.fullmatch(text):
        whole = int(text)
        return whole if -(2**63) <= whole < 2**64 else text
    number = float(text)
    return number if math.isfinite(number) else text
