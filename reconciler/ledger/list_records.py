# tested by: tests/ledger/test_promises.py
"""Keep of each list what later plans need: who was refused, what was written, and as of when its scores are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from reconciler.ledger import last_written, retry_queue, score_dates
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.model.score_basis import Scored

RowsOf = Callable[[Collection[str]], Mapping[str, str]]
"""Makes digests of the rows of some contacts."""


class ListRecords:
    """What one run keeps of the lists that it delivers. May be used from several threads."""

    def __init__(self, store: ProvenRecords, tenant: str, run: str) -> None:
        self._store, self._tenant, self._run = store, tenant, run
        self._keeping = threading.Lock()

    def record_rejected(
        self, name: str, rejected: Sequence[tuple[str, str, str]], rows_of: RowsOf, offered: Iterable[str] = ()
    ) -> None:
        """Keep the contacts that the list `name` would not take, as (contact, code, reason).

        Of those that were `offered` again, the others are owed no longer. `rows_of` makes digests of their rows.
        """
        mine = [contact for contact, *_ in rejected]
        with self._keeping:
            before = retry_queue.list_pending(self._store, self._tenant, name) if offered else set()
            taken = sorted({each for each in offered if each in before} - set(mine)) if before else []
            if mine or taken:
                retry_queue.record(self._store, self._tenant, self._run, name, rejected, taken, rows_of(mine))

    def record_rename(self, old: str, new: str) -> None:
        """Remember that a list which was called `old` is called `new`: what it would not take goes with it."""
        with self._keeping:
            if retry_queue.list_pending(self._store, self._tenant, old):
                retry_queue.rename(self._store, self._tenant, old, new)

    def fetch_written(self, name: str, into: Path) -> Path | None:
        """What was written of the contacts of the list `name` before, as `audience.written` has it."""
        return last_written.fetch_written(self._store, self._tenant, name, into)

    def keep_written(self, name: str, into: Path) -> AbstractContextManager[Path]:
        """A path below `into` for what is written of them now."""
        return last_written.keep_written(self._store, self._tenant, name, into)

    def keep_scored(self, name: str, told: Scored) -> None:
        """Remember as of which moment the scores of the list `name` are.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        score_dates.keep(self._store, self._tenant, name, told)
