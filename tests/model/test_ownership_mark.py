"""Whose an object is can be put on, is found again, and can be taken off; and nobody's is never taken for ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.ownership_mark import InLedger, OwnerField, Ownership, TextMark

WORKSPACES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
SAYING: list[Ownership] = [TextMark(), TextMark("notes"), OwnerField("keeper")]


@pytest.mark.parametrize("ownership", SAYING, ids=repr)
@given(workspace=WORKSPACES, text=st.from_regex(r"[A-Za-z(]{0,30}", fullmatch=True))
def test_what_is_marked_is_the_workspaces_and_what_is_unmarked_nobodys(
    ownership: Ownership, workspace: str, text: str
) -> None:
    held: dict[str, Any] = {"name": "x", "description": text, "notes": text}
    marked = ownership.mark(held, {}, workspace)
    assert ownership.split(marked) == workspace
    assert {name: marked[name] for name in held} == held
    freed = {**marked, **ownership.unmark(marked)}
    assert ownership.split(freed) is None
    assert {name: freed[name] for name in held} == held


@pytest.mark.parametrize(
    "told", ["test", "somebody/test", "reconciler/", "reconciler/Test", "reconciler/test/x", " test "]
)
def test_a_field_that_names_somebody_else_is_never_taken_for_a_workspace(told: str) -> None:
    owner = OwnerField("keeper").split({"keeper": told})
    assert owner is not None
    assert owner not in ("test", "Test")


@pytest.mark.parametrize("told", [None, "", "  "])
def test_a_field_that_names_nobody_is_nobodys(told: str | None) -> None:
    assert OwnerField("keeper").split({"keeper": told}) is None
    assert OwnerField("keeper").split({}) is None


def test_a_text_keeps_its_mark_only_where_it_is_not_written() -> None:
    assert TextMark().keeps({"name": "x"})
    assert not TextMark().keeps({"description": "x"})


def test_what_the_ledger_keeps_stands_in_no_field() -> None:
    assert InLedger().mark({"name": "x"}, {}, "test") == {"name": "x"}
    assert InLedger().split({"description": "(managed-by: reconciler/test)"}) is None
    assert InLedger().unmark({"name": "x"}) == {}
