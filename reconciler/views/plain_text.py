"""Strip control characters from foreign text."""

from __future__ import annotations

import re
import unicodedata

_ORDERS = re.compile(r"##(?=(?:vso)?\[)", re.IGNORECASE)
"""Where a pipeline looks for its own commands in whatever line of its log; those with `::` have to begin a line."""


def plain(text: str) -> str:
    """The text on one line: every control, formatting and surrogate character, and every line end, as `\\u…`.

    Foreign text is put behind words of ours, so that it never begins a line.
    """
    shown = "".join(f"\\u{ord(character):04x}" if _gives_orders(character) else character for character in text)
    return _ORDERS.sub("#\\\\u0023", shown)


def _gives_orders(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def plain_lines(text: str) -> list[str]:
    """A text of ours that may have several lines, each of them plain; foreign parts of it are plain before."""
    return [plain(line) for line in text.split("\n")]


def plain_json(document: str) -> str:
    """A JSON document, the same to whoever reads JSON, without what a pipeline would take for a command."""
    return _ORDERS.sub("#\\\\u0023", document)
