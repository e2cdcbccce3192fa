# tested by: tests/model/test_campaign_state.py
"""Map the vendor's values to ours: `vocabulary.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_WORD = re.compile(r"(?!.*\d{5})\w[\w.-]{0,39}", re.ASCII)
_PUNCTUATION = re.compile(r"[\s_-]+")


def find_meaning(of: str, word: object) -> str | None:
    """Our word for a vendor's; None where nobody has said what it means, be it no text at all.

    Args:
        of: the enumeration: `run_state`, `dial_type`, `list_type`, `job`, `contact` or `contact_state`.
    """
    return _load_words()[of].get(fold_word(word)) if isinstance(word, str) else None


def translate_or_keep(of: str, word: object) -> str:
    """Our word for a vendor's, or its own, as text, where it is not known; `unknown` where there is none.

    What does not look like a word of an enumeration may be somebody's name or number: it is `unknown`, too.
    """
    raw = str(word).strip() if isinstance(word, str | int) else ""
    return find_meaning(of, word) or (raw if _WORD.fullmatch(raw) else "unknown")


def fold_word(word: str) -> str:
    """A word without what makes no other: case, blanks, hyphens, underscores."""
    return _PUNCTUATION.sub("", word).casefold()


@cache
def _load_words() -> Mapping[str, Mapping[str, str]]:
    text = (files("reconciler.model") / "vocabulary.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = {}
    for each in tomllib.loads(text)["word"]:
        known = found.setdefault(each["of"], {})
        known |= {fold_word(word): each["means"] for word in each["words"]}
    return found
