"""Which texts stand for nothing, or for nothing that is known? The words are data: `null_words.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from typing import Any

EDGES = r"^[\s\p{Z}\p{C}]+|[\s\p{Z}\p{C}]+$"
"""Blanks before and after a text, those that nobody sees among them."""


_UNSEEN = r"\p{Cf}+"
_BLANKS = r"[\s\p{Z}]+"
_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
"""Letters and signs of a full width, as keyboards of East Asia write them."""


def bare(text: Any) -> Any:
    """A text without blanks around it."""
    return text.re_replace(EDGES, "")


def fold_text(text: Any) -> Any:
    """A text without what makes no other word of it: case, width, which blanks it has, and signs that nobody sees."""
    seen = text.re_replace(_UNSEEN, "").re_replace(_BLANKS, " ")
    return bare(seen.translate("".join(_WIDE), "".join(_WIDE.values()))).lower()


def null_words_to_null(text: Any, meant: Collection[str] = ()) -> Any:
    """A text; null where it is blank, or a word for nothing that is none of those `meant` as they are written."""
    import ibis

    words = sorted(_words() - {each.strip().casefold() for each in meant})
    return ibis.ifelse(fold_text(text).isin(["", *words]), ibis.null("string"), text)


@cache
def _words() -> frozenset[str]:
    tables = tomllib.loads((files(__package__) / "null_words.toml").read_text(encoding="utf-8"))["words"]
    return frozenset(word.casefold() for table in tables for word in table["words"])
