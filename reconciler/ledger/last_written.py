# tested by: tests/ledger/test_json_hmac.py
"""Keep what was last written of the contacts of a list.

One file for each tenant and list, replaced by each run that writes; keyed digests alone, encrypted under the ledger's
key. Losing it loses no truth: what nobody knows is written again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.ledger.sealing import NAME, PREVIOUS_VARIABLE
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.model.errors import LedgerError, Stale
from reconciler.model.live_state import compute_digest


def _file_name(tenant: str, name: str) -> str:
    return f"written/{compute_digest([tenant, name]).removeprefix('sha256:')[:24]}.sealed"


def fetch_written(store: ProvenRecords, tenant: str, name: str, into: Path) -> Path | None:
    """What was written of the contacts of the list `name`, in a file below `into`; None: nobody knows.

    Raises:
        LedgerError: it was altered, or written under another key.
    """
    file = _file_name(tenant, name)
    packed = store.fetch_file(file, into)
    if packed is None:
        return None
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, opened = tempfile.mkstemp(prefix="written-", suffix=".parquet", dir=into)
    with packed.open("rb") as source, os.fdopen(handle, "wb") as target:
        seal = store.seal.find_key(source.read(NAME).decode("ascii", "replace"))
        if seal is None:
            raise _file_untrusted(store, file, "it was written under another key, or by an older version")
        try:
            target.writelines(seal.open(source, file.encode()))
        except Stale:
            raise _file_untrusted(store, file, "it was altered after it was written") from None
    return Path(opened)


def _file_untrusted(store: ProvenRecords, file: str, why: str) -> LedgerError:
    return LedgerError(
        f"what was written of a list's contacts cannot be trusted: {why}",
        where=store.locate(file),
        hint=f"give the earlier key in {PREVIOUS_VARIABLE}, or delete the file: its contacts are written once more",
    )


@contextmanager
def keep_written(store: ProvenRecords, tenant: str, name: str, into: Path) -> Iterator[Path]:
    """A path below `into` to write that to; it takes the place of what was there when the block ends well."""
    file = _file_name(tenant, name)
    with tempfile.TemporaryDirectory(prefix="written-", dir=into) as folder:
        plain = Path(folder) / "written.parquet"
        yield plain
        with store.write_file(file) as path:
            draft = path.with_name(f"{path.stem}.part")
            draft.unlink(missing_ok=True)
            draft.touch(mode=0o600)
            with plain.open("rb") as source, draft.open("wb") as target:
                target.write(store.seal.name.encode())
                store.seal.close(source, target, file.encode())
            draft.replace(path)
