"""Does a course see a phone however it is written, and take no digits of a hash for one?"""

from __future__ import annotations

import pytest

from tests.conftest import Folder
from tests.delivery import phone
from tests.steps.apply import course


@pytest.mark.parametrize("number", [phone(0), phone(25), "12125550103", "2125550104", "(212) 555-0105", "212.555.0106"])
def test_a_phone_in_the_ledger_is_found(folder: Folder, number: str) -> None:
    path = folder.write(".reconciler/runs/one/journal.jsonl", f'{{"why":"refused {number}"}}')
    path.chmod(0o600)
    assert course.leaks(folder) == [f"{path}: {path.read_bytes()!r}"]
    assert course.leaks(folder, number)[0] == repr(number.encode())


@pytest.mark.parametrize("digits", ["7f2125550104", "212555010412", "2125550104ae", "6135550104", "2125550199"])
def test_digits_of_a_hash_or_of_somebody_else_are_no_phone(folder: Folder, digits: str) -> None:
    path = folder.write(".reconciler/runs/one/journal.jsonl", f'{{"proof":"{digits}"}}')
    path.chmod(0o600)
    assert course.leaks(folder) == []


def test_what_others_may_read_is_told_of(folder: Folder) -> None:
    path = folder.write(".reconciler/plan.key", "")
    path.chmod(0o644)
    assert course.leaks(folder) == [f"{path} can be read by others"]
