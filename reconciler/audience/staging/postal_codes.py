# tested by: tests/audience/campaigns/test_audience_by_place.py
"""Look up places by postal code.

A code is kept as what says where it is: `Z` and three digits of a ZIP code, `C` and the first letter of a Canadian one,
`?` where it is neither. Blanks, hyphens and small letters do not matter; zeros that a spreadsheet has dropped are put
back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from reconciler.audience.staging import geography

if TYPE_CHECKING:
    from ibis import Column

UNREADABLE = "?"
CODED = frozenset({"US", "CA"})
"""The countries whose postal codes are read: in others a country's zones are taken together."""

_UNSEEN = "[\\s\\x{00A0}\\x{00AD}\\x{2000}-\\x{200F}\\x{2028}\\x{2029}\\x{202F}\\x{2060}\\x{3000}\\x{FEFF}'._\\-]+"
"""What is left out of a code; for RE2 and Java alike."""
_HERE = re.compile("[\\s\u00a0\u00ad\u2000-\u200f\u2028\u2029\u202f\u2060\u3000\ufeff'._\\-]+")
_POINT = r"\.0+$"
_SHORT, _ZIP, _LOST, _CANADIAN = (
    "^[0-9]{3,4}$",
    "^[0-9]{5}([0-9]{4})?$",
    "^[0-9]{7,8}$",
    "^[A-Z][0-9][A-Z]([0-9O][A-Z][0-9O])?$",
)


def read_postal_code(text: str | None) -> str | None:
    """A code as it is kept; null where nothing is said."""
    code = _HERE.sub("", re.sub(_POINT, "", text or "")).upper()
    if not code:
        return None
    if re.search(_SHORT, code):
        return f"Z{code.zfill(5)[:3]}"
    if re.search(_ZIP, code):
        return f"Z{code[:3]}"
    if re.search(_LOST, code):
        return f"Z{code.zfill(9)[:3]}"
    return f"C{code[:1]}" if re.search(_CANADIAN, code) else UNREADABLE


def locate_by_code(column: Column) -> Column:
    """The same as an expression."""
    import ibis

    code = column.re_replace(_POINT, "").re_replace(_UNSEEN, "")
    code = ibis.ifelse(code.re_search("^[0-9A-Za-z]*$"), code.upper(), ibis.literal(UNREADABLE))
    zip_code, letter = ibis.literal("Z"), ibis.literal("C")
    return ibis.cases(
        (column.isnull() | (code == ""), ibis.null("string")),
        (code.re_search(_SHORT), zip_code + (ibis.literal("00") + code).right(5).left(3)),
        (code.re_search(_ZIP), zip_code + code.left(3)),
        (code.re_search(_LOST), zip_code + (ibis.literal("00") + code).right(9).left(3)),
        (code.re_search(_CANADIAN), letter + code.left(1)),
        else_=ibis.literal(UNREADABLE),
    )


def load_places(code: str, own: str) -> tuple[frozenset[str], bool]:
    """The states, provinces or territories that a kept code may be in, and whether it is a code of the country `own`.

    One that fits no place of it may be of a neighbour: a Canadian code with an American number is in Canada.
    """
    found = _load_states().get(code, frozenset())
    here = frozenset(each for each in found if code[0] == ("C" if own == "CA" else "Z"))
    return (here, True) if here else (found, False)


@cache
def _load_states() -> Mapping[str, frozenset[str]]:
    """Places by the codes that are kept."""
    named: dict[str, set[str]] = {}
    for name, area in geography.load_areas().items():
        for start in area.postal:
            named.setdefault(("C" if name.startswith("CA") else "Z") + start, set()).add(name)
    for name, starts in geography.list_neighbours().items():
        for start in starts:
            named.setdefault(f"Z{start}", set()).add(name)
    return {code: frozenset(names) for code, names in named.items()}


_EXAMPLES = 5


def describe_code(words: Iterable[str]) -> tuple[str, ...]:
    """A few of some words as examples, the first in their order; what may be somebody's number or mail is not shown."""
    plain = sorted({each.strip()[:40] for each in words})
    return tuple("…" if "@" in each or sum(map(str.isdigit, each)) > 6 else each for each in plain[:_EXAMPLES])
