# tested by: tests/steps/import_live/test_import_live.py
"""Write values as YAML that is read back as they were, whoever reads it: what could be taken for another is quoted."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import orjson

_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_/.()-]|[ ](?=[A-Za-z0-9_/.()-]))*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})
_MARKS = ("{{", "{%", "{#")


def write_scalar(value: Any, style: str | None = None) -> str:
    """A text, a number, true, false or null on one line; a text that holds the marks of templates as one that gives it.

    `style`: the quotes that it is to stand in, `'` or `"`, where it is a text and they can hold it.
    """
    if not isinstance(value, str):
        return orjson.dumps(value).decode()
    text = _as_literal(value)
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return quote_text(text) if style == '"' else write_text(text)


def write_text(text: str) -> str:
    """A text, in quotes where it needs any."""
    return text if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS else quote_text(text)


def quote_text(text: str) -> str:
    """A text in double quotes; what is not printed is escaped."""
    return f'"{"".join(map(_escape, text))}"'


def _escape(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character == " " or (character.isprintable() and unicodedata.category(character)[0] != "C"):
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _as_literal(text: str) -> str:
    if not any(mark in text for mark in _MARKS):
        return text
    body = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    body = body.replace("{", "\\x7b").replace("}", "\\x7d")
    return f"{{{{ '{body}' }}}}"
