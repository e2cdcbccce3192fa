"""Mask personal data in texts that a tenant wrote.

A tenant may write into a message whatever it was sent: a name, a phone, a mail address. Nobody can tell a name from
another word by its look, so the words that may be shown are listed, and those that we sent as names of fields.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from functools import cache
from importlib.resources import files

LONGEST = 4_000
"""Characters of a message that are looked at: the rest is not shown."""

_MAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_NUMBER = re.compile(r"\+?\d(?:[\W_]{0,5}\d){5,}")
"""Six digits or more, whatever signs stand between them: people and machines write numbers in many ways."""
_WORD = re.compile(r"[^\W_](?:[\w'\u2019]*[^\W_])?|_")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_CODE = re.compile(r"(?=.{3,61}$)(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z][a-z0-9]*(?:[_.-][a-z0-9]+)+)")
_SEPARATORS = " \t,;()"
HIDDEN = "…"
_LONGEST_NUMBER = 4


@cache
def _load_words() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    told = tomllib.loads(files(__package__).joinpath("free_text.toml").read_text(encoding="utf-8"))
    return frozenset(told["words"].split()), frozenset(told["names_too"].split()), frozenset(told["names"].split())


def mask_code(text: str) -> str:
    """A code as an API has one, `NO_SUCH_LIST` or `invalid-grant`; what does not look like one, as any other text."""
    few_digits = sum(map(str.isdigit, text)) <= _LONGEST_NUMBER
    return text if few_digits and _CODE.fullmatch(text) else mask_text(text)


def mask_text(text: str, known: Collection[str] = ()) -> str:
    """A text with `…` for every word that is not listed and not among the `known`, and `***` for numbers and mails."""
    text = _MAIL.sub("***", _NUMBER.sub("***", text[:LONGEST]))  # an `@` may be what a number is grouped by
    allowed = {each.casefold() for each in known}
    found = list(_WORD.finditer(text))
    kept = [_is_shown(each[0], allowed) for each in found]
    names = _load_words()[1]
    # a word that is a name as well is shown where it can be none: beside an unknown word, it may be the other half
    beside = [
        kept[n]
        and not (each[0].casefold() in names and each[0].casefold() not in allowed and _is_near(text, found, kept, n))
        for n, each in enumerate(found)
    ]
    pieces, end = [], 0
    for each, keep in zip(found, beside, strict=True):
        pieces += [text[end : each.start()], each[0] if keep else HIDDEN]
        end = each.end()
    return re.sub(rf"{HIDDEN}(?:[\s.-]*{HIDDEN})+", HIDDEN, "".join([*pieces, text[end:]]))


def _is_near(text: str, found: list[re.Match[str]], kept: list[bool], n: int) -> bool:
    """Whether a word stands beside one that is hidden, or that begins with a capital in the midst of a sentence."""
    for other in (n - 1, n + 1):
        if not 0 <= other < len(found):
            continue
        first, second = sorted((found[n], found[other]), key=lambda each: each.start())
        if text[first.end() : second.start()].strip(_SEPARATORS):
            continue
        if not kept[other] or (other > 0 and found[other][0].istitle() and found[n][0].istitle()):
            return True
    capital = found[n][0][:1].isupper() and not found[n][0].isupper()
    return capital and n > 0 and not re.search(r"[.:;!?\"'`\u201c]\s*$", text[: found[n].start()])


def _is_shown(word: str, known: Collection[str]) -> bool:
    """Whether each part of a word is listed: those of `abandonThreshold` and `invalid_scope` as well."""
    folded = word.casefold().replace("\u2019", "'")
    words, _, names = _load_words()
    if folded in names and folded not in known and word[0].isupper():
        return False
    if folded in known or folded in words:
        return True
    parts = _PARTS.findall(word)
    if "".join(parts) != word.replace("_", ""):
        return False
    if sum(map(str.isdigit, word)) > _LONGEST_NUMBER:
        return False
    return all(part.isdigit() or part.casefold() in words for part in parts)
