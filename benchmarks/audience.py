"""How long does it take to say who belongs on which list, next to the same thing by hand?

Score by recency and frequency, three bands, intersect, suppress, compare with the lists as they are; from Parquet and
to Parquet. In one run: this program, DuckDB SQL written by hand, and a program of dicts and sets. The three must agree.

    python benchmarks/audience.py [CONTACTS]     a million when left out; five interactions each
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from pyarrow import parquet

from reconciler.audience import comparison, engine, membership, sources
from reconciler.model.address import Address
from reconciler.model.change import Accounting
from reconciler.model.members import Standing
from reconciler.model.problem import Location
from reconciler.model.rows import ContactsOf, InteractionsOf, LiveList, MembersOf, RowQuery, Rows
from reconciler.model.score import Band, RecencyFrequency, Score
from reconciler.model.segment import Delivery, Phones, Segment, Suppression, Target
from reconciler.model.settings import Engine

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
HERE = Location("benchmark")
BANDS = (Band("high", 7000, None, 1), Band("medium", 4000, 7000, 2), Band("low", 0, 4000, 3))
MEASURE = RecencyFrequency(
    timedelta(days=90),
    ("voice",),
    50.0,
    0.5,
    2.5,
    20,
)
CRM, INVITED, REGISTRY = (ContactsOf(LiveList(name=name), HERE) for name in ("crm", "invited", "registry"))
HISTORY = InteractionsOf(CRM, ("voice",), AS_OF - MEASURE.window, AS_OF, HERE)
SEGMENT = Segment(
    address=Address("Segment", "benchmark"),
    contacts=CRM,
    interactions={MEASURE: HISTORY},
    score=Score(MEASURE, BANDS),
    intersect=(INVITED,),
    targets=tuple(
        Target(band.name, Address("ContactList", band.name), band.name, MembersOf(band.name, ("priority", "score")))
        for band in BANDS
    ),
    mirror=True,
    delivery=Delivery("listContacts", 500, ("priority", "score")),
    phones=Phones("possible", "US"),
    suppress=(Suppression(Address("SuppressionList", "registry"), REGISTRY, Phones("possible", "US")),),
)
Found = dict[str, tuple[int, int, int]]
"""By band: additions, updates, removals."""


def generate(folder: Path, contacts: int) -> None:
    """The inputs, the same for a number of contacts."""
    tables = {
        "crm": f"select 'C' || lpad(i::varchar, 9, '0') as \"contactId\", case when i % 17 = 0 then 'ARCHIVED' else"
        f" 'ACTIVE' end as status, '+1' || (2122000000 + i % 7000000)::varchar as phone from range({contacts}) t(i)",
        "invited": f"select 'C' || lpad(i::varchar, 9, '0') as \"contactId\" from range({contacts}) t(i)"
        " where i % 5 <> 0",
        "registry": f"select i::varchar as \"contactId\", '+1' || (2122000000 + i * 50 % 7000000)::varchar as phone"
        f" from range({contacts // 50}) t(i)",
        "history": "select i::varchar as id, 'C' || lpad((hash(i) % " + str(contacts) + ")::varchar, 9, '0') as"
        " \"contactId\", strftime(timestamp '2026-07-01' - interval 1 second * (1 + hash(i * 7 + 1) % 10368000)::int,"
        f" '%Y-%m-%dT%H:%M:%SZ') as \"startTime\", 'voice' as type from range({contacts * 5}) t(i)",
    }
    for number, band in enumerate(BANDS):
        tables[f"live-{band.name}"] = (
            "select 'C' || lpad(i::varchar, 9, '0') as \"contactId\","
            f" {band.priority} as priority, 55.5::double as score"
            f" from range({contacts}) t(i) where i % 10 = {number}"
        )
    for name, query in tables.items():
        duckdb.sql(f"copy ({query}) to '{folder / name}.parquet' (format parquet)")


def relations(folder: Path) -> Found:
    """This program."""

    def rows(name: str, *columns: str) -> Rows:
        return Rows(folder / f"{name}.parquet", "parquet", dict.fromkeys(columns, "string"), 1)

    read: dict[RowQuery, Rows] = {
        CRM: rows("crm", "contactId", "status", "phone"),
        INVITED: rows("invited", "contactId"),
        REGISTRY: rows("registry", "contactId", "phone"),
        HISTORY: rows("history", "id", "contactId", "startTime", "type"),
    }
    live = {band.name: rows(f"live-{band.name}", "contactId", "priority", "score") for band in BANDS}
    found: Found = {}
    with engine.opened(Engine(memory_limit="2GB", threads=2), folder) as backend:
        standing = membership.standing(backend, SEGMENT, read, live, AS_OF, folder / "standing.parquet")
        barred = membership.barred(backend, SEGMENT, standing, read, folder / "barred.parquet")
        held = Standing(SEGMENT, standing, barred, Accounting(SEGMENT.address, 0, (), ()))
        for target in SEGMENT.targets:
            changed, _, _ = comparison.compare(backend, held, target, live, folder / f"{target.band}.parquet")
            counts = {action: n for action, _, n in _summed(backend, changed)}
            found[target.band] = (counts.get("add", 0), counts.get("update", 0), counts.get("remove", 0))
    return found


def _summed(backend: Any, changed: Rows) -> list[tuple[str, str, int]]:
    table = sources.table(backend, changed)
    counted = table.group_by("action").agg(reason=table["action"].min(), n=table.count())
    return [row for chunk in sources.stream(backend, counted.select("action", "reason", "n"), 10) for row in chunk]


BY_HAND = """
create temp table judged as
with people as (select "contactId", bool_and(status = 'ACTIVE') as active, max(phone) as phone
                from '{folder}/crm.parquet' group by 1),
once as (select id, min("contactId") as "contactId", min("startTime")::timestamp as moment
         from '{folder}/history.parquet' where type = 'voice' group by id),
scores as (select "contactId", floor((greatest(0, 50 - 0.5 * ((1782864000 - max(epoch(moment))) / 86400))
                  + 2.5 * least(count(*), 20)) * 100 + 0.5)::bigint as score from once
           where moment >= timestamp '2026-07-01' - interval 90 day and moment < timestamp '2026-07-01' group by 1),
allowed as (select p.*, s.score from people p join scores s using ("contactId")
            semi join '{folder}/invited.parquet' using ("contactId")
            anti join '{folder}/registry.parquet' using (phone) where p.active),
first as (select *, row_number() over (partition by phone order by score desc, "contactId") as rank from allowed)
select "contactId", score, case when score >= 7000 then 'high' when score >= 4000 then 'medium' else 'low' end as band
from first where rank = 1
"""
ONE_LIST = """
copy (select coalesce(w."contactId", l."contactId") as "contactId", w.score,
        case when l."contactId" is null then 'add' when w."contactId" is null then 'remove' else 'update' end as action
      from (select * from judged where band = '{band}') w
      full join (select "contactId", priority, floor(score * 100 + 0.5)::bigint as score
                 from '{folder}/live-{band}.parquet') l using ("contactId")
      where l."contactId" is null or w."contactId" is null or l.score <> w.score or l.priority <> {priority}
      order by action, "contactId") to '{folder}/by-hand-{band}.parquet' (format parquet)
"""


def by_hand(folder: Path) -> Found:
    """DuckDB SQL as one would write it for this one question."""
    database = duckdb.connect(config={"memory_limit": "2GB", "threads": 2, "preserve_insertion_order": False})
    found: Found = {}
    with database:
        database.execute(BY_HAND.format(folder=folder))
        for band in BANDS:
            database.execute(ONE_LIST.format(folder=folder, band=band.name, priority=band.priority))
            rows = database.execute(f"select action, count(*) from '{folder}/by-hand-{band.name}.parquet' group by 1")
            counts = dict(rows.fetchall())
            found[band.name] = (counts.get("add", 0), counts.get("update", 0), counts.get("remove", 0))
    return found


def dicts_and_sets(folder: Path) -> Found:  # noqa: C901 - one piece, as such a program is
    """Plain Python, written with care: one pass over each file."""

    def rows(name: str, *columns: str) -> Any:
        for batch in parquet.ParquetFile(folder / f"{name}.parquet").iter_batches(columns=list(columns)):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    start, end = AS_OF - MEASURE.window, AS_OF
    last: dict[str, datetime] = {}
    count: dict[str, int] = defaultdict(int)
    seen: set[str] = set()
    for name, contact, moment in rows("history", "id", "contactId", "startTime"):
        if name in seen:
            continue
        seen.add(name)
        at = datetime.fromisoformat(moment)
        if start <= at < end:
            count[contact] += 1
            if contact not in last or at > last[contact]:
                last[contact] = at
    invited = {contact for (contact,) in rows("invited", "contactId")}
    registry = {phone for (phone,) in rows("registry", "phone")}
    best: dict[str, tuple[int, str]] = {}
    for contact, status, phone in rows("crm", "contactId", "status", "phone"):
        if status != "ACTIVE" or phone in registry or contact not in invited or contact not in last:
            continue
        days = (end - last[contact]).total_seconds() / 86400
        score = int((max(0.0, 50 - 0.5 * days) + 2.5 * min(count[contact], 20)) * 100 + 0.5)
        if phone not in best or (-score, contact) < (-best[phone][0], best[phone][1]):
            best[phone] = (score, contact)
    wanted: dict[str, dict[str, int]] = {band.name: {} for band in BANDS}
    for score, contact in best.values():
        wanted["high" if score >= 7000 else "medium" if score >= 4000 else "low"][contact] = score
    found: Found = {}
    for band in BANDS:
        mine, updates, removes = dict(wanted[band.name]), 0, 0
        for contact, priority, score in rows(f"live-{band.name}", "contactId", "priority", "score"):
            if contact not in mine:
                removes += 1
            elif mine.pop(contact) != int(score * 100 + 0.5) or priority != band.priority:
                updates += 1
        found[band.name] = (len(mine), updates, removes)
    return found


def main() -> None:
    """Print the figures."""
    contacts = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    ways: dict[str, Callable[[Path], Found]] = {
        "DuckDB SQL by hand": by_hand,
        "this program": relations,
        "dicts and sets": dicts_and_sets,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, contacts)
        taken, answers = {}, {}
        for words, way in ways.items():
            start = time.perf_counter()
            answers[words] = way(folder)
            taken[words] = time.perf_counter() - start
    print(f"{contacts:,} contacts, {contacts * 5:,} interactions")
    for words, seconds in taken.items():
        print(f"{seconds:7.2f} s  {seconds / taken['DuckDB SQL by hand']:5.2f} x  {words}")
    assert len({str(answer) for answer in answers.values()}) == 1, answers
    print(f"all agree: {answers['this program']}")


if __name__ == "__main__":
    main()
