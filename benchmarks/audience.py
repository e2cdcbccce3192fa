"""How long does it take to say who belongs on which list, next to the same thing by hand?

Score by recency and frequency, three bands, intersect, suppress, compare with the lists as they are; from Parquet and
to Parquet. In one run: this program, DuckDB SQL written by hand, and a program of dicts and sets. The three must agree.

    python benchmarks/audience.py [CONTACTS]     a million when left out; five interactions each

Of more than two million there is no program of dicts and sets: it would need more memory than most machines have.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
from pyarrow import parquet

from reconciler.audience import comparison, engine, keeping, membership, sources
from reconciler.model.address import Address
from reconciler.model.change import Accounting
from reconciler.model.members import Standing
from reconciler.model.problem import Location
from reconciler.model.rows import ContactsOf, InteractionsOf, LiveList, MembersOf, RowQuery, Rows
from reconciler.model.score import Band, RecencyFrequency, Score
from reconciler.model.segment import Delivery, Phones, Segment, Suppression, Target
from reconciler.model.settings import Engine

HAND = "DuckDB SQL by hand"
MOST_IN_DICTS = 2_000_000
ENGINE = Engine(memory_limit="2GB", threads=2)
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
    """What is read, the same for a number of contacts."""
    named = "'C' || lpad(i::varchar, 9, '0') as \"contactId\""
    tables = {
        "crm": f"select {named}, case when i % 17 = 0 then 'ARCHIVED' else 'ACTIVE' end as status,"
        f" '+1' || (2122000000 + i % 7000000)::varchar as phone from range({contacts}) t(i)",
        "invited": f"select {named} from range({contacts}) t(i) where i % 5 <> 0",
        "registry": "select i::varchar as \"contactId\", '+1' || (2122000000 + i * 50 % 7000000)::varchar as phone"
        f" from range({contacts // 50}) t(i)",
        "history": f"select i::varchar as id, 'C' || lpad((hash(i) % {contacts})::varchar, 9, '0') as \"contactId\","
        " strftime(timestamp '2026-07-01' - interval 1 second * (1 + hash(i * 7 + 1) % 10368000)::int,"
        f" '%Y-%m-%dT%H:%M:%SZ') as \"startTime\", 'voice' as type from range({contacts * 5}) t(i)",
    }
    for number, band in enumerate(BANDS):
        tables[band.name] = f"select {named}, {band.priority} as priority, 55.5 as score from range({contacts}) t(i)"
        tables[band.name] += f" where i % 10 = {number}"
    for name, query in tables.items():
        duckdb.sql(f"copy ({query}) to '{folder / name}.parquet' (format parquet)")


def settle(folder: Path) -> None:
    """Keep what was read as it is kept before anything is computed from it: no interaction twice, types, E.164."""
    queries: dict[str, RowQuery] = {"crm": CRM, "invited": INVITED, "registry": REGISTRY, "history": HISTORY}
    queries |= {target.band: target.members for target in SEGMENT.targets}
    with engine.opened(ENGINE, folder) as backend:
        for name, query in queries.items():
            file = folder / f"{name}.parquet"
            keeping.kept(backend, query, Rows(file, "parquet", {}, engine.size(file)), folder)


def relations(folder: Path) -> Found:
    """This program."""

    def rows(name: str, columns: Mapping[str, str]) -> Rows:
        return Rows(folder / f"kept-{name}.parquet", "parquet", columns, 1)

    read: dict[RowQuery, Rows] = {
        CRM: rows("crm", sources.CONTACTS),
        INVITED: rows("invited", sources.CONTACTS),
        REGISTRY: rows("registry", sources.CONTACTS),
        HISTORY: rows("history", sources.INTERACTIONS),
    }
    live = {band.name: rows(band.name, sources.MEMBERS) for band in BANDS}
    found: Found = {}
    with engine.opened(ENGINE, folder) as backend:
        standing = membership.standing(backend, SEGMENT, read, live, AS_OF, folder / "standing.parquet")
        barred = membership.barred(backend, SEGMENT, standing, read, folder / "barred.parquet")
        held = Standing(SEGMENT, standing, barred, Accounting(SEGMENT.address, 0, (), ()))
        into = {target.band: folder / f"rows-{target.band}.parquet" for target in SEGMENT.targets}
        for band, compared in comparison.compare(backend, held, live, into).items():
            counts: dict[str, int] = defaultdict(int)
            for action, _, n in compared.tallied:
                counts[action] += n
            found[band] = (counts["add"], counts["update"], counts["remove"])
    return found


BY_HAND = """
create temp table standing as
with scores as (select "contactId", floor((greatest(0, 50 - 0.5 * ((1782864000 - max(epoch("at"))) / 86400))
                  + 2.5 * least(count(*), 20)) * 100 + 0.5)::bigint as score from '{folder}/kept-history.parquet'
           where type = 'voice' and "at" >= timestamp '2026-07-01' - interval 90 day and "at" < timestamp '2026-07-01'
           group by 1),
judged as (select p."contactId", p.phone, s.score, case
             when not p.active then 'archived'
             when p.phone in (select phone from '{folder}/kept-registry.parquet') then 'suppressed by registry'
             when p."contactId" not in (select "contactId" from '{folder}/kept-invited.parquet') then 'not invited'
             when s.score is null then 'no interaction in the window' end as reason
           from '{folder}/kept-crm.parquet' p left join scores s using ("contactId")),
first as (select *, row_number() over (partition by phone, reason is null order by score desc, "contactId") as rank
          from judged)
select "contactId", score, case when reason is not null then reason when rank > 1 then 'duplicate' end as reason,
       case when reason is not null or rank > 1 then null
            when score >= 7000 then 'high' when score >= 4000 then 'medium' else 'low' end as band
from first
"""
ONE_LIST = """
copy (select coalesce(w."contactId", l."contactId") as "contactId",
        case when l."contactId" is null then 'add' when w.band = '{band}' then 'update' else 'remove' end as action,
        w.score, l.score as was, coalesce(w.reason, 'belongs in ' || w.band, 'no longer in the source') as reason
      from standing w full join '{folder}/kept-{band}.parquet' l using ("contactId")
      where (w.band = '{band}' or l."contactId" is not null)
        and (l."contactId" is null or w.band is distinct from '{band}' or l.score <> w.score
             or l.priority <> {priority})
      order by action, "contactId") to '{folder}/by-hand-{band}.parquet' (format parquet)
"""


def by_hand(folder: Path) -> Found:
    """DuckDB SQL as one would write it for this one question: where everybody stands and why, and what changes."""
    limits = {"memory_limit": "2GB", "threads": "2", "temp_directory": str(folder / "spill")}
    database = duckdb.connect(config={**limits, "preserve_insertion_order": "false"})
    found: Found = {}
    with database:
        database.execute(BY_HAND.format(folder=folder))
        database.execute(f"copy standing to '{folder}/by-hand-standing.parquet' (format parquet)")
        for band in BANDS:
            database.execute(ONE_LIST.format(folder=folder, band=band.name, priority=band.priority))
            rows = database.execute(f"select action, count(*) from '{folder}/by-hand-{band.name}.parquet' group by 1")
            counts = dict(rows.fetchall())
            found[band.name] = (counts.get("add", 0), counts.get("update", 0), counts.get("remove", 0))
    return found


def dicts_and_sets(folder: Path) -> Found:  # noqa: C901 - one piece, as such a program is
    """Plain Python, written with care: one pass over each file."""

    def rows(name: str, *columns: str) -> Any:
        for batch in parquet.ParquetFile(folder / f"kept-{name}.parquet").iter_batches(columns=list(columns)):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    end = AS_OF.replace(tzinfo=None)
    start = end - MEASURE.window
    last: dict[str, datetime] = {}
    count: dict[str, int] = defaultdict(int)
    for contact, kind, at in rows("history", "contactId", "type", "at"):
        if kind == "voice" and start <= at < end:
            count[contact] += 1
            if contact not in last or at > last[contact]:
                last[contact] = at
    invited = {contact for (contact,) in rows("invited", "contactId")}
    registry = {phone for (phone,) in rows("registry", "phone")}
    best: dict[str, tuple[int, str]] = {}
    for contact, active, phone in rows("crm", "contactId", "active", "phone"):
        if not active or phone in registry or contact not in invited or contact not in last:
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
        for contact, priority, score in rows(band.name, "contactId", "priority", "score"):
            if contact not in mine:
                removes += 1
            elif mine.pop(contact) != score or priority != band.priority:
                updates += 1
        found[band.name] = (len(mine), updates, removes)
    return found


def main() -> None:
    """Print the figures."""
    contacts = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    ways: dict[str, Callable[[Path], Found | None]] = {
        "what was read, settled once": settle,
        "this program": relations,
        HAND: by_hand,
    }
    if contacts <= MOST_IN_DICTS:
        ways["dicts and sets"] = dicts_and_sets
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # in a process of its own: its memory is none of what is measured
        making = get_context("spawn").Process(target=generate, args=(folder, contacts))
        making.start()
        making.join()
        taken, answers = {}, {}
        for words, way in ways.items():
            start, before = time.perf_counter(), time.process_time()
            found = way(folder)
            spent = time.perf_counter() - start, time.process_time() - before
            # the most that the process has held so far: of the ways that come first, what they need
            taken[words] = (*spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
            if found is not None:
                answers[words] = found
    print(f"{contacts:,} contacts, {contacts * 5:,} interactions")
    wall, processor, _ = taken[HAND]
    for words, (seconds, busy, most) in taken.items():
        print(
            f"{seconds:7.2f} s {seconds / wall:5.2f} x  {busy:7.2f} processor s {busy / processor:5.2f} x "
            f" {most:6,} MB so far  {words}"
        )
    assert len({str(answer) for answer in answers.values()}) == 1, answers
    print(f"all agree: {answers['this program']}")


if __name__ == "__main__":
    main()
