"""Where is kept what was written of the contacts of a list, so that a change of it is seen where the tenant is silent?

One file for each tenant and list, replaced by each run that writes; keyed digests alone. Losing it loses no truth: what
nobody knows is written again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.ledger.records import Records
from reconciler.model.live import digest_of


def _file(tenant: str, name: str) -> str:
    return f"written/{digest_of([tenant, name]).removeprefix('sha256:')[:24]}.parquet"


def fetched(store: Records, tenant: str, name: str, into: Path) -> Path | None:
    """What was written of the contacts of the list `name`, in a file; None: nobody knows."""
    return store.fetched(_file(tenant, name), into)


@contextmanager
def kept(store: Records, tenant: str, name: str) -> Iterator[Path]:
    """A path to write that to; it takes the place of what was there when the block ends well."""
    with store.writing(_file(tenant, name)) as path:
        draft = path.with_name(f"{path.stem}.part")
        draft.unlink(missing_ok=True)
        yield draft
        draft.replace(path)
