"""What the ledger claims to know of the last apply is true, also of one that failed, was killed or was cut short."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.ledger import last_applied
from reconciler.ledger.folder_records import open_store
from reconciler.simulator import Simulator
from reconciler.steps.apply.step_scheduling import run_steps
from tests import scene
from tests.conftest import Ended, Folder

Run = Callable[..., Ended]
OF = ("test", "embedded", None)


def kept(folder: Folder) -> Path:
    (file,) = (folder.root / ".reconciler" / "applied").glob("*.json")
    return file


@pytest.fixture
def ready(tenant: Simulator, folder: Folder) -> Folder:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    scene.declare_campaign(folder)
    return folder


def test_it_knows_what_was_changed_and_what_was_found_as_declared(tenant: Simulator, ready: Folder, run: Run) -> None:
    assert run("apply", "--yes").code == 0
    known = json.loads(kept(ready).read_bytes())
    assert set(known["objects"]) == {"ContactList/chosen", "Campaign/evening"}
    assert known["objects"]["Campaign/evening"]["abandonThreshold"] == 3
    assert known["lists"]["Segment/chosen[engaged]"]["contacts"] == 25
    definition = known["lists"]["Segment/chosen[engaged]"]["definition"]
    assert set(definition) == {"Segment/chosen", "ScoreModel/engaged", "ContactSource/all", "ContactList/chosen"}
    assert kept(ready).stat().st_mode & 0o077 == 0


def test_of_a_step_that_failed_nothing_is_known_and_of_the_others_it_is(
    tenant: Simulator, ready: Folder, run: Run
) -> None:
    assert run("apply", "--yes").code == 0
    (ready.root / "score.yaml").write_text((ready.root / "score.yaml").read_text().replace("75", "80"))
    tenant.faults.add("status", path="/contacts", method="DELETE", status=403)
    ended = run("apply", "--yes")
    assert ended.code == 1, ended
    known = json.loads(kept(ready).read_bytes())
    assert known["lists"]["Segment/chosen[engaged]"] is None
    assert known["objects"]["Campaign/evening"] is not None
    tenant.faults.clear()
    planned = json.loads(run("plan", "--format", "json").out)
    assert planned["row_changes"][0]["removes"] == 5
    assert planned["causes"]["lists"] == {}


@pytest.mark.matrix(instead="test_of_a_step_that_failed_nothing_is_known_and_of_the_others_it_is")
def test_a_file_that_was_cut_short_is_no_knowledge_and_no_error(tenant: Simulator, ready: Folder, run: Run) -> None:
    assert run("apply", "--yes").code == 0
    whole = kept(ready).read_bytes()
    for damaged in (b"", whole[:40], b"[]", b"null", b'{"run": 1}', whole.replace(b'"objects"', b'"objekts"')):
        kept(ready).write_bytes(damaged)
        assert last_applied.fetch_applied(open_store(".reconciler", ready.root), OF) is None
        planned = run("plan", "--format", "json")
        assert planned.code == 0
        assert "causes" not in json.loads(planned.out)


def test_an_apply_strikes_out_what_it_changes_before_it_writes(
    tenant: Simulator, ready: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("apply", "--yes").code == 0
    path = ready.root / "campaign-evening.yaml"
    path.write_text(path.read_text().replace("maxCallsInProgress: 10", "maxCallsInProgress: 12"))
    seen = []

    def look(*given: Any, **options: Any) -> Any:
        seen.append(json.loads(kept(ready).read_bytes()))
        return run_steps(*given, **options)

    monkeypatch.setattr("reconciler.steps.apply.run_steps", look)
    assert run("apply", "--yes").code == 0
    assert seen[0]["objects"]["Campaign/evening"] is None
    assert seen[0]["objects"]["ContactList/chosen"] is not None
    assert json.loads(kept(ready).read_bytes())["objects"]["Campaign/evening"] is not None
