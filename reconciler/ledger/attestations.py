"""Write what was planned, approved, checked and applied as in-toto statements, version 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler import __version__
from reconciler.model.approval import Approvals
from reconciler.model.audit_anchor import Anchor
from reconciler.model.evidence import TreeHead
from reconciler.model.instants import format_instant
from reconciler.model.json_digest import compute_digest
from reconciler.model.origin import Origin
from reconciler.model.plan import Plan
from reconciler.model.plan_json import describe_finding
from reconciler.model.report import Report, StepResult
from reconciler.model.serialization import to_json

STATEMENT = "https://in-toto.io/Statement/v1"
_OURS = "https://cxone-reconciler.dev/attestation"
PLAN, APPROVAL, APPLY, PACK = (f"{_OURS}/{name}/v1" for name in ("plan", "approval", "apply", "pack"))
RULES = "https://slsa.dev/verification_summary/v1"
"""The summary of a verification (SLSA): here that of the rules that a plan was held against."""

_CHECKED = f"{_OURS}/rules/v1"
"""The field of such a summary with each rule and what it found; the summary's own has no place for them."""


def _make_statement(kind: str, digest: str, run: str, predicate: Mapping[str, Any]) -> dict[str, Any]:
    """A statement about a plan, by its digest, in one run."""
    subject = {"name": f"plan of run {run}", "digest": {"sha256": digest.removeprefix("sha256:")}}
    return {"_type": STATEMENT, "subject": [subject], "predicateType": kind, "predicate": {"run": run, **predicate}}


def state_plan(run: str, plan: Plan, digest: str, document: str) -> dict[str, Any]:
    """What was to be done. `document`: the SHA-256 of the plan's document, byte for byte."""
    return _make_statement(
        PLAN,
        digest,
        run,
        {
            "document": {"sha256": document},
            "made": format_instant(plan.created),
            "workspace": plan.workspace,
            "tenant": plan.tenant,
            "environment": plan.environment,
            "manifests": plan.manifests,
            "origin": None if plan.origin is None else plan.origin.document(),
        },
    )


def state_rules(run: str, plan: Plan, digest: str, at: datetime) -> dict[str, Any]:
    """Which rules the plan was held against, and what each found. Only a plan that no rule refuses is applied."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in plan.findings:
        found.setdefault(each.rule, []).append(describe_finding(each))
    asked = [to_json(rule) for rule in plan.rules]
    known = {rule.id for rule in plan.rules}
    checked = [{**rule, "findings": found.get(rule["id"], [])} for rule in asked]
    # what no rule is named for: a finding of an older edition, or of one that is switched off
    checked += [{"id": each, "findings": found[each]} for each in sorted(found) if each not in known]
    statement = _make_statement(RULES, digest, run, {})
    statement["predicate"] = {
        "verifier": {"id": "https://cxone-reconciler.dev", "version": {"reconciler": __version__}},
        "timeVerified": format_instant(at),
        "resourceUri": f"urn:reconciler:run:{run}",
        "policy": {
            "uri": "https://cxone-reconciler.dev/rules",
            "digest": {"sha256": compute_digest(asked).removeprefix("sha256:")},
        },
        "verificationResult": "FAILED" if plan.refusals else "PASSED",
        "verifiedLevels": ["CXONE_RECONCILER_RULES"],
        "slsaVersion": "1.0",
        _CHECKED: checked,
    }
    return statement


def state_approvals(run: str, digest: str, approvals: Approvals) -> Iterator[dict[str, Any]]:
    """Each approval as it was checked when the run was begun or resumed."""
    for each in approvals.checked:
        yield _make_statement(APPROVAL, digest, run, {"approval": each.document(), "counts": each.fault is None})


def state_apply(
    run: str, digest: str, report: Report, tree: TreeHead | None, at: Anchor, ended: datetime, origin: Origin | None
) -> dict[str, Any]:
    """What came of it. `at`: where the audit record ended when this was written."""
    return _make_statement(
        APPLY,
        digest,
        run,
        {
            "ended": format_instant(ended),
            "exit_code": int(report.exit_code),
            "resumable": report.resumable,
            "steps": [_describe_step(each) for each in report.steps],
            "contacts": None if tree is None else tree.document(),
            "audit": {"entries": at.entries, "head": at.head},
            "origin": None if origin is None else origin.document(),
        },
    )


def _describe_step(step: StepResult) -> dict[str, Any]:
    counts = {name: getattr(step, name) for name in ("rows", "rejected", "suppressed", "unknown", "left")}
    failed = {} if step.failure is None else {"failure": step.failure.code}
    return {"address": str(step.address), "outcome": step.outcome.value, **counts, **failed}
