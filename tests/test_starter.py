"""The starter's manifests go on from day to day with no waiver of anything."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.cli import run as run_program
from reconciler.simulator import Simulator

STARTER = Path(__file__).parents[1] / "segments"
DAY = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def starter(tenant: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The starter's own manifests, on a tenant with 60 customers; a command on them, as of a day."""
    for name, value in tenant.environment().items():
        monkeypatch.setenv(name, value)
    ids = [f"C{number:06d}" for number in range(60)]
    tenant.store.add_contacts({"id": each, "engagementScore": 80, "phoneNumber": "+12125550100"} for each in ids)
    for name in ("All customers", "Spring offer - invited"):
        tenant.store.add_list(name, ids)
    for number, each in enumerate(ids):
        calls = [number * 1.4 + 0.3 + many * 0.5 for many in range(1 + number % 23)]
        tenant.store.add_interactions(
            {"id": f"{each}-{ago}", "contactId": each, "startTime": DAY - timedelta(days=ago)} for ago in calls
        )
    root = tmp_path / "segments"
    shutil.copytree(STARTER, root, ignore=shutil.ignore_patterns(".*"))
    assert "overrides" not in (root / "workspace.yaml").read_text(encoding="utf-8")

    def run(days: int, *words: str) -> int:
        as_of = (DAY + timedelta(days=days)).isoformat()
        return run_program([*words, "--as-of", as_of, "-w", str(root), "--var", f"cxone={tenant.url}"])

    return run


def test_a_plan_of_the_next_day_is_not_refused(starter: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert starter(0, "apply", "--yes") == 0
    capsys.readouterr()
    assert starter(1, "plan", "--format", "json", "--detailed-exitcode") == 2
    counts = json.loads(capsys.readouterr().out)["verdict"]["counts"]
    assert counts["contacts_by_the_calendar"] > 40
    assert (counts["contacts_update"], counts["waived"]) == (counts["contacts_by_the_calendar"], 0)
    assert starter(1, "apply", "--yes") == 0
    assert starter(3, "plan", "--fail-on", "refuse") == 0
