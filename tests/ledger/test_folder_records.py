"""Is what was recorded still there after a crash, and is it its owner's alone?"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from reconciler.ledger import truncation_check
from reconciler.ledger.folder_records import Store
from reconciler.ledger.record_store_interface import KEY_VARIABLE
from reconciler.model.errors import LedgerError
from tests.ledger.proof import SEAL


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty ledger."""
    return Store("file://ledger", tmp_path)


def mode(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_ledger_is_relative_to_its_workspace_unless_it_is_absolute(tmp_path: Path) -> None:
    assert Store("file://ledger", tmp_path).folder == tmp_path / "ledger"
    assert Store(f"file://{tmp_path}/elsewhere", tmp_path / "workspace").folder == tmp_path / "elsewhere"
    assert mode(tmp_path / "ledger") == 0o700


def test_lines_come_back_in_their_order(store: Store) -> None:
    assert store.read_lines("a.jsonl") == []
    for line in (b"one", b"two", b""):
        store.append("a.jsonl", line)
    assert store.read_lines("a.jsonl") == [b"one", b"two", b""]
    assert mode(store.folder / "a.jsonl") == 0o600


def test_every_line_is_on_the_disk_before_it_counts_as_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append("a.jsonl", b"one")
    synced: list[int] = []
    sync = os.fsync

    def counted(descriptor: int) -> None:
        if os.path.samestat(os.fstat(descriptor), (store.folder / "a.jsonl").stat()):
            synced.append(os.fstat(descriptor).st_size)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    for number, line in enumerate((b"two", b"three")):
        store.append("a.jsonl", line)
        assert len(synced) == number + 1
        assert synced[-1] == (store.folder / "a.jsonl").stat().st_size


def test_a_record_is_on_the_disk_before_it_has_its_name(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: set[tuple[int, int]] = set()
    sync, link = os.fsync, os.link

    def counted(descriptor: int) -> None:
        found = os.fstat(descriptor)
        synced.add((found.st_ino, found.st_size))
        sync(descriptor)

    def named(draft: Path, path: Path) -> None:
        assert (draft.stat().st_ino, len(b"whole")) in synced
        link(draft, path)

    monkeypatch.setattr(os, "fsync", counted)
    monkeypatch.setattr(os, "link", named)
    assert store.create("a.json", b"whole")
    assert ((store.folder).stat().st_ino, (store.folder).stat().st_size) in synced


def test_a_last_line_that_a_crash_cut_short_is_left_out_and_never_joined_to_the_next(store: Store) -> None:
    store.append("a.jsonl", b"one")
    with (store.folder / "a.jsonl").open("ab") as handle:
        handle.write(b'{"event": "inte')
    assert store.read_lines("a.jsonl") == [b"one"]
    store.append("a.jsonl", b"two")
    assert store.read_lines("a.jsonl") == [b"one", b"two"]


def test_a_record_that_is_one_cut_line_begins_again(store: Store) -> None:
    (store.folder / "a.jsonl").write_bytes(b"cut")
    store.append("a.jsonl", b"one")
    assert store.read_lines("a.jsonl") == [b"one"]


def test_a_line_is_written_whole_however_little_the_disk_takes_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:3]))
    store.append("a.jsonl", b"a long line")
    assert store.read_lines("a.jsonl") == [b"a long line"]


def test_a_disk_that_takes_no_more_is_told_and_leaves_whole_lines(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append("a.jsonl", b"one")
    write, full = os.write, OSError(28, "No space left on device")

    def half(descriptor: int, content: bytes) -> int:
        if len(content) < 6:
            raise full
        return write(descriptor, content[:4])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(LedgerError) as caught:
        store.append("a.jsonl", b"a long line")
    assert caught.value.note == "No space left on device"
    monkeypatch.setattr(os, "write", write)
    store.append("a.jsonl", b"two")
    assert store.read_lines("a.jsonl") == [b"one", b"two"]


def test_a_ledger_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file is in the way")
    with pytest.raises(LedgerError, match="the ledger cannot be stored in"):
        Store("file://ledger", tmp_path)


def test_a_record_that_cannot_be_written_is_told(store: Store) -> None:
    (store.folder / "a.jsonl").mkdir()
    with pytest.raises(LedgerError, match=r"a\.jsonl cannot be written"):
        store.append("a.jsonl", b"one")


def test_a_record_is_made_once(store: Store) -> None:
    assert store.create("x", b"first")
    assert not store.create("x", b"second")
    assert (store.folder / "x").read_bytes() == b"first"
    assert mode(store.folder / "x") == 0o600
    assert [path.name for path in store.folder.iterdir()] == ["x"], "no drafts are left behind"


def test_the_token_key_is_made_once_and_kept_for_its_owner_alone(store: Store, tmp_path: Path) -> None:
    key = store.read_or_create_token_key(None)
    assert len(key.reveal()) == 64
    assert Store("file://ledger", tmp_path).read_or_create_token_key(None) == key
    assert mode(store.folder / "token.key") == 0o600


def test_a_key_from_the_environment_is_used_and_never_written(store: Store) -> None:
    assert KEY_VARIABLE == "RECONCILER_TOKEN_KEY"
    assert store.read_or_create_token_key("given").reveal() == "given"
    assert list(store.folder.iterdir()) == []


def test_an_empty_token_key_is_an_error(store: Store) -> None:
    (store.folder / "token.key").touch()
    with pytest.raises(LedgerError, match=r"token\.key is empty"):
        store.read_or_create_token_key(None)


@pytest.mark.parametrize("name", ["owed.jsonl", "runs/2999/journal.jsonl", "lock.json", "audit.jsonl"])
@pytest.mark.parametrize("what", ["a folder", "a pipe", "a link to a folder", "a link to itself"])
def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path, name: str, what: str) -> None:
    store = Store("file://ledger", tmp_path)
    path = store.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if what == "a folder":
        path.mkdir()
    elif what == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(tmp_path if what == "a link to a folder" else path)
    for read in (store.read_lines, store.read, store.read_last, lambda each: list(store.scan_lines(each))):
        if what == "a link to itself" and read is not store.read:
            continue  # as one that is not there
        with pytest.raises(LedgerError, match=f"the ledger's {name} cannot be read"):
            read(name)


@pytest.mark.parametrize("fails", ["fsync", "link", "mkdir"])
def test_a_disk_that_fails_is_told_of_every_kind_of_record(
    store: Store, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    assert store.create("there.json", b"{}")
    held = store.read("there.json")
    assert held is not None

    def broken(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, fails, broken)
    with pytest.raises(LedgerError, match=r"deep/new\.json cannot be written"):
        store.create("deep/new.json", b"{}")
    with pytest.raises(LedgerError, match=r"far/plan\.zip cannot be written"), store.write_file("far/plan.zip") as path:
        path.write_bytes(b"a plan")
        os.fsync(0) if fails == "fsync" else os.link(path, path)
    if fails != "mkdir":
        with pytest.raises(LedgerError, match=r"there\.json cannot be written"):
            store.replace("there.json", held, b"[]")
    monkeypatch.undo()
    assert not [each for each in store.folder.rglob(".*") if each.name.startswith(".new")], "no draft is left"


def test_a_count_of_lines_that_is_new_is_on_the_disk_with_its_name(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    fsync, pwrite = os.fsync, os.pwrite

    def counted(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    monkeypatch.setattr(os, "pwrite", lambda descriptor, told, at: pwrite(descriptor, told[:7], at))
    truncation_check.write_count(store, SEAL, "audit.jsonl", 1)
    assert synced == [False, True], "the count, and then the folder with its name"
    truncation_check.write_count(store, SEAL, "audit.jsonl", 2)
    assert synced == [False, True], "to count on, nobody waits"
    assert truncation_check.read_confirmed(store, SEAL, "audit.jsonl") == 2, "whole, however little is taken at once"


def test_a_file_that_a_dead_process_has_made_gets_its_name_on_the_disk_with_the_next_line(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store.folder / "runs").mkdir()
    (store.folder / "runs/a.jsonl").touch(mode=0o600)  # killed before it waited for the folder
    synced: list[int] = []
    fsync = os.fsync

    def counted(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    store.append("runs/a.jsonl", b"a line")
    folder = (store.folder / "runs").stat().st_ino
    assert folder in synced, "the file was there, and nobody knows whether its name would outlive a power failure"
    synced.clear()
    store.append("runs/a.jsonl", b"another")
    assert folder not in synced, "now it is known"
