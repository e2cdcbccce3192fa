"""Whatever is done to a saved plan, to a ledger or its audit record, nothing is written because of it, and it is told.

Each file is damaged in some way or another. `RECONCILER_DAMAGE=1000` asks for so many damaged files, `RECONCILER_DAMAGE=500:1000` for the second half of them; it
prints how many there were and how long the slowest command took.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.cli import run as run_program
from reconciler.simulator import Options, Simulator
from tests import delivery
from tests.conftest import Folder
from tests.sample import examples

_FIRST, _, _LAST = os.environ.get("RECONCILER_DAMAGE", str(max(examples(42), 14))).rpartition(":")
NUMBERS = range(int(_FIRST or "0"), int(_LAST))
LONGEST = 10.0
"""Seconds of work that a command may take; looked at where many are asked for: what is tried every day is never timed."""

PEOPLE = 30
CANARIES = (b"Example", b"example.com", b"55501")

Content = bytes
Mutation = Callable[[Content, random.Random], Content]


def flipped(content: Content, chance: random.Random) -> Content:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 4, 64))):
        changed[chance.randrange(len(changed))] ^= chance.randrange(1, 256)
    return bytes(changed)


def cut(content: Content, chance: random.Random) -> Content:
    return content[: chance.randrange(len(content))]


def cut_before(content: Content, chance: random.Random) -> Content:
    return content[chance.randrange(1, len(content)) :]


def piece_out(content: Content, chance: random.Random) -> Content:
    start = chance.randrange(len(content))
    return content[:start] + content[start + chance.randrange(1, 200) :]


def piece_in(content: Content, chance: random.Random) -> Content:
    start = chance.randrange(len(content))
    odd = chance.choice(
        (b"\0" * 9, b"\n", b"{}\n", b"\xff\xfe", b'{"event":"finished"}\n', b"[" * 4000, chance.randbytes(50))
    )
    return content[:start] + odd + content[start:]


def zeroed(content: Content, chance: random.Random) -> Content:
    start = chance.randrange(len(content))
    return content[:start] + b"\0" * (len(content) - start)


def lines_changed(content: Content, chance: random.Random) -> Content:
    lines = content.splitlines(keepends=True)
    one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(4):
        case 0:
            del lines[one]
        case 1:
            lines.insert(two, lines[one])
        case 2:
            lines[one], lines[two] = lines[two], lines[one]
        case _:
            lines = lines[: one + 1]
    return b"".join(lines)


def value_changed(content: Content, chance: random.Random) -> Content:
    """One value of one JSON line, of the same type or another."""
    lines = content.splitlines()
    index = chance.randrange(len(lines))
    try:
        entry = orjson.loads(lines[index])
        field = chance.choice(sorted(entry))
    except (orjson.JSONDecodeError, TypeError, IndexError):
        return flipped(content, chance)
    odd: tuple[Any, ...] = (
        None,
        True,
        0,
        -1,
        10**15,
        "",
        "finished",
        "é\u2028",
        [],
        {},
        [[]],
        {"a": 1},
        entry[field],
        "0" * 64,
    )
    entry[field] = chance.choice(odd)
    lines[index] = orjson.dumps(entry)
    return b"\n".join(lines) + b"\n"


def other_text(content: Content, chance: random.Random) -> Content:
    odd = (b"", b"\n", b"{}", b"[]", b"null", b"\xff" * 40, b"PK\x05\x06" + b"\0" * 18, b"{" * 100_000, b"f" * 64)
    return chance.choice(odd)


ANY: tuple[Mutation, ...] = (flipped, flipped, cut, cut_before, piece_out, piece_in, zeroed, other_text)
LINES: tuple[Mutation, ...] = (*ANY, lines_changed, lines_changed, value_changed, value_changed)
RESUME, VERIFY = ("apply", "--resume"), ("audit", "verify")
PLAN, SAVED = ("plan",), ("apply", "a.plan")

DAMAGED: tuple[tuple[str, tuple[Mutation, ...], tuple[tuple[str, ...], ...]], ...] = (
    ("a.plan", ANY, (SAVED, ("show", "a.plan"))),
    (".reconciler/runs/*/plan.zip", ANY, (RESUME,)),
    (".reconciler/runs/*/journal.jsonl", LINES, (RESUME, VERIFY)),
    (".reconciler/runs/*/journal.jsonl.count", ANY, (RESUME,)),
    (".reconciler/runs/*/rejected.jsonl", LINES, (RESUME,)),
    (".reconciler/audit.jsonl", LINES, (RESUME, VERIFY)),
    (".reconciler/audit.jsonl.count", ANY, (RESUME, VERIFY)),
    (".reconciler/plan.key", ANY, (RESUME, SAVED)),
    (".reconciler/owed.jsonl", LINES, (PLAN, ("pending",))),
    (".reconciler/written/*.sealed", ANY, (PLAN,)),
    (".reconciler/interrupted.json", LINES, (PLAN, VERIFY)),
    (".reconciler/fences.jsonl", LINES, (("lock", "status"), VERIFY)),
    (".reconciler/token.key", ANY, (PLAN,)),
    (".reconciler/lock.json", LINES, (("lock", "status"), PLAN)),
)
"""What is damaged, how, and which commands then must not write."""


@dataclass
class Stage:
    """A workspace with a saved plan, a run that has ended and one that was interrupted, as often as one likes."""

    tenant: Simulator
    folder: Folder
    pristine: Path

    def reset(self) -> None:
        for path in self.folder.root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.pristine, self.folder.root, dirs_exist_ok=True)
        self.tenant.clear_requests()

    def run(self, *arguments: str) -> tuple[int, str]:
        given = [str(self.folder.root / each) if each.endswith(".plan") else each for each in arguments]
        workspace = [] if arguments[0] == "show" else ["-w", str(self.folder.root)]
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = run_program([*given, *workspace])
        return code, out.getvalue()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """That workspace; the tenant would not take one contact, and then nobody."""
    root = tmp_path_factory.mktemp("damaged")
    with pytest.MonkeyPatch.context() as patch, Simulator(Options()) as tenant:
        for name, value in tenant.environment().items():
            patch.setenv(name, value)
        made = Stage(tenant, Folder(root / "workspace", tenant.url), root / "pristine")
        delivery.write_contacts(made.folder, range(PEOPLE))
        delivery.declare(made.folder, tenant, "contactBatch")
        code, said = made.run("apply", "--yes")
        assert code == 0, said
        delivery.write_contacts(made.folder, range(PEOPLE + 12))
        assert made.run("plan", "--out", "a.plan")[0] == 0
        tenant.faults.add("status", method="POST", path="/contacts$", status=400, times=None)
        assert made.run("apply", "--yes")[0] in (1, 5)
        tenant.faults.clear()
        held = {"owner": "ann@elsewhere", "pid": 1, "host": "elsewhere", "space": "", "fence": 9, "nonce": "0"}
        made.folder.write("lock.json", orjson.dumps(held).decode())
        shutil.copytree(made.folder.root, made.pristine)
        yield made


def test_a_damaged_plan_ledger_or_audit_record_writes_nothing_and_is_told(stage: Stage) -> None:
    counted: Counter[str] = Counter()
    ended: Counter[int] = Counter()
    slowest = 0.0
    for number in NUMBERS:
        chance = random.Random(number)
        pattern, mutations, commands = DAMAGED[number % len(DAMAGED)]
        stage.reset()
        if pattern.endswith("lock.json"):
            (stage.folder.root / "lock.json").rename(stage.folder.root / ".reconciler" / "lock.json")
        found = sorted(stage.folder.root.glob(pattern))
        assert found, pattern
        path = found[-1]  # of the run that was interrupted
        before = path.read_bytes()
        mutation = chance.choice(mutations)
        after = mutation(before, chance)
        if after == before:
            after = before + b"x\n"
        path.write_bytes(after)
        for command in commands:
            place = f"{number}: {mutation.__name__} of {pattern}, {' '.join(command)}"
            began = time.process_time()
            code, said = stage.run(*command)
            slowest = max(slowest, time.process_time() - began)
            assert "error[internal]" not in said, f"{place}\n{said}"
            assert "Traceback" not in said, f"{place}\n{said}"
            assert not stage.tenant.requests().writes(), f"{place}\n{said}"
            if command in (RESUME, SAVED):
                assert code in (1, 4, 64), f"{place} ended with {code}\n{said}"
            assert not any(each in said.encode() for each in CANARIES), f"{place}\n{said}"
            ended[code] += 1
        counted[pattern] += 1
    said = f"{len(NUMBERS)} damaged files: {dict(counted)}; exit codes {dict(ended)}; the slowest {slowest:.1f} s"
    sys.stderr.write(said + "\n")
    assert sum(counted.values()) == len(NUMBERS)
    if "RECONCILER_DAMAGE" in os.environ:
        assert slowest < LONGEST


@pytest.mark.matrix(instead="test_a_damaged_plan_ledger_or_audit_record_writes_nothing_and_is_told")
def test_what_was_not_damaged_goes_on(stage: Stage) -> None:
    stage.reset()
    code, said = stage.run(*VERIFY)
    assert code == 0, said
    code, said = stage.run(*RESUME)
    assert code in (0, 5), said  # the tenant may not take each of them
    assert "Applied: 1 done" in said
    assert stage.tenant.requests().writes()
