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
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
from pyarrow import parquet

from reconciler.audience.decision import eligibility, must_remove
from reconciler.audience.diff import membership_diff
from reconciler.audience.relations import engine
from reconciler.audience.staging import stage
from reconciler.model.list_change import Accounting
from reconciler.model.problem import Location
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import ContactsOf, InteractionsOf, LiveList, MembersOf, RowQuery, Rows
from reconciler.model.score_model import Band, RecencyFrequency, Score
from reconciler.model.segment import Delivery, Phones, Segment, Suppression, Target
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.tables import STAGED_CONTACTS, STAGED_INTERACTIONS, STAGED_MEMBERS
from reconciler.model.workspace_settings import Engine

HAND = "DuckDB SQL by hand"
MOST_IN_DICTS = 2_000_000
LIMIT = "1850MB"
"""Of the engine: with what Python and its libraries take, the process stays below 2 GiB."""
ENGINE = Engine(memory_limit=LIMIT, threads=2)
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
    """What is read, the same for a number of contacts; of a hundred, two have the phone of another."""

    def phone(of: str) -> str:
        """Of those in New York and Los Angeles that can be somebody's."""
        number = f"(({of}) % {contacts * 49 // 50})"
        return f"'+1' || (212 + {number} // 7000000)::varchar || (2000000 + {number} % 7000000)::varchar"

    named = "'C' || lpad(i::varchar, 9, '0') as \"contactId\""
    tables = {
        "crm": f"select {named}, case when i % 17 = 0 then 'ARCHIVED' else 'ACTIVE' end as status,"
        f" {phone('i')} as phone from range({contacts}) t(i)",
        "invited": f"select {named}, 'ACTIVE' as status from range({contacts}) t(i) where i % 5 <> 0",
        "registry": f'select i::varchar as "contactId", {phone("i * 50")} as phone from range({contacts // 50}) t(i)',
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
    with engine.open_engine(ENGINE, folder) as backend:
        for name, query in queries.items():
            file = folder / f"{name}.parquet"
            stage.stage_rows(backend, query, Rows(file, "parquet", {}, engine.count_parquet(file)), folder)


def relations(folder: Path) -> Found:
    """This program."""

    def rows(name: str, columns: Mapping[str, str]) -> Rows:
        return Rows(folder / f"kept-{name}.parquet", "parquet", columns, 1)

    read: dict[RowQuery, Rows] = {
        CRM: rows("crm", STAGED_CONTACTS.types),
        INVITED: rows("invited", STAGED_CONTACTS.types),
        REGISTRY: rows("registry", STAGED_CONTACTS.types),
        HISTORY: rows("history", STAGED_INTERACTIONS.types),
    }
    live = {band.name: rows(band.name, STAGED_MEMBERS.types) for band in BANDS}
    found: Found = {}
    with engine.open_engine(ENGINE, folder) as backend:
        standing = eligibility.decide_membership(backend, SEGMENT, read, live, AS_OF, folder / "standing.parquet")
        barred = must_remove.find_must_remove(backend, SEGMENT, standing, read, folder / "barred.parquet")
        held = MembershipDecision(SEGMENT, standing, barred, Accounting(SEGMENT.address, 0, (), ()))
        into = {target.band: folder / f"rows-{target.band}.parquet" for target in SEGMENT.targets}
        for band, compared in membership_diff.compare_members(backend, held, live, into).items():
            found[band] = (compared.count("add"), compared.count("update"), compared.count("remove"))
    return found


BY_HAND = """
create temp table standing as
with scores as (select "contactId", floor((greatest(0, 50 - 0.5 * ((1782864000 - max(epoch("at"))) / 86400))
                  + 2.5 * least(count(*), 20)) * 100 + 0.5)::bigint as score from '{folder}/kept-history.parquet'
           where type = 'voice' and "at" >= timestamp '2026-07-01' - interval 90 day and "at" < timestamp '2026-07-01'
           group by 1),
known as (select p."contactId", p.phone as e164, p.active, s.score,
            p.phone in (select phone from '{folder}/kept-registry.parquet') as barred,
            p."contactId" in (select "contactId" from '{folder}/kept-invited.parquet') as invited
          from '{folder}/kept-crm.parquet' p left join scores s using ("contactId")),
judged as (select "contactId", e164, score, case when barred then 'registry' end as suppressed_by,
             case when not active then 'archived:'
                  when barred then 'suppressed:registry'
                  when not invited then 'not_on_list:list ''invited'''
                  when score is null then 'no_interaction:' end as reason
           from known),
first as (select *, row_number() over (partition by e164, reason is null order by score desc, "contactId") as rank
          from judged)
select "contactId", score, suppressed_by, e164,
       case when reason is not null then reason when rank > 1 then 'duplicate_phone:' end
         as reason,
       case when reason is not null or rank > 1 then null
            when score >= 7000 then 'high' when score >= 4000 then 'medium' else 'low' end as band,
       case band when 'high' then 1 when 'medium' then 2 when 'low' then 3 end as priority
from first
"""
LISTED = """
create temp table listed as
select 'high' as band, * from '{folder}/kept-high.parquet' union all
select 'medium', * from '{folder}/kept-medium.parquet' union all
select 'low', * from '{folder}/kept-low.parquet'
"""
ONE_LIST = """
copy (
with held as (
  select l."contactId", case when w.band = '{band}' then 'update' else 'remove' end as action,
    case when w.band = '{band}' then w.priority end as priority, w.score, l.score as was,
    case when w.band is distinct from '{band}' then '{band}' end as moves_from,
    case when w.band <> '{band}' then w.band end as moves_to,
    case when w.band = '{band}' then 'changed:'
         when w.band is not null then 'moved:{band}|' || w.band
         else coalesce('suppressed:' || w.suppressed_by, w.reason, 'not_in_source:') end as reason
  from '{folder}/kept-{band}.parquet' l left join standing w using ("contactId")
  where w.band is distinct from '{band}' or l.score is distinct from w.score
     or l.priority is distinct from w.priority),
added as (
  select w."contactId", 'add' as action, w.priority, w.score, o.score as was, o.band as moves_from,
    '{band}' as moves_to, coalesce('moved:' || o.band || '|{band}', 'qualifies:{band}')
      as reason
  from standing w
  left join (select "contactId", max(score) as score, min(band) as band from listed group by 1) o using ("contactId")
  where w.band = '{band}' and w."contactId" not in (select "contactId" from '{folder}/kept-{band}.parquet'))
from (from held union all from added) order by action, "contactId")
to '{folder}/by-hand-{band}.parquet' (format parquet)
"""
STANDS = '"contactId", score, band, priority, reason, suppressed_by, e164'
REASON_AS_TEXT = (
    "case when reason.code = 'changed' then 'changed:' else reason.code || ':' || array_to_string(reason.args, '|') end"
)
"""A reason of this program as the others write it: its code and its arguments; of a change not the fields."""
CHANGES = '"contactId", action, priority, score, was, moves_from, moves_to, reason'


def by_hand(folder: Path) -> Found:
    """DuckDB SQL as one would write it for this one question: where everybody stands and why, and what changes."""
    limits = {"memory_limit": LIMIT, "threads": "2", "temp_directory": str(folder / "spill")}
    database = duckdb.connect(config={**limits, "preserve_insertion_order": "false"})
    found: Found = {}
    with database:
        database.execute(BY_HAND.format(folder=folder))
        database.execute(f"copy standing to '{folder}/by-hand-standing.parquet' (format parquet)")
        database.execute(LISTED.format(folder=folder))
        for band in BANDS:
            database.execute(ONE_LIST.format(folder=folder, band=band.name))
            rows = database.execute(f"select action, count(*) from '{folder}/by-hand-{band.name}.parquet' group by 1")
            counts = dict(rows.fetchall())
            found[band.name] = (counts.get("add", 0), counts.get("update", 0), counts.get("remove", 0))
    return found


def same(folder: Path, other: str) -> None:
    """Hold what this program wrote against what another way wrote, row for row.

    Raises:
        AssertionError: how many rows only one of them has.
    """
    pairs = {"standing": ("standing", STANDS)} | {band.name: (f"rows-{band.name}", CHANGES) for band in BANDS}
    for theirs, (ours, columns) in pairs.items():
        one, two = (f"select {columns} from '{folder}/{name}.parquet'" for name in (ours, f"{other}-{theirs}"))
        one = one.replace(" reason,", f" {REASON_AS_TEXT} as reason,").replace(
            " reason from", f" {REASON_AS_TEXT} as reason from"
        )
        for only in (f"{one} except all {two}", f"{two} except all {one}"):
            rows = duckdb.execute(f"select count(*) from ({only})").fetchall()
            assert rows == [(0,)], (other, ours, rows)


def read(folder: Path, name: str, *columns: str) -> Iterator[Any]:
    """Rows of a file as tuples; times as microseconds, which is faster than a datetime for each."""
    for batch in parquet.ParquetFile(folder / f"kept-{name}.parquet").iter_batches(columns=list(columns)):
        whole = [each.cast("int64") if pyarrow.types.is_timestamp(each.type) else each for each in batch.columns]
        yield from zip(*(each.to_pylist() for each in whole), strict=True)


def written(rows: Iterable[Any], names: str, path: Path) -> None:
    """Rows as tuples into a file."""
    columns = dict(zip(names.replace('"', "").split(", "), zip(*rows, strict=True), strict=True))
    parquet.write_table(pyarrow.table(columns), path)


def dicts_and_sets(folder: Path) -> Found:
    """Plain Python, written with care: one pass over each file, nothing computed twice."""
    scores = scored(folder)
    invited = {contact for (contact,) in read(folder, "invited", "contactId")}
    registry = {phone for (phone,) in read(folder, "registry", "phone")}
    people: list[Any] = []
    best: dict[str, tuple[int, str]] = {}
    for contact, active, phone in read(folder, "crm", "contactId", "active", "phone"):
        score = scores.get(contact)
        reason, barred = None, "registry" if phone in registry else None
        if not active:
            reason = "archived:"
        elif barred:
            reason = "suppressed:registry"
        elif contact not in invited:
            reason = "not_on_list:list 'invited'"
        elif score is None:
            reason = "no_interaction:"
        elif phone not in best or (-score, contact) < best[phone]:
            best[phone] = (-score, contact)
        people.append((contact, score, reason, barred, phone))
    standing: dict[str, Any] = {}
    twice = "duplicate_phone:"
    for contact, score, reason, barred, phone in people:
        if reason is not None or best[phone][1] != contact:
            standing[contact] = (contact, score, None, None, reason or twice, barred, phone)
        else:
            band, priority = ("high", 1) if score >= 7000 else ("medium", 2) if score >= 4000 else ("low", 3)
            standing[contact] = (contact, score, band, priority, None, barred, phone)
    written(standing.values(), STANDS, folder / "by-dicts-standing.parquet")
    return compared(folder, standing)


def scored(folder: Path) -> dict[str, int]:
    """Hundredths, by contact."""
    end = int(AS_OF.timestamp()) * 1_000_000
    start = end - MEASURE.window // timedelta(microseconds=1)
    last: dict[str, int] = {}
    count: dict[str, int] = defaultdict(int)
    for contact, kind, at in read(folder, "history", "contactId", "type", "at"):
        if kind == "voice" and start <= at < end:
            count[contact] += 1
            if at > last.get(contact, 0):
                last[contact] = at
    a_day = 86_400_000_000
    recency = {contact: max(0.0, 50 - 0.5 * ((end - at) / a_day)) for contact, at in last.items()}
    return {contact: int((points + 2.5 * min(count[contact], 20)) * 100 + 0.5) for contact, points in recency.items()}


def compared(folder: Path, standing: Mapping[str, Any]) -> Found:
    """What changes on each list, as `CHANGES`."""
    names = [band.name for band in BANDS]
    lists = {name: {row[0]: row[1:] for row in read(folder, name, "contactId", "priority", "score")} for name in names}
    found: Found = {}
    for name in names:
        added: list[Any] = []
        updated: list[Any] = []
        removed: list[Any] = []
        here = lists[name]
        for contact, (old, was) in here.items():
            _, score, band, priority, reason, barred, _ = standing.get(contact, (None,) * 7)
            if band != name:
                reason = f"moved:{name}|{band}" if band else f"suppressed:{barred}" if barred else reason
                removed.append((contact, "remove", None, score, was, name, band, reason or "not_in_source:"))
            elif (old, was) != (priority, score):
                updated.append((contact, "update", priority, score, was, None, None, "changed:"))
        for contact, score, band, priority, *_ in standing.values():
            if band == name and contact not in here:
                on = [other for other in names if contact in lists[other]]
                if on:
                    was, reason = max(lists[other][contact][1] for other in on), f"moved:{min(on)}|{name}"
                    added.append((contact, "add", priority, score, was, min(on), name, reason))
                else:
                    reason = f"qualifies:{name}"
                    added.append((contact, "add", priority, score, None, None, name, reason))
        found[name] = (len(added), len(updated), len(removed))
        rows = (*sorted(added), *sorted(removed), *sorted(updated))
        written(rows, CHANGES, folder / f"by-dicts-{name}.parquet")
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
        for other in ("by-hand", "by-dicts")[: len(ways) - 2]:
            same(folder, other)
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
