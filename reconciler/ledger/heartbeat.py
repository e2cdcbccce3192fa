# tested by: tests/ledger/test_lock.py
"""Renew a run's lock while nothing is recorded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from reconciler.ledger.journal import Run
from reconciler.model.errors import LedgerError

HEARTBEAT = 30.0
"""Seconds between two looks at the lock while nothing is recorded."""

_FAREWELL = 5.0


@contextmanager
def renew_lock_meanwhile(run: Run) -> Iterator[None]:
    """Renew the lock now and then: a job of the tenant's may be waited for longer than a silent lock lives."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT):
            with suppress(LedgerError):  # the next record says so, before anything is written
                run.beat()

    heart = threading.Thread(target=beat, name="heartbeat", daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join(_FAREWELL)
