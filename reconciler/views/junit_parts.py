# tested by: tests/views/test_junit.py
"""Compose the parts that every JUnit document of this program has."""

from __future__ import annotations

from html import escape as escape_markup

from reconciler.views.plain_text import plain


def make_tag(name: str, /, **attributes: object) -> str:
    """What stands between the angles of a tag."""
    return " ".join([name, *(f'{key}="{escape(str(value))}"' for key, value in attributes.items())])


def escape(text: str) -> str:
    """A text of somebody else; XML 1.0 has no control characters and noncharacters, however they are escaped."""
    return escape_markup(plain(text))
