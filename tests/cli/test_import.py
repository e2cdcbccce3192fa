"""Is an inventory of what is live written as manifests that a plan right after finds nothing to do for?"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from reconciler.model import written_files
from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder
from tests.test_output_schemas import problems

Run = Callable[..., Ended]

LEFT_OUT = """\
# Of tenant embedded 6 objects were left out: no manifest can declare them.
# Campaign "GA-1": its `status` is a value that no manifest may say, and one has to say it
# Campaign "GA-2": it works with ContactList 'Theirs', which no manifest declares or can declare
# Campaign "GA-3": the tenant tells no end of its time window that a manifest could say
# ContactList "Theirs": it is managed by workspace other
"""


def fill(tenant: Simulator) -> None:
    """The inventory of a company that never heard of this tool, and of another workspace's."""
    store = tenant.store
    store.add_contacts([scene.contact(1)])
    store.add_list("FL winback", [scene.contact(1)], description="Who left in 2025")
    store.add_list("FL: winback!", [])
    store.add_list("Twice", [])
    store.add_list("Twice", [])
    store.add_list("Theirs", [], description="(managed-by: reconciler/other)")
    store.add_list("Ours", [], description=scene.MARK)
    scene.live_campaign(tenant, "FL-1", "FL winback", description="Ask for Jo, 212 555 0123")
    scene.live_campaign(tenant, "{{ evil }}: no", "FL: winback!", abandonThreshold=2.5, description="x\n# y: 1")
    scene.live_campaign(tenant, "GA-1", "FL winback", status="zombie", description="")
    scene.live_campaign(tenant, "GA-2", "Theirs", description="")
    scene.live_campaign(tenant, "GA-3", "Ours", endTime=None, description="")


def test_a_plan_right_after_is_empty_and_says_that_nothing_is_adopted_yet(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    fill(tenant)
    ended = run("import", "--format", "json")
    assert ended.code == 0, ended.said
    assert not tenant.requests().writes()
    told = json.loads(ended.out)
    assert problems(told, "imported.json") == []
    assert [each["address"] for each in told["manifests"]] == [
        "AbandonmentPolicy/percent-2-5",
        "AbandonmentPolicy/percent-3",
        "Campaign/evil-no",
        "Campaign/fl-1",
        "ContactList/fl-winback",
        "ContactList/fl-winback-2b3b11",
        "ContactList/ours",
    ]
    assert len(told["left_out"]) == 6
    assert (folder.root / "imported/left-out.yaml").read_text(encoding="utf-8").startswith(LEFT_OUT)
    written = (folder.root / "imported/campaign/fl-1.yaml").read_text(encoding="utf-8")
    assert written.startswith('# Imported from tenant embedded: Campaign "FL-1", id ')
    assert "#   description: it may hold a phone number or a mail address\n" in written
    assert ("555" in written, scene.contact(1) in written) == (False, False)
    plan = run("plan", "--detailed-exitcode", "--format", "json")
    assert plan.code == 0, plan.said
    (notice,) = [each for each in json.loads(plan.out)["notice_details"] if each["code"] == "not_adopted"]
    assert notice["args"] == {"count": 4, "kinds": {"Campaign": 2, "ContactList": 2}}
    # what is declared is not written again, and nothing is overwritten unasked
    again = run("import")
    assert (again.code, "0 manifests written" in again.out) == (0, True), again.said
    assert "5 objects declared already" in again.out
    (folder.root / "imported/campaign/fl-1.yaml").write_text("", encoding="utf-8")
    refused = run("import")
    assert (refused.code, "files-there" in refused.err) == (64, True)
    assert run("import", "--overwrite", "--name", "FL-*").code == 0
    assert (folder.root / "imported/campaign/fl-1.yaml").read_text(encoding="utf-8") == written
    # the line is taken out: that is the adoption, and it is counted apart
    (folder.root / "imported/campaign/fl-1.yaml").write_text(written.replace("  adopt: false\n", ""), encoding="utf-8")
    shown = run("plan")
    assert "0 to create, 0 to change, 1 to adopt, 0 to delete" in shown.out
    # what differs from a manifest that adopts nothing is refused
    other = folder.root / "imported/contact-list/fl-winback.yaml"
    other.write_text(other.read_text(encoding="utf-8").replace("Who left", "Who came"), encoding="utf-8")
    refused = run("apply", "--yes")
    assert (refused.code, "OWN-UNADOPTED" in refused.said) == (3, True)
    assert not tenant.requests().writes()


def test_a_folder_that_is_ignored_is_told_and_nothing_is_left_there(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    fill(tenant)
    folder.write(".reconcilerignore", "imported/\n")
    ended = run("import", "--adopt")
    assert (ended.code, "import-ignored" in ended.err) == (64, True), ended.said
    assert not (folder.root / "imported").exists()
    for wrong in (("--kind", "Nothing"), ("--into", "../x"), ("--only", "label:a=b"), ("--only", "Campaign/")):
        assert run("import", *wrong).code == 64, wrong


def test_a_file_that_is_replaced_comes_back_where_another_cannot_be_written(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = folder.write("one", "before")
    (folder.root / "two").mkdir()
    with pytest.raises(written_files.FilesThere):
        written_files.write_files(folder.root, {"one": b"1", "two": b"2"}, overwrite=True)
    undo = written_files.write_files(folder.root, {"one": b"1", "a/three": b"3"}, overwrite=True)
    assert one.read_bytes() == b"1"
    undo()
    assert (one.read_text(encoding="utf-8"), (folder.root / "a").exists()) == ("before", False)
