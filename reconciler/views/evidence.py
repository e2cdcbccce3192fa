# tested by: tests/cli/test_audit_evidence.py
"""Show what the ledger can prove of runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from rich.text import Text

from reconciler.model.evidence_pack import RunRecord
from reconciler.model.format_version import FORMAT_VERSION
from reconciler.model.text_enumerations import format_count
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.view import View


def text(runs: Sequence[RunRecord], full: bool) -> Text:
    """Each run and what is kept of it; `full`: with what was signed."""
    lines = [line for each in runs for line in _describe(each, full)] or ["No run was begun in that time."]
    return Text("\n".join(map(plain, lines)))


def _describe(run: RunRecord, full: bool) -> Iterator[str]:
    each = run.logged
    code = "" if each.exit_code is None else f" with {each.exit_code}"
    yield f"{each.run}  {each.how}{code}, begun at {each.at} by {each.by}"
    chosen = "" if each.environment is None else f", environment {each.environment}"
    yield f"  plan {each.plan} on tenant {each.tenant}{chosen}"
    signed = (
        format_count(len(run.envelopes), "signed statement", "signed statements") if run.envelopes else "not signed"
    )
    tree = "no tree of contacts"
    if run.tree is not None:
        tree = f"{format_count(run.tree.size, 'decision')} about contacts, root {run.tree.root}"
    yield f"  {signed}; {tree}; {'time-stamped' if run.stamp else 'no time-stamp'}"
    if not full:
        return
    for statement in run.statements:
        yield f"  {statement['predicateType']}"
    for step in (run.find_outcome() or {}).get("steps", ()):
        yield f"    {step['outcome']}: {step['address']}, {step['rows']:,} rows"
    for count in () if run.tree is None else run.tree.counts:
        why = count.band if count.decision == "in" else " ".join((str(count.code), *count.args))
        yield f"    {count.segment}: {count.decision}, {why}: {count.count:,}"


def machine(runs: Sequence[RunRecord], full: bool) -> str:
    """The same as JSON."""
    document = {"format_version": FORMAT_VERSION, "runs": [_make_document(each, full) for each in runs]}
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _make_document(run: RunRecord, full: bool) -> dict[str, Any]:
    each = run.logged
    told = {name: getattr(each, name) for name in ("run", "at", "by", "tenant", "environment", "plan")}
    return {
        **told,
        **{name: getattr(each, name) for name in ("ended", "how", "exit_code")},
        "signed": len(run.envelopes),
        "stamped": run.stamp is not None,
        "contacts": None if run.tree is None else run.tree.document(),
        **({"statements": list(run.statements)} if full else {}),
    }


VIEWS = (View("text", "evidence", text), View("json", "evidence", machine))
