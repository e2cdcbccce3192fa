"""By which code does a program know the reason for which a contact is out?

The words say more, and may be put otherwise one day; a code keeps its meaning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from reconciler.model.change import Reason

_CODES = (
    ("cannot be used: ", "cannot_be_used"),
    ("duplicate of another row", "duplicate_row"),
    ("duplicate of another contact", "duplicate_phone"),
    ("archived", "archived"),
    ("no consent recorded", "no_consent_recorded"),
    ("no consent", "no_consent"),
    ("unknown region", "unknown_region"),
    ("no valid phone", "no_valid_phone"),
    ("suppressed by ", "suppressed"),
    ("another number of theirs", "other_number_unreadable"),
    ("their number cannot be read", "number_unreadable"),
    ("another row of theirs", "other_row_unreadable"),
    ("not on ", "not_on_list"),
    ("no interaction in the window", "no_interaction"),
    ("score below ", "score_below"),
    ("in band ", "band_without_list"),
    ("over the cap", "over_cap"),
)
"""How the words of each reason begin; the first that fits counts."""

OTHER = "other"


def code(words: str) -> str:
    """The code of a reason."""
    return next((code for start, code in _CODES if words.startswith(start)), OTHER)


def by_code(reasons: Iterable[Reason]) -> Mapping[str, int]:
    """How many contacts are out for the reasons of each code."""
    counted: Counter[str] = Counter()
    for reason in reasons:
        counted[code(reason.words)] += reason.count
    return dict(counted)
