# tested by: tests/ledger/test_journal.py
"""Notice that a record of the ledger was cut short, by the count of its confirmed lines.

It is waited for when it is new, and not when it counts on: after the power failed it may tell of fewer lines than there
are, and never of more, as what it says lies in one sector. A file that was never waited for would be empty then, and an
empty one says that lines were cut off. In an object store a line is an object, and whoever may not delete cannot cut
one off.
"""

from __future__ import annotations

import os

import orjson

from reconciler.ledger.folder_sync import sync_folder
from reconciler.ledger.json_hmac import read_proof, write_proof
from reconciler.ledger.record_store_interface import Records
from reconciler.ledger.sealing import Seal
from reconciler.model.errors import LedgerError

COMPARE = "compare it with a copy of the ledger from before; nothing was done because of it"


def _count_file(name: str) -> str:
    return f"{name}.count"


def write_count(store: Records, seal: Seal, name: str, number: int) -> None:
    """Write how many lines there are; raises LedgerError."""
    if store.shared:
        return
    told = write_proof(seal, _count_file(name), orjson.dumps({"lines": f"{number:012d}"}))
    path = store.folder / _count_file(name)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            written = 0
            while written < len(told):
                written += os.pwrite(descriptor, told[written:], written)
            os.ftruncate(descriptor, len(told))
            if new:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            sync_folder(path.parent)
    except OSError as error:
        raise LedgerError(f"the ledger's {_count_file(name)} cannot be written", note=error.strerror) from error


def read_confirmed(store: Records, seal: Seal, name: str) -> int | None:
    """How many lines were confirmed; None where nothing says so. To be asked before the lines are read."""
    held = None if store.shared else store.read(_count_file(name))
    if held is None:
        return 0 if store.shared else None
    state, _, told = read_proof(seal, _count_file(name), held.content)
    # under a foreign key it says nothing here: where its lines are too, they say so first
    return int(orjson.loads(told)["lines"]) if state == "proven" else None


def refuse_short(store: Records, name: str, number: int, least: int | None) -> None:
    """Refuse a record that has fewer lines than were confirmed, or of which nobody knows how many they were.

    Raises:
        LedgerError: it was cut short.
    """
    if number < least if least is not None else number:
        raise LedgerError(
            f"the ledger's {name} was cut short: it has {number} lines, and more were confirmed",
            where=store.locate(name),
            note="or the file beside it that counts them was changed, or is gone",
            hint=COMPARE,
        )
