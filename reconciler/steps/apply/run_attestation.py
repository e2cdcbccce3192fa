# tested by: tests/steps/test_evidence.py
"""Sign what a run does, for whoever asks years later: its plan, rules, approvals, contacts, and what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.audience.evidence.contact_tree import build_tree
from reconciler.ledger.attestations import state_apply, state_approvals, state_plan, state_rules
from reconciler.ledger.journal import Run
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.saved_plans import write_document
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.evidence import TreeHead
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest
from reconciler.model.report import Report


@dataclass(frozen=True)
class Attestation:
    """What is signed of one apply of a plan."""

    plan: Plan
    ledger: Ledger
    terms: ApplyOptions

    def begin(self, run: str) -> Mapping[str, Any]:
        """Keep and sign what is known before anything is written; what the audit record tells of it.

        Raises:
            LedgerError: the ledger cannot be read or written; nothing may be done then.
        """
        tree, digest = self._keep_tree(run), plan_digest(self.plan)
        document = hashlib.sha256(write_document(self.plan)).hexdigest()
        statements = [
            state_plan(run, self.plan, digest, document),
            state_rules(run, self.plan, digest, self.terms.now),
            *state_approvals(run, digest, self.terms.approvals),
        ]
        self.ledger.evidence.keep_statements(run, statements, tree)
        return {} if tree is None else {"tree": {"size": tree.size, "root": tree.root}}

    def resume(self, run: str) -> None:
        """Sign the approvals that a run is gone on with. Raises LedgerError."""
        statements = list(state_approvals(run, plan_digest(self.plan), self.terms.approvals))
        if statements:
            self.ledger.evidence.keep_statements(run, statements)

    def end(self, run: Run, report: Report) -> None:
        """Sign what came of it, and have the time confirmed where somebody is named who does. Raises LedgerError."""
        tree = self.ledger.evidence.read(run.name).tree
        told = state_apply(
            run.name, plan_digest(self.plan), report, tree, run.anchor, self.terms.clock(), self.ledger.origin
        )
        (envelope,) = self.ledger.evidence.keep_statements(run.name, [told])
        stamp = None if self.terms.stamp is None else self.terms.stamp(envelope)
        if stamp is not None:
            self.ledger.evidence.keep_stamp(run.name, stamp)

    def _keep_tree(self, run: str) -> TreeHead | None:
        """The contacts of the run as a tree; None where the plan decides on nobody, or does not say on whom."""
        if not self.plan.decided or self.terms.tokens is None:
            return None
        into = self.terms.scratch / "evidence"
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        evidence, salts, leaves = self.ledger.evidence, into / "salts.parquet", into / "leaves.parquet"
        known = evidence.fetch_salts(into)
        key = self.terms.tokens.key
        tree = build_tree(self.terms.engine, into, self.plan.decided, key, run, known, salts, leaves)
        if tree.size:
            evidence.keep_salts(salts)  # first: leaves without salts would prove nothing
            evidence.keep_leaves(run, leaves)
        return tree
