# tested by: tests/views/test_golden.py
"""Show plans and reports as JSON."""

from __future__ import annotations

import orjson

from reconciler.model.format_version import FORMAT_VERSION
from reconciler.model.ledger_state import LedgerState
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_document
from reconciler.model.report import Report
from reconciler.views.plain_text import plain_json
from reconciler.views.step_result import make_step_document
from reconciler.views.view import View


def plan(value: Plan) -> str:
    """The plan's document, indented; what `plan.json` in a saved plan says."""
    return plain_json(orjson.dumps(plan_document(value), option=orjson.OPT_INDENT_2).decode())


def report(value: Report, ledger: LedgerState | None = None) -> str:
    """Every step and how it ended."""
    document = {
        "format_version": FORMAT_VERSION,
        "run": value.run,
        "exit_code": int(value.exit_code),
        "requests": value.requests,
        "writes": value.writes,
        "interrupted": value.interrupted,
        "audit": None if value.audit is None else {"entries": value.audit.entries, "head": value.audit.head},
        "ledger": None if ledger is None else ledger.document(),
        "steps": [make_step_document(step) for step in value.steps],
    }
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


VIEWS = (View("json", "plan", plan, whole=True), View("json", "report", report))
