"""Whose change is a plan or a run about? What the pipeline says, cleaned, in the plan and in the audit record."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.run_origin import LARGEST_EVENT, read_run_origin
from reconciler.ledger.saved_plans import inspect_plan
from reconciler.ledger.sealing import make_given_seal
from reconciler.model.audited_runs import list_runs
from reconciler.model.errors import Stale
from reconciler.model.origin import LONGEST, Origin, make_origin, read_origin
from reconciler.model.plan_json import plan_digest, plan_document, read_plan
from reconciler.views import markdown, terminal
from reconciler.views.origin import describe_origin
from tests.conftest import Ended, Folder, manifest
from tests.test_output_schemas import problems
from tests.views.plans import plan

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "acme/dialling",
    "GITHUB_SHA": "9" * 40,
    "GITHUB_ACTOR": "carol",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "2",
}
EVENT = {"pull_request": {"number": 12, "head": {"sha": "a" * 40}, "user": {"login": "ada"}}}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_PROJECT_URL": "https://gitlab.example/acme/dialling",
    "CI_COMMIT_SHA": "b" * 40,
    "CI_COMMIT_AUTHOR": "Ada Byron <ada@example.com>",
    "GITLAB_USER_LOGIN": "carol",
    "CI_MERGE_REQUEST_IID": "5",
    "CI_PIPELINE_ID": "900",
    "CI_JOB_URL": "https://gitlab.example/acme/dialling/-/jobs/1",
}


def test_github_says_the_head_of_the_pull_request_and_not_the_merge_that_it_tries() -> None:
    assert make_origin(GITHUB, EVENT) == Origin(
        "https://github.example/acme/dialling",
        "a" * 40,
        "ada",
        "carol",
        "12",
        "77.2",
        "https://github.example/acme/dialling/actions/runs/77",
    )
    pushed = make_origin(GITHUB, {"head_commit": {"author": {"username": "bob"}}})
    assert pushed is not None
    assert (pushed.commit, pushed.author, pushed.pull_request) == ("9" * 40, "bob", None)


def test_gitlab_says_it_in_variables_and_mail_addresses_are_left_out() -> None:
    found = make_origin(GITLAB)
    assert found is not None
    assert (found.commit, found.author, found.pull_request, found.run) == ("b" * 40, "Ada Byron", "5", "900")
    merged = make_origin(GITLAB | {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "c" * 40})
    assert merged is not None
    assert merged.commit == "c" * 40


def test_the_programs_own_variables_go_before_the_pipelines_and_do_alone() -> None:
    own = {"RECONCILER_COMMIT": "d" * 40, "RECONCILER_APPROVERS": "bob, eve,bob,\ncarol"}
    assert make_origin(own) == Origin(commit="d" * 40, approvers=("bob", "eve", "carol"))
    both = make_origin(GITHUB | own, EVENT)
    assert both is not None
    assert (both.commit, both.author) == ("d" * 40, "ada")


def test_a_machine_that_is_no_pipeline_says_nothing_whatever_lies_in_its_environment() -> None:
    assert make_origin({**GITHUB, "GITHUB_ACTIONS": ""}) is None
    assert make_origin({"CI_COMMIT_SHA": "b" * 40, "CI": "true"}) is None


SECRET = "s3cr3t-of-the-tenant"
KEY = "a-key-of-thirty-two-characters-or-more"


@pytest.mark.parametrize(
    ("author", "shown"),
    [
        ("ada\x1b[31m\n::error::x\u202ey\x00", "ada[31m ::error::xy"),
        (f"ada {SECRET} byron", "ada *** byron"),
        (f"ada {SECRET[:9]}\u200b{SECRET[9:]} byron", "ada *** byron"),
        ("line two of the key", "***"),
        ("https://ada:pass@git.example/x", "https://***@git.example/x"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "***"),
        ("glpat-0123456789abcdefghij", "***"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "***"),
        ("x" * 500, "x" * (LONGEST - 1) + "…"),
        ("\ud800ada", "ada"),
        ("  \u200b \n", None),
        ("true", "true"),
    ],
)
def test_its_values_are_one_line_without_controls_and_without_secrets(author: str, shown: str | None) -> None:
    around = {
        "CXONE_CLIENT_SECRET": SECRET,
        "DEPLOY_KEY": "line one of the key\nline two of the key",
        "USE_TOKEN": "true",
    }
    found = make_origin({**around, "RECONCILER_COMMIT": "1", "RECONCILER_AUTHOR": author})
    assert found is not None
    assert found.author == shown


@given(
    st.dictionaries(st.sampled_from([f"RECONCILER_{n}" for n in ("AUTHOR", "COMMIT", "RUN", "APPROVERS")]), st.text())
)
def test_whatever_the_values_are_they_come_back_from_json_and_are_as_the_schema_says(environ: dict[str, str]) -> None:
    found = make_origin({**environ, "RECONCILER_KEY": SECRET})
    if found is None:
        return
    document = json.loads(json.dumps(found.document()))
    assert problems(document, "origin.json") == []
    assert read_origin(document) == found
    assert "\n" not in describe_origin(found)


def test_an_origin_that_is_written_otherwise_is_none_and_the_runs_are_listed_all_the_same() -> None:
    for wrong in ("x", {"commit": 1}, {"place": "x"}, ["x"], {"approvers": [1]}):
        with pytest.raises((ValueError, TypeError)):
            read_origin(wrong)
        started = {"event": "started", "run": "r", "plan": "sha256:0", "at": "now", "by": "ada", "origin": wrong}
        (listed,) = list_runs([started, {"event": "finished", "run": "r", "at": "later", "exit_code": 0}])
        assert (listed.run, listed.how, listed.exit_code, listed.origin) == ("r", "finished", 0, None)


def test_a_run_that_was_gone_on_with_says_how_often_and_how_it_ended_last() -> None:
    started = {"event": "started", "run": "r", "plan": "sha256:0", "at": "1", "by": "ada", "origin": {"commit": "a"}}
    stopped = {"event": "stopped", "run": "r", "at": "2", "exit_code": 130}
    resumed = {"event": "resumed", "run": "r", "at": "3", "by": "bob", "origin": {"commit": "b"}}
    assert [(each.how, each.resumed) for each in list_runs([started, stopped])] == [("stopped", 0)]
    (again,) = list_runs([started, stopped, resumed])
    assert (again.how, again.resumed, again.ended, again.origin) == ("open", 1, None, Origin(commit="b"))
    assert list_runs([stopped, resumed]) == []


def test_an_event_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    around = {**GITHUB, "GITHUB_EVENT_PATH": str(file)}
    for content in (None, b"", b"[1]", b'{"pull_request": [1]}', b" " * (LARGEST_EVENT + 1) + b"{}", b"\xff"):
        if content is not None:
            file.write_bytes(content)
        found = read_run_origin(around)
        assert found is not None
        assert found.commit == "9" * 40
    file.write_text(json.dumps(EVENT))
    found = read_run_origin(around)
    assert found is not None
    assert found.pull_request == "12"


def test_a_plan_has_its_origin_in_one_line_and_its_digest_does_not_bind_it(tmp_path: Path) -> None:
    with_origin = replace(plan(), origin=make_origin(GITHUB, EVENT))
    assert plan_digest(with_origin) == plan_digest(plan())
    document = json.loads(json.dumps(plan_document(with_origin)))
    assert problems(document, "plan.json") == []
    assert read_plan(document, tmp_path, {}).origin == with_origin.origin
    words = "pull request 12 commit aaaaaaaaaaaa by ada of https://github.example/acme/dialling, started by carol"
    assert [f"Made for {words}" in line for line in str(terminal.plan(with_origin)).splitlines()].count(True) == 1
    assert [f"Made for `{words}" in line for line in markdown.plan(with_origin).splitlines()].count(True) == 1


def test_plan_and_audit_record_say_whose_change_it_was_and_the_seal_covers_it(
    folder: Folder, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RECONCILER_KEY", KEY)
    for name, value in GITLAB.items():
        monkeypatch.setenv(name, value)
    # in a pipeline this machine is a host that an operator has to name
    (tmp_path / "operator.yaml").write_text(manifest("Floor", "operator", 'bounds: {hosts: ["127.0.0.1"]}'))
    monkeypatch.setenv("RECONCILER_FLOOR", str(tmp_path / "operator.yaml"))
    folder.write("list.yaml", manifest("ContactList", "one", "name: One\ndescription: The one"))
    saved = tmp_path / "change.plan"
    assert run("plan", "--out", str(saved)).code == 0
    plan_made, proven = inspect_plan(saved, make_given_seal(KEY, None))
    assert proven
    assert plan_made.origin == make_origin(GITLAB)
    monkeypatch.delenv("CI_MERGE_REQUEST_IID")
    monkeypatch.setenv("RECONCILER_APPROVERS", "bob")
    assert run("apply", str(saved)).code == 0
    (logged,) = json.loads(run("audit", "log", "--format", "json").out)["runs"]
    assert (logged["planned"]["pull_request"], logged["how"], logged["exit_code"]) == ("5", "finished", 0)
    assert "pull_request" not in logged["origin"]
    assert logged["origin"]["approvers"] == ["bob"]
    text = run("audit", "log").out
    assert "planned: pull request 5 commit bbbbbbbbbbbb by Ada Byron" in text
    assert "approved by bob" in text
    content = saved.read_bytes()
    assert b"Ada Byron" in content
    saved.write_bytes(content.replace(b"Ada Byron", b"Eve Byron"))
    with pytest.raises(Stale):
        inspect_plan(saved, make_given_seal(KEY, None))
