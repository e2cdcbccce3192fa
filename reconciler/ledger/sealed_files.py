# tested by: tests/ledger/test_json_hmac.py
"""Keep whole files in the ledger, encrypted under its key; each is bound to its name."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from reconciler.ledger.sealing import NAME, PREVIOUS_VARIABLE
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.model.errors import LedgerError, Stale


def fetch_sealed(store: ProvenRecords, file: str, into: Path, what: str, remedy: str) -> Path | None:
    """A file of the ledger, opened below `into`; None where there is none.

    Args:
        what, remedy: what it is, and what to do where it cannot be read, in words.

    Raises:
        LedgerError: it was altered, or written under another key.
    """
    packed = store.fetch_file(file, into)
    if packed is None:
        return None
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, opened = tempfile.mkstemp(prefix="opened-", suffix=".parquet", dir=into)
    with packed.open("rb") as source, os.fdopen(handle, "wb") as target:
        seal = store.seal.find_key(source.read(NAME).decode("ascii", "replace"))
        if seal is None:
            raise _file_untrusted(store, file, what, "it was written under another key, or by an older version", remedy)
        try:
            target.writelines(seal.open(source, file.encode()))
        except Stale:
            raise _file_untrusted(store, file, what, "it was altered after it was written", remedy) from None
    return Path(opened)


def _file_untrusted(store: ProvenRecords, file: str, what: str, why: str, remedy: str) -> LedgerError:
    return LedgerError(
        f"{what} cannot be trusted: {why}",
        where=store.locate(file),
        hint=f"give the earlier key in {PREVIOUS_VARIABLE}, or {remedy}",
    )


def keep_sealed(store: ProvenRecords, file: str, plain: Path) -> None:
    """Put a file into the ledger, in the place of what was there; whole, or not at all.

    Raises:
        LedgerError: the ledger cannot be written.
    """
    with store.write_file(file) as path:
        draft = path.with_name(f"{path.stem}.part")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        with plain.open("rb") as source, draft.open("wb") as target:
            target.write(store.seal.name.encode())
            store.seal.close(source, target, file.encode())
            target.flush()
            os.fsync(target.fileno())  # its name must not be there before what it names is
        draft.replace(path)
