"""Which contacts would a list not take, so that later plans can say how many are owed and offer them again?

One line for each step that had contacts rejected, kept from run to run: the journal of a run is gone with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import orjson

from reconciler.ledger.records import Records

_FILE = "owed.jsonl"


def record(store: Records, run: str, name: str, rejected: Iterable[tuple[str, str, str]]) -> None:
    """Keep the contacts that the list `name` would not take in a run, as (contact, code, reason)."""
    rows = [{"contact": contact, "code": code, "reason": reason} for contact, code, reason in rejected]
    store.append(_FILE, orjson.dumps({"run": run, "at": _now(), "list": name, "rejected": rows, "released": False}))


def release(store: Records, name: str) -> None:
    """Forget what the list `name` would not take: the next plan offers it again."""
    store.append(_FILE, orjson.dumps({"run": "", "at": _now(), "list": name, "rejected": [], "released": True}))


def copied(store: Records, target: Path) -> Path | None:
    """The lines in a file of their own that only its owner may read; None where nothing was ever rejected."""
    lines = store.lines(_FILE)
    if not lines:
        return None
    target.touch(mode=0o600)
    target.write_bytes(b"\n".join(lines) + b"\n")
    return target


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
