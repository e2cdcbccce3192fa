"""Does a narrowed command write what was asked for, and whatever keeps people from being called by it?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import load_kinds
from reconciler.model.problem import BadInput
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.resource_address import Address
from reconciler.model.selection import Selection, parse_selector
from reconciler.simulator import Simulator
from reconciler.steps.load.narrowing import narrow
from reconciler.views import list_formats
from tests import scene
from tests.conftest import Ended, Folder, manifest
from tests.test_output_schemas import problems

Run = Callable[..., Ended]


def of(*specs: tuple[str, dict[str, Any]]) -> Catalogue:
    made = {}
    for text, spec in specs:
        kind, name = text.split("/")
        made[Address(kind, name)] = Resource(Address(kind, name), spec, labels={"team": name[:1]})
    return Catalogue(made)


HELD = of(
    ("ContactList/a", {}),
    ("ContactList/b", {}),
    ("ContactSource/all", {}),
    ("SuppressionList/dnc", {}),
    ("SuppressionList/other", {}),
    ("Segment/a", {"source": "all", "lists": {"x": "a"}, "suppress": ["dnc"]}),
    ("Segment/b", {"source": "all", "lists": {"x": "b"}}),
    ("Campaign/a", {"list": "a", "status": "active"}),
    ("Campaign/b", {"segment": {"name": "b", "band": "x"}, "status": "active"}),
    ("DncGroup/of-a", {"scrubs": ["a"]}),
    ("DispositionSet/adds", {"feedback": [{"suppressionList": "dnc"}]}),
    ("DispositionSet/elsewhere", {"feedback": [{"suppressionList": "other"}]}),
)
DNC = ["DispositionSet/adds"]


def narrowed(*, only: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> tuple[list[str], list[str], list[str]]:
    """What is written, what is read beside it, and what is written though nobody asked for it."""
    parsed = Selection(*(tuple(parse_selector(each, load_kinds()) for each in given) for given in (only, exclude)))
    found = narrow(HELD, parsed, load_kinds())
    writes = {each for each in found.catalogue.resources if load_kinds()[each.kind].writes}
    return (
        sorted(map(str, writes - found.read_only)),
        sorted(map(str, found.read_only)),
        sorted(map(str, found.kept)),
    )


@pytest.mark.parametrize(
    ("only", "written", "read", "kept"),
    [
        (
            "Campaign/a",
            ["Campaign/a", "DispositionSet/adds", "DncGroup/of-a", "Segment/a"],
            ["ContactList/a"],
            ["DispositionSet/adds", "DncGroup/of-a", "Segment/a"],
        ),
        ("Campaign/b", ["Campaign/b", "Segment/b"], ["ContactList/b"], ["Segment/b"]),
        # what a segment puts on a list is called by the campaign: its group comes along, the campaign does not
        (
            "Segment/a",
            ["DispositionSet/adds", "DncGroup/of-a", "Segment/a"],
            ["Campaign/a", "ContactList/a"],
            ["DispositionSet/adds", "DncGroup/of-a"],
        ),
        ("ContactList/b", ["ContactList/b"], [], []),
        ("DispositionSet", ["DispositionSet/adds", "DispositionSet/elsewhere"], [], []),
        ("label:team=b", ["Campaign/b", "ContactList/b", "Segment/b"], [], []),
    ],
)
def test_what_keeps_people_from_being_called_is_never_left_out(
    only: str, written: list[str], read: list[str], kept: list[str]
) -> None:
    assert narrowed(only=(only,)) == (written, read, kept)


@pytest.mark.parametrize("excluded", ["SuppressionList/dnc", "DispositionSet/adds", "DncGroup", "Segment/a", "*"])
def test_to_leave_it_out_by_name_is_refused(excluded: str) -> None:
    with pytest.raises(BadInput) as refused:
        narrowed(only=("Campaign/a",), exclude=(excluded,)) if excluded != "*" else narrowed(exclude=("dnc",))
    assert {each.code for each in refused.value.problems} == {"protection-left-out"}


def test_what_it_protects_may_go_with_it_and_what_is_left_out_needs_nothing() -> None:
    written, _, kept = narrowed(
        exclude=("Campaign/a", "Segment/a", "DncGroup", "SuppressionList/dnc", "DispositionSet")
    )
    assert (written, kept) == (["Campaign/b", "ContactList/a", "ContactList/b", "Segment/b"], [])
    with pytest.raises(BadInput) as refused:
        narrowed(only=("Campaing/a",))
    assert [each.code for each in refused.value.problems] == ["nothing-selected"]


def test_a_narrowed_plan_says_so_first_and_is_applied_as_what_it_is(
    tenant: Simulator, folder: Folder, run: Run, tmp_path: Path
) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    scene.declare_campaign(folder, status="paused")
    folder.write("other.yaml", manifest("ContactList", "other", "name: Other"))
    missing = run("plan", "--only", "Campaign/evening")
    assert (missing.code, "needed-and-left-out" in missing.err) == (64, True), missing.said
    assert run("plan", "--only", "Campaign", "--prune").code == 64
    saved = tmp_path / "narrow.plan"
    only = ("--only", "Campaign/evening", "--only", "ContactList/chosen")
    made = run("plan", *only, "--out", str(saved), "--format", "json")
    assert made.code == 0, made.said
    document = json.loads(made.out)
    assert problems(document, "plan.json") == []
    assert document["narrowed"] == ["--only Campaign/evening", "--only ContactList/chosen"]
    assert {each["address"] for each in document["order"]} == {
        "Campaign/evening",
        "ContactList/chosen",
        "Segment/chosen[engaged]",
    }
    assert [each["args"] for each in document["notice_details"] if each["code"] == "kept_to_protect"] == [
        {"objects": ["Segment/chosen"]}
    ]
    shown = {each: run("plan", *only, "--format", each).out for each in list_formats("plan")}
    assert shown["text"].startswith("Narrowed to --only Campaign/evening --only ContactList/chosen:")
    assert shown["markdown"].startswith("## Narrowed plan: changes\n\n**Narrowed. **")
    # the form of others has no word for it
    assert json.loads(shown.pop("terraform"))["complete"] is False
    assert [each for each, words in shown.items() if "narrowed" not in words.casefold()] == []
    assert run("apply", str(saved)).code == 0
    assert {each.name for each in tenant.store.lists.values()} == {"All customers", "Chosen"}
    # what is left out is no drift of what is not; and is one of the whole
    looked = run("drift", *only)
    assert (looked.code, "No changes. What was compared is as declared." in looked.out) == (0, True)
    assert run("drift").code == 2
    # what is only read stays as it is, though its manifest says otherwise
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen\ndescription: new"))
    document = json.loads(run("plan", "--only", "Campaign/evening", "--format", "json").out)
    assert (document["order"], document["verdict"]["status"]) == ([], "no_changes")


def test_an_apply_without_a_file_is_narrowed_likewise(tenant: Simulator, folder: Folder, run: Run) -> None:
    folder.write("one.yaml", manifest("ContactList", "one", "name: One"))
    folder.write("two.yaml", manifest("ContactList", "two", "name: Two"))
    made = run("apply", "--yes", "--only", "two")
    assert made.code == 0, made.said
    assert made.out.startswith("Narrowed to --only two:")
    assert {each.name for each in tenant.store.lists.values()} == {"Two"}
    for wrong in (("some.plan",), ("--resume",), ("--prune",), ("--release", "all")):
        assert run("apply", *wrong, "--exclude", "two").code == 64, wrong


def test_what_is_deleted_comes_last_and_apart_and_waits_for_everything(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    tenant.store.add_list("Old", [], description=scene.MARK)
    folder.write("new.yaml", manifest("ContactList", "new", "name: New"))
    folder.write("next.yaml", manifest("ContactList", "next", "name: Next"))

    def order(*options: str) -> list[tuple[str, list[str], list[str]]]:
        document = json.loads(run("plan", "--format", "json", *options).out)
        return [(each["address"], each["does"], each["needs"]) for each in document["order"]]

    made: list[tuple[str, list[str], list[str]]] = [
        ("ContactList/new", ["create"], []),
        ("ContactList/next", ["create"], []),
    ]
    assert order() == made
    assert order("--prune") == [*made, ("ContactList/Old", ["delete"], ["ContactList/new", "ContactList/next"])]
    assert order("--only", "new") == made[:1]
    assert run("plan", "--prune", "--exclude", "next").code == 64
