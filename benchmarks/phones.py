"""How much faster are a million numbers normalised than by asking the library for each row, and is the result the same?

Two mixes from a fixed seed: clean North American numbers, and a dirty list such as years of imports leave behind. Each
is normalised by the naive loop (parse, is_valid_number, E.164, a row at a time), by the same loop with the library's
pattern cache on, and by `phones.normalise_phones`; every row of the three is compared. The ratios are what to read.

    python benchmarks/phones.py [ROWS]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import phonenumbers
import pyarrow as arrow
from phonenumbers import re_util
from pyarrow import parquet

from reconciler.audience.relations import engine
from reconciler.audience.staging import phone_normalisation
from reconciler.model.workspace_settings import Engine

SEED = 20260701
ROWS = 1_000_000
CHUNK = 50_000
ABROAD = ("GB", "DE", "FR", "MX", "IN", "BR", "AU", "ES", "IT", "JP", "NL", "PH")
JUNK = ("", "n/a", "none", "unknown", "123", "000-000-0000", "call the office", "1", "-", "555-0100", "999 999 9999")
Row = tuple[str, str | None]
Told = list[str | None]
Taken = tuple[float, float]


def north_american(random: random.Random) -> str:
    """Ten digits: an area code and the exchange 555, which has no subscribers."""
    return f"{random.choice(AREAS)}555{random.randrange(10_000):04d}"


AREAS = [
    str(area)
    for area in range(200, 1000)
    if phonenumbers.region_code_for_number(phonenumbers.PhoneNumber(1, area * 10**7 + 2345678)) in ("US", "CA")
]


def clean(random: random.Random) -> Row:
    """As an export writes them: E.164, ten digits, or the usual punctuation."""
    ten = north_american(random)
    a, b, c = ten[:3], ten[3:6], ten[6:]
    return random.choice((f"+1{ten}", ten, f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"1{ten}")), "US"


def dirty(random: random.Random) -> Row:
    """Two thirds North American in every writing, a quarter from abroad, the rest junk; a fifth without a region."""
    kind = random.random()
    region: str | None
    if kind < 0.65:
        raw, region = north_american_dirty(random), random.choice(("US", "US", "US", "CA"))
    elif kind < 0.92:
        raw, region = from_abroad(random)
    else:
        raw, region = random.choice(JUNK) if kind < 0.96 else f"{random.randrange(10**9)}", "US"
    return raw, region if random.random() < 0.8 else None


def north_american_dirty(random: random.Random) -> str:
    """A number of the US or Canada, or of the Caribbean, with what people add to it."""
    ten = north_american(random) if random.random() < 0.97 else f"{random.choice(('876', '345', '473'))}5550123"
    a, b, c = ten[:3], ten[3:6], ten[6:]
    plain = (f"({a}) {b}-{c}", f"{a}.{b}.{c}", f"+1 {a} {b} {c}", f"+1{ten}", ten, f"1-{a}-{b}-{c}", f" {a} {b} {c} ")
    odd = (f"{ten} x{random.randrange(999)}", f"{a}-{b}-{c} ext. 4", f"tel:+1-{a}-{b}-{c}", f"Home: {ten}", f"{ten};")
    return random.choice(plain if random.random() < 0.92 else odd)


def from_abroad(random: random.Random) -> Row:
    """An example number with other last digits, written in one of the usual ways."""
    region = random.choice(ABROAD)
    example: Any = phonenumbers.example_number_for_type(region, random.choice((0, 1)))
    example.national_number = example.national_number // 10**4 * 10**4 + random.randrange(10**4)
    written = random.choice((0, 0, 1, 1, 2, 3))
    return phonenumbers.format_number(example, written), region


def naive(rows: Iterator[Row]) -> Told:
    """A row at a time: what one would write first."""
    told: Told = []
    for raw, region in rows:
        try:
            number = phonenumbers.parse(raw, region)
        except phonenumbers.NumberParseException:
            told.append(None)
            continue
        valid = phonenumbers.is_valid_number(number)
        told.append(phonenumbers.format_number(number, 0) if valid else None)
    return told


def of_file(path: Path) -> Iterator[Row]:
    """The rows of a file, a batch at a time."""
    for batch in parquet.ParquetFile(path).iter_batches(CHUNK):
        yield from zip(*(column.to_pylist() for column in batch.columns[1:]), strict=True)


def ours(path: Path, scratch: Path) -> Told:
    """Normalise every row."""
    with engine.open_engine(Engine(), scratch) as backend:
        rows = engine.read_parquet(backend, path)
        told = (
            phone_normalisation.normalise_phones(backend, rows.rename(phone="raw"), "valid")
            .select("row", "e164")
            .order_by("row")
        )
        return [row[1] for chunk in engine.stream_rows(backend, told, CHUNK, tuple[int, str | None]) for row in chunk]


def timed(words: str, run: Callable[[], Told], baseline: Taken = (0, 0)) -> tuple[Told, Taken]:
    """Run once and print how long it took, by the clock and in processor time (which other work disturbs less)."""
    start = time.perf_counter(), time.process_time()
    told = run()
    taken = time.perf_counter() - start[0], time.process_time() - start[1]
    clock, processor = (before / now if before else 1 for before, now in zip(baseline, taken, strict=True))
    print(f"  {taken[0]:6.2f} s {clock:5.1f} x   processor {taken[1]:6.2f} s {processor:5.1f} x   {words}", flush=True)
    return told, taken


def measure(words: str, make: Callable[[random.Random], Row], rows: int) -> None:
    """One mix: write it down, normalise it in three ways, compare every row."""
    seeded = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        made = [make(seeded) for _ in range(rows)]
        raw, region = (arrow.array(column, arrow.string()) for column in zip(*made, strict=True))
        parquet.write_table(arrow.table({"row": range(rows), "raw": raw, "region": region}), path)
        print(f"{words}: {rows:,} rows, {len(set(made)):,} of them distinct")
        del made, raw, region
        expected, baseline = timed("the library, a row at a time", lambda: naive(of_file(path)))
        found, _ = timed("phones.normalised", lambda: ours(path, Path(folder)), baseline)
        cached, _ = timed("the library, a row at a time, its patterns kept", lambda: naive(of_file(path)), baseline)
        vars(re_util)["_COMPILED_PATTERNS"] = None  # the next mix begins without them again
        refused = sum(one is not None and other is None for one, other in zip(expected, found, strict=True))
        wrong = sum(one != other and other is not None for one, other in zip(expected, found, strict=True))
        count = sum(one is not None for one in found)
        print(f"  {count:,} of {len(found):,} rows have a number, {refused:,} more to the library, which passes")
        print(f"  over words before it; {wrong:,} rows differ in any other way", flush=True)
        if wrong or cached != expected:
            raise SystemExit("the results differ")


def main() -> None:
    """Print the figures of both mixes."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    measure("clean North American numbers", clean, rows)
    measure("a dirty mix", dirty, rows)


if __name__ == "__main__":
    main()
