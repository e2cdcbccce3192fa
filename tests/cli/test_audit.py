"""Does `audit verify` notice what was done to the record?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder

Run = Callable[..., Ended]


@pytest.fixture
def record(tenant: Simulator, folder: Folder, run: Run) -> Path:
    """The record of an apply of several steps."""
    scene.whole(tenant, folder)
    assert run("apply", "--yes").code == 0
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


@pytest.mark.parametrize(
    ("change", "entry"),
    [
        (altered, 3),
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
