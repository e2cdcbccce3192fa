"""Which engine a workspace means, and where it may spill."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.model.problem import BadInput
from reconciler.model.workspace_settings import Engine, Workspace
from reconciler.steps.load import load
from tests.conftest import TENANT, manifest


def engine(root: Path, said: str) -> Engine:
    """The engine of a workspace whose manifest says so."""
    (root / "tenant.yaml").write_text(TENANT.format(url="http://127.0.0.1:1"))
    (root / "workspace.yaml").write_text(manifest("Workspace", "test", said))
    return load(Workspace(root, root, datetime(2026, 7, 1, tzinfo=UTC))).settings.engine


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("tenant: embedded", Engine()),
        ("engine: duckdb", Engine()),
        ("engine: spark", Engine("spark")),
        ("engine: {memoryLimit: 512MB, threads: 1}", Engine("duckdb", "512MB", 1)),
        (
            "engine: {name: spark, master: 'spark://127.0.0.1:1,localhost:2'}",
            Engine("spark", master="spark://127.0.0.1:1,localhost:2"),
        ),
    ],
)
def test_an_engine_is_as_the_manifest_says(tmp_path: Path, said: str, meant: Engine) -> None:
    assert engine(tmp_path, said) == meant


def test_a_spill_folder_is_made_absolute(tmp_path: Path) -> None:
    assert engine(tmp_path, "engine: {spillFolder: a/b}").spill_folder == (tmp_path / "a" / "b").resolve()


def test_a_spill_folder_does_not_lead_out_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / ".spill").symlink_to(tmp_path)
    with pytest.raises(BadInput) as told:
        engine(tmp_path / "workspace", "engine: {spillFolder: .spill/deeper}")
    assert [problem.code for problem in told.value.problems] == ["outside-the-workspace"]
