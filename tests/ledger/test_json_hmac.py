"""Can anybody without the key write, change or take away something of a ledger, and not be found out?"""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from reconciler.ledger import audit, interrupted_runs, lock, saved_plans
from reconciler.ledger.audit_verification import verify
from reconciler.ledger.folder_records import Store
from reconciler.ledger.git_index import is_tracked
from reconciler.ledger.interrupted_runs import journal_of
from reconciler.ledger.json_hmac import write_proof
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.saved_plans import NotAPlan, OtherKey, name_run_plan, open_plan, read_anchor, save_plan
from reconciler.ledger.sealing import Seal, find_seal
from reconciler.model.audit_anchor import Anchor
from reconciler.model.audit_result import Verified
from reconciler.model.errors import LedgerError, ReconcilerError, Stale
from reconciler.model.reason import Reason
from reconciler.model.report import Outcome, Report, StepResult
from reconciler.model.secret import Secret
from tests.ledger.conftest import Opened
from tests.ledger.proof import SEAL
from tests.ledger.test_journal import PLAN, VIP

OTHER = "another key of thirty-two characters"
LATER = "the key that came after the other one"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger in a folder, with two runs that have ended and one that was interrupted."""
    kept = Ledger(Store("file://ledger", tmp_path), "embedded")
    for _ in range(2):
        with kept.run(PLAN) as run:
            run.record_intent("ContactList/vip")
            run.record_step(StepResult(VIP, Outcome.DONE, "done", 1))
            run.finish(Report(run.name, (), 0))
    with kept.run(PLAN) as run:
        run.record_intent("a#put:0", rows=2)
        run.reject(VIP, "+12025550100", "archived", "Ottoline Example is archived")
        run.record_done("a#put:0", rows=1, rejected=["+12025550100"])
        run.record_step(StepResult(VIP, Outcome.FAILED, "failed", 1))
    return kept


def checked(kept: Ledger, *against: Anchor) -> Verified:
    """What the ledger's record is worth, read as an auditor does."""
    return verify(kept.store, find_seal(kept.store, kept._key), [("the report", each) for each in against])


def record(kept: Ledger) -> Path:
    """The file of the audit record."""
    return kept.store.folder / "audit.jsonl"


def written_anew(lines: list[bytes]) -> list[bytes]:
    """The same entries with every hash computed again: all that somebody without the key can do."""
    found, previous = [], "0" * 64
    for number, line in enumerate(lines, start=1):
        entry = {**orjson.loads(line), "previous": previous, "number": number}
        found.append(orjson.dumps(entry))
        previous = hashlib.sha256(found[-1]).hexdigest()
    return found


def without_proofs(lines: list[bytes]) -> list[bytes]:
    return [orjson.dumps({k: v for k, v in orjson.loads(line).items() if k != "proof"}) for line in lines]


def by_another_key(lines: list[bytes]) -> list[bytes]:
    found, previous = [], "0" * 64
    for line in without_proofs(lines):
        entry = orjson.dumps({**orjson.loads(line), "previous": previous, "by": "mallory"})
        found.append(write_proof(Seal(Secret(OTHER)), audit.FILE, entry))
        previous = hashlib.sha256(found[-1]).hexdigest()
    return found


def renamed(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"by":"', b'"by":"not-') for line in lines]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda lines: written_anew(renamed(lines)), id="edited, hashes computed again"),
        pytest.param(lambda lines: written_anew(renamed(without_proofs(lines))), id="as an older edition wrote it"),
        pytest.param(by_another_key, id="by another key"),
        pytest.param(lambda lines: written_anew(lines[1:]), id="the first removed"),
        pytest.param(lambda lines: written_anew([*lines[:3], *lines[4:]]), id="one between removed"),
        pytest.param(lambda lines: lines[:-3], id="the end removed"),
        pytest.param(lambda lines: written_anew([lines[1], lines[0], *lines[2:]]), id="reordered"),
        pytest.param(lambda lines: written_anew([lines[0], lines[0], *lines[1:]]), id="doubled"),
        pytest.param(lambda _: [], id="emptied"),
    ],
)
@pytest.mark.parametrize("runs_too", [False, True])
def test_a_record_that_was_written_anew_is_found_out_with_the_runs_and_without(
    ledger: Ledger, change: Callable[[list[bytes]], list[bytes]], runs_too: bool
) -> None:
    before = ledger.read_anchor()
    lines = record(ledger).read_bytes().splitlines()
    record(ledger).write_bytes(b"".join(line + b"\n" for line in change(lines)))
    if runs_too:
        shutil.rmtree(ledger.store.folder / "runs")
    with pytest.raises(LedgerError, match=r"broken|cut short|under another key|without proof"):
        checked(ledger)
    with pytest.raises(LedgerError):
        checked(ledger, before)


def test_a_ledger_that_was_put_back_as_it_was_before_is_found_by_an_anchor_kept_elsewhere(
    ledger: Ledger, tmp_path: Path
) -> None:
    shutil.copytree(ledger.store.folder, tmp_path / "before")
    with ledger.run(PLAN) as run:
        run.finish(Report(run.name, (), 0))
    anchor = ledger.read_anchor()
    shutil.rmtree(ledger.store.folder)
    shutil.copytree(tmp_path / "before", ledger.store.folder)
    assert Reason("end_unproven") in checked(ledger).notes, "what it cannot prove, it says"
    with pytest.raises(LedgerError, match="does not hold entry 10 as it was when the report was made"):
        checked(ledger, anchor)


def test_a_record_of_another_ledger_in_its_place_is_found_out(ledger: Ledger, tmp_path: Path) -> None:
    other = Ledger(Store("file://other", tmp_path), "embedded")
    with other.run(PLAN) as run:
        run.finish(Report(run.name, (), 0))
    shutil.copy(record(other), record(ledger))
    with pytest.raises(LedgerError, match="under another key"):
        checked(ledger)
    (ledger.store.folder / "plan.key").write_bytes((other.store.folder / "plan.key").read_bytes())
    with pytest.raises(LedgerError, match=r"under another key|cut short"):
        verify(ledger.store, Seal(other.seal.key))


def test_runs_that_are_gone_are_named_and_their_record_stays_whole(ledger: Ledger) -> None:
    gone = ledger.store.list_runs()[0]
    shutil.rmtree(ledger.store.folder / "runs" / gone)
    found = checked(ledger)
    assert found.anchor.entries == 8
    assert Reason("runs_missing", ("3", gone)) in found.notes


def test_an_anchor_that_the_record_holds_is_no_fault_however_it_grew_since(ledger: Ledger) -> None:
    anchor = ledger.read_anchor()
    with ledger.run(PLAN) as run:
        run.finish(Report(run.name, (), 0))
    assert checked(ledger, anchor, Anchor()).anchor.entries == 10
    assert Reason("end_unproven") not in checked(ledger, anchor).notes


def test_without_the_key_the_chain_is_held_and_nothing_is_said_to_be_proven(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="8 entries follow one another, and who wrote them is not proven"):
        verify(ledger.store, None)


def test_nothing_is_applied_on_a_record_that_is_broken_until_somebody_answers_for_it(ledger: Ledger) -> None:
    lines = record(ledger).read_bytes().splitlines()
    record(ledger).write_bytes(b"\n".join([*lines[:2], *lines[3:]]) + b"\n")
    with pytest.raises(LedgerError, match="broken at entry 3"), ledger.run(PLAN):
        pass
    assert ledger.adopt("a disk was put back from a copy", "ann").fault is not None
    with ledger.run(PLAN) as run:
        run.finish(Report(run.name, (), 0))
    shutil.rmtree(ledger.store.folder / "runs")  # the journals tell of the entry that is gone
    vouched = next(each for each in checked(ledger).notes if each.code == "record_vouched_for").name_arguments()
    assert (vouched["by"], vouched["reason"]) == ("ann", "a disk was put back from a copy")
    lines = record(ledger).read_bytes().splitlines()
    record(ledger).write_bytes(b"\n".join([lines[1], *lines[1:]]) + b"\n")
    with pytest.raises(LedgerError, match="broken at entry 1"):
        checked(ledger)


def test_a_key_that_was_changed_is_told_and_goes_on_with_the_one_before(opening: Opened) -> None:
    store = opening()
    first, second = Ledger(store, "t", OTHER), Ledger(store, "t", LATER)
    with first.run(PLAN) as run:
        run.finish(Report(run.name, (), 0))
    with pytest.raises(LedgerError, match="under another key"), second.run(PLAN):
        pass
    rotated = Ledger(store, "t", LATER, previous=f"{'x' * 40}\n{OTHER}\n")
    with rotated.run(PLAN) as run:
        run.finish(Report(run.name, (), 0))
    with second.run(PLAN) as run:
        run.finish(Report(run.name, (), 0))
    found = verify(store, second.seal)
    assert Reason("entries_unproven", ("2",)) in found.notes
    assert verify(store, rotated.seal).anchor == found.anchor


def test_every_byte_of_a_saved_plan_counts(tmp_path: Path) -> None:
    path, into = tmp_path / "a.plan", tmp_path / "into"
    save_plan(PLAN, path, SEAL, anchor=Anchor(3, "ab" * 32))
    assert open_plan(path, into, SEAL) == PLAN
    assert read_anchor(path) == Anchor(3, "ab" * 32)
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= random.Random(place).randrange(1, 256)
        path.write_bytes(bytes(changed))
        with pytest.raises((Stale, NotAPlan, OtherKey)):
            open_plan(path, into, SEAL)
    for added in (whole + b"x", b"x" + whole, whole[:-1], whole[1:]):
        path.write_bytes(added)
        with pytest.raises((Stale, NotAPlan)):
            open_plan(path, into, SEAL)


@pytest.mark.parametrize(
    ("made_as", "opened_as"),
    [
        (saved_plans.SAVED, name_run_plan("a")),
        (name_run_plan("a"), saved_plans.SAVED),
        (name_run_plan("a"), name_run_plan("b")),
    ],
)
def test_a_plan_is_what_it_was_made_as(tmp_path: Path, made_as: str, opened_as: str) -> None:
    save_plan(PLAN, tmp_path / "a.plan", SEAL, made_as)
    assert open_plan(tmp_path / "a.plan", tmp_path / "into", SEAL, made_as) == PLAN
    with pytest.raises(Stale, match=f"or is not {opened_as}"):
        open_plan(tmp_path / "a.plan", tmp_path / "into", SEAL, opened_as)


def test_a_run_whose_journal_and_plan_were_both_replaced_goes_on_with_neither(ledger: Ledger, tmp_path: Path) -> None:
    run, other = (each for each in reversed(ledger.store.list_runs()[1:]))
    for name in ("plan.zip", "journal.jsonl"):
        runs = ledger.store.folder / "runs"
        shutil.copy(runs / other / name, runs / run / name)
    with pytest.raises(ReconcilerError):
        ledger.open_plan_of(run, tmp_path / "into")


def lines_of(kept: Ledger, name: str) -> list[bytes]:
    return (kept.store.folder / name).read_bytes().splitlines()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda lines: [*lines[:1], *lines[2:]], id="one taken out"),
        pytest.param(lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], id="moved"),
        pytest.param(lambda lines: [lines[0], lines[1], lines[1], *lines[2:]], id="doubled"),
        pytest.param(lambda lines: [*lines[:1], lines[1].replace(b'"rows":2', b'"rows":1'), *lines[2:]], id="edited"),
        pytest.param(without_proofs, id="without proofs"),
        pytest.param(lambda lines: lines[1:], id="the first taken out"),
        pytest.param(lambda lines: lines[:-1], id="the last taken out"),
        pytest.param(lambda lines: lines[:1], id="all but the first taken out"),
    ],
)
def test_a_journal_that_was_edited_is_not_gone_on_with(
    ledger: Ledger, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    run = ledger.list_interrupted("test")[0].name
    name = journal_of(run)
    lines = change(lines_of(ledger, name))
    assert lines != lines_of(ledger, name)
    (ledger.store.folder / name).write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(LedgerError, match=r"not in its place|was changed|no proof|cut short"), ledger.run(PLAN, run):
        pass


def test_an_interrupted_run_is_not_hidden_by_editing_the_record_of_those(ledger: Ledger) -> None:
    (run,) = ledger.list_interrupted("test")
    path = ledger.store.folder / interrupted_runs.FILE
    path.write_bytes(b'{"runs":[]}')
    assert ledger.list_interrupted("test") == [run]


def test_no_contact_and_no_word_of_the_tenant_is_in_the_clear_in_a_ledger(ledger: Ledger) -> None:
    run = ledger.list_interrupted("test")[0].name
    assert [orjson.loads(line)["contact"] for line in ledger.records.read_lines(f"runs/{run}/rejected.jsonl")] == [
        "+12025550100"
    ]
    for path in ledger.store.folder.rglob("*"):
        if path.is_file():
            assert b"5550100" not in path.read_bytes(), path
            assert b"Ottoline" not in path.read_bytes(), path


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o604])
def test_a_key_that_others_may_read_is_not_the_ledgers(tmp_path: Path, mode: int) -> None:
    store = Store("file://ledger", tmp_path)
    (tmp_path / "ledger" / "plan.key").write_text("f" * 64)
    (tmp_path / "ledger" / "plan.key").chmod(mode)
    with pytest.raises(LedgerError, match="cannot be trusted: others") as caught:
        _ = Ledger(store).seal
    assert "chmod 600" in str(caught.value.hint)


@pytest.mark.parametrize(("path", "tracked"), [("ledger/plan.key", True), ("other/ledger/plan.key", False)])
def test_a_key_that_came_with_the_manifests_is_not_the_ledgers(tmp_path: Path, path: str, tracked: bool) -> None:
    store = Store("file://ledger", tmp_path)
    key = tmp_path / "ledger" / "plan.key"
    key.touch(mode=0o600)
    key.write_text("f" * 64)
    assert not is_tracked(key)
    (tmp_path / ".git").mkdir()
    entry = b"\0" * 60 + len(path).to_bytes(2) + path.encode() + b"\0" * 4
    (tmp_path / ".git" / "index").write_bytes(b"DIRC" + (2).to_bytes(4) + (1).to_bytes(4) + entry)
    assert is_tracked(key) is tracked
    if tracked:
        with pytest.raises(LedgerError, match="tracked by git"):
            _ = Ledger(store).seal


def test_a_lock_that_was_taken_is_told_of_in_the_record(ledger: Ledger) -> None:
    with lock.hold_lock(ledger.store):
        pass
    with pytest.raises(LedgerError, match=r"the lock was taken since \(for the 4th time\)"):
        checked(ledger)
    ledger.supersede("test")
    assert Reason("locks_without_run", ("1",)) in checked(ledger).notes
