"""Does the walk-through that a newcomer is told to run come to its end?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli import run


@pytest.mark.matrix(instead="tests/cli/test_init.py::test_what_it_makes_validates_plans_applies_and_comes_to_rest")
def test_the_walk_through_plans_applies_and_ends_with_no_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "demo"
    assert run(["demo", "--into", str(into), "--latency", "0"]) == 0
    shown = capsys.readouterr().out
    assert "Applied: 12 done." in shown
    assert "No changes. The tenant matches the manifests." in shown
    assert json.loads((into / "plan.json").read_text())["verdict"]["status"] == "changes"
    assert (into / "segments" / ".reconciler" / "audit.jsonl").is_file()
