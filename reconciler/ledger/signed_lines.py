"""Sign the lines of a record, and encrypt what is personal in them.

A line stays a JSON object that anybody may read. The fields that name people are encrypted, all in one; an HMAC over
the record's name and the line is its last field. Lines of a run, and of who owns what, are numbered under it too: none
can be left out, moved or written twice. In a folder a file beside the record says how many lines were confirmed, so
that none can be cut off.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from reconciler.ledger import owners, truncation_check
from reconciler.ledger.json_hmac import read_proof, write_proof
from reconciler.ledger.record_store_interface import Held, Records, line_damaged, parse_line
from reconciler.ledger.sealing import PREVIOUS_VARIABLE, Seal
from reconciler.ledger.truncation_check import COMPARE as _COMPARE
from reconciler.model.errors import LedgerError
from reconciler.model.secret import Secret

PERSONAL = ("contact", "contacts", "rejected", "taken", "reason", "payload", "body", "why")
"""Fields that hold contacts, or words of a tenant about them."""

_HIDDEN, _LINE = "sealed", "line"


class Unproven(LedgerError):
    """A line is whole, and was not written under a key that is at hand: by an older version, or with another key."""


@dataclass(slots=True)
class _Waiting:
    """A line that waits for its record; whether it need not any more, and why it could not be written."""

    line: bytes
    is_over: bool = False
    error: BaseException | None = None


class ProvenRecords:
    """The records of a ledger, with lines that are written and read under its key; otherwise as the store has them."""

    def __init__(self, store: Records, seal: Seal) -> None:
        self.folder, self.shared = store.folder, store.shared
        self._store, self.seal = store, seal
        self._guard = threading.Lock()
        self._guards: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._written: dict[str, int] = {}
        self._waiting: dict[str, deque[_Waiting]] = defaultdict(deque)

    def append(self, name: str, line: bytes, number: int = 0) -> None:
        """Add a line, with its proof. In a folder a line's number is its place: it counts once the line is there."""
        if not _is_numbered(name):
            self._store.append(name, self._protect_line(name, line, 0), number)
            return
        if self.shared:
            number = number or self._store.read_last(name)[0] + 1
            self._store.append(name, self._protect_line(name, line, number), number)
            return
        with self._guard:
            guard = self._guards[name]
        mine = _Waiting(line)
        self._waiting[name].append(mine)
        with guard:
            if not mine.is_over:  # else whoever had the file before has written it along with its own
                self._write_waiting(name)
        if mine.error is not None:
            raise mine.error

    def _write_waiting(self, name: str) -> None:
        """Write all lines of a record that wait for it, and wait for the disk once; each says if it could not be."""
        taken = []
        while self._waiting[name]:
            taken.append(self._waiting[name].popleft())
        try:
            if name not in self._written:
                self._written[name] = self.read_last(name)[0]
                truncation_check.write_count(self._store, self.seal, name, self._written[name])
            first = self._written[name] + 1
            lines = [self._protect_line(name, each.line, number) for number, each in enumerate(taken, start=first)]
            self._store.extend(name, lines, first)
            self._written[name] += len(lines)
            truncation_check.write_count(self._store, self.seal, name, self._written[name])
        except BaseException as error:
            for each in taken:
                each.error = error
        finally:
            for each in taken:
                each.is_over = True

    def extend(self, name: str, lines: Sequence[bytes], number: int) -> None:
        """Add several lines."""
        for place, line in enumerate(lines, start=number):
            self.append(name, line, place)

    def read_lines(self, name: str) -> list[bytes]:
        """Every line, as it was given.

        Raises:
            LedgerError: one of them was altered, left out or moved, or was written by somebody else.
        """
        return list(self.scan_lines(name))

    def scan_lines(self, name: str) -> Iterator[bytes]:
        """The same, one by one."""
        return self._open_lines(name, self._store.scan_lines(name))

    def read_last(self, name: str) -> tuple[int, bytes]:
        """The last line and its number."""
        confirmed = self._read_confirmed(name)
        number, line = self._store.read_last(name)
        opened = self._open_line(name, number, line)[1] if number else line
        truncation_check.refuse_short(self._store, name, number, confirmed)
        return number, opened

    def _read_confirmed(self, name: str) -> int | None:
        return truncation_check.read_confirmed(self._store, self.seal, name) if _is_numbered(name) else 0

    def prove(self, name: str, document: bytes) -> bytes:
        """A whole record, a JSON object, with its proof."""
        return write_proof(self.seal, name, document)

    def is_proven(self, name: str, document: bytes) -> bool:
        """Whether a whole record was written with its proof, and is as it was."""
        return read_proof(self.seal, name, document)[0] == "proven"

    def _protect_line(self, name: str, line: bytes, number: int) -> bytes:
        entry = orjson.loads(line)
        personal = {field: entry[field] for field in PERSONAL if entry.get(field)}
        if personal:
            hidden = self.seal.hide(orjson.dumps(personal), name)
            entry |= dict.fromkeys(personal)  # each keeps its place
            entry[_HIDDEN] = base64.b64encode(hidden).decode()
        if number:
            entry[_LINE] = number
        return write_proof(self.seal, name, orjson.dumps(entry))

    def _open_lines(self, name: str, lines: Iterator[bytes] | list[bytes]) -> Iterator[bytes]:
        before, confirmed = 0, self._read_confirmed(name)
        for place, line in enumerate(lines, start=1):
            number, opened = self._open_line(name, place, line)
            # in a shared store a number may be missing: its line was never confirmed
            if _is_numbered(name) and not (number > before if self.shared else number == place):
                raise LedgerError(
                    f"a line of the ledger's {name} is not in its place",
                    where=self._store.locate(name, place),
                    note=f"it was written as line {number}: lines were taken out, moved or written twice",
                    hint=_COMPARE,
                )
            before = number
            yield opened
        truncation_check.refuse_short(self._store, name, before, confirmed)

    def _open_line(self, name: str, place: int, line: bytes) -> tuple[int, bytes]:
        entry = dict(parse_line(self._store, name, place, line))
        state, key, _ = read_proof(self.seal, name, line)
        if key is None or state != "proven":
            raise self._line_unproven(state, name, place)
        entry.pop("proof")
        number, hidden = entry.pop(_LINE, 0), entry.pop(_HIDDEN, None)
        if hidden is not None:
            entry |= self._unhide(key, name, place, hidden)
        return number, orjson.dumps(entry)

    def _unhide(self, key: Seal, name: str, place: int, hidden: str) -> Mapping[str, Any]:
        try:
            plain = key.unhide(base64.b64decode(hidden, validate=True), name)
        except (binascii.Error, ValueError):
            plain = None
        if plain is None:
            raise line_damaged(self._store, name, place)
        found: Mapping[str, Any] = orjson.loads(plain)
        return found

    def _line_unproven(self, state: str, name: str, place: int) -> LedgerError:
        words = {
            "altered": ("was changed after it was written", "its proof does not fit", _COMPARE),
            "foreign": (
                "was written under another key",
                "the key is RECONCILER_KEY where that is set, else the ledger's plan.key",
                f"give the key that was in use then in {PREVIOUS_VARIABLE}, beside the present one",
            ),
            "none": (
                "carries no proof of who wrote it",
                "an older version of this program wrote it, or somebody else",
                f"plan again and apply the new plan; what is in {name} is not trusted: move it away",
            ),
        }
        message, note, hint = words[state]
        where = self._store.locate(name, place)
        kind = LedgerError if state == "altered" else Unproven
        return kind(f"a line of the ledger's {name} {message}", where=where, note=note, hint=hint)

    def read_line(self, name: str, number: int) -> bytes | None:
        """One line by its number, as it was given."""
        line = self._store.read_line(name, number)
        return None if line is None else self._open_line(name, number, line)[1]

    def create(self, name: str, content: bytes) -> bool:
        """See `Records`."""
        return self._store.create(name, content)

    def read(self, name: str) -> Held | None:
        """See `Records`."""
        return self._store.read(name)

    def read_age(self, name: str) -> float:
        """See `Records`."""
        return self._store.read_age(name)

    def replace(self, name: str, held: Held, content: bytes) -> bool:
        """See `Records`."""
        return self._store.replace(name, held, content)

    def renew(self, name: str, held: Held, content: bytes) -> Held | None:
        """See `Records`."""
        return self._store.renew(name, held, content)

    def remove(self, name: str, held: Held, content: bytes) -> None:
        """See `Records`."""
        self._store.remove(name, held, content)

    def describe_exposure(self, name: str) -> str:
        """See `Records`."""
        return self._store.describe_exposure(name)

    def list_runs(self) -> list[str]:
        """See `Records`."""
        return self._store.list_runs()

    def list_strangers(self) -> list[str]:
        """See `Records`."""
        return self._store.list_strangers()

    def write_file(self, name: str) -> AbstractContextManager[Path]:
        """See `Records`."""
        return self._store.write_file(name)

    def fetch_file(self, name: str, into: Path) -> Path | None:
        """See `Records`."""
        return self._store.fetch_file(name, into)

    def locate(self, name: str, number: int = 0) -> str:
        """See `Records`."""
        return self._store.locate(name, number)

    def read_or_create_token_key(self, given: str | None) -> Secret:
        """See `Records`."""
        return self._store.read_or_create_token_key(given)


def _is_numbered(name: str) -> bool:
    """Whether a record is written under the workspace's lock, by one process at a time."""
    return name.startswith("runs/") or name == owners.FILE
