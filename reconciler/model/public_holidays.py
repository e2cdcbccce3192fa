# tested by: tests/model/test_legal_hours.py
"""Look up public holidays of countries and states.

Of the `holidays` library, which knows them as governments have proclaimed them, and computes those of years to come; a
day that a government adds is known with its next release. It knows nothing of holidays of a single town.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

FIRST, LAST = 1970, 2100
"""The years that are asked about: before and after them nobody plans, and the library guesses."""


@lru_cache(maxsize=4096)
def find_public_holidays(region: str, year: int) -> Mapping[date, str]:
    """The holidays of a year in a region (ISO 3166: `US`, or a state as `US-AL`), by day, each with its name.

    Those of a state are the country's and its own. None where the library knows no such place, or the year is beyond
    `FIRST` and `LAST`.
    """
    import holidays

    country, _, state = region.partition("-")
    if not FIRST <= year <= LAST or country not in _load_supported():
        return {}
    known = state if state in _load_supported()[country] else None
    found = holidays.country_holidays(country, subdiv=known, years=year, language=_find_language(country))
    return {day: str(name) for day, name in sorted(found.items()) if day.year == year}


@lru_cache(maxsize=1)
def _load_supported() -> Mapping[str, frozenset[str]]:
    import holidays

    return {country: frozenset(states) for country, states in holidays.list_supported_countries().items()}


@lru_cache(maxsize=512)
def _find_language(country: str) -> str | None:
    """English where the library has it; else the country's own."""
    import holidays

    return "en_US" if "en_US" in holidays.list_localized_countries().get(country, ()) else None
