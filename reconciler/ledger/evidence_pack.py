# tested by: tests/cli/test_audit_evidence.py
"""Gather the evidence of a window of days from the ledger, and write it as a signed pack.

The same ledger and window make the same bytes: nothing in a pack tells when it was made.
"""

from __future__ import annotations

import base64
import hashlib
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

from reconciler import __version__
from reconciler.ledger import audit
from reconciler.ledger.approval_records import name_record
from reconciler.ledger.attestations import PACK, STATEMENT
from reconciler.ledger.evidence_key import Signer, make_fingerprint
from reconciler.ledger.evidence_tables import list_days, make_tables
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.run_evidence import Kept
from reconciler.ledger.saved_plans import name_run_plan, read_document
from reconciler.ledger.signed_lines import Unproven
from reconciler.model.audited_runs import LoggedRun, list_runs
from reconciler.model.errors import LedgerError
from reconciler.model.evidence_pack import DayState, Evidence, RunRecord

FORMAT = "reconciler-evidence-pack-1"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_OF_RUNS = frozenset({"started", "resumed", "finished", "stopped", "refused"})


def gather_evidence(ledger: Ledger, first: date, last: date) -> Evidence:
    """What the ledger has of the runs that were begun from one day to another (UTC), both included.

    Raises:
        LedgerError: the record is not whole, or a run's plan or statements were altered.
    """
    lines, entries = _read_record(ledger)
    logged = list_runs([each for each in entries if each.get("event") in _OF_RUNS])
    runs = tuple(_iter_runs(ledger, logged, first, last))
    inside = [number for number, each in enumerate(entries) if first <= _find_day(each.get("at"), first) <= last]
    chosen = lines[inside[0] : inside[-1] + 1] if inside else []
    days, states = list_days(runs, first, last)
    files = dict(_iter_files(runs, days, states))
    files["audit.jsonl"] = b"".join(line + b"\n" for line in chosen)
    files |= make_tables(runs, days, states)
    return Evidence(first, last, runs, tuple(days), len(chosen), files, ledger.signer.fingerprint)


def read_runs(ledger: Ledger, first: date, last: date) -> list[RunRecord]:
    """The runs of a window alone, those that are carried into it left out. Raises as `gather_evidence`."""
    _, entries = _read_record(ledger)
    logged = list_runs([each for each in entries if each.get("event") in _OF_RUNS])
    return [each for each in _iter_runs(ledger, logged, first, last) if not each.carried]


def _read_record(ledger: Ledger) -> tuple[list[bytes], list[Mapping[str, Any]]]:
    """The lines of the audit record and what they say, in a whole record alone."""
    reading, lines, entries = audit.Reading(), list[bytes](), list[Mapping[str, Any]]()
    for line in ledger.store.scan_lines(audit.FILE):
        entries.append(reading.take(line, ledger.seal))
        lines.append(line)
    audit.refuse_broken(ledger.store, reading)
    audit.refuse_unproven(ledger.store, reading)
    return lines, entries


def _find_day(at: object, otherwise: date) -> date:
    """The day of an entry, in UTC; one that says no time is of no day."""
    if not isinstance(at, str):
        return date.min
    try:
        return datetime.fromisoformat(at).astimezone(UTC).date()
    except ValueError:
        return otherwise


def _iter_runs(ledger: Ledger, logged: Sequence[LoggedRun], first: date, last: date) -> Iterator[RunRecord]:
    """The runs of a window; before them of each tenant and environment the last that was begun before it."""
    before: dict[tuple[str | None, str | None], LoggedRun] = {}
    chosen = []
    for each in logged:
        day = _find_day(each.at, date.min)
        if day < first and each.how != "refused":
            before[each.tenant, each.environment] = each
        elif first <= day <= last:
            chosen.append(each)
    with tempfile.TemporaryDirectory(prefix="evidence-") as folder:
        for each in (*sorted(before.values(), key=lambda run: run.at), *chosen):
            yield _read_run(ledger, each, Path(folder), first)


def _read_run(ledger: Ledger, logged: LoggedRun, into: Path, first: date) -> RunRecord:
    document, name = None, logged.run
    path = ledger.store.fetch_file(f"runs/{name}/plan.zip", into)
    if path is not None:
        document = read_document(path, ledger.seal, name_run_plan(name))
    try:
        kept = ledger.evidence.read(name)
    except Unproven:
        kept = Kept(None, ())
    approvals = tuple(ledger.store.read_lines(name_record(logged.plan))) if logged.plan.startswith("sha256:") else ()
    statements = tuple(orjson.loads(base64.b64decode(orjson.loads(each)["payload"])) for each in kept.envelopes)
    day = _find_day(logged.at, date.min)
    plan = {} if document is None else orjson.loads(document)
    return RunRecord(
        *(
            logged,
            day,
            day < first,
            document,
            kept.envelopes,
            statements,
            kept.stamp,
            kept.tree,
            approvals,
            plan,
            kept.keys,
        )
    )


def _iter_files(
    runs: Sequence[RunRecord], days: Sequence[DayState], states: Mapping[str, Any]
) -> Iterator[tuple[str, bytes]]:
    signed: dict[str, list[bytes]] = {}
    for run in runs:
        if run.document is not None:
            yield f"plans/{hashlib.sha256(run.document).hexdigest()}.json", run.document
        if run.stamp is not None:
            yield f"timestamps/{run.logged.run}.tsr", run.stamp
        if run.approvals:
            digest = run.logged.plan.removeprefix("sha256:")
            yield f"approvals/{digest}.jsonl", b"".join(each + b"\n" for each in run.approvals)
        if run.envelopes:
            signed.setdefault(f"statements/{run.day.isoformat()}.jsonl", []).extend(run.envelopes)
    for name, lines in signed.items():
        yield name, b"".join(line + b"\n" for line in lines)
    for file, state in states.items():
        yield file, orjson.dumps(state, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
    told = [{**{n: getattr(each, n) for n in DayState.__slots__}, "day": each.day.isoformat()} for each in days]
    yield "configuration/days.json", orjson.dumps(told, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)


def write_pack(evidence: Evidence, files: Mapping[str, bytes], signer: Signer, target: Path) -> None:
    """Write a pack of these files, with the list of their hashes, signed; for its owner alone, whole or not at all.

    Raises:
        LedgerError: the file cannot be written.
    """
    keys = {signer.public, *(key for run in evidence.runs for key in run.keys)}
    whole = {**files, **{f"keys/{make_fingerprint(key)}.pem": key for key in keys}}
    listed = {
        "format": FORMAT,
        "reconciler_version": __version__,
        "first": evidence.first.isoformat(),
        "last": evidence.last.isoformat(),
        "key": signer.fingerprint,
        "runs": [each.logged.run for each in evidence.runs if not each.carried],
        "carried": [each.logged.run for each in evidence.runs if each.carried],
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(whole.items())},
    }
    pack = orjson.dumps(listed, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
    subject = [{"name": "pack.json", "digest": {"sha256": hashlib.sha256(pack).hexdigest()}}]
    about = {"first": listed["first"], "last": listed["last"]}
    statement = {"_type": STATEMENT, "subject": subject, "predicateType": PACK, "predicate": about}
    whole |= {"pack.json": pack, "pack.dsse.json": signer.sign(statement)}
    draft = target.with_name(f".{target.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in sorted(whole, key=lambda each: (each != "index.html", each)):
                part = zipfile.ZipInfo(name, _EPOCH)
                part.compress_type, part.external_attr, part.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
                archive.writestr(part, whole[name])
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise LedgerError(f"the pack cannot be written to {target}", note=error.strerror) from error
