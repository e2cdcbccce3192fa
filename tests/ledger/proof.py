"""A key for ledgers that are looked into by themselves, and what a ledger's record is worth."""

from __future__ import annotations

from reconciler.ledger import audit, lock
from reconciler.ledger.audit_verification import verify
from reconciler.ledger.journal import Run
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.record_store_interface import Records
from reconciler.ledger.sealing import Seal
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.model.secret import Secret

SEAL = Seal(Secret("a key of thirty-two characters.."))


def verified(kept: Ledger | Records) -> int:
    """How many entries the audit record has, under the ledger's key or the one for tests; raises as `verify`."""
    store, seal = (kept.store, kept.seal) if isinstance(kept, Ledger) else (kept, SEAL)
    return verify(store, seal).anchor.entries


def begun(store: Records, held: lock.Lock, name: str = "a") -> Run:
    """A run in a store, under the key for tests."""
    return Run(ProvenRecords(store, SEAL), name, held, audit.Chain(store, SEAL))
