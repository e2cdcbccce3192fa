"""Does `audit verify` notice what was done to the record?"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder, manifest
from tests.made_once import MadeOnce

Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeOnce]:
    """The tenant and the workspace that the tests share."""
    shared = MadeOnce(tmp_path_factory.mktemp("once"))
    yield shared
    shared.close()


@pytest.fixture
def tenant(once: MadeOnce) -> Simulator:
    """The embedded tenant, empty when the workspace is."""
    return once.tenant


@pytest.fixture
def folder(once: MadeOnce, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The workspace, and with it the tenant, as nothing was made of it."""
    return once.empty(monkeypatch)


@pytest.fixture
def record(once: MadeOnce, tenant: Simulator, folder: Folder, run: Run) -> Path:
    """The record of an apply of several steps."""

    def make() -> None:
        scene.whole(tenant, folder)
        assert run("apply", "--yes").code == 0

    once.made(make)
    return folder.root / ".reconciler" / "audit.jsonl"


def test_a_record_that_nobody_touched_is_whole(record: Path, run: Run) -> None:
    ended = run("audit", "verify")
    assert ended.code == 0
    assert f"{len(record.read_text().splitlines())} entries, and the chain is whole" in ended.out


def test_no_record_is_a_whole_one(folder: Folder, run: Run) -> None:
    ended = run("audit", "verify")
    assert ended.code == 0
    assert "0 entries" in ended.out


def altered(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b"done", b"fine"), *lines[2:]]


def without_the_first(lines: list[bytes]) -> list[bytes]:
    return lines[1:]


def without_one_between(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], *lines[3:]]


def reordered(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def doubled(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[1], *lines[2:]]


def one_put_in(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], b'{"event":"step"}', *lines[2:]]


def no_json(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], b"nothing", *lines[3:]]


@pytest.mark.thin(2)
@pytest.mark.parametrize(
    ("change", "entry"),
    [
        (altered, 2),
        (without_the_first, 1),
        (without_one_between, 3),
        (reordered, 2),
        (doubled, 3),
        (one_put_in, 3),
        (no_json, 3),
    ],
)
def test_what_was_done_to_the_record_is_found_and_its_place_named(
    record: Path, run: Run, change: Callable[[list[bytes]], list[bytes]], entry: int
) -> None:
    lines = record.read_bytes().splitlines()
    record.write_bytes(b"\n".join(change(lines)) + b"\n")
    ended = run("audit", "verify")
    assert ended.code == 1
    assert f"error[ledger]: the audit record is broken at entry {entry}" in ended.err
    assert f"audit.jsonl:{entry}" in ended.err
    assert "hint:" in ended.err


def test_a_record_cut_short_is_found_by_the_runs_that_it_should_tell_of(record: Path, run: Run) -> None:
    lines = record.read_bytes().splitlines()
    record.write_bytes(b"\n".join(lines[:-2]) + b"\n")
    ended = run("audit", "verify")
    assert ended.code == 1
    assert "cut short" in ended.err


def test_a_record_that_is_gone_is_found_by_the_runs_that_it_should_tell_of(record: Path, run: Run) -> None:
    record.unlink()
    assert run("audit", "verify").code == 1


def test_a_ledger_is_verified_without_its_workspace_and_nothing_is_written(
    record: Path, run: Run, folder: Folder, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(record.parent, copy)
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    for file in folder.root.glob("*.yaml"):
        file.unlink()
    for said in (str(copy), f"file://{copy}"):
        ended = run("audit", "verify", "--ledger", said)
        assert ended.code == 0, ended.err
        assert "the chain is whole, proven under key " in ended.out
        assert "Not proven: that nobody who may read the ledger's plan.key wrote it." in ended.out
    (copy / "plan.key").unlink()
    ended = run("audit", "verify", "--ledger", str(copy))
    assert ended.code == 1
    assert "who wrote them is not proven: there is no key here" in ended.err
    del before[copy / "plan.key"]
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before
    assert run("audit", "verify", "--ledger", str(tmp_path / "none")).code == 1


@pytest.mark.matrix(
    instead="tests/ledger/test_json_hmac.py::test_a_ledger_that_was_put_back_as_it_was_before_is_found_by_an_anchor_kept_elsewhere"
)
def test_reports_and_saved_plans_anchor_the_record(tenant: Simulator, folder: Folder, run: Run, tmp_path: Path) -> None:
    scene.whole(tenant, folder)
    report, plan = tmp_path / "report.json", str(tmp_path / "a.plan")
    report.write_text(run("apply", "--yes", "--format", "json").out)
    assert run("plan", "--out", plan).code == 0
    ended = run("audit", "verify", "--against", str(report), "--against", plan)
    assert ended.code == 0, ended.err
    head = ended.out.partition("It ends with entry ")[2].splitlines()[0]
    assert run("audit", "verify", "--against", head).code == 0
    record = folder.root / ".reconciler" / "audit.jsonl"
    record.write_bytes(b"".join(record.read_bytes().splitlines(keepends=True)[:-1]))
    shutil.rmtree(folder.root / ".reconciler" / "runs")
    for each in (str(report), plan, head):
        ended = run("audit", "verify", "--against", each)
        assert ended.code == 1
        assert "does not hold entry" in ended.err
    tenant.clear_requests()
    refused = run("apply", plan)
    assert refused.code == 1
    assert "as it was when the plan was saved" in refused.err
    assert not tenant.requests().writes()


@pytest.mark.parametrize("what", ["nowhere.json", "12:abc", "a.txt"])
def test_what_is_no_anchor_is_told_as_such(folder: Folder, run: Run, tmp_path: Path, what: str) -> None:
    (tmp_path / "a.txt").write_text("hello")
    ended = run("audit", "verify", "--against", str(tmp_path / what) if what == "a.txt" else what)
    assert ended.code == 64
    assert "--against" in ended.err


def test_a_record_of_an_older_edition_is_answered_for_once(
    tenant: Simulator, record: Path, folder: Folder, run: Run
) -> None:
    shutil.rmtree(record.parent / "runs")
    previous, lines = "0" * 64, []
    for line in record.read_bytes().splitlines():
        entry = {name: each for name, each in json.loads(line).items() if name != "proof"}
        lines.append(json.dumps({**entry, "previous": previous}).encode())
        previous = hashlib.sha256(lines[-1]).hexdigest()
    record.write_bytes(b"\n".join(lines) + b"\n")
    folder.write("more.yaml", manifest("ContactList", "more", "name: More"))
    refused = run("apply", "--yes")
    assert refused.code == 1
    assert "ends with an entry without proof of who wrote it" in refused.err
    assert "reconciler audit adopt --reason" in refused.err
    assert run("audit", "adopt", "--reason", "short").code == 64
    adopted = run("audit", "adopt", "--reason", "written before records had a key")
    assert adopted.code == 0, adopted.err
    assert f"{len(lines)} of them had no proof of who wrote them" in adopted.out
    assert run("apply", "--yes").code == 0
    ended = run("audit", "verify")
    assert ended.code == 0, ended.err
    assert "vouched for it as it was at" in ended.out
