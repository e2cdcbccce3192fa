"""Which fields of an object differ: the same as a library says that compares anything, and for less."""

from __future__ import annotations

import subprocess
import sys
from copy import deepcopy
from functools import reduce
from typing import Any

import pytest
from deepdiff import DeepDiff, Delta
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.object_change import FieldChange
from reconciler.steps.diff.field_changes import changed
from tests.sample import examples

NUMBERS = st.sampled_from([0, 1, 2, 1.0, 2.5, 0.1 + 0.2, 0.3])
SIMPLE = st.none() | st.booleans() | NUMBERS | st.sampled_from(["", "1", "x"])
ALIKE = st.fixed_dictionaries({name: SIMPLE | st.lists(SIMPLE, max_size=3) for name in "abc"})
"""Objects of the same names: what has few names in common the library tells of as a whole."""
NESTED = st.recursive(SIMPLE, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=6)
OBJECTS = st.dictionaries(st.sampled_from("abc"), NESTED, max_size=3)


def by_the_library(before: dict[str, Any], after: dict[str, Any]) -> list[FieldChange]:
    """What deepdiff says of the whole."""
    rows = Delta(
        DeepDiff(before, after, verbose_level=2, ignore_numeric_type_changes=True),
        bidirectional=True,
    ).to_flat_rows()
    told = []
    for row in sorted(rows, key=lambda row: [str(part) for part in row.path]):
        was, is_now = row.old_value, row.value
        if row.action == "dictionary_item_added":
            was = None
        if row.action == "dictionary_item_removed":
            was, is_now = row.value, None
        told.append(FieldChange(".".join(map(str, row.path)), was, is_now))
    return told


@given(before=ALIKE, after=ALIKE)
@settings(max_examples=examples(300), deadline=None)
def test_fields_differ_as_a_library_says_that_compares_anything(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert list(changed(before, after)) == by_the_library(before, after)


@given(before=OBJECTS, after=OBJECTS)
@settings(max_examples=examples(300), deadline=None)
def test_whoever_makes_the_changes_gets_the_one_from_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    made: dict[str, Any] = deepcopy(before)
    for change in changed(before, after):
        *inside, name = change.path.split(".")
        held = reduce(lambda at, part: at[part], inside, made)
        there = reduce(lambda at, part: at[part], inside, after)
        assert held.get(name) == change.before
        if name in there:
            held[name] = change.after
        else:
            del held[name]
    assert _rounded(made) == _rounded(after)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return round(value, 12) if isinstance(value, float | int) else value


@pytest.mark.parametrize(
    ("was", "is_now", "differs"),
    [(3, 3.0, False), (0.1 + 0.2, 0.3, False), (3, 4, True), (1, True, False), (1, "1", True), (None, 0, True)],
)
def test_a_number_is_what_a_tenant_keeps_of_it(was: Any, is_now: Any, differs: bool) -> None:
    expected = [FieldChange("spec.x", was, is_now)] if differs else []
    assert list(changed({"spec": {"x": was}}, {"spec": {"x": is_now}})) == expected


def test_nothing_slow_is_imported_where_no_lists_differ() -> None:
    words = (
        "import sys\nfrom reconciler.steps.diff.field_changes import changed\n"
        "assert len(list(changed({'a': 1, 'b': {'c': [1]}}, {'a': 2, 'b': {'c': [1]}, 'd': 3}))) == 2\n"
        "assert not {'deepdiff', 'pandas', 'numpy'} & sys.modules.keys(), sorted(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
