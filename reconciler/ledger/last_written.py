# tested by: tests/ledger/test_json_hmac.py
"""Keep what was last written of the contacts of a list.

One file for each tenant and list, replaced by each run that writes; keyed digests alone, encrypted under the ledger's
key. Losing it loses no truth: what nobody knows is written again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.ledger.sealed_files import fetch_sealed, keep_sealed
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.model.json_digest import compute_digest


def _file_name(tenant: str, name: str) -> str:
    return f"written/{compute_digest([tenant, name]).removeprefix('sha256:')[:24]}.sealed"


def fetch_written(store: ProvenRecords, tenant: str, name: str, into: Path) -> Path | None:
    """What was written of the contacts of the list `name`, in a file below `into`; None: nobody knows.

    Raises:
        LedgerError: it was altered, or written under another key.
    """
    what, remedy = "what was written of a list's contacts", "delete the file: its contacts are written once more"
    return fetch_sealed(store, _file_name(tenant, name), into, what, remedy)


@contextmanager
def keep_written(store: ProvenRecords, tenant: str, name: str, into: Path) -> Iterator[Path]:
    """A path below `into` to write that to; it takes the place of what was there when the block ends well."""
    with tempfile.TemporaryDirectory(prefix="written-", dir=into) as folder:
        plain = Path(folder) / "written.parquet"
        yield plain
        keep_sealed(store, _file_name(tenant, name), plain)
