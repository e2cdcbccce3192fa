"""Compare texts that differ only by case, spaces or invisible characters.

Characters that are not displayed count for nothing (`invisible.toml`, each range with its source), blanks around a text
neither, and blanks inside are one blank, whatever kind they are; letters with accents are the same composed or not
(Unicode NFC). Everything else counts in ids: upper and lower case, leading zeros, look-alikes of other scripts. In the
names of objects case does not count either.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

SEEN = r"^[!-~]*$"
"""What has nothing to be cleaned of: printed ASCII without blanks."""

LONG = 18
"""Characters of a Salesforce id with its checksum."""

FORMS = r"^[A-Za-z0-9]{15}[A-Z0-5]{3}$"
"""What a Salesforce id of 18 characters looks like."""

SUFFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
"""The three characters by which such an id is longer than its form of 15: each says which of five letters are capitals.

Source: Salesforce, Object Reference, "ID Field Type".
"""


def _load_ranges(*names: str) -> list[tuple[int, int]]:
    told = tomllib.loads((files(__package__) / "invisible.toml").read_text(encoding="utf-8"))
    pairs = (each.partition("-") for name in names for each in told[name]["ranges"])
    return sorted((int(first, 16), int(last or first, 16)) for first, _, last in pairs)


@cache
def _load_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    kinds = (("ignorable", "control"), ("blank", "blank_pattern"))
    classes = ("".join(f"{re.escape(chr(a))}-{re.escape(chr(b))}" for a, b in _load_ranges(*names)) for names in kinds)
    dropped, blank = (re.compile(f"[{each}]+") for each in classes)
    return dropped, blank


def strip_invisible(text: str) -> str:
    """A text without what nobody sees."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    dropped, blank = _load_patterns()
    return unicodedata.normalize("NFC", blank.sub(" ", dropped.sub("", text)).strip(" "))


def normalise_id(text: str) -> str:
    """An id as it is compared: without what nobody sees, and a Salesforce id of 18 characters by its first 15.

    The 18 are only taken for one where the last three are the right ones.
    """
    found = strip_invisible(text)
    if not re.fullmatch(FORMS, found):
        return found
    groups = (found[start : start + 5] for start in (0, 5, 10))
    suffix = "".join(SUFFIXES[sum(1 << n for n, each in enumerate(group) if "A" <= each <= "Z")] for group in groups)
    return found[:15] if found[15:] == suffix else found


def normalise_name(text: str) -> str:
    """The name of an object as it is compared with others that people could take it for: case does not count."""
    folded = unicodedata.normalize("NFKC", strip_invisible(text)).casefold()
    return strip_invisible(unicodedata.normalize("NFKC", folded))
