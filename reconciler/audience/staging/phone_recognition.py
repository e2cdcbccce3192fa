# tested by: tests/audience/staging/test_phone_normalisation.py
"""Recognise texts that are one phone number from first to last character.

The numbering library looks for a number in a text and drops what it does not need. What it drops may be another
number, a wildcard, or "do not call": a text is read whole here, or not at all.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 250
"""The most characters the library reads; a longer text is refused whatever it says."""

EMPTY = "number_empty"
NO_NUMBER = "number_without_digits"
LETTERS = "number_with_letters"
WILDCARD = "number_with_wildcard"
SPREADSHEET = "number_rounded"
MORE = "more_than_a_number"
TOO_LONG = "number_too_long"

FAULTS = (EMPTY, NO_NUMBER, LETTERS, WILDCARD, SPREADSHEET, MORE)
"""Why a text is no number, whatever the numbering plans are: codes of `ROW_FAULTS`."""

_MOST_OF_AN_EXTENSION = 6
"""Digits of an extension; seven are a local number already."""

# the ways of writing an extension that the library knows, of those which say that they are one
_LABEL = r"(?:e?xt(?:ensi(?:o\u0301?|\u00f3))?n?|\u0434\u043e\u0431|anexo|int|x|#|~)[:.]?"
_SO_MANY = rf"[ ,-]*\d{{1,{_MOST_OF_AN_EXTENSION}}}\#?"
_EXTENSION = re.compile(
    rf"(?:[ ,]*{_LABEL}{_SO_MANY}(?: *[/,] *{_LABEL}{_SO_MANY})*|,,{_SO_MANY})$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[ ().\-\[\]]*\+*(?:[ ().\-/\[\]]*\d)+[)\] ]*[.,;]?")
_QUOTED = re.compile(r"""=?"(?P<a>[^"]*)"|'(?P<b>[^"']*)'?""")
_PARAMETERS = re.compile(r"(?P<number>[^;]*)(?P<all>(?:;[a-z-]+=[^;]*)+)", re.IGNORECASE)
_TOLD = {
    "ext": re.compile(rf"\d{{1,{_MOST_OF_AN_EXTENSION}}}"),
    "isub": re.compile(r"[\w.+-]+"),
    # a domain says nothing of a number, the beginning of one does
    "phone-context": re.compile(r"\+[\d().-]*\d|[A-Za-z][\w.-]*|[\w-]+(?:\.[\w-]+)*\.[A-Za-z][\w-]*"),
}
_FLOAT = re.compile(r"(\+?\d{7,})\.(\d{1,2})")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d*)?e[+-]?\d{1,2}", re.IGNORECASE)
_WILD = re.compile(r"[*?%_\u2026]|\.\.|\dx+(?:[^\w]|x|$)|(?:^|\W)xx+|#{2,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spelling:
    """What a text says.

    Attributes:
        plus: whether it says its country itself. digits: 0 to 9. text: both, punctuated as they are.
    """

    plus: bool
    digits: str
    text: str


def parse_spelling(raw: str | None) -> Spelling | str:
    """The number that a text is, or why it is none (one of `FAULTS`, or `TOO_LONG`).

    Digits of every script, the dashes and blanks of every font, marks that nobody sees, quotes around it, `tel:` with
    its parameters, and an extension that says that it is one are a number's. A float of it (`4155550100.0`) is the
    number.
    """
    if raw is not None and len(raw) > LONGEST:
        return TOO_LONG
    text = _unquote(_normalise(raw or "").strip())
    if not any(each.isdigit() for each in text):
        return NO_NUMBER if text else EMPTY
    said = _drop_parameters(text[4:].strip() if text[:4].lower() == "tel:" else text)
    return MORE if said is None else _parse_number(_EXTENSION.sub("", said, count=1))


def _unquote(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    return text if quoted is None else (quoted["a"] or quoted["b"] or "").strip()


def _parse_number(number: str) -> Spelling | str:
    """A number without its extension, or why it is none."""
    if decimal := _FLOAT.fullmatch(number):
        if decimal[2].strip("0"):
            return SPREADSHEET
        number = decimal[1]
    if not _NUMBER.fullmatch(number):
        return _find_fault(number)
    number = number.rstrip(" .,;")
    if ".." in number:
        return WILDCARD
    plus = "+" in number
    return Spelling(plus, re.sub(r"\D", "", number), number[number.index("+") :] if plus else number)


def _find_fault(number: str) -> str:
    if _SCIENTIFIC.fullmatch(number):
        return SPREADSHEET
    if _WILD.search(number) or number.endswith(("-", "/")):
        return WILDCARD
    return LETTERS if any(each.isalpha() for each in number) else MORE


def _drop_parameters(text: str) -> str | None:
    """A number without the parameters of RFC 3966, section 3; null where one of them is not known."""
    found = _PARAMETERS.fullmatch(text)
    if found is None:
        return text
    number = found["number"]
    for each in found["all"][1:].split(";"):
        name, _, value = each.partition("=")
        known = _TOLD.get(name.lower())
        if known is None or not known.fullmatch(value):
            return None
        if name.lower() == "phone-context" and value.startswith("+") and "+" not in number:
            number = f"{value}-{number}"
    return number


def _normalise(raw: str) -> str:
    """A text with digits 0 to 9, one kind of dash and of blank, and nothing that nobody sees."""
    if raw.isascii():
        return raw
    return "".join(map(_normalise_character, raw))


def _normalise_character(each: str) -> str:
    if each.isascii():
        return each
    kind = unicodedata.category(each)
    if kind == "Nd":
        return str(unicodedata.digit(each))
    if "\uff01" <= each <= "\uff5e":
        return chr(ord(each) - 0xFEE0)
    return _OTHERS.get(each, _KINDS.get(kind, each))


_KINDS = {"Cf": "", "Mn": "", "Zs": " ", "Pd": "-"}
# an accent that is written by itself; a minus sign, and the sound mark that keyboards give for a dash; tildes
_OTHERS = {"\u0301": "\u0301", "\u2212": "-", "\u30fc": "-", "\u2053": "~", "\u223c": "~"}


_CHUNK = re.compile(r"\+?\d(?:[^\d;x#*\u2026]{0,3}\d)*", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")


_LONGEST_SHOWN = 40


def mask_phone(raw: str | None) -> str:
    """A text as it may be shown: of a number the first digits and the last two, of words nothing, signs as they are."""
    text = _normalise(raw or "").strip()
    text = _WORD.sub(lambda word: word[0] if set(word[0].lower()) == {"x"} else "…", text)
    text = _CHUNK.sub(lambda number: _mask_number(number[0]), " ".join(text.split()))
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _mask_number(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    plus = "+" if text.startswith("+") else ""
    if len(digits) >= 9:
        return f"{plus}{digits[:3]}…{digits[-2:]}"
    if len(digits) >= 7:
        return f"{plus}{digits[:2]}…{digits[-1]}"
    return f"{plus}{digits[:2]}…" if len(digits) > 2 else f"{plus}{digits}"
