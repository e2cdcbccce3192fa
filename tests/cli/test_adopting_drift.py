"""Is what has changed in the tenant written into the manifests, and into nothing else of them?"""

from __future__ import annotations

import difflib
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.problem import Location
from reconciler.simulator import Simulator
from reconciler.steps.load.value_edits import edit_values
from tests import scene
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]

TEXT = """\
# the head
spec:
  name:   Old # stays
  quoted: 'it''s'
  double: "x"   # a comment
  anchored: &here 3
  tagged: !!str old
  templated: "{{ region }} - x"
  block: |
    many
    lines
  flow: {one: 1, two: [a, b]}
---
spec: {name: second}
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("line", "column", "value", "written"),
    [
        (3, 11, "New name", "  name:   New name # stays"),
        (3, 11, "no", '  name:   "no" # stays'),
        (3, 11, "{{ x }}", "  name:   \"{{ '\\\\x7b\\\\x7b x \\\\x7d\\\\x7d' }}\" # stays"),
        (3, 11, "# x: y\n", '  name:   "# x: y\\x0a" # stays'),
        (4, 11, "isn't", "  quoted: 'isn''t'"),
        (5, 11, 'say "no"', '  double: "say \\"no\\""   # a comment'),
        (6, 13, 4.5, "  anchored: &here 4.5"),
        (7, 11, "new", "  tagged: !!str new"),
        (12, 15, 2, "  flow: {one: 2, two: [a, b]}"),
        (14, 14, "third", "spec: {name: third}"),
    ],
)
def test_one_value_is_replaced_and_no_other_character(
    line: int, column: int, value: Any, written: str, ends: str
) -> None:
    text = TEXT.replace("\n", ends)
    made, left = edit_values(text, {Location("x", line, column): value})
    assert left == set()
    before, after = text.split(ends), made.split(ends)
    assert [each for each in zip(before, after, strict=True) if each[0] != each[1]] == [(before[line - 1], written)]


@pytest.mark.parametrize("place", [(8, 14), (9, 10), (2, 1), (12, 9), (99, 1)])
def test_a_template_a_block_and_what_is_no_value_are_left(place: tuple[int, int]) -> None:
    where = Location("x", *place)
    assert edit_values(TEXT, {where: "y"}) == (TEXT, {where})


@pytest.fixture
def applied(tenant: Simulator, folder: Folder, run: Run) -> Folder:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    scene.declare_campaign(folder, status="paused")
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen # the list\ndescription: 'as it was'"))
    assert run("apply", "--yes").code == 0
    return folder


def diff(before: dict[str, str], root: Path) -> list[str]:
    """The lines of the workspace that differ."""
    lines = []
    for name, text in before.items():
        now = (root / name).read_bytes().decode()
        lines += [each for each in difflib.ndiff(text.splitlines(), now.splitlines()) if each[0] in "+-"]
    return lines


def test_what_changed_in_the_tenant_goes_into_the_manifests_and_onto_a_branch(
    tenant: Simulator, applied: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Jo")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "jo@example.org")
    root = applied.root
    before = {path.name: path.read_bytes().decode() for path in root.glob("*.yaml")}

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=True, text=True).stdout

    campaign = tenant.store.campaign_named("Evening")
    settings = {**scene.PREDICTIVE, "maxCallsInProgress": 99}
    tenant.store.change_campaign(campaign, predictiveDialingSettings=settings, wrapUpCode="NEW", abandonThreshold=4.0)
    (chosen,) = [each for each in tenant.store.lists.values() if each.name == "Chosen"]
    chosen.description = f"as it is now {scene.MARK}"
    refused = run("drift", "--adopt", "--branch", "drift")
    assert (refused.code, "no-branch" in refused.err) == (64, True), refused.said
    assert diff(before, root) == []
    (root / ".gitignore").write_text(".reconciler/\n")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "begin")
    # the manifest's own change is a wish, and stays
    applied.write("list.yaml", before["list.yaml"].replace("as it was", "as I wish"))
    assert run("drift", "--adopt", "--branch", "drift").code == 64  # files are changed and not committed
    git("checkout", "-q", "list.yaml")
    ended = run("drift", "--adopt", "--branch", "drift")
    # the threshold follows from a policy: it is told, and still differs
    assert ended.code == 2, ended.said
    assert "Not written: Campaign/evening abandonThreshold: its manifest does not say it" in ended.err
    assert "3 values of the tenant written into manifests on the new branch drift" in ended.err
    assert diff(before, root) == [
        "-   wrapUpCode: SOLD",
        "+   wrapUpCode: NEW",
        "-   predictive: {targetAnswerRate: 0.3, maxCallsInProgress: 10}",
        "+   predictive: {targetAnswerRate: 0.3, maxCallsInProgress: 99}",
        "-   description: 'as it was'",
        "+   description: 'as it is now'",
    ]
    assert git("branch", "--show-current").strip() == "drift"
    assert git("status", "--porcelain") == ""
    assert sorted(git("show", "--name-only", "--format=").split()) == ["campaign-evening.yaml", "list.yaml"]
    tenant.store.change_campaign(campaign, abandonThreshold=3.0)
    assert run("drift", "--adopt").code == 0
    assert run("drift").code == 0
