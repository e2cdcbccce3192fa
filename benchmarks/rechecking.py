"""How long does it take to read a do-not-call source again, and to hold everybody of a delivery against it?

A million numbers in a CSV or Parquet file, and a million contacts of a plan, one of a thousand of whom has joined the
numbers since. Timed is what an apply does before it fills a list: the first look, which reads the file; a further look
at a file that has not changed; and a look after one line was added to it. Who is found is known beforehand.

    python benchmarks/rechecking.py [NUMBERS]     a million when left out
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Literal, cast

import pyarrow as arrow
from pyarrow import parquet

from reconciler.audience.delivery import dnc_consent_recheck
from reconciler.audience.relations import engine
from reconciler.audience.staging import geography
from reconciler.cli.progress_sinks import ProgressSinks
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.list_change import RowChange
from reconciler.model.plan import Plan
from reconciler.model.ports import Reader
from reconciler.model.problem import Location
from reconciler.model.reason_codes import REASON
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Rows
from reconciler.model.score_model import Band, Engagement, Score
from reconciler.model.secret import Secret
from reconciler.model.segment import Delivery, Phones, Segment, Suppression
from reconciler.model.segment_membership import DoNotCall
from reconciler.model.source_specs import Entries, FileFeed
from reconciler.model.tables import MEMBER_CHANGES
from reconciler.model.workspace_settings import Engine, Settings
from reconciler.steps.apply.suppression_rereads import Readings

SEED = 20260701
JOINED = 1_000
"""One of so many contacts has joined the numbers."""

AREAS = sorted({code for area in geography.load_areas().values() for code in area.codes})


def numbers(count: int) -> tuple[list[str], list[str]]:
    """Numbers not to be called, and those of as many contacts: exchange 555, which has no subscribers."""
    chance = random.Random(SEED)
    drawn = chance.sample(range(len(AREAS) * 10_000), 2 * count)
    every = [f"{AREAS[each // 10_000]}555{each % 10_000:04d}" for each in drawn]
    registry, contacts = every[:count], every[count:]
    contacts[::JOINED] = registry[::JOINED]
    return registry, contacts


def change(folder: Path, contacts: list[str]) -> RowChange:
    """What a plan puts on a list: all of them."""
    kinds = {
        "string": arrow.string(),
        "int64": arrow.int64(),
        "map<string, string>": arrow.map_(arrow.string(), arrow.string()),
        "array<string>": arrow.list_(arrow.string()),
        REASON: arrow.struct([("code", arrow.string()), ("args", arrow.list_(arrow.string()))]),
    }
    schema = arrow.schema([(name, kinds[kind]) for name, kind in MEMBER_CHANGES.types.items()])
    given = {
        "contactId": [f"C{number:09d}" for number in range(len(contacts))],
        "action": ["add"] * len(contacts),
        "subscribers": [[f"+1{each}"] for each in contacts],
    }
    columns = [given.get(name, [None] * len(contacts)) for name in MEMBER_CHANGES.types]
    path = folder / "rows.parquet"
    parquet.write_table(
        arrow.Table.from_arrays([arrow.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema),
        path,
    )
    where = Address("Segment", "chosen", "engaged")
    return RowChange(
        address=where,
        list_address=Address("ContactList", "chosen"),
        list="Chosen",
        method="bulkInsert",
        chunk_size=10_000,
        attributes=(),
        live=0,
        adds=len(contacts),
        updates=0,
        removes=0,
        unchanged=0,
        rows=Rows(path, "parquet", MEMBER_CHANGES.types, len(contacts)),
        digest="",
        precondition="",
    )


def segment(form: Literal["csv", "parquet"]) -> Segment:
    """A segment with the one do-not-call list."""
    where = Location("registry.yaml", 1)
    feed = FileFeed(
        paths=(f"registry.{form}",), format=form, columns=(), phones=(("number",),), entries=Entries(), where=where
    )
    registry = Suppression(Address("SuppressionList", "registry"), feed, Phones("possible", "US"))
    return Segment(
        address=Address("Segment", "chosen"),
        contacts=feed,
        interactions={},
        score=Score(Engagement(), (Band("engaged", 0, None, 1),)),
        intersect=(),
        targets=(),
        mirror=True,
        delivery=Delivery("bulkInsert", None, ()),
        phones=Phones("valid", "US"),
        suppress=(registry,),
    )


def measured(
    folder: Path, form: Literal["csv", "parquet"], registry: list[str], planned: RowChange, added: str
) -> dict[str, tuple[float, float]]:
    """Seconds of each look, by the clock and of the processors; what it finds is right."""
    path = folder / f"registry.{form}"
    written(path, registry)
    whole = segment(form)
    told = DoNotCall(
        whole.address, whole.suppress[0].address, None, whole.suppress[0].max_age, entries=(len(registry),)
    )
    plan = cast(Plan, SimpleNamespace(suppressions=(told,), created=datetime.now(UTC)))
    scratch = folder / f"scratch-{form}"
    scratch.mkdir()
    terms = ApplyOptions(
        manifests="",
        tenant="",
        surfaces={},
        settings=Settings(engine=Engine(memory_limit="2GB", threads=2)),
        now=datetime.now(UTC),
        scratch=scratch,
        progress=ProgressSinks(),
        stop=threading.Event(),
        root=folder,
        secret=lambda reference, where: Secret(""),
    )
    readings = Readings(
        plan, cast(Reader, SimpleNamespace(count_requests=None)), terms
    )  # files alone: nothing is asked
    taken = {}
    for words in ("first look", "the file is as it was", "a line was added"):
        if words == "a line was added":
            written(path, [*registry, added])
        start, used = time.perf_counter(), time.process_time()
        read = readings.read_sources(whole)
        with engine.open_engine(terms.engine, scratch) as backend:
            found = dict(dnc_consent_recheck.recheck_planned(backend, planned, whole, read))
        taken[words] = (time.perf_counter() - start, time.process_time() - used)
        expected = {f"C{number:09d}" for number in range(0, planned.adds, JOINED)}
        expected |= {"C000000001"} if words == "a line was added" else set()
        assert found.keys() == expected, f"{len(found):,} found, {len(expected):,} expected"
    return taken


def written(path: Path, registry: list[str]) -> None:
    """The numbers in a file."""
    if path.suffix == ".csv":
        path.write_text("\n".join(["number", *registry]) + "\n", encoding="utf-8")
    else:
        parquet.write_table(arrow.table({"number": registry}), path)


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        registry, contacts = numbers(count)
        planned = change(folder, contacts)
        print(f"{count:,} numbers, {count:,} contacts, {-(-count // JOINED):,} of them found each time")
        forms: tuple[Literal["csv", "parquet"], ...] = ("csv", "parquet")
        for form in forms:
            for words, (seconds, used) in measured(folder, form, registry, planned, contacts[1]).items():
                print(f"{seconds:7.2f} s, {used:6.2f} s of processors  {form}: {words}", flush=True)


if __name__ == "__main__":
    main()
