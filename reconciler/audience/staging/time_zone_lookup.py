# tested by: tests/audience/campaigns/test_audience_by_place.py
"""Look up the time zones that a source's text means.

A zone of the IANA database in any case; one of Windows, as Outlook shows it; a name or an abbreviation; an offset. A
word may mean several zones: `CST` is Chicago or Shanghai, `UTC-7` Denver or Phoenix. Then all of them are meant that
are in the person's countries, else all. What cannot be read is nothing, and never a guess.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files

from reconciler.audience.staging import geography
from reconciler.model.weekly_calendar import load_zone, load_zones, resolve_zone

_SEASONS = tuple(datetime(2026, month, 1, 12, tzinfo=UTC) for month in (1, 7))
_OFFSET = re.compile(r"(?:utc|gmt|z)?\s*([+-])\s*([0-9]{1,2})(?::?([0-5][0-9]))?(?::00)?")
_PREFIX = re.compile(r"^\(?\s*((?:utc|gmt)\s*(?:[+-]\s*[0-9]{1,2}(?::?[0-9]{2})?)?)\s*\)\s*(.*)$")
_INSIDE = re.compile(r"[a-z_]+(?:/[a-z0-9_+\- ]+)+")
_UTC = frozenset({"utc", "gmt", "z", "zulu", "uct", "universal", "coordinated universal time", "etc/utc", "etc/uct"})
_SEASON_WORDS = frozenset({"standard", "daylight", "summer", "savings", "saving"})
_MOST = 100
"""No name of a zone is longer: neither is what is looked at."""


@lru_cache(maxsize=100_000)
def resolve_zones(word: str, countries: tuple[str, ...]) -> frozenset[str]:
    """Every zone that a word may mean for somebody who may be in these countries; none where it cannot be read."""
    text = _normalise(word)
    if not text or len(text) > _MOST:
        return frozenset()
    prefix = _PREFIX.match(text)
    offset, rest = (prefix[1], prefix[2]) if prefix else ("", text)
    for each in (text, rest):
        if found := _find_named(each, countries):
            return found
    return _find_by_offset(offset, countries) if offset and offset != text else _find_by_offset(text, countries)


def _find_named(text: str, countries: tuple[str, ...]) -> frozenset[str]:
    if not text:
        return frozenset()
    named = _load_iana().get(text.replace(" ", "_"))
    if named is not None and "/" in named:
        return _find_in_database(named, countries)
    if known := _load_names().get(_make_key(text)):
        return _keep_here(known, countries)
    if text in _UTC:
        return _find_with_offset(timedelta(), countries)
    if named is not None:
        return _find_in_database(named, countries)
    inside = (_load_iana().get(each.strip().replace(" ", "_")) for each in _INSIDE.findall(text))
    return next((_find_in_database(each, countries) for each in inside if each), frozenset())


def _find_in_database(name: str, countries: tuple[str, ...]) -> frozenset[str]:
    """A zone of the database; one that is an offset and no place stands for those of the countries that have it."""
    if resolve_zone(name).startswith("Etc/") or "/" not in resolve_zone(name):
        return _find_with_offset(load_zone(name).utcoffset(_SEASONS[0]) or timedelta(), countries)
    return frozenset({name})


def _find_by_offset(text: str, countries: tuple[str, ...]) -> frozenset[str]:
    if text in _UTC:
        return _find_with_offset(timedelta(), countries)
    found = _OFFSET.fullmatch(text)
    if found is None:
        return frozenset()
    size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return _find_with_offset(size if found[1] == "+" else -size, countries)


def _find_with_offset(offset: timedelta, countries: tuple[str, ...]) -> frozenset[str]:
    """The zones of some countries whose clocks are so far from UTC in some season; none where there is none."""
    own = {each for country in countries for each in geography.find_zones(country) if each in load_zones()}
    return frozenset(each for each in own if any(load_zone(each).utcoffset(at) == offset for at in _SEASONS))


def _keep_here(known: frozenset[str], countries: Iterable[str]) -> frozenset[str]:
    own = {resolve_zone(each) for country in countries for each in geography.find_zones(country)}
    return frozenset(each for each in known if resolve_zone(each) in own) or known


def _normalise(word: str) -> str:
    """A word without what nobody sees, in small letters, its blanks single; a minus is a hyphen."""
    shown = unicodedata.normalize("NFKC", word)
    shown = "".join(each for each in shown if unicodedata.category(each) not in ("Cf", "Cc") or each in "\t\n")
    return " ".join(re.sub("[\u2010-\u2015\u2212]", "-", shown).casefold().split())


def _make_key(text: str) -> str:
    """What two ways of writing one name have in common: letters and digits, without the season."""
    words = re.sub(r"[^0-9a-z+\-]+", " ", text.replace("&", " and ")).split()
    kept = [each for each in words if each not in _SEASON_WORDS]
    if len(kept) > 1 and kept[-1] == "time":
        kept.pop()
    return " ".join(kept)


@cache
def _load_names() -> Mapping[str, frozenset[str]]:
    """Every name of `time_zones.toml`, as `_key` has it."""
    text = (files(__package__) / "time_zones.toml").read_text(encoding="utf-8")
    written = tomllib.loads(text)
    found: dict[str, set[str]] = {}
    for name, shown, meant in written["windows"]:
        if not meant.startswith("Etc/"):
            for each in (name, shown):
                found.setdefault(_make_key(each.casefold()), set()).add(meant)
    for several, meant in written["names"].items():
        for each in several.split(","):
            found.setdefault(_make_key(each.casefold().strip()), set()).update(meant)
    return {name: frozenset(meant) for name, meant in found.items()}


@cache
def _load_iana() -> Mapping[str, str]:
    return {name.casefold(): name for name in load_zones() if name not in ("Factory", "localtime")}
