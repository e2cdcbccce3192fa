# tested by: tests/cli/test_audit_evidence.py
"""Write the first page of a pack of evidence: what is what, each run, and what was in force day by day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from reconciler.model.evidence_pack import Evidence, RunRecord
from reconciler.views.plain_text import plain

_PARTS = (
    ("pack.json", "every file of this pack with its SHA-256, the days that it covers, and its runs"),
    ("pack.dsse.json", "the signature over pack.json"),
    ("keys/", "the public key of the signatures. Compare its fingerprint with one that you were told elsewhere"),
    ("runs.csv", "each run: when, by whom, which plan, how it ended"),
    ("rules.csv", "each rule that a plan was held against, and what it found; what somebody waived, and why"),
    ("outcomes.csv", "each step of a run, and how many contacts were written, rejected or left out"),
    ("left_out.csv", "how many contacts a run decided on, in which band, or for which reason they are on no list"),
    ("suppressions.csv", "the do-not-call lists that a plan went by, of which moment their data was, and how old"),
    ("settings.csv", "day by day how campaigns were set to call"),
    ("configuration/", "day by day what was in force at the end of the day (UTC): days.json says which file"),
    ("plans/", "each plan as it was reviewed and applied; nobody's name or number is in it"),
    ("approvals/", "the approvals of plans as people signed them (ssh-keygen -Y verify)"),
    ("statements/", "in-toto statements in signed envelopes (DSSE): plan, approvals, rules, apply, by day"),
    ("timestamps/", "time-stamps (RFC 3161) over the envelope of an apply: openssl ts -verify"),
    ("audit.jsonl", "the audit record: each line carries the SHA-256 of the one before it"),
    ("leaves/", "the contacts of a run as they were hashed, under tokens; only where it was asked for"),
    ("proofs/", "proofs about single contacts; only where it was asked for"),
)
_STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;margin:2em;max-width:90em}table{border-collapse:collapse}"
    "td,th{border:1px solid #bbb;padding:.2em .5em;text-align:left;vertical-align:top}code{font-size:12px}"
)


def write_index(evidence: Evidence) -> bytes:
    """The page; it needs nothing else, and what is somebody else's is text in it."""
    runs = [each for each in evidence.runs if not each.carried]
    body = [
        f"<h1>Evidence of {evidence.first} to {evidence.last}</h1>",
        "<p>What was applied to the dialler in these days (UTC), who agreed, which rules were asked, and what came of "
        "it. No contact's id, name or number is in this pack. To verify it: <code>python verify_evidence.py PACK "
        f"--key {evidence.key}</code> (tools/verify_evidence.py of the program's source, which shares no code with "
        "it).</p>",
        "<h2>What is what</h2>",
        _table(("file", "what it is"), _PARTS),
        f"<h2>Runs ({len(runs)})</h2>",
        _table(
            ("run", "begun", "by", "tenant", "environment", "plan", "approved by", "rules", "ended", "contacts"),
            map(_describe_run, runs),
        ),
        "<h2>In force, day by day</h2>",
        _table(
            ("day", "tenant", "environment", "left by run", "file"),
            ((each.day, each.tenant, each.environment, each.run, each.file) for each in evidence.days),
        ),
    ]
    page = "\n".join(body)
    head = f'<meta charset="utf-8"><title>Evidence</title><style>{_STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{page}\n</body></html>\n'.encode()


def _describe_run(run: RunRecord) -> Sequence[Any]:
    each, rules = run.logged, run.find_rules()
    given = () if each.approvals is None else each.approvals["given"]
    people = sorted({name for one in given if one["fault"] is None for name in one["principals"]})
    found = sum(bool(rule["findings"]) for name, told in (rules or {}).items() if name.endswith("/v1") for rule in told)
    asked = "not signed" if rules is None else f"{rules['verificationResult']}, {found} found something"
    ended = f"{each.how}{'' if each.exit_code is None else f' with {each.exit_code}'}"
    size = "none kept" if run.tree is None else run.tree.size
    return each.run, each.at, each.by, each.tenant, each.environment, each.plan, ", ".join(people), asked, ended, size


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in columns)
    lines = ("".join(f"<td>{_write_cell(cell)}</td>" for cell in row) for row in rows)
    return f"<table><tr>{head}</tr>\n" + "\n".join(f"<tr>{each}</tr>" for each in lines) + "</table>"


def _write_cell(cell: Any) -> str:
    return "" if cell is None else escape(plain(str(cell)))
