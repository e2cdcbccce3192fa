"""The registry of owners, in a folder and in a bucket: what it does not know is nobody's, what is odd in it is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.ledger.ledger import Ledger
from reconciler.ledger.owners import FILE, Registry
from reconciler.ledger.record_store_interface import Records
from reconciler.model.errors import LedgerError
from reconciler.model.ownership_registry import NoOwners
from tests.s3 import S3

LISTS = "https://one.example.com/rest/groups"
Opened = Callable[[], Records]


@pytest.fixture
def opened(opening: Opened) -> Callable[[], Registry]:
    """Open the registry as another process would."""
    return lambda: Ledger(opening()).owners()


def test_what_was_claimed_is_known_until_it_is_released(opened: Callable[[], Registry]) -> None:
    registry = opened()
    assert registry.find_owner(LISTS, "7") is None
    registry.claim(LISTS, "7", "ContactList/Gold", "test")
    registry.claim(LISTS, "8", "ContactList/Silver", "test")
    registry.claim(LISTS, "7", "ContactList/Gold", "test")
    assert [opened().find_owner(LISTS, each) for each in ("7", "8", "9")] == ["test", "test", None]
    # an id is one collection's: that of another tenant, or of another kind, is nobody's
    assert opened().find_owner("https://two.example.com/rest/groups", "7") is None
    assert opened().find_owner("https://one.example.com/rest/efforts", "7") is None
    opened().release(LISTS, "7", "ContactList/Gold", "test")
    assert [opened().find_owner(LISTS, each) for each in ("7", "8")] == [None, "test"]


def test_what_is_another_workspaces_is_neither_claimed_nor_released(opened: Callable[[], Registry]) -> None:
    opened().claim(LISTS, "7", "ContactList/Gold", "other")
    with pytest.raises(LedgerError, match="ContactList/Gold is managed by workspace 'other'"):
        opened().claim(LISTS, "7", "ContactList/Gold", "test")
    opened().release(LISTS, "7", "ContactList/Gold", "test")
    assert opened().find_owner(LISTS, "7") == "other"


def test_a_line_of_another_meaning_makes_the_record_unreadable(opening: Opened) -> None:
    ledger = Ledger(opening())
    ledger.owners().claim(LISTS, "7", "ContactList/Gold", "test")
    (line,) = ledger.records.read_lines(FILE)
    head = hashlib.sha256(line).hexdigest()
    ledger.records.append(FILE, orjson.dumps({**orjson.loads(line), "event": "lent", "previous": head}))
    with pytest.raises(LedgerError, match=f"{FILE} cannot be read"):
        Ledger(opening()).owners().find_owner(LISTS, "7")


def test_lines_that_were_left_out_or_moved_are_not_read_over(tmp_path: Path) -> None:
    from reconciler.ledger.folder_records import open_store

    registry = Ledger(open_store("file://ledger", tmp_path)).owners()
    registry.claim(LISTS, "7", "ContactList/Gold", "test")
    registry.release(LISTS, "7", "ContactList/Gold", "test")
    registry.claim(LISTS, "8", "ContactList/Silver", "test")
    file = tmp_path / "ledger" / FILE
    first, second, third = file.read_bytes().splitlines(keepends=True)
    # without its release the first would be ours again, and might be deleted
    for lines in (
        (first, third),
        (first,),
        (second, first, third),
        (third, first, second),
        (first, first, second, third),
    ):
        file.write_bytes(b"".join(lines))
        with pytest.raises(LedgerError):
            Ledger(open_store("file://ledger", tmp_path)).owners().find_owner(LISTS, "7")
    file.write_bytes(first + second + third)
    assert Ledger(open_store("file://ledger", tmp_path)).owners().find_owner(LISTS, "7") is None


def test_a_release_that_was_taken_out_of_a_bucket_is_missed(bucket: str, s3_here: S3, tmp_path: Path) -> None:
    from reconciler.ledger.folder_records import open_store

    url = f"s3://{bucket}/team/ledger"
    registry = Ledger(open_store(url, tmp_path)).owners()
    registry.claim(LISTS, "7", "ContactList/Gold", "test")
    registry.release(LISTS, "7", "ContactList/Gold", "test")
    registry.claim(LISTS, "8", "ContactList/Silver", "test")
    s3_here.delete(bucket, f"team/ledger/{FILE}/000000000002")
    with pytest.raises(LedgerError, match=f"{FILE} cannot be read"):
        Ledger(open_store(url, tmp_path)).owners().find_owner(LISTS, "7")


def test_a_claim_that_could_not_be_written_leaves_a_record_that_can(
    opening: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opening()
    registry = Ledger(store).owners()
    registry.claim(LISTS, "7", "ContactList/Gold", "test")
    verb = "append" if store.shared else "extend"
    write = getattr(type(store), verb)

    def cut(self: Records, *given: Any) -> None:
        write(self, *given)
        raise LedgerError("the answer was lost")

    with monkeypatch.context() as patch:
        patch.setattr(type(store), verb, cut)
        with pytest.raises(LedgerError, match="the answer was lost"):
            registry.claim(LISTS, "8", "ContactList/Silver", "test")
    registry.claim(LISTS, "9", "ContactList/Bronze", "test")
    assert [Ledger(opening()).owners().find_owner(LISTS, each) for each in ("7", "8", "9")] == ["test", "test", "test"]


def test_without_a_registry_everything_is_nobodys_and_nothing_can_be_claimed() -> None:
    assert NoOwners().find_owner(LISTS, "7") is None
    with pytest.raises(Exception, match="there is no registry"):
        NoOwners().claim(LISTS, "7", "ContactList/Gold", "test")
