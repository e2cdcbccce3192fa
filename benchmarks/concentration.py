"""How long does it take to say where a change is concentrated, next to a peer, and do they agree?

A source of a million contacts with nine attributes, of which 950,000 are on a list; 50,000 of these are removed, most
of them in one state, and the 50,000 others added. Ours says what each change has in common over every attribute, the
place, and the pairs of what stands out: share, base, lift.

The peer is datadiffer, which compares two tables and says over which single columns the change is concentrated. It is
given two Parquet files, who is on the list before and after with the nine attributes, and runs as it comes, in an
environment of its own, as it asks for another DuckDB: `python -m venv peer; peer/bin/pip install datadiffer==0.1.0`.
It is timed whole, and without its attribution: what is between them is what the attribution costs, and what ours is
held against, as a plan has compared the lists anyway. Without `--peer` only the loop that one would write first is
beside ours (Counter a column; its columns are in memory, and it joins nothing). All must find the planted state.

    python benchmarks/concentration.py [CONTACTS] [--peer peer/bin/python]     a million when left out

What is measured of memory is by how much the process grew at its highest, beside what it had before it began.
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
import resource
import subprocess
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pyarrow as arrow
from pyarrow import parquet

from reconciler.audience.impact.concentration import find_concentration
from reconciler.audience.relations import engine
from reconciler.model.impact import Concentration
from reconciler.model.list_change import Accounting
from reconciler.model.problem import Location
from reconciler.model.reason_codes import REASON
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import MembersOf, Rows
from reconciler.model.score_model import Band, Engagement, Score
from reconciler.model.segment import Delivery, Segment, Target
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.source_specs import FileFeed
from reconciler.model.tables import STAGED_CONTACTS, STAGED_MEMBERS
from reconciler.model.workspace_settings import Engine

SEED = 20260701
SIZES = {"state": 50, "tier": 3, "a3": 50, "a4": 20, "a5": 5, "a6": 100, "a7": 7, "a8": 2, "a9": 12}
"""The attributes, and how many values each has."""

_TYPES = {
    "string": arrow.string(),
    "boolean": arrow.bool_(),
    "int64": arrow.int64(),
    "array<string>": arrow.list_(arrow.string()),
    "map<string, string>": arrow.map_(arrow.string(), arrow.string()),
    REASON: arrow.struct({"code": arrow.string(), "args": arrow.list_(arrow.string())}),
}


def drawn(contacts: int) -> dict[str, list[str]]:
    """Every attribute's values, from a fixed seed: of those who are removed four in five are in state 0."""
    chance = random.Random(SEED)
    found = {name: [f'"{chance.randrange(size)}"' for _ in range(contacts)] for name, size in SIZES.items()}
    removed = contacts // 20
    found["state"][:removed] = ['"0"' if number % 5 else each for number, each in enumerate(found["state"][:removed])]
    return found


def written(folder: Path, name: str, kinds: dict[str, str], count: int, columns: dict[str, arrow.Array]) -> Rows:
    """A file with these columns, all others null."""
    schema = arrow.schema([(each, _TYPES[kind]) for each, kind in kinds.items()])
    arrays = [columns.get(each.name, arrow.nulls(count, each.type)).cast(each.type) for each in schema]
    parquet.write_table(arrow.Table.from_arrays(arrays, schema=schema), folder / name, row_group_size=20_480)
    return Rows(folder / name, "parquet", kinds, count)


def prepared(folder: Path, contacts: int) -> tuple[MembershipDecision, dict[object, Rows], Rows]:
    """What a plan has: the segment with its source and its list, and who moves."""
    values, part = drawn(contacts), contacts // 20
    ids = arrow.array([f"C{number * 7919 % 10_000_019:08d}" for number in range(contacts)])
    keys = arrow.array([name for _ in range(contacts) for name in SIZES])
    cells = arrow.array([each for row in zip(*values.values(), strict=True) for each in row])
    offsets = arrow.array(range(0, contacts * len(SIZES) + 1, len(SIZES)), arrow.int32())
    attributes = arrow.MapArray.from_arrays(offsets, keys, cells)
    no, yes = (arrow.array([each]).take(arrow.array([0] * contacts)) for each in (False, True))
    places = arrow.array([f"a.csv:{number}" for number in range(contacts)])
    columns = {"contactId": ids, "attributes": attributes, "duplicate": no, "active": yes, "place": places}
    source = written(folder, "contacts.parquet", STAGED_CONTACTS.types, contacts, columns)
    on = contacts - part
    listed = {"contactId": ids.slice(0, on), "member": ids.slice(0, on)}
    members = written(folder, "members.parquet", STAGED_MEMBERS.types, on, listed)
    moved = arrow.concat_arrays([ids.slice(0, part), ids.slice(on, part)])
    was = arrow.array([0] * part + [None] * part, arrow.int64())
    will = arrow.array([None] * part + [0] * part, arrow.int64())
    kinds = {"segment": "int64", "contactId": "string", "was": "int64", "will": "int64"}
    segments = arrow.array([0] * (2 * part), arrow.int64())
    columns = {"segment": segments, "contactId": moved, "was": was, "will": will}
    moves = written(folder, "moves.parquet", kinds, 2 * part, columns)
    feed = FileFeed(
        paths=("a.csv",),
        format="csv",
        columns=(("contactId", "id"),),
        attributes=tuple((name, name) for name in sorted(SIZES)),
        where=Location("a.yaml"),
    )
    target = Target("high", Address("ContactList", "high"), "High", MembersOf("High", ()))
    score = Score(Engagement(), (Band("high", 0, None, 1),))
    address = Address("Segment", "all")
    segment = Segment(address, feed, {}, score, (), (target,), True, Delivery("contactIds", None, ()))
    standing = MembershipDecision(segment, source, source, Accounting(address, 0, (), ()))
    return standing, {feed: source, target.members: members}, moves


def ours(folder: Path) -> tuple[float, float, float, list[Concentration]]:
    """Seconds, processor seconds, megabytes, and what was found."""
    standing, read, moves = pickle.loads((folder / "prepared").read_bytes())  # made by this script
    with engine.open_engine(Engine(memory_limit="1GB", threads=2), folder) as backend:
        engine.count_rows(backend, engine.read_rows(backend, moves))
        high = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start, busy = time.perf_counter(), time.process_time()
        rows = engine.read_rows(backend, moves)
        found = list(find_concentration(backend, standing, rows, 0, read, departed=False))
        taken, worked = time.perf_counter() - start, time.process_time() - busy
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - high) / 1024
    return taken, worked, grown, found


def prepare(folder: Path, contacts: int) -> None:
    """Everything that `ours` reads, in files."""
    (folder / "prepared").write_bytes(pickle.dumps(prepared(folder, contacts)))


PEER = """
import json, sys, time
import datadiffer, duckdb
before, after, attribution = sys.argv[1:]
def highest():
    # of this program alone: what getrusage tells begins with that of whoever started it
    return next(int(each.split()[1]) for each in open("/proc/self/status") if each.startswith("VmHWM"))
high = highest()
start, busy = time.perf_counter(), time.process_time()
report = datadiffer.diff(before, after, keys=["contactId"], sample_limit=0, attribution=attribution)
taken, worked = time.perf_counter() - start, time.process_time() - busy
rows = report.rows
found = {} if attribution == "off" else {
    name: [(each.column, each.value, each.support, each.lift) for each in said.segments]
    for name, said in report.attribution.by_status.items()
}
grown = (highest() - high) / 1024
print(json.dumps([taken, worked, grown, rows.added, rows.removed, found, datadiffer.__version__, duckdb.__version__]))
"""


def ask_peer(python: str, folder: Path, values: dict[str, list[str]], contacts: int) -> None:
    """Give it both sides of the list, and print what it takes."""
    part = contacts // 20
    ids = arrow.array([f"C{number * 7919 % 10_000_019:08d}" for number in range(contacts)])
    whole = arrow.table({"contactId": ids, **{name: arrow.array(column) for name, column in values.items()}})
    for name, side in (("before", whole.slice(0, contacts - part)), ("after", whole.slice(part))):
        parquet.write_table(side, folder / f"{name}.parquet", row_group_size=20_480)
    for attribution, words in (("off", "the comparison alone"), ("auto", "with attribution by single columns")):
        command = [python, "-c", PEER, str(folder / "before.parquet"), str(folder / "after.parquet"), attribution]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        taken, worked, grown, added, removed, found, version, duckdb = json.loads(
            told.splitlines()[-1]
        )  # DuckDB draws a bar before
        assert (added, removed) == (part, part), "the peer counts otherwise"
        print(f"{taken:7.2f} s  datadiffer {version} (DuckDB {duckdb}), {words} ({worked:.2f} s, {grown:.0f} MB more)")
    (state,) = (each for each in found["removed"] if each[:2] == ["state", '"0"'])
    print(f"         {100 * state[2]:.0f} % of removed: state = 0, {state[3]:.2f} ×")


def loop(values: dict[str, list[str]], part: int) -> dict[tuple[str, str], tuple[int, int]]:
    """A column at a time: how many of the removed have each value, and how many of all."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for name, column in values.items():
        removed, every = Counter(column[:part]), Counter(column)
        found |= {(name, value): (removed[value], many) for value, many in every.items()}
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contacts", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--peer", metavar="PYTHON", help="of an environment that has datadiffer")
    given = parser.parse_args()
    contacts = given.contacts
    # each in a process of its own: what it grows by is not hidden by what was made to prepare it
    apart = ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1)
    with tempfile.TemporaryDirectory() as name, apart:
        apart.submit(prepare, Path(name), contacts).result()
        taken, worked, grown, found = apart.submit(ours, Path(name)).result()
    values = drawn(contacts)
    start = time.perf_counter()
    counted = loop(values, contacts // 20)
    looped = time.perf_counter() - start
    print(f"{contacts:,} contacts, {contacts // 10:,} of them changed, {len(SIZES)} attributes")
    print(f"{taken:7.2f} s  ours: every attribute, place and pairs ({worked:.2f} s of processors, {grown:.0f} MB more)")
    print(f"{looped:7.2f} s  a loop over columns in memory: single attributes")
    if given.peer:
        with tempfile.TemporaryDirectory() as name:
            ask_peer(given.peer, Path(name), values, contacts)
    for each in found:
        where = " and ".join(f"{one.of} = {one.value}" for one in each.where)
        print(f"         {each.share} % of {each.change}: {where}, {each.lift:g} ×")
    removed, _ = counted["state", '"0"']
    told = [each.share for each in found if each.change == "removed" and each.where[0].value == "0"]
    assert told == [round(100 * removed / (contacts // 20))], "they differ"
    print("the planted state agrees")


if __name__ == "__main__":
    main()
