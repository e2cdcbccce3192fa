"""The GitLab template's script lines, run as they stand against the embedded tenant and a stand-in of GitLab's API."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator import Options, Simulator
from tests.code_hosts import quick_program, repository
from tests.code_hosts.stand_in import GitLabRoutes, Host, StandIn, ids
from tests.code_hosts.workflow_runner import load

pytestmark = pytest.mark.xdist_group("gitlab")

A, B, M = (each * 40 for each in "abe")
BOT = "project_7_bot"


def change(head: str, merged: str = "") -> dict[str, Any]:
    """Merge request 5, of ada's."""
    state = "merged" if merged else "opened"
    made = {"iid": 5, "sha": head, "author": {"username": "ada"}, "state": state, "squash_commit_sha": None}
    return {**made, "target_branch": "main", "merge_commit_sha": merged or None}


@dataclass
class Project:
    """A project on GitLab, and what its jobs are given."""

    root: Path
    host: Host
    variables: Mapping[str, str]
    program: Path
    ids: int = 0
    printed: dict[str, str] = field(default_factory=dict)

    def run(self, source: str, **told: str) -> dict[str, int]:
        """Run the jobs of a pipeline; the exit code of each by its name."""
        self.ids += 1
        (included,) = load(self.root / ".gitlab-ci.yml")["include"]
        outer, template = load(self.root / ".gitlab-ci.yml"), load(self.root / included["local"])
        base = template.pop(".reconciler")
        codes = {}
        for name, job in template.items():
            assert job["extends"] == ".reconciler"
            given = {
                **base["variables"],
                **outer["variables"],
                **self.variables,
                "GITLAB_CI": "true",
                "CI_PIPELINE_SOURCE": source,
                "CI_DEFAULT_BRANCH": "main",
                "CI_API_V4_URL": f"{self.host.url}/api/v4",
                "CI_PROJECT_ID": "7",
                "CI_PROJECT_URL": "https://gitlab.example/acme/dialling",
                "CI_JOB_URL": f"https://gitlab.example/acme/dialling/-/jobs/{self.ids}",
                "CI_PIPELINE_ID": str(900 + self.ids),
                "CI_COMMIT_AUTHOR": "Ada Byron <ada@example.com>",
                "GITLAB_USER_LOGIN": "carol",
                **told,
            }
            if any(_holds(rule["if"], given) for rule in job["rules"]):
                codes[name] = self._run_job(name, [*base["before_script"], *job["script"]], given, job)
        return codes

    def _run_job(self, name: str, lines: list[str], given: Mapping[str, str], job: Mapping[str, Any]) -> int:
        around = {"PATH": f"{self.program}:/usr/bin:/bin", "HOME": str(self.root.parent), "LANG": "C.UTF-8", **given}
        script = "\n".join(["set -e", *lines])
        done = subprocess.run(
            ["sh", "-c", script], cwd=self.root, env=around, capture_output=True, text=True, check=False
        )
        self.printed[name] = done.stdout + done.stderr
        assert self.variables["GITLAB_TOKEN"] not in self.printed[name]
        if "artifacts" in job:
            self._keep(name, given, [_expand(each, given) for each in job["artifacts"]["paths"]])
        return done.returncode

    def _keep(self, name: str, given: Mapping[str, str], paths: list[str]) -> None:
        files = {
            str(each.relative_to(self.root)): each.read_bytes()
            for path in paths
            for each in (self.root / path).iterdir()
        }
        pipeline = {"id": 900 + self.ids, "sha": given["CI_COMMIT_SHA"], "project_id": 7}
        job = {"id": self.ids, "name": name, "artifacts_file": {"filename": "artifacts.zip"}}
        self.host.jobs.append({"change": 5, "pipeline": pipeline, "job": job, "files": files})


def _expand(text: str, given: Mapping[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda found: given.get(found[1], ""), text)


def _holds(rule: str, given: Mapping[str, str]) -> bool:
    """Whether a rule holds: comparisons with `==`, joined by `&&`."""
    sides = [[each.strip() for each in part.split("==")] for part in rule.split("&&")]
    return all(_expand(left, given) == _expand(right, given).strip('"') for left, right in sides)


@dataclass
class Story:
    """What happened, one after the other, in one project."""

    host: Host
    codes: dict[str, dict[str, int]] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)
    notes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    issues: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A team's week, told once: each test looks at a part of it."""
    root = tmp_path_factory.mktemp("project") / "dialling"
    with Simulator(Options()) as tenant, StandIn(GitLabRoutes) as stand_in, quick_program.serve() as program:
        host, told = stand_in.host, Story(stand_in.host)
        secrets = repository.make(root, tenant, "gitlab")
        project = Project(root, host, {**secrets, "GITLAB_TOKEN": host.token(BOT, {})}, program)

        def run(name: str, source: str, **variables: str) -> None:
            told.codes[name] = project.run(source, **variables)
            told.printed[name] = "".join(project.printed.values())
            project.printed.clear()
            told.notes[name] = [dict(each) for each in host.comments.get(5, [])]
            told.issues[name] = [dict(each) for each in host.issues]
            told.lists[name] = sorted(each.name for each in tenant.store.lists.values())

        asked = {"CI_MERGE_REQUEST_IID": "5"}
        host.pulls[5] = change(A)
        for each in range(3):
            host.comment(5, "bob", f"remark {each}")
        host.faults["POST .*/notes"] = ["429", "lose"]
        run("opened", "merge_request_event", CI_COMMIT_SHA=A, **asked)
        host.comments[5].insert(0, {"id": 1, "author": {"id": ids("mallory")}, "body": host.comments[5][-1]["body"]})
        host.versions[5] = [(A, "2026-07-01T10:00:00.000Z"), (B, "2026-07-01T12:00:00.000Z")]
        host.say(5, "bob", "approved this merge request", "2026-07-01T11:00:00.000Z")
        host.pulls[5] = change(B)
        repository.edit(root, "list.yaml", "Customers who", "Customers in Ohio who")
        run("pushed", "merge_request_event", CI_COMMIT_SHA=B, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=B, **asked)
        host.reviews[5] = [{"user": {"login": each}} for each in ("bob", "dan", "ada")]
        host.pulls[5] = change(B, M)
        whole, job = dict(host.jobs[-1]["files"]), host.jobs[-1]
        fork = {**job, "pipeline": {**job["pipeline"], "id": 999, "project_id": 8}, "files": {}}
        host.jobs.append(fork)
        job["files"]["reconciler-plan/change.plan"] = host.jobs[0]["files"]["reconciler-plan/change.plan"]
        run("plan replaced", "push", CI_COMMIT_SHA=M, CI_COMMIT_BRANCH="main")
        job["files"] = whole
        run("merged", "push", CI_COMMIT_SHA=M, CI_COMMIT_BRANCH="main")
        run("of a branch", "push", CI_COMMIT_SHA=M, CI_COMMIT_BRANCH="spring")
        live = tenant.store.list_named("First list")
        before = live.description
        live.description = before.replace("agreed", "were asked")
        run("drifted", "schedule", CI_COMMIT_SHA=M)
        live.description = before
        run("mended", "schedule", CI_COMMIT_SHA=M)
        yield told


def ours(notes: list[dict[str, Any]]) -> list[str]:
    return [each["body"] for each in notes if each["author"]["id"] == ids(BOT)]


def test_a_merge_request_gets_one_note_which_its_next_commit_updates(story: Story) -> None:
    assert story.codes["opened"] == story.codes["pushed"] == {"reconciler:plan": 0}, story.printed
    (first,), (second,) = ours(story.notes["opened"]), ours(story.notes["pushed"])
    assert "pull request 5 commit aaaaaaaaaaaa by Ada Byron" in first
    assert "[Report](<https://gitlab.example/acme/dialling/-/jobs/1/artifacts/file/reconciler-plan/plan.html>)" in first
    assert "1 earlier plan of this pull request" in second
    assert "[run](<https://gitlab.example/acme/dialling/-/jobs/1>)" in second


@pytest.mark.matrix(instead="test_a_merge_request_gets_one_note_which_its_next_commit_updates")
def test_a_plan_after_an_approval_says_what_has_changed_since(story: Story) -> None:
    (first,), (second,) = ours(story.notes["opened"]), ours(story.notes["pushed"])
    assert "### Changed since the earlier plan" not in first
    assert "### Changed since the earlier plan" in second
    assert "Commit aaaaaaaaaaaa was approved before." in story.printed["pushed"]
    kept = next(each["files"] for each in story.host.jobs if each["pipeline"]["sha"] == B and each["files"])
    assert not [each for each in kept if each.endswith("reviewed.plan")]


@pytest.mark.matrix(instead="test_a_merge_request_gets_one_note_which_its_next_commit_updates")
def test_a_note_of_somebody_else_is_left_alone_whatever_it_says(story: Story) -> None:
    assert story.notes["pushed"][0]["body"] == ours(story.notes["opened"])[0]


@pytest.mark.matrix(instead="test_a_merge_request_gets_one_note_which_its_next_commit_updates")
def test_a_plan_that_was_replaced_is_not_applied(story: Story) -> None:
    assert story.codes["plan replaced"] == {"reconciler:apply": 4}, story.printed["plan replaced"]
    assert "Applying" not in story.printed["plan replaced"]
    assert story.lists["plan replaced"] == []


@pytest.mark.matrix(
    instead="tests/code_hosts/test_github.py::test_a_merge_applies_the_plan_that_was_shown_last_and_records_who_approved_it"
)
def test_a_merge_applies_the_plan_that_was_shown_last(story: Story) -> None:
    assert story.codes["merged"] == {"reconciler:apply": 0}, story.printed["merged"]
    assert story.lists["merged"] == ["First list"]
    assert "job 2 of pipeline 902" in story.printed["merged"]
    assert story.codes["of a branch"] == {}


@pytest.mark.matrix(
    instead="tests/code_hosts/test_github.py::test_drift_is_one_issue_that_says_what_updated_in_place_and_closed"
)
def test_drift_is_one_issue_that_says_what_and_is_closed(story: Story) -> None:
    assert story.codes["drifted"] == story.codes["mended"] == {"reconciler:drift": 0}, story.printed
    ((one,), (two,)) = story.issues["drifted"], story.issues["mended"]
    assert one["title"] == "Drift of dialling on tenant embedded: 1 object"
    assert "were asked to be called" in one["description"]
    assert (one["iid"], one["state"], two["state"]) == (two["iid"], "opened", "closed")
