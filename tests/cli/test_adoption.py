"""Whose is an object: adopted by an operation of its own, left alone, or protected from what would take it away?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder, manifest
from tests.test_output_schemas import problems

Run = Callable[..., Ended]


def plan(run: Run, *words: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run("plan", "--format", "json", *words).out)
    assert problems(document, "plan.json") == []
    return document


def blocked(document: dict[str, Any]) -> list[str]:
    return [f"{each['rule']} {each['object']}" for each in document["verdict"]["blocked_by"]]


def test_an_adoption_is_counted_apart_in_every_view(tenant: Simulator, folder: Folder, run: Run) -> None:
    for name in ("A", "B", "C"):
        tenant.store.add_list(name, [], description="old")
        more = "description: new" if name == "B" else "adopt: false" if name == "C" else ""
        folder.write(f"{name}.yaml", manifest("ContactList", name.lower(), f"name: {name}\n{more}"))
    folder.write("D.yaml", manifest("ContactList", "d", "name: D"))
    counts = plan(run)["verdict"]["counts"]
    assert (counts["create"], counts["update"], counts["adopt"]) == (1, 1, 2)
    for form, words in (
        ("text", "1 to create, 1 to change, 2 to adopt, 0 to delete"),
        ("markdown", "1 to create, 1 to update, 2 to adopt"),
        ("html", "1 to create, 1 to update, 2 to adopt"),
    ):
        assert words in run("plan", "--format", form).out, form
    shown = run("plan").out
    assert "1 declared object carries no owner's mark" in shown
    assert run("apply", "--yes").code == 0
    marked = {each.name for each in tenant.store.lists.values() if scene.MARK in str(each.description)}
    assert marked == {"A", "B", "D"}
    # it is ours already: the line does nothing, and says so
    folder.write("A.yaml", manifest("ContactList", "a", "name: A\nadopt: false"))
    again = plan(run, "--detailed-exitcode")
    assert again["verdict"]["status"] == "no_changes"
    assert {each["code"] for each in again["notice_details"]} == {"not_adopted", "adoption_declined"}


def test_what_is_protected_is_neither_deleted_nor_replaced_nor_emptied(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    scene.declare_campaign(folder, status="paused")
    for file in ("list.yaml", "campaign-evening.yaml"):
        text = (folder.root / file).read_text(encoding="utf-8")
        folder.write(file, f"{text.rstrip()}\n  protect: true\n")
    assert run("apply", "--yes").code == 0
    # replaced
    text = (folder.root / "campaign-evening.yaml").read_text(encoding="utf-8")
    other = text.replace("dialType: predictive", "dialType: preview")
    folder.write("campaign-evening.yaml", "\n".join(line for line in other.splitlines() if "targetAnswer" not in line))
    document = plan(run)
    assert "OWN-PROTECTED Campaign/evening" in blocked(document)
    (found,) = [each for each in document["findings"] if each["rule"] == "OWN-PROTECTED"]
    place = found["details"]["where"]
    assert place.startswith("campaign-evening.yaml:")
    assert place in found["message"]
    folder.write("campaign-evening.yaml", text)
    # emptied
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 100}"))
    assert "OWN-PROTECTED Segment/chosen[engaged]" in blocked(plan(run))
    # its manifest is gone: what the ledger knows counts
    scene.declare_segment(folder)
    for file in ("list.yaml", "segment.yaml", "campaign-evening.yaml"):
        (folder.root / file).unlink()
    document = plan(run, "--prune")
    assert {each for each in blocked(document) if "PROTECTED" in each} == {
        "OWN-PROTECTED Campaign/Evening",
        "OWN-PROTECTED ContactList/Chosen",
    }
    assert run("apply", "--yes", "--prune").code == 3
    assert len(tenant.store.campaigns) == 1
    # an apply of something else forgets nothing of it
    folder.write("other.yaml", manifest("ContactList", "other", "name: Other"))
    assert run("apply", "--yes").code == 0
    assert "OWN-PROTECTED Campaign/Evening" in blocked(plan(run, "--prune"))
    # who means it takes the line out first
    folder.write("campaign-evening.yaml", text.replace("  protect: true\n", "").replace("list: chosen", "list: kept"))
    folder.write("list.yaml", manifest("ContactList", "kept", "name: Chosen"))
    assert run("apply", "--yes").code == 0
    (folder.root / "campaign-evening.yaml").unlink()
    assert "OWN-PROTECTED Campaign/Evening" not in blocked(plan(run, "--prune"))
