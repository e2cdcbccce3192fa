"""How is a text from a manifest or a tenant kept from giving orders to a terminal?"""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """The text with every control, formatting and surrogate character, but line ends, shown as `\\u…`."""
    return "".join(
        character if character == "\n" or unicodedata.category(character)[0] != "C" else f"\\u{ord(character):04x}"
        for character in text
    )
