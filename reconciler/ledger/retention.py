"""Delete what is kept of runs whose time is over, and refuse to delete any other."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from shutil import rmtree
from typing import Any

from reconciler.ledger import audit, interrupted_runs, lock
from reconciler.ledger.journal import now
from reconciler.ledger.ledger import Ledger
from reconciler.model.errors import Exit, LedgerError, ReconcilerError


class Retained(ReconcilerError):
    """What is to be deleted has to be kept longer."""

    code = "retained"
    exit_code = Exit.REFUSED


@dataclass(frozen=True, slots=True)
class Retention:
    """How long runs are kept at least, in years, and who says so."""

    years: int
    source: str


@cache
def load_retention() -> Retention:
    """The longest of the periods that this program knows."""
    told = tomllib.loads((files("reconciler.ledger") / "retention.toml").read_text(encoding="utf-8"))["retention"]
    longest: Mapping[str, Any] = max(told, key=lambda each: int(each["years"]))
    return Retention(longest["years"], longest["source"])


def find_cutoff(today: date) -> date:
    """The first day whose runs have to be kept: those begun before it may be deleted."""
    years = load_retention().years
    try:
        return today.replace(year=today.year - years)
    except ValueError:  # the 29th of February
        return today.replace(year=today.year - years, day=28)


def prune_runs(ledger: Ledger, before: date, today: date, reason: str, by: str) -> list[str]:
    """Delete the folders of runs that were begun before a day (UTC) and have ended; their names.

    The audit record stays whole, and tells what was deleted: it says of each run that it was, and how it ended.

    Raises:
        Retained: the day is inside the retention; nothing was deleted.
        LedgerError: another run is under way; in an object store, whose own rules delete, nothing is deleted here.
    """
    cutoff, rule = find_cutoff(today), load_retention()
    if before > cutoff:
        raise Retained(
            f"runs begun on {cutoff} or later are to be kept: {rule.years} years",
            note=rule.source,
            hint=f"name {cutoff} or an earlier day; nothing was deleted",
        )
    if ledger.store.shared:
        raise LedgerError(
            "runs in an object store are not deleted by this program, which has no leave to",
            where=ledger.store.locate("runs/"),
            hint=f"give the bucket a rule that deletes below runs/ after {rule.years} years or more",
        )
    if not _list_over(ledger, before):
        return []
    with lock.hold_lock(ledger.store) as held:
        chain, over = audit.Chain(ledger.store, ledger.seal), _list_over(ledger, before)
        told = {"at": now(), "by": by, "reason": reason, "before": before.isoformat(), "runs": over}
        chain.record({"event": "pruned", **told, "lock": held.fence})
        for name in over:
            rmtree(ledger.store.folder / "runs" / name)
        return over


def _list_over(ledger: Ledger, before: date) -> list[str]:
    """The runs that were begun before a day and have ended."""
    waiting = {each.name for each in interrupted_runs.read_interrupted(ledger.records)}
    return [name for name in ledger.store.list_runs() if _find_day(name) < before and name not in waiting]


def _find_day(run: str) -> date:
    """The day on which a run was begun, which its name says."""
    return datetime.strptime(run[:8], "%Y%m%d").replace(tzinfo=UTC).date()
