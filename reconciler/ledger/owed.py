"""Which contacts would a list not take, so that later plans can say how many are owed and offer them again?

One line for each step that had contacts rejected, or taken that were rejected before, kept from run to run: the journal
of a run is gone with it. A line is of one tenant, and those that were written before lines said so are of every one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from reconciler.ledger.records import Records

_FILE = "owed.jsonl"


def record(
    store: Records,
    tenant: str,
    run: str,
    name: str,
    rejected: Iterable[tuple[str, str, str]],
    taken: Sequence[str],
    rows_of: Mapping[str, str] | None = None,
) -> None:
    """Keep the contacts that the list `name` would not take in a run, as (contact, code, reason), and who was taken.

    `rows_of`: digests of their rows, as far as they are known.
    """
    known = rows_of or {}
    rows = [
        {"contact": contact, "code": code, "reason": reason, "row": known.get(contact)}
        for contact, code, reason in rejected
    ]
    _append(store, tenant, {"run": run, "list": name, "rejected": rows, "taken": taken, "released": False})


def release(store: Records, tenant: str, name: str) -> None:
    """Forget what the list `name` would not take: the next plan offers it again."""
    _append(store, tenant, {"run": "", "list": name, "rejected": [], "taken": [], "released": True})


def outstanding(store: Records, tenant: str, name: str) -> set[str]:
    """The contacts that the list `name` would not take, and has not taken since."""
    found: set[str] = set()
    for _, entry in _of(store, tenant):
        if entry["list"] == name:
            found = set() if entry["released"] else found | {each["contact"] for each in entry["rejected"]}
            found -= set(entry.get("taken", ()))
    return found


def copied(store: Records, tenant: str, target: Path) -> Path | None:
    """The lines of a tenant in a file of their own that only its owner may read; None where nothing was rejected."""
    lines = [line for line, _ in _of(store, tenant)]
    if not lines:
        return None
    target.touch(mode=0o600)
    target.write_bytes(b"\n".join(lines) + b"\n")
    return target


def _of(store: Records, tenant: str) -> Iterator[tuple[bytes, Mapping[str, Any]]]:
    for line in store.lines(_FILE):
        entry = orjson.loads(line)
        if entry.get("tenant", tenant) == tenant:
            yield line, entry


def _append(store: Records, tenant: str, entry: Mapping[str, Any]) -> None:
    # parts of a second: what follows at once is later
    at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    store.append(_FILE, orjson.dumps({"tenant": tenant, "at": at, **entry}))
