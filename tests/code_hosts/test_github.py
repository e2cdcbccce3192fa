"""The GitHub workflow and action, run as they stand against the embedded tenant and a stand-in of GitHub's API."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler import __version__
from reconciler.cli import run
from reconciler.simulator import Options, Simulator
from tests.code_hosts import quick_program, repository
from tests.code_hosts.stand_in import GitHubRoutes, Host, StandIn
from tests.code_hosts.workflow_runner import Ended, Runner, load

pytestmark = pytest.mark.xdist_group("github")

ROOT = Path(__file__).parents[2]
A, B, C, D, M, N, X = (each * 40 for each in "abcd0e1")
"""Commits: A and B of pull request 12, which becomes M; C of 13, which becomes N; D of a fork; X of nobody's."""


def pull(number: int, head: str, merged: str = "", *, home: str = "acme/dialling") -> dict[str, Any]:
    """A pull request of ada's."""
    return {
        "number": number,
        "head": {"sha": head, "repo": {"full_name": home}},
        "base": {"ref": "main"},
        "user": {"login": "ada"},
        "merged_at": "2026-07-01T10:00:00Z" if merged else None,
        "merge_commit_sha": merged or X,
    }


@dataclass
class Story:
    """What happened, one after the other, in one repository."""

    host: Host
    root: Path
    tenant: Simulator
    ended: dict[str, dict[str, Ended]] = field(default_factory=dict)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    issues: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)

    def note(self, name: str, ended: dict[str, Ended], number: int = 12) -> None:
        """Keep how things are after something has happened."""
        self.ended[name] = ended
        self.comments[name] = [dict(each) for each in self.host.comments.get(number, [])]
        self.issues[name] = [dict(each) for each in self.host.issues]
        self.lists[name] = sorted(each.name for each in self.tenant.store.lists.values())


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A team's week, told once: each test looks at a part of it."""
    root, temporary = tmp_path_factory.mktemp("repository") / "dialling", tmp_path_factory.mktemp("runner")
    with Simulator(Options()) as tenant, StandIn(GitHubRoutes) as stand_in, quick_program.serve() as program:
        host = stand_in.host
        secrets = repository.make(root, tenant, "github")
        runner, told = Runner(root, host, secrets, temporary, program), Story(host, root, tenant)
        _propose(told, runner)
        _merge(told, runner)
        _try_others(told, runner)
        _drift(told, runner)
        yield told


def _propose(told: Story, runner: Runner) -> None:
    host = told.host
    host.pulls[12] = pull(12, A)
    for each in range(3):
        host.comment(12, "bob", f"remark {each}")
    # the first attempt is one too many, of the second the reply is lost
    host.faults["POST .*/issues/12/comments"] = ["limit", "lose"]
    told.note("opened", runner.run("pull_request", {"pull_request": host.pulls[12]}, X))
    assert told.ended["opened"]["plan"].code == 0, told.ended["opened"]["plan"].printed
    ours = host.comments[12][-1]["body"]
    host.comments[12].insert(0, {"id": 1, "user": {"login": "mallory"}, "body": ours})
    repository.edit(told.root, "list.yaml", "Customers who", "Customers in Ohio who")
    host.reviews[12] = [{"user": {"login": "eve"}, "state": "APPROVED", "commit_id": A}]
    host.pulls[12] = pull(12, B)
    told.note("pushed", runner.run("pull_request", {"pull_request": host.pulls[12]}, X))


def _merge(told: Story, runner: Runner) -> None:
    host = told.host
    host.reviews[12] = [
        {"user": {"login": "eve"}, "state": "APPROVED", "commit_id": A},
        {"user": {"login": "carol"}, "state": "APPROVED", "commit_id": B},
        {"user": {"login": "carol"}, "state": "CHANGES_REQUESTED", "commit_id": B},
        {"user": {"login": "bob"}, "state": "APPROVED", "commit_id": B},
        {"user": {"login": "dan"}, "state": "APPROVED", "commit_id": B},
        {"user": {"login": "dan"}, "state": "COMMENTED", "commit_id": B},
        {"user": {"login": "ada"}, "state": "APPROVED", "commit_id": B},
    ]
    host.pulls[12] = pull(12, B, M)
    told.note("merged", runner.run("push", {}, M))


def _try_others(told: Story, runner: Runner) -> None:
    host = told.host
    told.note("pushed without a pull request", runner.run("push", {}, X))
    host.pulls[14] = pull(14, D, home="mallory/dialling")
    told.note("of a fork", runner.run("pull_request", {"pull_request": host.pulls[14]}, X), 14)
    whole = (told.root / "manifests" / "list.yaml").read_text()
    repository.edit(told.root, "list.yaml", "kind: ContactList", "kind: ContactLst")
    host.pulls[13] = pull(13, C)
    told.note("cannot be read", runner.run("pull_request", {"pull_request": host.pulls[13]}, X), 13)
    (told.root / "manifests" / "list.yaml").write_text(whole)
    repository.edit(told.root, "list.yaml", "First list", "Another list")
    told.note("planned", runner.run("pull_request", {"pull_request": host.pulls[13]}, X), 13)
    host.pulls[13] = pull(13, C, N)
    ours = host.artifacts[-1]
    old = next(each for each in host.artifacts if each["name"].endswith(B))
    # somebody has put the plan of another pull request in its place
    host.artifacts.append({**ours, "id": host.new_id(), "content": old["content"]})
    told.note("plan replaced", runner.run("push", {}, N), 13)
    # one of a fork counts as little, nor one that is gone
    fork = {**ours["workflow_run"], "head_repository_id": 2}
    host.artifacts[-1] |= {"workflow_run": fork}
    host.artifacts.append({**ours, "id": host.new_id(), "content": old["content"], "expired": True})
    repository.edit(told.root, "list.yaml", "in Ohio", "in Utah")
    told.note("main has moved", runner.run("push", {}, N), 13)
    repository.edit(told.root, "list.yaml", "in Utah", "in Ohio")
    repository.edit(told.root, "list.yaml", "Another list", "First list")


def _drift(told: Story, runner: Runner) -> None:
    live = told.tenant.store.list_named("First list")
    told.host.issues.append(
        {
            "number": 3,
            "user": {"login": "mallory"},
            "state": "open",
            "title": "x",
            "body": "<!-- reconciler:drift {} -->",
        }
    )
    before = live.description
    live.description = before.replace("agreed", "were asked")
    told.note("drifted", runner.run("schedule", {}, M))
    live.description = before.replace("agreed", "were never asked")
    told.note("drifted further", runner.run("schedule", {}, M))
    live.description = before
    told.note("mended", runner.run("schedule", {}, M))


def ours(comments: list[dict[str, Any]]) -> list[str]:
    return [each["body"] for each in comments if each["user"]["login"] == "github-actions[bot]"]


@pytest.mark.matrix(instead="test_the_next_commit_updates_the_same_comment_and_names_the_earlier_plan")
def test_a_pull_request_gets_one_comment_though_the_reply_to_it_was_lost(story: Story) -> None:
    ended = story.ended["opened"]
    assert {name: each.code for name, each in ended.items()} == {"plan": 0}, ended["plan"].printed
    (body,) = ours(story.comments["opened"])
    assert "## Plan: changes" in body
    assert "[Run](<https://github.example/acme/dialling/actions/runs/501>)" in body
    assert re.search(r"\[Report\]\(<https://github.example/acme/dialling/actions/runs/501/artifacts/\d+>\)", body)
    assert "pull request 12 commit aaaaaaaaaaaa by ada" in body
    assert "earlier plan" not in body
    assert ended["plan"].summary.startswith("## Plan: changes")


@pytest.mark.matrix(instead="test_the_next_commit_updates_the_same_comment_and_names_the_earlier_plan")
def test_its_findings_are_uploaded_where_code_scanning_looks_for_them(story: Story) -> None:
    ((category, document),) = story.ended["opened"]["plan"].sarif
    assert category == "reconciler-plan"
    assert json.loads(document)["runs"][0]["automationDetails"]["id"].startswith("reconciler/dialling/")


def test_the_next_commit_updates_the_same_comment_and_names_the_earlier_plan(story: Story) -> None:
    before, after = story.comments["opened"], story.comments["pushed"]
    (old,), (new,) = ours(before), ours(after)
    assert old != new
    assert {each["id"] for each in after} == {each["id"] for each in before} | {1}
    assert "<summary>1 earlier plan of this pull request</summary>" in new
    assert "`aaaaaaaaaaaa` | changes |" in new
    assert "[run](<https://github.example/acme/dialling/actions/runs/501>)" in new


@pytest.mark.matrix(instead="test_the_next_commit_updates_the_same_comment_and_names_the_earlier_plan")
def test_a_plan_after_an_approval_says_what_has_changed_since(story: Story) -> None:
    (first,), (second,) = ours(story.comments["opened"]), ours(story.comments["pushed"])
    assert "### Changed since the earlier plan" not in first
    assert "### Changed since the earlier plan" in second
    assert "Commit aaaaaaaaaaaa was approved before." in story.ended["pushed"]["plan"].printed
    kept = next(each for each in story.host.artifacts if each["name"].endswith(B))
    assert "reviewed.plan" not in zipfile.ZipFile(io.BytesIO(kept["content"])).namelist()


@pytest.mark.matrix(instead="test_the_next_commit_updates_the_same_comment_and_names_the_earlier_plan")
def test_a_comment_of_somebody_else_is_left_alone_whatever_it_says(story: Story) -> None:
    first = story.comments["pushed"][0]
    assert (first["user"]["login"], first["body"]) == ("mallory", ours(story.comments["opened"])[0])


def test_a_merge_applies_the_plan_that_was_shown_last_and_records_who_approved_it(
    story: Story, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = story.ended["merged"]
    assert {name: each.code for name, each in ended.items()} == {"apply": 0}, ended["apply"].printed
    assert story.lists["pushed"] == []
    assert story.lists["merged"] == ["First list"]
    digest = re.search(r'"digest":"(sha256:[0-9a-f]{64})"', ours(story.comments["pushed"])[0])
    assert digest is not None
    assert f"Applying plan {digest[1]}" in ended["apply"].printed
    monkeypatch.setenv("RECONCILER_KEY", repository.KEY)
    ledger = story.root / "manifests" / ".reconciler"
    assert run(["audit", "log", "--ledger", str(ledger), "--format", "json"]) == 0
    (logged, *_) = json.loads(capsys.readouterr().out)["runs"]
    assert logged["planned"]["commit"] == B
    assert logged["origin"] == {
        "repository": "https://github.example/acme/dialling",
        "commit": M,
        "author": "ada",
        "started_by": "carol",
        "pull_request": "12",
        "run": "503.1",
        "run_url": "https://github.example/acme/dialling/actions/runs/503",
        "approvers": ["bob", "dan"],
    }
    assert "Needs 2 approvals before it is applied" in ours(story.comments["pushed"])[0]
    assert logged["approvals"]["needed"] == [{"group": "dialling", "of": "Floor/operator", "count": 2}]
    given = {each["key"]: (each["principals"], each["fault"]) for each in logged["approvals"]["given"]}
    assert given["bob"] == (["bo"], None)
    assert given["dan"] == (["di"], None)
    assert given["eve"] == (["ev"], "other_commit")
    assert given["carol"] == ([], "not_approved")
    assert logged["approvals"]["authors"] == ["ada"]


@pytest.mark.matrix(instead="test_the_next_commit_updates_the_same_comment_and_names_the_earlier_plan")
def test_a_push_that_no_pull_request_made_is_refused(story: Story) -> None:
    (ended,) = story.ended["pushed without a pull request"].values()
    assert ended.code == 3
    assert "was not merged by a pull request" in ended.printed


def test_a_fork_gets_no_secret_no_plan_and_no_comment(story: Story) -> None:
    ended = story.ended["of a fork"]
    assert {name: each.code for name, each in ended.items()} == {"validate": 0}, ended["validate"].printed
    assert "The operator's file is not here" in ended["validate"].printed
    assert story.comments["of a fork"] == []


def test_where_no_plan_can_be_made_the_comment_says_why_and_the_job_fails(story: Story) -> None:
    (ended,) = story.ended["cannot be read"].values()
    assert ended.code == 64
    (body,) = ours(story.comments["cannot be read"])
    assert "## No plan could be made" in body
    assert "list.yaml:" in body
    # beside the line that is wrong
    ((_, document),) = ended.sarif
    (found,) = json.loads(document)["runs"][0]["results"]
    (place,) = found["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("/list.yaml")
    assert place["physicalLocation"]["region"]["startLine"] >= 1
    (later,) = ours(story.comments["planned"])
    assert "| no plan | `–` |" in later


def test_a_plan_that_was_replaced_is_not_applied(story: Story) -> None:
    (ended,) = story.ended["plan replaced"].values()
    assert ended.code == 4
    assert "is not the one that was shown" in ended.printed
    assert "Applying" not in ended.printed


def test_a_plan_whose_manifests_have_changed_since_is_stale_and_it_is_said_what_to_do(story: Story) -> None:
    (ended,) = story.ended["main has moved"].values()
    assert ended.code == 4, ended.printed
    assert "git commit --allow-empty" in ended.printed
    assert story.lists["main has moved"] == ["First list"]


def test_drift_is_one_issue_that_says_what_updated_in_place_and_closed(story: Story) -> None:
    assert [each.code for name in ("drifted", "drifted further", "mended") for each in story.ended[name].values()] == [
        0
    ] * 3
    opened, updated, closed = (
        [each for each in story.issues[name] if each["number"] != 3]
        for name in ("drifted", "drifted further", "mended")
    )
    ((one,), (two,), (three,)) = opened, updated, closed
    assert one["number"] == two["number"] == three["number"]
    assert one["title"] == "Drift of dialling on tenant embedded: 1 object"
    assert "were asked to be called" in one["body"]
    assert "were never asked to be called" in two["body"]
    assert (two["state"], three["state"]) == ("open", "closed")
    assert "matches the manifests again" in story.host.comments[three["number"]][-1]["body"]
    assert all(each[-1]["number"] == 3 or each for each in (opened,))
    assert next(each for each in story.issues["mended"] if each["number"] == 3)["state"] == "open"


def test_the_files_run_nothing_that_could_become_another_program_and_hand_secrets_to_no_fork() -> None:
    for name in (".github/workflows/reconciler.yml", "pipelines/github-dialling.yml"):
        workflow = load(ROOT / name)
        assert workflow["permissions"] == {}
        assert "pull_request_target" not in workflow["on"]
    for path in (ROOT / ".github/workflows/reconciler.yml", ROOT / ".github/actions/reconciler/action.yml"):
        for uses in re.findall(r"uses: (?!\./)(\S+)", path.read_text()):
            assert re.fullmatch(r"[\w-]+/[\w-]+(/[\w-]+)?@[0-9a-f]{40}", uses), uses
    assert load(ROOT / ".github/actions/reconciler/action.yml")["inputs"]["version"]["default"] == __version__
    assert (
        load(ROOT / "pipelines/reconciler.gitlab-ci.yml")[".reconciler"]["variables"]["RECONCILER_VERSION"]
        == __version__
    )
