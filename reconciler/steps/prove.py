# tested by: tests/steps/test_evidence.py
"""Prove what a run decided about one contact, without another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler.audience.evidence.contact_tree import drop_salt, prove_leaf
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.salt_replacement import replace_salts
from reconciler.model.contact_tokens import Tokens
from reconciler.model.errors import LedgerError
from reconciler.model.workspace_settings import Engine

FORMAT = "reconciler-contact-proof-1"


def prove_contact(
    ledger: Ledger, chosen: Engine, tokens: Tokens, run: str, contact: str, scratch: Path
) -> dict[str, Any]:
    """The proof as JSON values: each leaf of the contact with its path. The contact itself is not in it.

    Raises:
        LedgerError: the run kept no tree, its files were altered, or the contact is not in it or was forgotten.
    """
    evidence = ledger.evidence
    tree, leaves, salts = evidence.read(run).tree, evidence.fetch_leaves(run, scratch), evidence.fetch_salts(scratch)
    if tree is None or leaves is None or salts is None:
        raise LedgerError(
            f"nothing can be proved of the contacts of run {run}",
            note="the ledger holds no tree of them: it does not know the run, or an earlier edition ran it",
            hint="see which runs have one: reconciler audit list",
        )
    found = prove_leaf(chosen, scratch, leaves, salts, tokens.key, run, contact)
    if not found:
        raise LedgerError(
            f"run {run} decided nothing about that contact, or the contact was forgotten since",
            hint="write the id as the source has it; `reconciler forget` is told in the audit record",
        )
    if any(each.root != tree.root or each.size != tree.size for each in found):
        raise LedgerError(
            f"what is kept of the contacts of run {run} is not what was signed",
            note=f"its tree has the root {found[0].root}, and {tree.root} was signed",
            hint="compare it with a copy of the ledger from before",
        )
    told = [{"leaf": each.leaf, "index": each.index, "path": list(each.path), "key": each.key} for each in found]
    return {"format": FORMAT, "run": run, "size": tree.size, "root": tree.root, "leaves": told}


def forget_contact(
    ledger: Ledger, chosen: Engine, tokens: Tokens, contact: str, scratch: Path, reason: str, by: str
) -> bool:
    """Erase what ties a contact to what was decided about it; whether there was anything. Raises LedgerError."""

    def drop(known: Path, target: Path) -> bool:
        return drop_salt(chosen, scratch, known, tokens.key, contact, target)

    return replace_salts(ledger, scratch, drop, reason, by)
