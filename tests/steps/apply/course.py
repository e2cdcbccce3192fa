"""What is a run by each of the methods, and what must be true of it at every instant and in the end?

The list is there already: some contacts join it, some change on it, some stay and some leave. It takes every method two
requests to put and two to remove.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from threading import Event, Thread
from typing import Any

import pytest

from reconciler.cli import run as run_program
from reconciler.cxone import writer
from reconciler.cxone.job_watcher import Watcher
from reconciler.model.jobs import Job as Looked
from reconciler.simulator import Simulator
from reconciler.simulator.fault_kinds import KINDS, Serve, kind
from reconciler.simulator.jobs import Job
from reconciler.simulator.request_log import Received
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.store import Store
from tests import delivery, scene
from tests.conftest import Ended, Folder
from tests.delivery import contact, phone

CHUNK = 4
JOINING, CHANGING, STAYING, LEAVING = range(2), range(2, 8), range(8, 21), range(21, 26)
NUMBERED = re.compile(rb"(?<![0-9A-Za-z])\+?1?[ .(-]{0,2}212[ .)-]{0,2}555[ .-]?01[0-2]\d(?![0-9A-Za-z])")
"""A phone of these contacts, however it is written; the digits of a hash have others beside them."""

ARCHIVED = 1
"""The contact that a bulk insert cannot put on the list: an archived one has its number."""

WRITES_BY_JOB = ("bulkInsert", "contactBatch", "listUpload")
_MANY_WORKERS = "rate: 5000, burst: 500, attempts: 3, connectTimeout: 2s, readTimeout: 1s"
_ONE_WORKER = "rate: 5000, burst: 500, attempts: 1, workers: 1"


def on_it(method: str) -> range:
    """Who is on the list before: a method that writes no attributes has nobody to change."""
    return range(CHANGING.stop if method == "contactIds" else CHANGING.start, LEAVING.stop)


def build(method: str, tenant: Simulator, folder: Folder, *, one_worker: bool, jobs: str, archived: bool) -> None:
    """The tenant before the run, and the manifests that ask for it."""
    wanted = range(LEAVING.start)
    new = () if method in ("contactIds", "listContacts") else JOINING
    tenant.store.add_contacts(
        [{"id": contact(n), "phoneNumber": phone(n), **named(n)} for n in range(LEAVING.stop) if n not in new]
    )
    if archived:
        tenant.store.add_contacts([{"id": "OTHER", "phoneNumber": phone(ARCHIVED), "status": "ARCHIVED"}])
    members = {contact(n): {"priority": 1, "tier": "silver" if n in CHANGING else "gold"} for n in on_it(method)}
    if method == "bulkInsert":  # it leaves the id that a contact was sent under with it; whose row has none is written
        members = {name: {**data, "contactId": name} for name, data in members.items()}
    tenant.store.add_list("Chosen", members, description=scene.MARK)
    delivery.write_contacts(folder, wanted)
    pace = _ONE_WORKER if one_worker else _MANY_WORKERS
    delivery.declare(folder, tenant, method, chunk=CHUNK, pace=pace, jobs=jobs)
    text = (folder.root / "tenant.yaml").read_text(encoding="utf-8")
    folder.write("tenant.yaml", text.replace("pollEvery: 1s}\n", f"{jobs}}}\n"))
    watch(tenant)


def named(number: int) -> dict[str, str]:
    """A contact's names and address, as the file has them and as either way of writing them leaves them."""
    first, last = "Ada Example", str(number)
    return {"name": f"{first} {last}", "firstName": first, "lastName": last, "email": f"a{number}@example.com"}


def state(tenant: Simulator) -> dict[str, Any]:
    """What the tenant holds: its lists and its directory."""
    directory = {key: each.to_wire() for key, each in tenant.store.contacts.items()}
    return {**scene.state(tenant), "contacts": dict(sorted(directory.items()))}


# -- what is seen while it runs -----------------------------------------------------------------------------


@dataclass
class Witness:
    """Who was on the list whenever something arrived at the tenant; kept by the tenant's store, so a reset drops it."""

    seen: set[frozenset[str]] = field(default_factory=set)

    def look(self, store: Store) -> None:
        with store.lock:
            members = store.list_named("Chosen").members
            self.seen.add(frozenset(str(data.get("contactId", key)) for key, data in members.items()))


def _look(call: Call) -> bool:
    call.tenant.store.part(Witness).look(call.tenant.store)
    return False


if "witness" not in KINDS:

    @kind("witness", applies=_look)
    async def _witness(call: Call, serve: Serve) -> Reply:
        """Nothing goes wrong: it only looks, at every call."""
        return await serve()


def watch(tenant: Simulator) -> None:
    """Look at the list from now on; before any other fault is added, or that one would hide its calls."""
    tenant.faults.add("witness")


def wrong_at_an_instant(tenant: Simulator, method: str) -> list[str]:
    """What must never be: a contact of old and new that is off the list, a stranger on it, a request over a limit."""
    witness = tenant.store.part(Witness)
    witness.look(tenant.store)
    before = {contact(n) for n in on_it(method)}
    wanted = {contact(n) for n in range(LEAVING.start)}
    wrong = [f"missing meanwhile: {sorted(gone)}" for seen in witness.seen if (gone := (before & wanted) - seen)]
    wrong += [f"a stranger: {sorted(new)}" for seen in witness.seen if (new := seen - before - wanted)]
    for each in tenant.requests():
        if each.is_write and (each.rows or 0) > CHUNK:
            wrong.append(f"{each.method} {each.path} with {each.rows} rows")
    untouched = {contact(n) for n in STAYING}
    if touched := untouched & set(sent(tenant.requests())):
        wrong.append(f"not in the plan: {sorted(touched)}")
    for target in ("directory", tenant.store.list_named("Chosen").id):
        if touched := untouched & set(tenant.jobs.writes(target)):
            wrong.append(f"not in the plan and written by a job: {sorted(touched)}")
    names = [each.name for each in tenant.store.lists.values()]
    return wrong + [f"{name} is there twice" for name, count in Counter(names).items() if count > 1]


def rows_of(request: Received) -> list[str]:
    """The contacts in a request that puts them on a list or takes them off it."""
    if not request.is_write or not request.path.endswith("/contacts"):
        return []
    body = request.body
    return [row["contactId"] for row in body] if isinstance(body, list) else list(body["contactIds"])


def sent(requests: Iterable[Received]) -> Counter[str]:
    """How often each contact was sent, jobs aside."""
    return Counter(row for each in requests for row in rows_of(each))


# -- running it ---------------------------------------------------------------------------------------------


def go(folder: Folder, *words: str) -> Ended:
    """Run a command in this process, with all that it logs in `err`."""
    out, err = StringIO(), StringIO()
    handler, root = logging.StreamHandler(err), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = run_program([*words, "-w", str(folder.root)])
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    return Ended(code, out.getvalue(), err.getvalue())


def leaks(folder: Folder, *said: str) -> list[str]:
    """Where a phone is written that nobody may read: what was said, and the ledger but for the rows of its plans."""
    found = [around for text in said if (around := _find_phone(text.encode()))]
    for path in (folder.root / ".reconciler").rglob("*"):
        if not path.is_file():
            continue
        if path.stat().st_mode & 0o077:
            found.append(f"{path} can be read by others")
        if path.name != "plan.zip" and (around := _find_phone(path.read_bytes())):
            found.append(f"{path}: {around}")
    return found


def _find_phone(content: bytes) -> str:
    """The first phone in something, with what is beside it."""
    match = NUMBERED.search(content)
    return repr(content[max(match.start() - 80, 0) : match.end() + 40]) if match else ""


@contextmanager
def moving(tenant: Simulator, patience: float) -> Iterator[None]:
    """Move jobs that are held: a step when the client has subscribed and looked, another when it was told of that.

    So what is sent and when does not depend on how fast this machine is. What the client does not do is waited for
    `patience` seconds.
    """
    done = Event()
    moved: dict[str, float] = {}

    def move() -> None:
        while not done.wait(0.004):
            requests = tenant.requests()
            for job in list(tenant.jobs.all.values()):
                since = moved.setdefault(job.id, time.monotonic())
                if not job.is_over and (_heard(requests, job) or time.monotonic() - since > patience):
                    moved[job.id] = time.monotonic()
                    with tenant.store.lock:
                        tenant.jobs.advance(job)

    thread = Thread(target=move, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def finish_jobs(tenant: Simulator) -> None:
    """The tenant gets on with what it was slow with, and what nobody asks for any more."""
    with tenant.store.lock:
        for job in list(tenant.jobs.all.values()):
            tenant.jobs.finish(job)


def _heard(requests: list[Received], job: Job) -> bool:
    """Whether the client waits for the next event of a job, and for nothing else."""
    waits = [("SUBSCRIBE", ""), ("PING", ""), ("GET", f"/{job.id}"), *[("EVENT", "")] * job.stage]
    for each in requests:
        method, path = waits[0]
        if each.method != method or not each.path.endswith(path) or each.status is None:
            continue
        if method == "SUBSCRIBE" and job.id not in str(each.body):
            continue
        if method == "EVENT" and job.id not in str(each.body):
            continue
        waits.pop(0)
        if not waits:
            return True
    return False


# -- what a child is told before it runs; in this process only under `restored` ------------------------------


def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what the functions below do, when the test is over."""
    monkeypatch.setattr(Watcher, "__init__", Watcher.__init__)
    monkeypatch.setattr(writer, "_WAITING", writer._WAITING)


def hurry() -> None:
    """Look at jobs often: a manifest may say a second at the least."""
    patient = Watcher.__init__

    def init(self: Watcher, ask: Callable[[str], Looked], *, every: float, **others: Any) -> None:
        patient(self, ask, every=min(every, 0.02), relaxed=0.2, **others)

    setattr(Watcher, "__init__", init)  # noqa: B010 - the type checker minds an assignment


def one_job_at_once() -> None:
    """Wait for one job at once, so that calls come in the same order every time."""
    setattr(writer, "_WAITING", 1)  # noqa: B010


def one_batch_at_once() -> None:
    """Both of these."""
    hurry()
    one_job_at_once()


@contextmanager
def environment(given: Mapping[str, str]) -> Iterator[None]:
    """With these variables."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
