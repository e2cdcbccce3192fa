# tested by: tests/audience/staging/test_consent_and_dnc_conditions.py
"""Recognise the words that stand for "nothing": `null_words.toml`."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Callable, Collection
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibis import Column

EDGES = r"^[\s\p{Z}\p{C}]+|[\s\p{Z}\p{C}]+$"
"""Blanks before and after a text, those that nobody sees among them."""


_UNSEEN = r"\p{Cf}+"
_BLANKS = r"[\s\p{Z}]+"
_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
"""Letters and signs of a full width, as keyboards of East Asia write them."""


def strip_blanks(text: Column) -> Column:
    """A text without blanks around it."""
    return text.re_replace(EDGES, "")


def fold_text(text: Column) -> Column:
    """A text without what makes no other word of it: case, width, which blanks it has, and signs that nobody sees."""
    import ibis

    seen = text.re_replace(_UNSEEN, "").re_replace(_BLANKS, " ")
    # asked first, as few texts have any, and a table of a hundred letters is slow
    wide = seen.re_search("[\uff01-\uff5e]")
    return strip_blanks(ibis.ifelse(wide, seen.translate("".join(_WIDE), "".join(_WIDE.values())), seen)).lower()


def fold_word(text: Column) -> Column:
    """The same without accents, however they are composed, and without blanks, hyphens, underscores and apostrophes.

    `Opt-out`, `opt out` and `optout` are one, and so are `não` and `nao`. Computed by the engine that reads sources.
    """
    return strip_accents(fold_text(text)).translate(_BETWEEN, "")


_BETWEEN = " -_'`\u2010\u2011\u2012\u2013\u2014\u2015\u2018\u2019\u00b4"


def strip_accents(text: Column) -> Column:
    """A text without marks on its letters, be they composed or not."""
    return _make_strip_accents()(text)


def strip_accents_here(text: str) -> str:
    """The same of a text that is no column."""
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(each for each in apart if unicodedata.category(each) != "Mn"))


@cache
def _make_strip_accents() -> Callable[[Column], Column]:
    import ibis

    def function(text: object) -> object: ...

    return ibis.udf.scalar.builtin(function, name="strip_accents", signature=(("string",), "string"))


def null_words_to_null(text: Column, meant: Collection[str] = ()) -> Column:
    """A text; null where it is blank, or a word for nothing that is none of those `meant` as they are written."""
    import ibis

    words = sorted(_load_words() - {each.strip().casefold() for each in meant})
    return ibis.ifelse(fold_text(text).isin(["", *words]), ibis.null("string"), text)


@cache
def _load_words() -> frozenset[str]:
    tables = tomllib.loads((files(__package__) / "null_words.toml").read_text(encoding="utf-8"))["words"]
    return frozenset(word.casefold() for table in tables for word in table["words"])
