# tested by: tests/ledger/test_json_hmac.py
"""Keep the contacts that are pending retry.

One line for each step that had contacts rejected, or taken that were rejected before, kept from run to run: the journal
of a run is gone with it. A line is of one tenant, and those that were written before lines said so are of every one.
A list that is renamed has a line that says so: what was said of its old name before is said of the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from reconciler.ledger.record_store_interface import Records

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


def rename(store: Records, tenant: str, old: str, new: str) -> None:
    """What the list `old` would not take, the list `new` would not take: it is called so from now on."""
    _append(store, tenant, {"run": "", "list": new, "was": old, "rejected": [], "taken": [], "released": False})


def list_pending(store: Records, tenant: str, name: str) -> set[str]:
    """The contacts that the list `name` would not take, and has not taken since."""
    found: set[str] = set()
    for entry in _read_entries(store, tenant):
        if entry["list"] == name:
            found = set() if entry["released"] else found | {each["contact"] for each in entry["rejected"]}
            found -= set(entry.get("taken", ()))
    return found


def copy_pending(
    store: Records, tenant: str, target: Path, to_be: Mapping[str, str] = MappingProxyType({})
) -> Path | None:
    """The lines of a tenant in a file of their own that only its owner may read; None where nothing was rejected.

    They are of the names that lists have now; `to_be`: the names that lists are to have, by those that they have yet.
    """
    entries = _read_entries(store, tenant)
    if not entries:
        return None
    target.touch(mode=0o600)
    with target.open("wb") as file:
        for entry in entries:
            told = {**entry, "list": to_be.get(entry["list"], entry["list"])}
            file.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
    return target


def take_over(store: Records, copied: Path) -> None:
    """Begin with the lines that `copy_pending` copied of another ledger."""
    for line in copied.read_bytes().splitlines():
        store.append(_FILE, line)


def _read_entries(store: Records, tenant: str) -> list[dict[str, Any]]:
    """The entries of a tenant in their order, each of the name that its list has now."""
    found: list[dict[str, Any]] = []
    by_name: dict[str, list[dict[str, Any]]] = {}
    for line in store.read_lines(_FILE):
        entry = orjson.loads(line)
        if entry.get("tenant", tenant) != tenant:
            continue
        before = by_name.pop(entry["was"], []) if entry.get("was") else []
        for each in before:
            each["list"] = entry["list"]
        by_name.setdefault(entry["list"], []).extend([*before, entry])
        found.append(entry)
    return found


def _append(store: Records, tenant: str, entry: Mapping[str, Any]) -> None:
    # parts of a second: what follows at once is later
    at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    store.append(_FILE, orjson.dumps({"tenant": tenant, "at": at, **entry}))
