# tested by: tests/cli/test_audit_evidence.py
"""Keep the evidence of runs: the tree of their contacts, and statements as they were signed.

`evidence/salts.sealed` has the salts of contacts, `runs/RUN/contacts.sealed` the leaves of a run's tree; both are
encrypted. `runs/RUN/statements.jsonl` has the signed statements, which name nobody.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from reconciler.ledger.evidence_key import Signer
from reconciler.ledger.sealed_files import fetch_sealed, keep_sealed
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.model.evidence import DecidedCount, TreeHead

SALTS = "evidence/salts.sealed"
_WHAT = "what is kept of contacts for proofs"
_REMEDY = "put the file back from a copy of the ledger: without it nothing more is proved of those contacts"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run has kept: its tree, envelopes in the order in which they were signed, a time-stamp of the last,
    and the public keys (PEM)."""

    tree: TreeHead | None
    envelopes: tuple[bytes, ...]
    stamp: bytes | None = None
    keys: tuple[bytes, ...] = ()


class RunEvidence:
    """The evidence in one ledger; `signer` opens the key, when something is signed."""

    def __init__(self, records: ProvenRecords, signer: Callable[[], Signer]) -> None:
        self._records, self._signer = records, signer

    def fetch_salts(self, into: Path) -> Path | None:
        """The salts of contacts, opened below `into`; None: there are none. Raises LedgerError."""
        return fetch_sealed(self._records, SALTS, into, _WHAT, _REMEDY)

    def keep_salts(self, plain: Path) -> None:
        """Put salts in the place of those that there are; under the workspace's lock. Raises LedgerError."""
        keep_sealed(self._records, SALTS, plain)

    def fetch_leaves(self, run: str, into: Path) -> Path | None:
        """The leaves of a run's tree, opened below `into`; None: it has none. Raises LedgerError."""
        return fetch_sealed(self._records, _leaves_of(run), into, _WHAT, _REMEDY)

    def keep_leaves(self, run: str, plain: Path) -> None:
        """Keep the leaves of a run. Raises LedgerError."""
        keep_sealed(self._records, _leaves_of(run), plain)

    def keep_statements(
        self, run: str, statements: Sequence[dict[str, Any]], tree: TreeHead | None = None
    ) -> list[bytes]:
        """Sign statements and keep them; the envelopes. Raises LedgerError."""
        signer = self._signer()
        envelopes = [signer.sign(each) for each in statements]
        told: dict[str, Any] = {"envelopes": [each.decode() for each in envelopes], "key": signer.public.decode()}
        if tree is not None:
            told["tree"] = tree.document()
        self._records.append(statements_of(run), orjson.dumps(told))
        return envelopes

    def keep_stamp(self, run: str, stamp: bytes) -> None:
        """Keep the time-stamp of the envelope that was kept last. Raises LedgerError."""
        self._records.append(statements_of(run), orjson.dumps({"stamp": base64.b64encode(stamp).decode()}))

    def read(self, run: str) -> Kept:
        """What a run has kept. Raises LedgerError where that was altered."""
        tree, envelopes, stamp, keys = None, list[bytes](), None, dict[bytes, None]()
        for line in self._records.read_lines(statements_of(run)):
            told = orjson.loads(line)
            if "stamp" in told:
                stamp = base64.b64decode(told["stamp"])
                continue
            envelopes += [each.encode() for each in told["envelopes"]]
            keys[told["key"].encode()] = None
            tree, stamp = _read_tree(told["tree"]) if "tree" in told else tree, None
        return Kept(tree, tuple(envelopes), stamp, tuple(keys))


def statements_of(run: str) -> str:
    """The record of a run's signed statements."""
    return f"runs/{run}/statements.jsonl"


def _leaves_of(run: str) -> str:
    return f"runs/{run}/contacts.sealed"


def _read_tree(told: dict[str, Any]) -> TreeHead:
    return TreeHead(told["size"], told["root"], tuple(_iter_counts(told["counts"])))


def _iter_counts(told: list[dict[str, Any]]) -> Iterator[DecidedCount]:
    for each in told:
        yield DecidedCount(**{**each, "args": tuple(each["args"])})
