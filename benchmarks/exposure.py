"""How long does it take to say where the people of a list may be, next to asking the library, and do they agree?

A list of numbers of all area codes of the US and Canada (exchange 555, which has no subscribers), a fifth of it
from abroad, a tenth with a postal code. Counted by country, state and time zone in one pass; and a second list,
half of it the same people, is held against it. The naive way asks the library for the country and the zones of
every number.

    python benchmarks/exposure.py [CONTACTS]     a million when left out
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import phonenumbers
import pyarrow as arrow
from phonenumbers import timezone
from pyarrow import parquet

from reconciler.audience.campaigns import audience_by_place, projected_members
from reconciler.audience.relations import engine
from reconciler.audience.staging import geography
from reconciler.model.intermediate_tables import PROJECTED_MEMBERS
from reconciler.model.row_queries import Rows
from reconciler.model.workspace_settings import Engine

SEED = 20260701
ABROAD = ("GB", "DE", "FR", "MX", "AU", "BR", "IN", "IT")
AREAS = sorted(code for area in geography.load_areas().values() for code in area.codes)


def numbers(contacts: int) -> list[str]:
    """The numbers of a list, from a fixed seed."""
    chance = random.Random(SEED)
    found = []
    for number in range(contacts):
        if number % 5:
            found.append(f"+1{chance.choice(AREAS)}555{chance.randrange(10_000):04d}")
            continue
        example = phonenumbers.example_number_for_type(chance.choice(ABROAD), chance.choice((0, 1)))
        assert example is not None and example.national_number is not None
        changed = example.national_number // 10**4 * 10**4 + chance.randrange(10**4)
        found.append(f"+{example.country_code}{changed}")
    return found


def written(folder: Path, name: str, first: int, told: list[str]) -> Rows:
    """A list of these numbers, of the contacts from one on."""
    count = len(told)
    columns = {
        "contactId": [f"C{first + number:09d}" for number in range(count)],
        "e164": told,
        "country": [None] * count,
        "postalCode": [f"{number % 99_950:05d}" if number % 10 == 0 else None for number in range(count)],
        "timezone": [None] * count,
    }
    path = folder / f"{name}.parquet"
    schema = arrow.schema([(each, arrow.string()) for each in columns])
    parquet.write_table(arrow.table(columns, schema), path)
    return Rows(path, "parquet", PROJECTED_MEMBERS.types, count)


def naive(told: list[str]) -> Counter[str | None]:
    """A number at a time: what one would write first."""
    countries: Counter[str | None] = Counter()
    for each in told:
        number = phonenumbers.parse(each)
        countries[phonenumbers.region_code_for_number(number)] += 1
        timezone.time_zones_for_number(number)
    return countries


def main() -> None:
    """Print the figures."""
    contacts = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    taken: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told = numbers(contacts)
        mine, theirs = (written(folder, each, first, told) for each, first in (("one", 0), ("two", contacts // 2)))
        with engine.open_engine(Engine(memory_limit="2GB", threads=2), folder) as backend:
            start = time.perf_counter()
            found = audience_by_place.count_by_place(backend, engine.read_rows(backend, mine))
            taken["a list, counted by place"] = time.perf_counter() - start
            start = time.perf_counter()
            shared = projected_members.find_shared_members(backend, {"one": mine, "two": theirs})
            taken["two lists, held against each other"] = time.perf_counter() - start
        start = time.perf_counter()
        expected = naive(told)
        taken["the library, a number at a time"] = time.perf_counter() - start
    print(f"{contacts:,} contacts in {len(found.places):,} places; {shared.get(('one', 'two'), 0):,} shared")
    for words, seconds in taken.items():
        print(f"{seconds:7.2f} s  {words}")
    nowhere = expected.pop(None, 0)
    assert (dict(expected), nowhere) == (dict(found.countries), found.unknown), "they differ"
    print("every country agrees")


if __name__ == "__main__":
    main()
