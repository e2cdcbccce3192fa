"""How near does the setting of outcomes come to the tenant's limit, and how much memory is held?

The tenant is the simulator, 50 ms from every request to its effect; it and every run are fresh processes. A run is an
apply without its plan: with its journal and its audit record on the disk, its pace, a read before each write, and a CRM
that is told.

    python benchmarks/dispositions.py [ROWS] [--limit N] [--most ROWS]

ROWS (2,000) are set in each of two campaigns at the same time, at --limit (50) a second for each; then 2,000,
20,000 and 100,000, up to --most (20,000), in one campaign that is hardly limited, for the memory of the process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from reconciler.audience.delivery import wire_rows
from reconciler.cxone.tenant_connection import TenantConnection
from reconciler.cxone.webhook_client import WebhookClient
from reconciler.cxone.writer import TenantWriter
from reconciler.kinds import load_kinds
from reconciler.ledger.folder_records import Store
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.outbox import Outbox
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.callback_hosts import Allowance
from reconciler.model.contact_tokens import Tokens
from reconciler.model.jobs import Job
from reconciler.model.outcome_change import OutcomeChange
from reconciler.model.plan import Budget, Plan, Step
from reconciler.model.reason import Reason
from reconciler.model.reason_codes import REASON
from reconciler.model.report import ChunkDone, Outcome, Report, StepResult
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import LiveCampaign, Rows
from reconciler.model.secret import Secret
from reconciler.model.tables import OUTCOME_CHANGES
from reconciler.model.tenant import DeclaredSurface, Pace
from reconciler.model.webhook import Event, Receiver, Webhook
from reconciler.model.workspace_settings import Engine, Settings
from reconciler.model.write_ops import WriteOp
from reconciler.simulator import DispositionLimits, Options, Simulator
from reconciler.steps.apply import apply
from reconciler.steps.notify.background_notifier import notify_in_background

LATENCY_MS = 50.0
ENGINE = Engine(memory_limit="256MB")
LAID = "FORMAT parquet, ROW_GROUP_SIZE 20480"
"""How the program lays rows down."""
NOW = datetime(2026, 7, 1, tzinfo=UTC)
UNLIMITED = 1_000
"""Contacts a second that no run comes near. Not more: what is sent within a second is remembered for as long."""
SURFACES = ("outbound", "lists", "dispositions")
Call = tuple[float, str, str, int]
"""A request that arrived: when (the monotonic clock), its method and path, and how many were under way."""


# -- the tenant, in a process of its own ------------------------------------------------------------------------


def serve(work: tuple[int, int, int, Path], there: Connection) -> None:
    """Be a tenant with some campaigns on lists of their own. Says where it is, and in the end what it was asked."""
    rows, campaigns, limit, folder = work
    limits = DispositionLimits(rate=None if limit == UNLIMITED else float(limit), burst=limit)
    with Simulator(Options(latency_ms=LATENCY_MS, dispositions=limits)) as tenant:
        files = []
        for number in range(campaigns):
            ids = [contact(number, each) for each in range(rows)]
            tenant.store.add_contacts(ids)
            tenant.store.add_list(f"List {number}", ids)
            tenant.store.add_campaign(f"Campaign {number}", f"List {number}", status="active")
            files.append(folder / f"campaign-{number}.parquet")
            write_rows(number, rows, files[-1])
        bases = {name: (tenant.base_url(name), tenant.token_url(name)) for name in SURFACES}
        there.send((bases, tenant.url, tenant.options.client_id, tenant.options.client_secret, tuple(files), rows))
        there.recv()
        asked = tenant.requests().to("/contacts/")
        told = len(tenant.webhooks())  # a callback for each outcome
        repeated = len(tenant.dispositions.list_repeated())
        there.send(([(r.monotonic, r.method, r.path, r.in_flight) for r in asked], told, repeated))


@dataclass(frozen=True)
class Where:
    """How a client reaches the tenant, and the rows of each campaign."""

    bases: dict[str, tuple[str, str]]
    url: str
    client_id: str
    client_secret: str
    files: tuple[Path, ...]
    rows: int


@dataclass(frozen=True)
class Taken:
    """When a run began to write and when the last contact was decided; its peak in bytes and processor seconds."""

    start: float
    end: float
    peak: int
    processor: float


def contact(campaign: int, number: int) -> str:
    """The id of a contact."""
    return f"C{campaign}{number:07d}"


def write_rows(campaign: int, rows: int, target: Path) -> None:
    """So many outcomes as a plan holds them."""
    import duckdb  # noqa: PLC0415 - late: while a spawned process begins, it takes it for a shell and draws progress bars

    said = {
        "contactId": f"printf('C{campaign}%07d', n)",
        "action": "'set'",
        "outcome": "CASE n % 3 WHEN 0 THEN 'INTERESTED' WHEN 1 THEN 'BUSY' ELSE 'NO_ANSWER' END",
        "agent": "'A' || n % 20",
        "notes": "'Rings back after lunch, ' || n",
        "timestamp": "'2026-06-30T12:00:00Z'",
        "custom": "map {'crmCase': n::VARCHAR}",
        "reason": "{'code': 'outcome', 'args': ['', 'BUSY']}",
    }
    types = {
        "string": "VARCHAR",
        "map<string, string>": "MAP(VARCHAR, VARCHAR)",
        REASON: "STRUCT(code VARCHAR, args VARCHAR[])",
    }
    columns = ", ".join(f'({said.get(c, "NULL")})::{types[t]} AS "{c}"' for c, t in OUTCOME_CHANGES.types.items())
    with duckdb.connect() as database:
        database.execute(f"COPY (SELECT {columns} FROM range({rows}) r(n) ORDER BY n) TO '{target}' ({LAID})")


def measured(rows: int, campaigns: int, limit: int, pace: int) -> tuple[Taken, list[Call], int]:
    """A run in a fresh process: what it took, and what its fresh tenant was asked."""
    fresh = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        tenant, server = started(fresh, serve, (rows, campaigns, limit, Path(name)))
        try:
            where = Where(*tenant.recv())
            client, runner = started(fresh, answer, partial(settle, pace, where))
            taken: Taken = client.recv()
            runner.join()
            tenant.send(None)
            calls, told, repeated = tenant.recv()
        finally:
            with suppress(OSError):
                tenant.send(None)
            server.join()
    assert repeated == 0
    assert told == rows * campaigns, f"the CRM was told of {told}"
    return taken, calls, told


def started(fresh: Any, target: Callable[..., None], argument: object) -> tuple[Connection, Any]:
    """A process, and what it says."""
    here, there = multiprocessing.Pipe()
    process = fresh.Process(target=target, args=(argument, there))
    process.start()
    there.close()
    return here, process


def answer(work: Callable[[], Taken], there: Connection) -> None:
    """Do the work and say what it took."""
    there.send(work())


# -- the run ----------------------------------------------------------------------------------------------------


class Clock:
    """When did the first step begin, and when was the last contact decided?"""

    def __init__(self) -> None:
        self.start = self.end = self.began = 0.0

    def start_run(self, run: str, plan: Plan, resumed: bool) -> None:
        """Nothing is measured yet."""

    def start_step(self, address: Address, does: Reason, rows: int) -> None:
        """The plan is checked, and the writing begins."""
        if not self.start:
            self.start, self.began = time.monotonic(), time.process_time()

    def count_chunk(self, address: Address, done: ChunkDone) -> None:
        """A batch is decided."""
        self.end = time.monotonic()

    def start_job(self, address: Address, job_id: str, rows: int, again: bool) -> None:
        """There are no jobs here."""

    def update_job(self, address: Address, job: Job) -> None:
        """There are none."""

    def end_step(self, result: StepResult) -> None:
        """A set is done."""

    def end_run(self, report: Report) -> None:
        """All of it is over."""


def settle(pace: int, where: Where) -> Taken:
    """An apply of a plan that sets an outcome on every contact."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        surfaces = [surface(each, pace, where) for each in SURFACES]
        clock, stop = Clock(), threading.Event()
        ledger = Ledger(Store("file://ledger", folder))
        changes = tuple(change_of(number, pace, where) for number in range(len(where.files)))
        changes = tuple(replace(each, digest=wire_rows.digest_rows(each.rows)) for each in changes)
        crm = Webhook("crm", frozenset({Event.OUTCOMES}), "", None, "application/json", {}, {}, None, 1, 5, 10)
        allowed = Allowance(frozenset({"127.0.0.1"}), (), frozenset({"127.0.0.1"}))
        receiver = Receiver(Secret(f"{where.url}/_webhooks/crm"), {}, None, allowed, 1, 5, 10)
        outbox, courier = Outbox(ledger.store), WebhookClient(stop)
        with (
            TenantWriter(TenantConnection(surfaces, load_kinds(), stop)) as writer,
            notify_in_background(Event.OUTCOMES, [crm], lambda _: receiver, courier, outbox, stop) as teller,
        ):
            tokens = Tokens(Secret("not-a-secret"))
            settings = Settings(engine=ENGINE)
            terms = ApplyOptions("", "benchmark", {}, settings, NOW, folder, clock, stop, tokens=tokens, teller=teller)
            report = apply(plan_of(changes), writer, ledger, terms)
        assert {(each.outcome, each.rows, each.rejected) for each in report.steps} == {(Outcome.DONE, where.rows, 0)}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return Taken(clock.start, clock.end, peak, time.process_time() - clock.began)


def surface(name: str, pace: int, where: Where) -> DeclaredSurface:
    """A surface of the tenant; at most 50 requests at once."""
    base, token = where.bases[name]
    secret = Secret(where.client_secret)
    quick = Pace(rate=100_000, burst=1_000, workers=50)
    return DeclaredSurface(
        name, where.client_id, secret, "env X", base_url=base, token_url=token, pace=quick, campaign_rate=pace
    )


def change_of(number: int, pace: int, where: Where) -> OutcomeChange:
    """Every contact of a campaign gets an outcome, and has none."""
    rows = Rows(where.files[number], "parquet", OUTCOME_CHANGES.types, where.rows)
    address = Address("DispositionSet", f"set-{number}")
    return OutcomeChange(address, LiveCampaign(f"Campaign {number}"), pace, where.rows, 0, rows, "")


def plan_of(changes: tuple[OutcomeChange, ...]) -> Plan:
    """A plan of these changes alone."""
    steps = tuple(Step(each.address, (), (WriteOp.DELIVER,)) for each in changes)
    budget = Budget(0, 0, 0)
    return Plan("benchmark", "benchmark", {}, "", NOW, "0", (), (), (), steps, (), budget, NOW, outcomes=changes)


# -- the figures ------------------------------------------------------------------------------------------------


def most_within(moments: Sequence[float], seconds: float = 1.0) -> int:
    """The most that arrived in any span of so many seconds."""
    arrived = sorted(moments)
    most = first = 0
    for count, moment in enumerate(arrived, start=1):
        while moment - arrived[first] >= seconds:
            first += 1
        most = max(most, count - first)
    return most


def tell(rows: int, limit: int) -> None:
    """Two campaigns at the same time, at their limit."""
    taken, calls, _ = measured(rows, 2, limit, limit)
    seconds, least = taken.end - taken.start, rows / limit
    took = f"{seconds:.1f} s, {seconds / least:.3f} × {least:.1f} s"
    print(f"two campaigns, {rows:,} contacts each, at {limit} a second: {took}")
    for path in sorted({call[2].rpartition("/contacts/")[0] for call in calls}):
        for method in ("GET", "PATCH"):
            moments = sorted(call[0] for call in calls if call[1] == method and call[2].startswith(f"{path}/"))
            most = most_within(moments)
            print(f"  {path.rpartition('/')[2]} {method:5} {len(moments):>7,}, at most {most} in any second")
    print(f"  at most {max(call[3] for call in calls)} under way at once; processor {taken.processor:.1f} s")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", nargs="?", type=int, default=2_000)
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--most", type=int, default=20_000)
    given = parser.parse_args()
    tell(given.rows, given.limit)
    for rows in [each for each in (2_000, 20_000, 100_000) if each <= given.most]:
        taken, _, _ = measured(rows, 1, UNLIMITED, UNLIMITED)
        seconds = taken.end - taken.start
        peak = taken.peak / 2**20
        print(f"{rows:>9,} contacts: {seconds:6.1f} s, {rows / seconds:5.0f} a second, peak {peak:.0f} MiB")


if __name__ == "__main__":
    main()
