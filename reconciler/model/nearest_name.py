# tested by: tests/steps/load/test_load.py
"""Suggest the valid name that a person probably meant."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model import countries
from reconciler.model.text_enumerations import shorten_list

ALIKE = 65.0
"""How alike two names must be, in percent, before one is offered for the other."""

_ALIKE_COUNTRIES = 80.0
"""The same for names of countries, of which there are so many that one or another is always a little alike."""

_CODE = 3
_COMPARED = 100


def find_nearest(word: str, choices: Iterable[str], alike: float = ALIKE) -> str | None:
    """The choice most like a word, whatever its case; None when nothing is like it."""
    from rapidfuzz import fuzz, process

    found = process.extractOne(
        word[:_COMPARED], sorted(choices), scorer=fuzz.ratio, processor=str.casefold, score_cutoff=alike
    )
    return None if found is None else str(found[0])


def suggest(word: str, choices: Iterable[str]) -> str | None:
    """A hint: the choice that was probably meant, else what there is to choose from, else nothing."""
    offered = sorted(choices)
    meant = find_nearest(word, offered)
    if meant is not None:
        return f"did you mean `{meant}`?"
    return f"there {'is' if len(offered) == 1 else 'are'} {list_names(offered)}" if offered else None


def suggest_country(word: str) -> str:
    """A hint for a word that is no country: the one that was probably meant, and its code."""
    around = countries.find_country_of_part(word)
    if around is not None:
        return f"it is a state or a province: write its country, `{around}`"
    meant = find_nearest(word, dict(countries.iter_names()), _ALIKE_COUNTRIES) if len(word) > _CODE else None
    if meant is None:
        return "write its ISO 3166 code, such as US: the United Kingdom is GB"
    return f"did you mean `{countries.find_country(meant)}` ({meant})?"


def list_names(names: Iterable[str]) -> str:
    """Names as a sentence has them: the first few, and how many more there are."""
    return shorten_list([f"`{name}`" for name in sorted(names)])
