"""Tell what the runs of the last days have written of each list, by their journals and plans.

`recent.json` keeps what was read of runs that have ended; losing it loses no truth.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from reconciler.ledger.interrupted_runs import journal_of
from reconciler.ledger.journal_state import JournalState
from reconciler.ledger.record_store_interface import parse_line
from reconciler.ledger.saved_plans import name_run_plan, read_document
from reconciler.ledger.signed_lines import ProvenRecords, Unproven
from reconciler.model.recent_changes import LONGEST, RecentRun
from reconciler.model.resource_address import Address

FILE = "recent.json"
_ENDED = ("finished", "refused")
_LASTS = timedelta(days=14)
"""How long a run may take at most: one that was begun so long before the time that is asked for is not looked at."""


def read_recent(records: ProvenRecords, tenant: str, now: datetime) -> tuple[RecentRun, ...]:
    """What runs against a tenant have written of lists lately; runs under a key that is not at hand are not known.

    Raises:
        LedgerError: the ledger cannot be read, or a journal or a plan was altered.
    """
    return tuple(
        RecentRun(name, datetime.fromisoformat(told["at"]), **{**each, "waived": tuple(each["waived"])})
        for name, told in _read_runs(records, now).items()
        if told["tenant"] == tenant
        for each in told["lists"]
    )


def keep_recent(records: ProvenRecords, now: datetime) -> None:
    """Keep what was read of runs that have ended; under the workspace's lock. Raises LedgerError."""
    ended = {name: told for name, told in _read_runs(records, now).items() if told["ended"]}
    with records.write_file(FILE) as path:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_bytes(records.prove(FILE, orjson.dumps({"runs": ended})))
        draft.replace(path)


def _read_runs(records: ProvenRecords, now: datetime) -> dict[str, dict[str, Any]]:
    """Of each run of the last days its tenant, when it wrote last, and what it has done to lists."""
    known = _read_known(records)
    names = [name for name in records.list_runs() if now - _find_begun(name) < LONGEST + _LASTS]
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="recent-") as folder:
        for name in names:
            told = known.get(name) or _read_run(records, name, Path(folder))
            if told is not None and now - datetime.fromisoformat(told["at"]) < LONGEST:
                found[name] = told
    return found


def _find_begun(name: str) -> datetime:
    return datetime.strptime(name[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def _read_known(records: ProvenRecords) -> Mapping[str, dict[str, Any]]:
    held = records.read(FILE)
    if held is None or not records.is_proven(FILE, held.content):
        return {}
    runs: Mapping[str, dict[str, Any]] = orjson.loads(held.content)["runs"]
    return runs


def _read_run(records: ProvenRecords, name: str, into: Path) -> dict[str, Any] | None:
    """The same of one run; None where nobody can read it, or it has not begun."""
    state, journal = JournalState(), journal_of(name)
    try:
        lines = records.read_lines(journal)
        path = records.fetch_file(f"runs/{name}/plan.zip", into)
        entries = [parse_line(records, journal, number, line) for number, line in enumerate(lines, start=1)]
        if not entries or path is None:
            return None
        plan = orjson.loads(read_document(path, records.seal, name_run_plan(name)))
    except Unproven:
        return None
    for entry in entries:
        state.remember(entry)
    moments = [entry["at"] for entry in entries if "at" in entry]
    return {
        "tenant": entries[0].get("tenant"),
        "at": max(moments, key=datetime.fromisoformat),
        "ended": entries[-1]["event"] in _ENDED,
        "lists": list(_iter_lists(plan, state)),
    }


def _iter_lists(plan: Mapping[str, Any], state: JournalState) -> Iterator[dict[str, Any]]:
    for change in plan["row_changes"]:
        if change["writes"] != "members":
            continue
        address = Address.parse(change["address"])
        planned = change["updates"] - change.get("aged", 0)
        waived = {each["rule"] for each in plan["findings"] if each["waived"] and each["object"] == change["address"]}
        yield {
            "list": change["list"],
            "live": change["live"],
            "removed": state.count_phase(address, "remove"),
            # which of those who were put on it were there before, the journal does not say: as many as there may be
            "changed": min(planned, state.count_phase(address, "put")),
            "waived": sorted(waived),
        }
