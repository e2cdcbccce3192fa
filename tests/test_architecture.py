"""Does the page of the architecture speak of files and functions that are there?"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
NAMED = sorted(each for each in set(re.findall(r"`([a-z_/]+\.(?:py|toml))(?::(\w+))?`", PAGE)) if "/a/" not in each[0])
FOLDERS = sorted(set(re.findall(r"`((?:[a-z_]+/)+)`", PAGE)))


def _files(name: str) -> list[Path]:
    """A file by its path below the package or the repository, or by the end of that."""
    return [each for each in ROOT.glob("[rts]*/**/*") if each.as_posix().endswith(f"/{name}")]


@pytest.mark.parametrize(("name", "function"), NAMED)
def test_it_names_files_and_functions_that_there_are(name: str, function: str) -> None:
    found = _files(name)
    assert found, name
    if function:
        told = [node for each in found for node in ast.parse(each.read_text(encoding="utf-8")).body]
        assert function in {node.name for node in told if isinstance(node, ast.FunctionDef | ast.ClassDef)}, name


@pytest.mark.parametrize("name", FOLDERS)
def test_it_names_folders_that_there_are(name: str) -> None:
    assert any((ROOT / where / name).is_dir() for where in ("", "reconciler")), name


def test_its_sentence_is_the_programs() -> None:
    tree = ast.parse((ROOT / "reconciler" / "flow.py").read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    sentence = PAGE[PAGE.index("```python") : PAGE.index("```", PAGE.index("```python") + 3)]
    steps = set(re.findall(r"(?:= |return )(\w+)\(", sentence)) | {"guard"}
    assert steps == {
        "load",
        "read_tenant",
        "decide",
        "restore_members",
        "diff",
        "check_rules",
        "measure_impact",
        "build_plan",
        "guard",
        "apply",
    }
    assert steps <= called
