"""How near does a delivery come to the tenant's limit, how much faster is it than a loop, and how much memory is held?

The tenant is the simulator, 50 ms from every request to its effect; it and every
delivery or loop are fresh processes.
A delivery is an apply without its plan: with its journal on the disk, its pace and its read-back.

    python benchmarks/delivery.py [ROWS] [--most ROWS]

ROWS (200,000) are delivered by each method at a limit; then some by each method without one, beside a loop that sends
one request after the other; then 20,000, 200,000 and so on up to --most (200,000), for the memory of the process.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import re
import resource
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import requests

from reconciler.audience.delivery import wire_rows
from reconciler.audience.relations import engine
from reconciler.cxone.tenant_connection import TenantConnection
from reconciler.cxone.writer import TenantWriter
from reconciler.kinds import load_kinds
from reconciler.ledger.folder_records import Store
from reconciler.ledger.ledger import Ledger
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.jobs import Job
from reconciler.model.list_change import RowChange
from reconciler.model.plan import Budget, Plan, Step
from reconciler.model.problem import Location
from reconciler.model.reason import Reason
from reconciler.model.reason_codes import REASON
from reconciler.model.report import ChunkDone, Outcome, Report, StepResult
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import ContactsOf, LiveList, Rows
from reconciler.model.score_model import Band, Engagement, Score
from reconciler.model.secret import Secret
from reconciler.model.segment import Delivery, Segment
from reconciler.model.tables import MEMBER_CHANGES
from reconciler.model.tenant import DeclaredSurface, Pace
from reconciler.model.workspace_settings import Engine, Settings
from reconciler.model.write_ops import WriteOp
from reconciler.simulator import Options, Simulator
from reconciler.steps.apply import apply
from reconciler.surfaces import load_surfaces

LATENCY_MS = 50.0
ENGINE = Engine(memory_limit="256MB")
LAID = "FORMAT parquet, ROW_GROUP_SIZE 20480"
"""How the program lays rows down."""
LIST = "Chosen"
NOW = datetime(2026, 7, 1, tzinfo=UTC)
NO_LIMIT = Pace(rate=100_000, burst=1_000)
SURFACES = ("outbound", "lists", "bulk", "contacts")


@dataclass(frozen=True)
class Way:
    """A method: its largest usual chunk, its limit, what it writes, and its requests as patterns."""

    name: str
    chunk: int
    limit: float
    attributes: tuple[str, ...]
    surface: str
    data: str
    then: str | None = None


WAYS = (
    Way("contactIds", 500, 50, (), "outbound", "contactlists/.*/contacts$"),
    Way("listContacts", 500, 50, ("priority", "tier"), "lists", "lists/.*/contacts$"),
    Way("bulkInsert", 10_000, 5, ("priority", "tier"), "bulk", "bulkinsert$"),
    Way("contactBatch", 500, 50, ("priority", "tier"), "contacts", "contacts/batch$", "lists/.*/contacts$"),
)
Call = tuple[float, str, str, str]
"""A request that arrived: when (the monotonic clock), its surface, method and path."""


# -- the tenant, in a process of its own ------------------------------------------------------------------------


def serve(work: tuple[int, bool, Path], there: Connection) -> None:
    """Write the rows of a plan, and be a tenant with an empty list, which may know the contacts already.

    Says where it is, and in the end what it was asked.
    """
    rows, known, plan = work
    write_rows(rows, plan)
    with Simulator(Options(latency_ms=LATENCY_MS)) as tenant:
        tenant.store.add_contacts(contact(n) for n in range(rows if known else 0))
        list_id = tenant.store.add_list(LIST).id
        bases = {name: (tenant.base_url(name), tenant.token_url(name)) for name in SURFACES}
        there.send((bases, tenant.options.client_id, tenant.options.client_secret, list_id, plan))
        there.recv()
        there.send([(r.monotonic, r.surface, r.method, r.path) for r in tenant.requests() if not r.is_token_request])


@dataclass(frozen=True)
class Where:
    """How a client reaches the tenant, and the rows it is to put on the list."""

    bases: dict[str, tuple[str, str]]
    client_id: str
    client_secret: str
    list_id: str
    rows: Path


@dataclass(frozen=True)
class Taken:
    """What a delivery took: when it began and when the last row was put and read back; its peaks, in bytes;
    the processor seconds of its process by the time the rows were put."""

    start: float
    put: float
    end: float
    peak_put: int
    peak: int
    processor: float


def contact(number: int) -> str:
    """The id of a contact."""
    return f"C{number:07d}"


def measured(way: Way, rows: int, work: Callable[[Where], Taken]) -> tuple[Taken, list[Call]]:
    """Do some work in a fresh process: what it took, and what its fresh tenant was asked from its start."""
    fresh = multiprocessing.get_context("spawn")
    known = way.name in ("contactIds", "listContacts")
    with (
        tempfile.TemporaryDirectory() as name,
        told_by(fresh, serve, (rows, known, Path(name) / "rows.parquet")) as tenant,
    ):
        where = Where(*tenant.recv())
        with told_by(fresh, answer, partial(work, where)) as client:
            taken: Taken = client.recv()
        tenant.send(None)
        calls = [call for call in tenant.recv() if call[0] >= taken.start]
    return taken, calls


@contextmanager
def told_by(fresh: Any, target: Callable[..., None], argument: object) -> Iterator[Connection]:
    """A process, and what it says. One that fails ends the benchmark."""
    here, there = multiprocessing.Pipe()
    process = fresh.Process(target=target, args=(argument, there))
    process.start()
    there.close()
    try:
        yield here
    finally:
        with suppress(OSError):
            here.send(None)
        process.join()


def answer(work: Callable[[], Taken], there: Connection) -> None:
    """Do the work and say what it took."""
    there.send(work())


# -- the delivery -----------------------------------------------------------------------------------------------


def write_rows(rows: int, target: Path) -> None:
    """So many contacts to be added, as a plan holds them: numbers of the exchange 555, which has no subscribers."""
    import duckdb  # noqa: PLC0415 - late: while a spawned process begins, it takes it for a shell and draws progress bars

    said = {
        "contactId": "printf('C%07d', n)",
        "action": "'add'",
        "priority": "1 + n % 9",
        "e164": "printf('+1%d555%04d', 200 + n // 10000, n % 10000)",
        "name": "'Ada Example ' || n",
        "email": "printf('a%d@example.com', n)",
        "attributes": "map {'tier': CASE n % 3 WHEN 0 THEN '\"gold\"' ELSE '\"silver\"' END}",
    }
    types = {"string": "VARCHAR", "int64": "BIGINT", "map<string, string>": "MAP(VARCHAR, VARCHAR)"}
    types |= {"array<string>": "VARCHAR[]", REASON: "STRUCT(code VARCHAR, args VARCHAR[])"}
    columns = ", ".join(f'({said.get(c, "NULL")})::{types[t]} AS "{c}"' for c, t in MEMBER_CHANGES.types.items())
    with duckdb.connect() as database:
        database.execute(f"COPY (SELECT {columns} FROM range({rows}) r(n) ORDER BY n) TO '{target}' ({LAID})")


class Clock:
    """When did the delivery begin, when were the last rows put, when was it over, and what were the peaks?"""

    def __init__(self) -> None:
        self.start = self.put = self.end = 0.0
        self.peak_put = 0
        self.began = self.processor = 0.0

    def start_run(self, run: str, plan: Plan, resumed: bool) -> None:
        """Nothing is measured yet."""

    def start_step(self, address: Address, does: Reason, rows: int) -> None:
        """The plan is checked, and the delivery begins."""
        self.start, self.began = time.monotonic(), time.process_time()

    def count_chunk(self, address: Address, done: ChunkDone) -> None:
        """A chunk is done."""
        self.put, self.peak_put, self.processor = time.monotonic(), peak(), time.process_time() - self.began

    def start_job(self, address: Address, job_id: str, rows: int, again: bool) -> None:
        """A job is no news here."""

    def update_job(self, address: Address, job: Job) -> None:
        """Nor is how it gets on."""

    def end_step(self, result: StepResult) -> None:
        """It is read back."""
        self.end = time.monotonic()

    def end_run(self, report: Report) -> None:
        """All of it is over."""

    def taken(self) -> Taken:
        """All of it."""
        return Taken(self.start, self.put, self.end, self.peak_put, peak(), self.processor)


def peak() -> int:
    """The largest resident size of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def deliver(way: Way, rows: int, chunk: int, pace: Pace, where: Where) -> Taken:
    """An apply of a plan that puts so many contacts on a list."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        surfaces = [surface(name, pace, where) for name in SURFACES]
        clock, stop = Clock(), threading.Event()
        terms = ApplyOptions("", "benchmark", {}, Settings(engine=ENGINE), NOW, folder, clock, stop, segments=SEGMENTS)
        change = change_of(way, chunk, Rows(where.rows, "parquet", MEMBER_CHANGES.types, rows))
        with TenantWriter(TenantConnection(surfaces, load_kinds(), stop)) as writer:
            with engine.open_engine(ENGINE, folder) as backend:
                members = writer.read_members(change.members, folder)
                digests = wire_rows.digest_rows(change.rows), wire_rows.digest_members(backend, members)
            change = replace(change, digest=digests[0], precondition=digests[1])
            report = apply(plan_of(change), writer, Ledger(Store("file://ledger", folder)), terms)
        (result,) = report.steps
        assert (result.outcome, result.rows, result.rejected) == (Outcome.DONE, rows, 0), result
        return clock.taken()


def surface(name: str, pace: Pace, where: Where) -> DeclaredSurface:
    """A surface of the tenant; jobs are polled, and done when they are first asked for."""
    base, token = where.bases[name]
    secret = Secret(where.client_secret)
    return DeclaredSurface(
        name, where.client_id, secret, "env X", base_url=base, token_url=token, pace=pace, poll_only=True
    )


ADDRESS, HERE = Address("Segment", "benchmark"), Location("segment.yaml", 1)
SEGMENTS = {
    ADDRESS: Segment(
        address=ADDRESS,
        contacts=ContactsOf(LiveList(name="Everybody"), HERE),
        interactions={},
        score=Score(Engagement(), (Band("all", 0, None, 1),)),
        intersect=(),
        targets=(),
        mirror=True,
        delivery=Delivery("bulkInsert", None, ()),
    )
}
"""A segment without do-not-call lists: nothing is read again while it is delivered."""


def change_of(way: Way, chunk: int, rows: Rows) -> RowChange:
    """Everybody is added to an empty list."""
    return RowChange(
        address=Address("Segment", "benchmark"),
        list_address=Address("ContactList", "benchmark"),
        list=LIST,
        method=way.name,
        chunk_size=chunk,
        attributes=way.attributes,
        live=0,
        adds=rows.count,
        updates=0,
        removes=0,
        unchanged=0,
        rows=rows,
        digest="",
        precondition="",
        data=way.name == "bulkInsert",
    )


def plan_of(change: RowChange) -> Plan:
    """A plan of this change alone."""
    steps = (Step(change.address, (), (WriteOp.DELIVER,)),)
    return Plan("benchmark", "benchmark", {}, "", NOW, "0", (), (change,), (), steps, (), Budget(0, 0, 0), NOW)


# -- the loop ---------------------------------------------------------------------------------------------------


def loop(way: Way, rows: int, chunk: int, where: Where) -> Taken:
    """What one would write first: one request after the other, `json=`, no journal, no read-back."""
    import duckdb  # noqa: PLC0415 - see above

    with requests.Session() as session, duckdb.connect() as database:
        asked = "contactId, e164, name, email, {'priority': priority, 'tier': attributes['tier']}"
        database.execute(f"SELECT {asked} FROM '{where.rows}' ORDER BY contactId")
        headers = {surface: {"Authorization": f"Bearer {token(session, surface, where)}"} for surface in SURFACES}
        start, began = time.monotonic(), time.process_time()
        while some := database.fetchmany(chunk):
            for surface_name, path, body in bodies(way.name, some, where.list_id):
                base = where.bases[surface_name][0]
                reply = session.post(base + path, json=body, headers=headers[surface_name])
                reply.raise_for_status()
                if path in JOBS:
                    job = reply.json()
                    url = base + JOBS[path] + (job.get("id") or job["job_id"])
                    while told(session, url, headers[surface_name]) != "COMPLETED":
                        time.sleep(0.05)
        end = time.monotonic()
    return Taken(start, end, end, peak(), peak(), time.process_time() - began)


JOBS = {"/outbound/contactlistitems/bulkinsert": "/outbound/jobs/", "/contacts/batch": "/contacts/batch/"}
Sent = tuple[str, str, Any]


def bodies(method: str, some: list[tuple[Any, ...]], list_id: str) -> list[Sent]:
    """The surface, path and body of each request for a chunk of rows."""
    put = ("lists", f"/lists/{list_id}/contacts", [{"contactId": row[0], "data": row[4]} for row in some])
    match method:
        case "contactIds":
            return [
                ("outbound", f"/outbound/contactlists/{list_id}/contacts", {"contactIds": [row[0] for row in some]})
            ]
        case "listContacts":
            return [put]
        case "bulkInsert":
            names = ("phoneNumber", "firstName", "email", "customFields")
            items = [dict(zip(names, (*row[1:4], {**row[4], "contactId": row[0]}), strict=True)) for row in some]
            return [("bulk", "/outbound/contactlistitems/bulkinsert", {"contactListId": list_id, "items": items})]
    people = [
        {
            "external_id": row[0],
            "name": row[2],
            "phone_numbers": [{"number": row[1], "type": "MOBILE", "primary": True}],
            "email_addresses": [{"email": row[3], "primary": True}],
            "custom_attributes": row[4],
        }
        for row in some
    ]
    return [("contacts", "/contacts/batch", {"contacts": people}), put]


def told(session: requests.Session, url: str, headers: Mapping[str, str]) -> str:
    """How a job gets on."""
    reply = session.get(url, headers=headers)
    reply.raise_for_status()
    return str(reply.json()["status"])


def token(session: requests.Session, surface: str, where: Where) -> str:
    """A bearer token of a surface."""
    preset = load_surfaces()[surface].preset
    asked = {"client_id": where.client_id, "client_secret": where.client_secret, "scope": preset.scope}
    asked["grant_type"] = "client_credentials"
    body: Any = {"json" if preset.body == "json" else "data": asked}
    reply = session.post(where.bases[surface][1], **body)
    reply.raise_for_status()
    return str(reply.json()["access_token"])


# -- the figures ------------------------------------------------------------------------------------------------


def asked(way: Way, calls: Sequence[Call]) -> tuple[int, int, int]:
    """Of all requests: those that carry the data, those that ask for a job, and those that put on the list after it."""

    def like(method: str, pattern: str | None) -> int:
        return sum(call[2] == method and pattern is not None and bool(re.search(pattern, call[3])) for call in calls)

    return like("POST", way.data), like("GET", "jobs/|batch/"), like("POST", way.then)


def most_in_a_second(calls: Sequence[Call]) -> int:
    """The most requests of one surface that arrived within a second."""
    most = 0
    for surface in {call[1] for call in calls}:
        times = [call[0] for call in calls if call[1] == surface]
        most = max(most, *(bisect_left(times, at + 1) - n for n, at in enumerate(times)))
    return most


def at_the_limit(ways: Sequence[Way], rows: int) -> None:
    """Every method at its limit: how much longer than its requests need there?"""
    print(f"{rows:,} rows at a limit: the requests of the put, its seconds, and those seconds of the limit's own")
    for way in ways:
        pace = Pace(rate=way.limit, burst=max(1, int(way.limit / 5)))
        taken, calls = measured(way, rows, partial(deliver, way, rows, way.chunk, pace))
        chunks = math.ceil(rows / way.chunk)
        data, jobs, then = asked(way, calls)
        assert data == chunks, f"{data} data requests for {chunks} chunks"
        most = most_in_a_second(calls)
        needed = 2 * chunks if way.name in ("bulkInsert", "contactBatch") else chunks
        least = needed / way.limit
        seconds, after = taken.put - taken.start, taken.end - taken.put
        pages = len(calls) - data - jobs - then
        print(
            f"{way.name:13} {way.limit:3g}/s  {data} data + {jobs} job + {then} list requests, {most} in a second; "
            f"{seconds:6.2f} s = {seconds / least:.3f} x {least:.1f} s, processor {taken.processor:.1f} s; "
            f"read back {pages} pages in {after:.2f} s",
            flush=True,
        )


def beside_the_loop(ways: Sequence[Way], rows: int, chunk: int) -> None:
    """Every method without a limit, and the loop."""
    print(f"{rows:,} rows in chunks of {chunk}, no limit, {LATENCY_MS:g} ms: the put, and a loop of `requests`")
    for way in ways:
        ours, _ = measured(way, rows, partial(deliver, way, rows, chunk, NO_LIMIT))
        theirs, _ = measured(way, rows, partial(loop, way, rows, chunk))
        one, other = ours.put - ours.start, theirs.put - theirs.start
        print(f"{way.name:13} {one:6.2f} s, the loop {other:6.2f} s: {other / one:4.1f} x", flush=True)


def memory(ways: Sequence[Way], most: int) -> None:
    """Every method without a limit, ever more rows."""
    sizes = [rows for rows in (20_000, 200_000, 2_000_000) if rows <= most]
    print(
        f"the peak of the process in MB, after the put and after the read-back; DuckDB is held to {ENGINE.memory_limit}"
    )
    for way in ways:
        for rows in sizes:
            taken, _ = measured(way, rows, partial(deliver, way, rows, way.chunk, NO_LIMIT))
            seconds = taken.end - taken.start
            print(
                f"{way.name:13} {rows:9,} rows: {taken.peak_put / 1e6:5.0f} {taken.peak / 1e6:5.0f}  ({seconds:.1f} s)",
                flush=True,
            )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Measure deliveries.")
    parser.add_argument("rows", nargs="?", type=int, default=200_000)
    parser.add_argument("--most", type=int, default=200_000)
    parser.add_argument("--method", choices=[way.name for way in WAYS])
    parser.add_argument("--only", choices=("limit", "loop", "memory"))
    said = parser.parse_args()
    ways = [way for way in WAYS if said.method in (None, way.name)]
    if said.only in (None, "limit"):
        at_the_limit(ways, said.rows)
    if said.only in (None, "loop"):
        beside_the_loop(ways, said.rows // 10, 100)
    if said.only in (None, "memory"):
        memory(ways, said.most)


if __name__ == "__main__":
    main()
