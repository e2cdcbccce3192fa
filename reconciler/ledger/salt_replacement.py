# tested by: tests/cli/test_forget.py
"""Take a contact's salt out of the ledger, under its lock, and say in the audit record that it was done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reconciler.ledger import audit, lock
from reconciler.ledger.journal import now
from reconciler.ledger.ledger import Ledger


def replace_salts(ledger: Ledger, into: Path, drop: Callable[[Path, Path], bool], reason: str, by: str) -> bool:
    """Put in the place of the salts what `drop` makes of them in a second file; whether it took one out.

    The audit record tells who did it, when and why, and whether anything was there; not whose it was: that is what is
    to be forgotten.

    Raises:
        LedgerError: another run is under way, or the ledger cannot be read or written.
    """
    with lock.hold_lock(ledger.store) as held:
        chain, evidence, target = audit.Chain(ledger.store, ledger.seal), ledger.evidence, into / "salts-kept.parquet"
        known = evidence.fetch_salts(into)
        found = known is not None and drop(known, target)
        held.check()
        if found:
            evidence.keep_salts(target)
        told = {"at": now(), "by": by, "reason": reason, "found": found}
        chain.record({"event": "forgotten", **told, "lock": held.fence})
        return found
