"""Find the runs that were begun and have not ended.

The record is written under the workspace's lock: a run is added before anything is written of it, and taken away after
its journal says that it is over. Whatever a crash leaves of it, the journal is asked before anything is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from reconciler.ledger.record_store_interface import Records, parse_line
from reconciler.ledger.signed_lines import ProvenRecords, Unproven
from reconciler.model.errors import LedgerError

FILE = "interrupted.json"
UNSAID = ""
_OVER = ("finished", "refused", "superseded")


@dataclass(frozen=True, slots=True)
class InterruptedRun:
    """A run that has not ended.

    Attributes:
        workspace: its name; empty where an older version began the run and did not say.
        tenant: which tenant it writes to, as `kinds.tenant.identity` has it; likewise.
        environment: the one it was begun with; None: without; `UNSAID` where an older version did not say.
        plan: the digest of its plan. at, by: when it was begun, and by whom. fence: the lock's number then.
    """

    name: str
    workspace: str
    tenant: str
    plan: str
    at: str
    by: str
    fence: int
    environment: str | None = UNSAID

    def is_of(self, workspace: str, tenant: str, environment: str | None) -> bool:
        """Whether it may be gone on with from a workspace, in an environment, against a tenant."""
        same = self.workspace in ("", workspace) and self.tenant in ("", tenant)
        return same and self.environment in (UNSAID, environment)

    @property
    def whose(self) -> str:
        """What it is of, in words."""
        chosen = f", environment {self.environment}" if self.environment else ""
        return f"workspace {self.workspace}{chosen}, {self.tenant}"


def journal_of(name: str) -> str:
    """The record in which a run says how far it got."""
    return f"runs/{name}/journal.jsonl"


def read_interrupted(store: ProvenRecords) -> list[InterruptedRun]:
    """Every run that has not ended, the latest first: by the lock's numbers, which no clock can turn round.

    What its journal does not prove under a key at hand is left out: nobody can go on with it here.

    Raises:
        LedgerError: the ledger cannot be read, or a journal was altered.
    """
    noted = _read_noted(store)
    found = (_read_run(store, name) for name in (store.list_runs() if noted is None else noted))
    return sorted((each for each in found if each is not None), key=lambda each: -each.fence)


def _read_run(store: ProvenRecords, name: str) -> InterruptedRun | None:
    """A run as its journal has it; None where it is over, was never begun, or is of another key or an older edition."""
    journal = journal_of(name)
    try:
        first = next(iter(store.scan_lines(journal)), None)
    except Unproven:
        return None
    number, last = store.read_last(journal)
    # what has no journal was never begun: nothing can have been written of it
    if first is None or parse_line(store, journal, number, last).get("event") in _OVER:
        return None
    return _make_run(name, parse_line(store, journal, 1, first))


def list_foreign(store: ProvenRecords, lying: Records) -> list[str]:
    """Runs that have not ended, as they say, and that no key at hand has begun; `lying` has the lines as they are."""
    found = []
    for name in store.list_runs():
        try:
            next(iter(store.scan_lines(journal_of(name))), None)
        except Unproven:
            number, last = lying.read_last(journal_of(name))
            if number and parse_line(lying, journal_of(name), number, last).get("event") not in _OVER:
                found.append(name)
    return found


def add(store: ProvenRecords, run: InterruptedRun) -> None:
    """Note a run that is about to begin. The caller holds the lock."""
    _write(store, lambda noted: {**noted, run.name: run})


def remove(store: ProvenRecords, name: str) -> None:
    """Note that a run is over. The caller holds the lock; where it fails the journal says so all the same."""
    with suppress(LedgerError):
        _write(store, lambda noted: {each: run for each, run in noted.items() if each != name})


def supersede(
    store: ProvenRecords, workspace: str, tenant: str, environment: str | None, by: str, *, only: str | None = None
) -> list[str]:
    """Close what was interrupted before a run that has done everything, or the `only` one. The caller holds the lock.

    A run with a job that may still be under way stays: nobody else looks after that.

    Returns:
        Their names.
    """
    closed = []
    for each in read_interrupted(store):
        if (
            each.name != by
            and only in (None, each.name)
            and each.is_of(workspace, tenant, environment)
            and not list_open_jobs(store, each.name)
        ):
            store.append(journal_of(each.name), orjson.dumps({"event": "superseded", "key": "", "by": by}))
            remove(store, each.name)
            closed.append(each.name)
    return closed


def list_open_jobs(store: ProvenRecords, name: str) -> list[str]:
    """The tenant's jobs of a run of which nobody knows that they are over."""
    jobs: dict[str, None] = {}
    for number, line in enumerate(store.scan_lines(journal_of(name)), start=1):
        entry = parse_line(store, journal_of(name), number, line)
        if entry.get("event") == "submitted":
            jobs[str(entry.get("job"))] = None
        elif entry.get("event") == "ended":
            jobs.pop(str(entry.get("job")), None)
    return list(jobs)


def _read_noted(store: ProvenRecords) -> list[str] | None:
    """Which runs the record names; None where there is none, or it is not as it was written."""
    held = store.read(FILE)
    if held is None or not store.is_proven(FILE, held.content):
        return None
    return [str(each["name"]) for each in orjson.loads(held.content)["runs"]]


def _make_run(name: str, entry: Mapping[str, Any]) -> InterruptedRun:
    told = {each: str(entry.get(each, "")) for each in ("workspace", "tenant", "plan", "at", "by")}
    fence, environment = entry.get("fence"), entry.get("environment", UNSAID)
    chosen = None if environment is None else str(environment)
    return InterruptedRun(str(name), **told, fence=fence if isinstance(fence, int) else 0, environment=chosen)


def _write(store: ProvenRecords, change: Callable[[dict[str, InterruptedRun]], Mapping[str, InterruptedRun]]) -> None:
    held = store.read(FILE)
    known = {each.name: each for each in read_interrupted(store)}
    wanted = change(known)
    content = store.prove(FILE, orjson.dumps({"runs": [asdict(each) for each in wanted.values()]}))
    if not (store.create(FILE, content) if held is None else store.replace(FILE, held, content)):
        raise LedgerError(
            "the record of interrupted runs was written by another run",
            where=store.locate(FILE),
            hint="see what the other run did before you go on",
        )
