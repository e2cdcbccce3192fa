"""The starter's programmes on NICE's published API have the bands and counts that they have on the other surfaces."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import run as run_program
from reconciler.simulator import Options, Simulator
from reconciler.simulator.surfaces.nice.skill_store import Skills
from tests.conftest import manifest
from tests.delivery import NICE
from tests.surfaces.nice.conftest import SETTINGS
from tests.test_starter import STARTER

DAY = datetime(2026, 7, 1, tzinfo=UTC)


def fill(tenant: Simulator) -> None:
    """Sixty customers with a score and calls of their own."""
    ids = [f"C{number:06d}" for number in range(60)]
    tenant.store.add_contacts(
        {"id": each, "engagementScore": 60 + number % 40, "phoneNumber": f"+1212555{100 + number:04d}"}
        for number, each in enumerate(ids)
    )
    for name in ("All customers", "Spring offer - invited"):
        tenant.store.add_list(name, ids)
    for number, each in enumerate(ids):
        calls = [number * 1.4 + 0.3 + many * 0.5 for many in range(1 + number % 23)]
        tenant.store.add_interactions(
            {"id": f"{each}-{ago}", "contactId": each, "startTime": DAY - timedelta(days=ago)} for ago in calls
        )


def copy_starter(root: Path, url: str, *, nice: bool) -> None:
    """The starter's manifests; on this API with its tenant, and with its way onto a list."""
    shutil.copytree(STARTER, root, ignore=shutil.ignore_patterns(".*"))
    for file in root.glob("*.yaml"):  # a file has numbers, so they are read
        text = re.sub(
            r"^(  membership: .*)$", r"\1\n  phones: { rule: valid }", file.read_text(encoding="utf-8"), flags=re.M
        )
        file.write_text(text, encoding="utf-8")
    if nice:
        settings = f"{SETTINGS}, scheduleZone: America/New_York"
        (root / "tenant.yaml").write_text(manifest("Tenant", "demo", NICE.format(url=url, settings=settings)))
        for file in root.glob("*.yaml"):
            text = re.sub(r"method: (contactIds|listContacts)", "method: listUpload", file.read_text(encoding="utf-8"))
            file.write_text(text, encoding="utf-8")


def rows_of(plan: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    """What is added, updated and removed on each list."""
    return {each["address"]: (each["adds"], each["updates"], each["removes"]) for each in plan["row_changes"]}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """A command on a folder of the starter's."""

    def run_on(root: Path, tenant: Simulator, *words: str) -> tuple[int, str]:
        for name, value in tenant.environment().items():
            monkeypatch.setenv(name, value)
        given = [] if root.name == "nice" else ["--var", f"cxone={tenant.url}"]
        capsys.readouterr()
        code = run_program([*words, "--as-of", DAY.isoformat(), "-w", str(root), *given])
        told = capsys.readouterr()
        return code, told.out + (told.err if code not in (0, 2) else "")

    return run_on


def test_both_programmes_have_the_same_bands_and_counts_and_a_second_plan_is_empty(
    tmp_path: Path, run: Callable[..., tuple[int, str]]
) -> None:
    with Simulator(Options()) as usual, Simulator(Options()) as tenant:
        plans = {}
        for name, each in (("usual", usual), ("nice", tenant)):
            fill(each)
            copy_starter(tmp_path / name, each.url, nice=name == "nice")
            code, told = run(tmp_path / name, each, "plan", "--format", "json")
            assert code == 0, told
            plans[name] = json.loads(told)
        assert rows_of(plans["nice"]) == rows_of(plans["usual"])
        assert sum(adds for adds, _, _ in rows_of(plans["nice"]).values()) > 60
        for name, each in (("usual", usual), ("nice", tenant)):
            code, told = run(tmp_path / name, each, "apply", "--yes")
            assert code == 0, told
        code, told = run(tmp_path / "nice", tenant, "plan", "--detailed-exitcode")
        assert code == 0, told
        members = {
            each.name: {contact: data.get("score") for contact, data in each.members.items()}
            for each in tenant.store.lists.values()
            if each.name.startswith("History")
        }
        assert members == {
            name: {contact: data.get("score") for contact, data in usual.store.list_named(name).members.items()}
            for name in members
        }
        assert {each.name for each in tenant.store.part(Skills).held.values() if each.running} == set(members)
