"""Show the verification of an audit record, and the runs that it tells of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import orjson
from rich.text import Text

from reconciler.model.audit_result import Verified
from reconciler.model.audited_runs import LoggedRun
from reconciler.model.format_version import FORMAT_VERSION
from reconciler.model.origin import Origin
from reconciler.model.reason_json import make_reason_document
from reconciler.model.text_enumerations import format_count
from reconciler.views.approval_words import describe_recorded
from reconciler.views.origin import describe_origin
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.reasons import describe_reason
from reconciler.views.view import View


def text(value: Verified) -> Text:
    """How many entries there are, under which key, where it ends, and what cannot be proved."""
    entries = value.anchor.entries
    under = f", proven under key {value.key}" if value.key and entries else ""
    lines = [
        f"{format_count(entries, 'entry', 'entries')}, and the chain is whole{under}.",
        f"It ends with entry {entries}:{value.anchor.head}",
        *map(describe_reason, value.notes),
    ]
    return Text("\n".join(map(plain, lines)))


def machine(value: Verified) -> str:
    """The same as JSON."""
    document = {
        "format_version": FORMAT_VERSION,
        "whole": True,
        "entries": value.anchor.entries,
        "head": value.anchor.head,
        "key": value.key or None,
        "notes": [describe_reason(each) for each in value.notes],
        "reasons": [make_reason_document(each) for each in value.notes],
    }
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def log_text(runs: Sequence[LoggedRun], proven: bool) -> Text:
    """Each run: what and when, the change that was planned, and the one that was applied."""
    lines = [line for each in runs for line in _describe_run(each)] or ["No run is recorded."]
    if runs and not proven:
        lines.append("There is no key here: that these entries are the workspace's own is not proven.")
    return Text("\n".join(map(plain, lines)))


def _describe_run(value: LoggedRun) -> Iterator[str]:
    ends = "" if value.ended is None else f" at {value.ended}"
    code = "" if value.exit_code is None else f" with {value.exit_code}"
    resumed = f", resumed {format_count(value.resumed, 'time')}" if value.resumed else ""
    yield f"{value.run}  {value.how}{ends}{code}{resumed}"
    chosen = "" if value.environment is None else f", environment {value.environment}"
    yield f"  plan {value.plan} on tenant {value.tenant}{chosen}, begun at {value.at} by {value.by}"
    if value.planned is not None:
        yield f"  planned: {describe_origin(value.planned)}"
    if value.origin is not None:
        yield f"  applied: {describe_origin(value.origin)}"
    if value.approvals is not None:
        yield from (f"  {line}" for line in describe_recorded(value.approvals))


def log_machine(runs: Sequence[LoggedRun], proven: bool) -> str:
    """The same as JSON."""
    document = {"format_version": FORMAT_VERSION, "proven": proven, "runs": [_make_document(each) for each in runs]}
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _make_document(run: LoggedRun) -> dict[str, Any]:
    told = {each.name: getattr(run, each.name) for each in fields(run)}
    return {name: value.document() if isinstance(value, Origin) else value for name, value in told.items()}


VIEWS = (
    View("text", "audit", text),
    View("json", "audit", machine),
    View("text", "audit-log", log_text),
    View("json", "audit-log", log_machine),
)
