"""Look up countries by code or name.

A country is an ISO 3166-1 alpha-2 code here. It is read from that code in any case, from the alpha-3 code, and from
the English names that ISO and people use. Numeric codes are not read: `372` is Ireland to ISO, and Estonia to whoever
means a calling code.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

LONGEST = 100
"""No name of a country is longer; what is, is not looked at."""

_CODE = re.compile(r"[A-Z]{2,3}")
_SPELT = {"st": "saint"}


@lru_cache(maxsize=4096)
def find_country(text: str) -> str | None:
    """The alpha-2 code of the country that a text means; None where it is none, or may be two."""
    if len(text) > LONGEST:
        return None
    written = _normalise_shown(text)
    if _CODE.fullmatch(written.upper()) and written.isascii():
        return _load_codes().get(written.upper())
    return load_names().get(_fold_name(written))


@lru_cache(maxsize=256)
def find_country_of_part(text: str) -> str | None:
    """The country of which a text names a state, a province or the like (ISO 3166-2); None: none, or of several."""
    import pycountry

    wanted = _fold_name(_normalise_shown(text[:LONGEST]))
    found = {each.country_code for each in pycountry.subdivisions if _fold_name(each.name) == wanted}
    return found.pop() if len(found) == 1 else None


def find_declared_country(text: str | None) -> str | None:
    """The country that a valid manifest names, where it names one."""
    return None if text is None else find_country(text)


def _normalise_shown(text: str) -> str:
    """A text without what nobody sees around it, each full-width letter as the plain one."""
    plain = unicodedata.normalize("NFKC", text)
    seen = (" " if unicodedata.category(each)[0] in "ZC" else each for each in plain if not _is_hidden(each))
    return " ".join("".join(seen).split())


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) == "Cf"


def _fold_name(text: str) -> str:
    """A name without case, accents, punctuation and the word `the`."""
    apart = unicodedata.normalize("NFKD", text.replace("&", " and "))
    plain = "".join(each for each in apart if not unicodedata.combining(each)).casefold()
    words = re.sub(r"[\W_]+", " ", plain).split()
    return " ".join(_SPELT.get(word, word) for word in words if word != "the")


@cache
def _load_codes() -> Mapping[str, str]:
    """Every code of two and of three letters, in capitals."""
    import pycountry

    found = {code: each.alpha_2 for each in pycountry.countries for code in (each.alpha_2, each.alpha_3)}
    for code, others in _load_additions().items():
        found |= dict.fromkeys((code, *others.get("codes", ())), code)
    return found


@cache
def load_names() -> Mapping[str, str]:
    """Every name, folded, with its country's code; not one that may mean two countries."""
    meant: dict[str, set[str]] = defaultdict(set)
    for name, code in iter_names():
        meant[_fold_name(name)].add(code)
    return {name: next(iter(codes)) for name, codes in meant.items() if len(codes) == 1}


def iter_names() -> Iterator[tuple[str, str]]:
    """Every name as it is written, with its country's code."""
    import pycountry

    for each in pycountry.countries:
        for kind in ("name", "official_name", "common_name"):
            name = getattr(each, kind, None)
            if name is not None:
                yield from ((way, each.alpha_2) for way in _iter_ways(name))
    for code, others in _load_additions().items():
        yield from ((name, code) for name in others.get("names", ()))


def _iter_ways(name: str) -> Iterator[str]:
    """A name of ISO as people write it: `Korea, Republic of` as `Republic of Korea`, too."""
    yield name
    whole, _, rest = name.partition(", ")
    if rest and rest.lower().endswith((" of", " of the", "british", "u.s.")):
        yield f"{rest} {whole}"
    if "(" in name:
        yield re.sub(r"\s*\(.*?\)", "", name)


@cache
def _load_additions() -> Mapping[str, Mapping[str, list[str]]]:
    """What `countries.toml` adds: codes and names by a country's code."""
    return tomllib.loads((files(__package__) / "countries.toml").read_text(encoding="utf-8"))
