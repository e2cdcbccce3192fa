"""What does evidence cost: the tree of a run's contacts, next to a loop over them, and verifying a pack of many runs?

A million contacts from a fixed seed, a fifth of whom are left out, become leaves under keyed tokens and the root of a
Merkle tree. The loop that one would write first (hmac and hashlib, a contact at a time) stands beside it, with its rows
in memory, and makes the same number of leaves; the root of ours is held against the loop's over our own leaves.

Then a pack of runs is made, each with a plan of ten campaigns, the summary of its rules, its apply and a tree of twenty
contacts that is shown, and is verified by tools/verify_evidence.py in a process of its own.

    python benchmarks/evidence.py [CONTACTS] [RUNS]     a million and 10,000 when left out
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as arrow
from pyarrow import parquet

from reconciler import __version__
from reconciler.audience.evidence.contact_tree import build_tree, list_leaves
from reconciler.ledger.attestations import state_apply, state_plan, state_rules
from reconciler.ledger.evidence_key import Signer, open_signer
from reconciler.ledger.evidence_pack import write_pack
from reconciler.ledger.folder_records import open_store
from reconciler.ledger.saved_plans import write_document
from reconciler.model.audit_anchor import START, Anchor
from reconciler.model.audited_runs import LoggedRun
from reconciler.model.evidence import Decided, TreeHead
from reconciler.model.evidence_pack import Evidence, RunRecord
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.plan import Budget, Plan
from reconciler.model.plan_json import plan_digest
from reconciler.model.report import Outcome, Report, StepResult
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Rows
from reconciler.model.secret import Secret
from reconciler.model.tables import DECIDED_CONTACTS
from reconciler.model.workspace_settings import Engine

SEED = 20260701
KEY = Secret("benchmark " * 4)
VERIFIER = Path(__file__).parents[1] / "tools" / "verify_evidence.py"
START_AT = datetime(2026, 7, 1, tzinfo=UTC)


def draw(folder: Path, count: int) -> Decided:
    """Contacts, a fifth of whom are suppressed."""
    chance = random.Random(SEED)
    out = [
        {"code": "suppressed", "args": ["SuppressionList/own"]} if chance.random() < 0.2 else None for _ in range(count)
    ]
    reason = arrow.struct([("code", arrow.string()), ("args", arrow.list_(arrow.string()))])
    rows = arrow.table(
        {
            "contactId": [f"C{number:08d}" for number in range(count)],
            "band": arrow.array([None if each else "high" for each in out], arrow.string()),
            "reason": arrow.array(out, reason),
            "e164": [f"+1212555{number % 10_000:04d}" for number in range(count)],
        }
    )
    file = folder / "decided.parquet"
    parquet.write_table(rows, file, row_group_size=20_480)
    return Decided(Address("Segment", "all"), Rows(file, "parquet", DECIDED_CONTACTS.types, count))


def grow(leaves: Sequence[bytes]) -> str:
    """The root of some leaves, a node at a time."""
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [hashlib.sha256(b"\1" + one + two).digest() for one, two in pairs] + level[len(level) & ~1 :]
    return level[0].hex()


def loop(rows: Sequence[dict[str, Any]]) -> str:
    """The whole, a contact at a time."""
    leaves = []
    for row in rows:
        own = hmac.digest(KEY.reveal().encode(), os.urandom(32), "sha256")
        told = {name: hmac.digest(own, f"{name}\n{row[of]}".encode(), "sha256").hex() for name, of in _TOKENS}
        out = row["reason"]
        said = {"decision": "out" if out else "in", "band": row["band"], **(out or {"code": None, "args": []})}
        leaves.append(json.dumps({**told, "segment": "Segment/all", **said}).encode())
    return grow(sorted(leaves))


_TOKENS = (("contact", "contactId"), ("number", "e164"))


def measure(words: str, do: Callable[[], object]) -> None:
    """Do it, and say what it took."""
    begun, used = time.monotonic(), time.process_time()
    do()
    print(f"{words:<44} {time.monotonic() - begun:7.1f} s {time.process_time() - used:7.1f} s of a processor")


def compare_trees(folder: Path, count: int) -> None:
    part = draw(folder, count)
    salts, leaves = folder / "salts.parquet", folder / "leaves.parquet"
    heads: list[TreeHead] = []

    def ours(known: Path | None, kept: Path) -> None:
        leaves.unlink(missing_ok=True)
        heads.append(build_tree(Engine(), folder, [part], KEY, "benchmark", known, kept, leaves))

    measure(f"{count:,} contacts, all of them new", lambda: ours(None, salts))
    measure("… again, their salts known", lambda: ours(salts, folder / "again.parquet"))
    print(f"the process at its highest {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    rows = parquet.read_table(part.rows.path).to_pylist()
    measure("a loop over them, rows in memory", lambda: loop(rows))
    if heads[-1].size != count or grow(list_leaves(leaves).splitlines()) != heads[-1].root:
        raise SystemExit("the tree is not that of its leaves")
    print(f"leaves {leaves.stat().st_size / 1e6:.0f} MB, salts {salts.stat().st_size / 1e6:.0f} MB")


def make_plan(number: int) -> Plan:
    fields = {"abandonThreshold": 3, "dialType": "predictive", "status": "active", "wrapUpCode": "SOLD"}
    objects = tuple(
        ObjectChange(Address("Campaign", f"c{each}"), f"Campaign {each}", Action.NO_OP, fields, fields, {})
        for each in range(10)
    )
    at = START_AT + timedelta(minutes=number)
    value = Plan("test", "embedded", {}, f"sha256:{number}", at, __version__, (), (), (), (), (), Budget(0, 0, 0), at)
    return replace(value, objects=objects)


def make_pack(signer: Signer, count: int, target: Path) -> None:
    """A pack of runs as exports write them, with an audit record of two entries a run."""
    lines: list[bytes] = []
    runs, head = [], START
    files: dict[str, bytes] = {}
    statements: dict[str, list[bytes]] = {}
    for number in range(count):
        plan, at = make_plan(number), (START_AT + timedelta(minutes=number)).isoformat()
        name, digest, document = f"run-{number:06d}", plan_digest(plan), write_document(plan)
        leaves = [json.dumps({"contact": f"{each:064d}"}).encode() for each in range(20)]
        tree = TreeHead(20, grow(leaves))
        begun = {"event": "started", "run": name, "at": at, "plan": digest, "tree": {"size": 20, "root": tree.root}}
        for entry in (begun, {"event": "finished", "run": name, "at": at, "exit_code": 0}):
            lines.append(json.dumps({"previous": head, "number": len(lines) + 1, **entry}).encode())
            head = hashlib.sha256(lines[-1]).hexdigest()
        anchor = Anchor(len(lines) - 1, hashlib.sha256(lines[-2]).hexdigest())
        report = Report(name, (StepResult(Address("Segment", "all"), Outcome.DONE, rows=20),), 1)
        hashed = hashlib.sha256(document).hexdigest()
        signed = [
            state_plan(name, plan, digest, hashed),
            state_rules(name, plan, digest, START_AT),
            state_apply(name, digest, report, tree, anchor, START_AT, None),
        ]
        files |= {f"plans/{hashed}.json": document, f"leaves/{name}.jsonl": b"".join(each + b"\n" for each in leaves)}
        statements.setdefault(f"statements/{at[:10]}.jsonl", []).extend(map(signer.sign, signed))
        logged = LoggedRun(name, digest, "embedded", None, at, "ana")
        runs.append(RunRecord(logged, date.fromisoformat(at[:10]), False, None, (), ()))
    files |= {name: b"".join(each + b"\n" for each in told) for name, told in statements.items()}
    files["audit.jsonl"] = b"".join(line + b"\n" for line in lines)
    evidence = Evidence(runs[0].day, runs[-1].day, tuple(runs), (), len(lines), files)
    write_pack(evidence, files, signer, target)


def verify_pack(folder: Path, count: int) -> None:
    signer, pack = open_signer(open_store("file://ledger", folder), None), folder / "pack.zip"
    measure(f"a pack of {count:,} runs is made", lambda: make_pack(signer, count, pack))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(pack), "--key", signer.fingerprint],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise SystemExit(ended.stdout + ended.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{'… and verified':<44} {time.monotonic() - begun:7.1f} s {used:7.1f} s of a processor")
    print(f"pack {pack.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contacts", nargs="?", type=int, default=1_000_000)
    parser.add_argument("runs", nargs="?", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evidence-") as folder:
        compare_trees(Path(folder), given.contacts)
        verify_pack(Path(folder), given.runs)


if __name__ == "__main__":
    main()
