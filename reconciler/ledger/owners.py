"""Keep the registry of objects that carry no mark of their own.

Lines are proven, numbered and counted as a run's are, and each holds the digest of the one before it: none can be left
out, altered or moved, nor cut off in a folder. What no line speaks of is nobody's. Losing the file makes every such
object nobody's again: a plan then shows that it adopts the declared ones, and deletes none.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from reconciler.ledger.record_store_interface import Records, line_damaged, parse_line
from reconciler.model.errors import LedgerError

FILE = "owners.jsonl"

_Key = tuple[str, str]


class Registry:
    """The owners of objects, by the URL of their collection and their id there; see `model.ownership_registry.Owners`.

    Args:
        opened: opens the ledger, its lines under the seal. at: tells this moment, as records have it.
    """

    def __init__(self, opened: Callable[[], Records], at: Callable[[], str]) -> None:
        self._open, self._records, self._at = opened, opened(), at
        self._guard = threading.Lock()
        self._known: dict[_Key, str] | None = None
        self._head = ""

    def find_owner(self, collection: str, object_id: str) -> str | None:
        """The workspace that an object is of; None: nobody knows of any."""
        with self._guard:
            return self._read_owners().get((collection, object_id))

    def claim(self, collection: str, object_id: str, called: str, workspace: str) -> None:
        """Write down that an object is a workspace's."""
        key = (collection, object_id)
        with self._guard:
            before = self._read_owners().get(key)
            if before == workspace:
                return
            if before is not None:
                raise LedgerError(
                    f"{called} is managed by workspace {before!r}",
                    where=self._records.locate(FILE),
                    hint=f"release it there first, if {workspace!r} is to manage it",
                )
            self._write("claimed", key, called, workspace)
            self._read_owners()[key] = workspace

    def release(self, collection: str, object_id: str, called: str, workspace: str) -> None:
        """Write down that an object is a workspace's no longer."""
        key = (collection, object_id)
        with self._guard:
            if self._read_owners().get(key) == workspace:
                self._write("released", key, called, workspace)
                del self._read_owners()[key]

    def _read_owners(self) -> dict[_Key, str]:
        if self._known is None:
            found: dict[_Key, str] = {}
            head = ""
            for number, line in enumerate(self._records.read_lines(FILE), start=1):
                entry = parse_line(self._records, FILE, number, line)
                try:
                    _remember(found, entry, head)
                except (KeyError, TypeError, ValueError):
                    raise line_damaged(self._records, FILE, number) from None
                head = _digest_line(line)
            self._known, self._head = found, head
        return self._known

    def _write(self, event: str, key: _Key, called: str, workspace: str) -> None:
        collection, object_id = key
        entry = {"event": event, "collection": collection, "id": object_id, "object": called, "workspace": workspace}
        line = orjson.dumps({**entry, "at": self._at(), "previous": self._head})
        try:
            self._records.append(FILE, line)
        except LedgerError:
            # it may be there all the same: what comes next is written after a look
            self._known, self._records = None, self._open()
            raise
        self._head = _digest_line(line)


def _digest_line(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _remember(found: dict[_Key, str], entry: Mapping[str, Any], head: str) -> None:
    """Take a line into account, the one before which has the digest `head`.

    Raises:
        ValueError: it comes after another line, or nobody knows its meaning: the whole record cannot be read then.
    """
    if entry["previous"] != head:
        raise ValueError(entry["previous"])
    key = (str(entry["collection"]), str(entry["id"]))
    match entry["event"]:
        case "claimed":
            found[key] = str(entry["workspace"])
        case "released":
            found.pop(key, None)
        case unknown:
            raise ValueError(unknown)
