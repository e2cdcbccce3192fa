"""Fields by the names that they had before: they mean what they meant, and it is said how they are called now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.kinds import find_schema_folder, load_kinds, load_schema
from reconciler.model.desired_state import Desired
from reconciler.model.problem import BadInput
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.load import load
from reconciler.steps.load.earlier_spellings import EARLIER

TENANT = """apiVersion: cxone.reconciler/v1
kind: Tenant
metadata: {name: production}
spec: {surfaces: {lists: {tenant: acme-1.cxone.com}}}
---
"""
FLOOR = "apiVersion: cxone.reconciler/v1\nkind: Floor\nmetadata: {name: ours}\nspec:\n"
EARLIER_FLOOR = f"{FLOOR}  firm: [DNC-STALE]\n  waivers: {{longest: 90d}}\n"
FLOOR_OF_NOW = f"{FLOOR}  unwaivable: [DNC-STALE]\n  waivers: {{maxDuration: 90d}}\n"


def _load(root: Path, floor: str, *, outside: bool = False) -> Desired:
    root.mkdir()
    folder = root / "workspace"
    folder.mkdir()
    floors = (root / "operator.yaml",) if outside else ()
    (root / "operator.yaml" if outside else folder / "floor.yaml").write_text(floor, encoding="utf-8")
    (folder / "tenant.yaml").write_text(TENANT, encoding="utf-8")
    return load(Workspace(folder, root / "scratch", datetime(2026, 1, 1, tzinfo=UTC), floors=floors))


@pytest.mark.parametrize("outside", [False, True])
def test_a_floor_in_earlier_words_is_the_same_floor(tmp_path: Path, outside: bool) -> None:
    earlier = _load(tmp_path / "earlier", EARLIER_FLOOR, outside=outside)
    now = _load(tmp_path / "now", FLOOR_OF_NOW, outside=outside)
    assert earlier.settings == now.settings
    assert earlier.settings.unwaivable == {"DNC-STALE"}
    assert earlier.settings.max_waiver == timedelta(days=90)
    assert earlier.manifests == now.manifests


def test_each_earlier_name_is_told_once_at_its_place_with_the_name_of_now(tmp_path: Path) -> None:
    desired = _load(tmp_path / "earlier", EARLIER_FLOOR)
    assert sorted(each.message for each in desired.notices) == [
        "floor.yaml:5:3: `spec.firm` is called `unwaivable` now; it goes on working",
        "floor.yaml:6:13: `spec.waivers.longest` is called `maxDuration` now; it goes on working",
    ]
    assert not _load(tmp_path / "now", FLOOR_OF_NOW).notices


@pytest.mark.parametrize("both", ["firm: []\n  unwaivable: [ABN-001]", "unwaivable: [ABN-001]\n  firm: [ABN-001]"])
def test_one_setting_by_both_names_is_refused(tmp_path: Path, both: str) -> None:
    with pytest.raises(BadInput) as caught:
        _load(tmp_path / "both", f"{FLOOR}  {both}\n")
    assert [(each.code, each.message) for each in caught.value.problems] == [
        ("spelled-twice", "`spec.firm` and `spec.unwaivable` are one setting")
    ]


def test_a_fault_of_an_earlier_name_is_told_where_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        _load(tmp_path / "fault", f"{FLOOR}  firm: [DNC-STALF]\n  waivers: {{longest: a month}}\n")
    assert {str(each.where) for each in caught.value.problems} <= {"floor.yaml:5:10", "floor.yaml:6:22"}


def test_a_schema_knows_the_name_of_now_and_not_the_earlier_one() -> None:
    assert [each for each in find_schema_folder().iterdir() if each.name == "floor.json"]
    found = 0
    for kind in load_kinds():
        todo = [load_schema(kind)]
        while todo:
            schema = todo.pop()
            todo += [each for each in schema.values() if isinstance(each, dict)]
            for old, new in schema.get(EARLIER, {}).items() if isinstance(schema.get(EARLIER), dict) else ():
                found += 1
                assert new in schema["properties"]
                assert old not in schema["properties"]
    assert found
