"""Which run does `--resume` mean? The journal says, whatever clocks, names and strangers in the ledger say."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path

import orjson
import pytest

from reconciler.ledger import interrupted_runs, lock
from reconciler.ledger.folder_records import Store
from reconciler.ledger.ledger import Ledger
from reconciler.model.errors import LedgerError, Stale
from reconciler.model.report import Report
from tests.ledger.conftest import Opened
from tests.ledger.proof import verified
from tests.ledger.test_journal import PLAN


def names(ledger: Ledger, workspace: str = "test") -> list[str]:
    """The runs that can be gone on with, the latest first."""
    return [each.name for each in ledger.list_interrupted(workspace)]


@pytest.fixture
def in_a_folder(tmp_path: Path) -> Ledger:
    """An empty ledger in a folder."""
    return Ledger(Store("file://ledger", tmp_path))


def test_the_latest_is_told_by_the_lock_and_not_by_a_clock(opening: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Ahead:
            return cls(2999, 1, 1, tzinfo=tz)

    ledger = Ledger(opening())
    with monkeypatch.context() as patched:
        patched.setattr("reconciler.ledger.ledger.datetime", Ahead)
        with ledger.run(PLAN) as ahead:
            pass
    assert ahead.name.startswith("2999")
    with ledger.run(PLAN) as last:
        pass
    assert names(ledger) == [last.name, ahead.name]


def test_a_run_of_another_workspace_or_tenant_is_not_meant(opening: Opened) -> None:
    mine, other = Ledger(opening(), "stage https://a"), Ledger(opening(), "prod https://b")
    with mine.run(PLAN) as run:
        pass
    with mine.run(replace(PLAN, workspace="else")):
        pass
    with other.run(PLAN) as elsewhere:
        pass
    assert names(mine) == [run.name]
    assert names(other) == [elsewhere.name]
    with pytest.raises(LedgerError, match="is of workspace test, prod https://b") as error:
        mine.find_run(elsewhere.name, "test")
    assert error.value.hint == f"interrupted are {run.name}"


def test_a_run_that_there_is_not_or_that_has_ended_is_named_as_such(opening: Opened) -> None:
    ledger = Ledger(opening())
    with pytest.raises(LedgerError, match="nowhere is not in the ledger"):
        ledger.find_run("nowhere", "test")
    with ledger.run(PLAN) as run:
        run.finish(Report(run.name, (), 0))
    with pytest.raises(LedgerError, match="has ended"):
        ledger.find_run(run.name, "test")


def test_a_refusal_is_no_run(opening: Opened) -> None:
    ledger = Ledger(opening())
    with ledger.run(PLAN) as stopped:
        stopped.record_intent("ContactList/vip")
    with ledger.run(PLAN) as stale:
        stale.refuse()
    assert names(ledger) == [stopped.name]


def test_a_later_run_that_does_everything_closes_what_was_interrupted(opening: Opened) -> None:
    ledger = Ledger(opening())
    with ledger.run(PLAN) as stopped:
        stopped.record_intent("ContactList/vip")
    with ledger.run(PLAN) as later:
        later.finish(Report(later.name, (), 0))
    assert names(ledger) == []
    last = orjson.loads(ledger.store.read_last(interrupted_runs.journal_of(stopped.name))[1])
    assert (last["event"], last["by"]) == ("superseded", later.name)
    assert verified(ledger) == 3


def test_a_run_whose_job_may_be_under_way_stays(opening: Opened) -> None:
    ledger = Ledger(opening())
    with ledger.run(PLAN) as stopped:
        stopped.record_intent("a#put:0", rows=1)
        stopped.record_job("a#put:0", "J1")
    with ledger.run(PLAN) as later:
        later.finish(Report(later.name, (), 0))
    assert names(ledger) == [stopped.name]
    assert interrupted_runs.list_open_jobs(ledger.records, stopped.name) == ["J1"]


def test_a_ledger_without_the_record_is_read_run_by_run(opening: Opened) -> None:
    store = opening()
    ledger = Ledger(store)
    with ledger.run(PLAN) as ended:
        ended.finish(Report(ended.name, (), 0))
    with ledger.run(PLAN) as stopped:
        pass
    held = store.read(interrupted_runs.FILE)
    assert held is not None
    store.replace(interrupted_runs.FILE, held, b"not what it was")
    assert names(ledger) == [stopped.name]


def test_a_run_that_was_killed_before_its_first_line_was_never_begun(
    opening: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(opening())

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("reconciler.ledger.ledger.save_plan", killed)
        with pytest.raises(KeyboardInterrupt), ledger.run(PLAN):
            pass
    assert names(ledger) == []
    with ledger.run(PLAN) as run:
        pass
    assert names(ledger) == [run.name]


def test_strange_files_among_the_runs_are_passed_over_and_named(in_a_folder: Ledger) -> None:
    with in_a_folder.run(PLAN) as run:
        pass
    runs = in_a_folder.store.folder / "runs"
    files = [".DS_Store", "29990101T000000.000000-abcdef", "Thumbs.db", "notes.txt"]
    for name in files:
        (runs / name).write_bytes(b"\xff\x00")
    shutil.copytree(runs / run.name, runs / f"{run.name}-copy")
    (runs / "9999" / "journal.jsonl").mkdir(parents=True)
    (in_a_folder.store.folder / interrupted_runs.FILE).unlink()
    assert names(in_a_folder) == [run.name]
    assert verified(in_a_folder) == 1
    assert in_a_folder.store.list_strangers() == sorted([*files, "9999", f"{run.name}-copy"])


def test_runs_alone_are_no_strangers_wherever_the_ledger_is(opening: Opened) -> None:
    ledger = Ledger(opening())
    with ledger.run(PLAN) as run:
        pass
    assert (ledger.store.list_runs(), ledger.store.list_strangers()) == ([run.name], [])
    with opening().write_file("runs/notes.txt") as path:
        path.write_bytes(b"of a person")
    opening().append("runs/old/journal.jsonl", b"{}")
    assert (ledger.store.list_runs(), ledger.store.list_strangers()) == ([run.name], ["notes.txt", "old"])


def test_another_plan_in_the_place_of_a_runs_own_is_refused(in_a_folder: Ledger, tmp_path: Path) -> None:
    with in_a_folder.run(PLAN) as run:
        pass
    with in_a_folder.run(replace(PLAN, manifests="sha256:1")) as other:
        pass
    runs = in_a_folder.store.folder / "runs"
    (runs / run.name / "plan.zip").write_bytes((runs / other.name / "plan.zip").read_bytes())
    with pytest.raises(Stale, match="or is not the plan of run"):
        in_a_folder.open_plan_of(run.name, tmp_path / "into")


@pytest.mark.parametrize(
    "line", [b"garbage", b"[]", b"3", b"\xff\xfe", b'{"event":"intent"}', b"{}", b'{"event":"ended","job":1}']
)
def test_a_damaged_line_of_a_journal_is_named_with_its_place(in_a_folder: Ledger, line: bytes) -> None:
    with in_a_folder.run(PLAN) as run:
        run.record_intent("ContactList/vip")
    journal = in_a_folder.store.folder / "runs" / run.name / "journal.jsonl"
    with journal.open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(LedgerError, match=r"cannot be read|carries no proof") as error, in_a_folder.run(PLAN, run.name):
        pass
    assert str(error.value.where).endswith("journal.jsonl:3")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"  \n"])
def test_a_key_that_is_no_text_is_named(in_a_folder: Ledger, content: bytes) -> None:
    (in_a_folder.store.folder / "token.key").write_bytes(content)
    with pytest.raises(LedgerError, match=r"token\.key is"):
        in_a_folder.store.read_or_create_token_key(None)


def test_the_lock_numbers_rise_with_every_run(opening: Opened) -> None:
    ledger = Ledger(opening())
    fences = []
    for _ in range(3):
        with ledger.run(PLAN):
            pass
        fences.append(ledger.list_interrupted("test")[0].fence)
    assert fences == sorted(set(fences))
    with lock.hold_lock(ledger.store) as held:
        assert held.fence > fences[-1]
