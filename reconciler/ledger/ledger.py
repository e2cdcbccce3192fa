"""Where is everything kept that was done in a workspace, and who may write it down just now?"""

from __future__ import annotations

import getpass
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import orjson

from reconciler.ledger import audit, lock
from reconciler.ledger.journal import Run, now
from reconciler.ledger.records import Records
from reconciler.ledger.saved import open_plan, save_plan
from reconciler.model.document import audiences, plan_digest
from reconciler.model.errors import LedgerError
from reconciler.model.plan import Plan

HEARTBEAT = 30.0
"""Seconds between two looks at the lock while nothing is recorded."""

_FAREWELL = 5.0


@contextmanager
def _beating(run: Run) -> Iterator[None]:
    """Renew the lock now and then: a job of the tenant's may be waited for longer than a silent lock lives."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT):
            with suppress(LedgerError):  # the next record says so, before anything is written
                run.beat()

    heart = threading.Thread(target=beat, name="heartbeat", daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join(_FAREWELL)


class Ledger:
    """The ledger of a workspace; `tenant` says which one the runs are of."""

    def __init__(self, store: Records, tenant: str = "") -> None:
        self.store, self.tenant = store, tenant

    @contextmanager
    def run(self, plan: Plan, name: str | None = None) -> Iterator[Run]:
        """A new run of a plan, or the one named to be resumed; under the workspace's lock.

        Raises:
            LedgerError: another run is under way.
        """
        with lock.locked(self.store) as held:
            fresh = name is None
            name = name or f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{secrets.token_hex(3)}"
            if fresh:
                with self.store.writing(f"runs/{name}/plan.zip") as path:
                    save_plan(plan, path)
                held.check()  # a large plan may take longer to keep than a lock lives
            event = "started" if fresh else "resumed"
            entry = {"event": event, "run": name, "at": now(), "by": getpass.getuser(), "plan": plan_digest(plan)}
            chain = audit.Chain(self.store)
            told = {"tenant": plan.tenant, "tool": plan.tool_version, "audiences": audiences(plan)}
            chain.record({**entry, **told})
            self.store.append(f"runs/{name}/journal.jsonl", orjson.dumps({**entry, "key": "", "fence": held.fence}))
            run = Run(self.store, name, held, chain, self.tenant)
            with _beating(run):
                yield run

    def last_run(self) -> tuple[str, bool] | None:
        """The name of the latest run, and whether it was finished."""
        names = self.store.runs()
        if not names:
            return None
        events = [orjson.loads(line)["event"] for line in self.store.lines(f"runs/{names[-1]}/journal.jsonl")]
        return names[-1], "finished" in events or "refused" in events

    def verify(self) -> int:
        """How many entries the audit record has.

        Raises:
            LedgerError: its chain is broken, or it ends before something that a run's journal tells of.
        """
        count = audit.verify(self.store)
        told = {_identity(line) for line in self.store.lines(audit.FILE)}
        for run in self.store.runs():
            name = f"runs/{run}/journal.jsonl"
            for number, line in enumerate(self.store.lines(name), start=1):
                if "at" in orjson.loads(line) and _identity(line) not in told:
                    raise LedgerError(
                        f"the audit record was cut short: it has {count} entries, and not this one of a run's journal",
                        where=self.store.place(name, number),
                        hint="compare it with a copy of the ledger from before",
                    )
        return count

    def plan_of(self, run: str, into: Path) -> Plan:
        """The plan that a run applies.

        Raises:
            LedgerError: the ledger no longer holds it.
        """
        path = self.store.fetched(f"runs/{run}/plan.zip", into)
        if path is None:
            raise LedgerError(f"the ledger holds no plan of run {run}", hint="plan again and apply the new plan")
        return open_plan(path, into)


def _identity(line: bytes) -> tuple[object, ...]:
    entry = orjson.loads(line)
    return tuple(entry.get(key) for key in ("run", "at", "address"))
