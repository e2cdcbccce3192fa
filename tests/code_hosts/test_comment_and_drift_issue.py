"""One comment and one issue, whatever happens: what is read of them is held to its shape, and nothing is written twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli import run
from reconciler.code_hosts import open_code_host
from reconciler.code_hosts.code_host import Change, CodeHostError, NoCodeHost, Unanswered
from reconciler.code_hosts.comment_and_drift_issue import (
    LONGEST,
    Approved,
    compose,
    fetch_approved,
    fetch_reviewed,
    put_comment,
    put_issue,
)
from reconciler.code_hosts.github import GitHub
from reconciler.code_hosts.hidden_marker import MOST_EARLIER, Marker, Shown, read_marker, write_marker
from reconciler.model.errors import Refused, Stale
from reconciler.model.reviews import Review
from tests.code_hosts.stand_in import GitHubRoutes, GitLabRoutes, Host, StandIn, archive
from tests.code_hosts.test_github import A, B, M, pull

NAME = "reconciler-plan"
SHOWN = Shown(A, f"sha256:{'0' * 64}", "changes", "2026-07-01T10:00:00Z", "https://ci.example/runs/1")
WRITE = {"issues": "write", "pull-requests": "write", "actions": "read"}
BOT = "github-actions[bot]"


@pytest.fixture(scope="module")
def served() -> Iterator[StandIn]:
    with StandIn(GitHubRoutes) as stand_in:
        yield stand_in


@pytest.fixture
def state(served: StandIn, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A repository with pull request 12, at commit A."""
    fresh = Host(url=served.host.url)
    served.host.__dict__.update(fresh.__dict__)
    served.host.pulls[12] = pull(12, A)
    monkeypatch.setattr("reconciler.code_hosts.comment_and_drift_issue.time.sleep", lambda seconds: None)
    return served.host


def client(state: Host, **leave: str) -> GitHub:
    token = state.token(BOT, leave or WRITE, is_app=True)
    place = {"GITHUB_API_URL": state.url, "GITHUB_REPOSITORY": "acme/dialling", "GITHUB_REF_NAME": "main"}
    return GitHub({**place, "GITHUB_TOKEN": token})


words = st.text(max_size=40)


@given(words, st.lists(st.integers(0, 9), max_size=4), words)
def test_a_marker_comes_back_from_whatever_text_it_stands_before(name: str, runs: list[int], text: str) -> None:
    earlier = tuple(replace(SHOWN, run=f"https://ci.example/--/{each}") for each in runs)
    marker = Marker("plan", name, SHOWN, earlier)
    body = f"{write_marker(marker)}\n{text}"
    assert body.count("-->") == 1 + text.count("-->")
    assert read_marker(body, "plan", name) == marker
    assert read_marker(body, "drift", name) is None
    assert read_marker(body, "plan", f"{name}x") is None
    assert read_marker(f" {body}", "plan", name) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (A, "](javascript:x)"),
        ("sha256:", "md5:"),
        ('"changes"', '"**approved**"'),
        ("https://ci", "javascript://ci"),
        ("https://ci", "https://c>i"),
        ('"at":"2026', '"at":["2026'),
        ('"commit"', '"comit"'),
    ],
)
def test_a_marker_that_somebody_has_edited_is_none(old: str, new: str) -> None:
    body = write_marker(Marker("plan", NAME, SHOWN))
    assert old in body
    assert read_marker(body.replace(old, new), "plan", NAME) is None


def test_an_earlier_plan_that_somebody_has_edited_is_left_out() -> None:
    earlier = (replace(SHOWN, verdict="refused"), replace(SHOWN, verdict="no changes"))
    body = write_marker(Marker("plan", NAME, SHOWN, earlier)).replace('"refused"', '"<b>"')
    found = read_marker(body, "plan", NAME)
    assert found is not None
    assert found.earlier == earlier[1:]


def test_a_comment_is_never_longer_than_the_host_takes_and_keeps_the_plan_before_its_history() -> None:
    run_url = f"https://ci.example/{'x' * 900}"
    earlier = tuple(replace(SHOWN, run=run_url) for _ in range(MOST_EARLIER + 5))
    full = "p" * 59_990 + "\nthe end"
    body = compose(Marker("plan", NAME, SHOWN, earlier), full, [])
    assert len(body.encode("utf-16-le")) // 2 <= LONGEST < 65_536
    assert "the end" in body
    assert "earlier plan" in body
    assert len(compose(Marker("plan", NAME, SHOWN, earlier), "short", [])) < LONGEST
    assert f"{MOST_EARLIER} earlier plans" in compose(Marker("plan", NAME, SHOWN, (SHOWN,) * 30), "short", [])


def test_the_same_plan_shown_again_changes_nothing_and_another_updates(state: Host) -> None:
    there = client(state)
    assert put_comment(there, "12", NAME, SHOWN, "one") == "written"
    assert put_comment(there, "12", NAME, SHOWN, "one") == "unchanged"
    assert state.count("PATCH .*") == 0
    assert put_comment(there, "12", NAME, replace(SHOWN, run=""), "two") == "updated"
    assert put_comment(there, "12", f"{NAME}-prod", SHOWN, "of another workspace") == "written"
    assert len(state.comments[12]) == 2


def test_a_run_of_a_commit_that_is_no_longer_the_newest_leaves_the_comment_alone(state: Host) -> None:
    there = client(state)
    put_comment(there, "12", NAME, SHOWN, "one")
    before = [dict(each) for each in state.comments[12]]
    assert put_comment(there, "12", NAME, replace(SHOWN, commit=B), "of another commit") == "left"
    assert state.comments[12] == before


@pytest.mark.parametrize("fault", ["lose", "502", "500"])
def test_where_the_reply_to_a_comment_is_lost_there_is_one_all_the_same(fault: str, state: Host) -> None:
    state.faults["POST .*"] = [fault]
    assert put_comment(client(state), "12", NAME, SHOWN, "one") in ("written", "unchanged")
    assert len(state.comments[12]) == 1


def test_a_host_that_never_takes_a_comment_is_an_error_after_some_attempts(state: Host) -> None:
    state.faults["POST .*"] = ["503"] * 50
    with pytest.raises(Unanswered, match="answers 503"):
        put_comment(client(state), "12", NAME, SHOWN, "one")
    assert state.comments == {}


def test_an_issue_is_written_once_left_as_it_is_updated_and_closed(state: Host) -> None:
    there = client(state)
    state.faults["POST .*/issues"] = ["lose"]
    assert put_issue(there, NAME, SHOWN, "Drift", "one", drifted=False) == "nothing"
    assert put_issue(there, NAME, SHOWN, "Drift", "one", drifted=True) == "unchanged"
    later = replace(SHOWN, at="2026-07-02T10:00:00Z", run="https://ci.example/runs/2")
    assert put_issue(there, NAME, later, "Drift", "one", drifted=True) == "updated"
    other = replace(later, digest=f"sha256:{'1' * 64}")
    assert put_issue(there, NAME, other, "Drift: 2", "two", drifted=True) == "updated"
    state.issues.append({**state.issues[0], "number": 1, "pull_request": {}})
    assert put_issue(there, NAME, other, "Drift", "two", drifted=False) == "closed"
    assert [each["state"] for each in state.issues] == ["closed", "open"]
    assert put_issue(there, NAME, other, "Drift", "two", drifted=False) == "nothing"


def keep(state: Host, **other: object) -> None:
    run_of = {"id": 1, "head_sha": A, "repository_id": 1, "head_repository_id": 1}
    made = {"id": state.new_id(), "name": f"{NAME}-{A}", "expired": False, "workflow_run": run_of}
    state.artifacts.append({**made, "content": archive({"change.plan": b"PK plan"}), **other})


def test_the_plan_of_a_merge_is_the_newest_of_its_commit_and_of_no_fork(state: Host, tmp_path: Path) -> None:
    state.pulls[12] = pull(12, A, M)
    there, into = client(state), tmp_path / "change.plan"
    with pytest.raises(Refused, match="no plan was shown"):
        fetch_approved(there, M, NAME, into)
    state.comment(12, BOT, write_marker(Marker("plan", NAME, replace(SHOWN, digest="", verdict="no plan"))))
    with pytest.raises(Refused, match="no plan could be made"):
        fetch_approved(there, M, NAME, into)
    state.comments[12][0]["body"] = write_marker(Marker("plan", NAME, replace(SHOWN, commit=B)))
    with pytest.raises(Stale, match="is of b"):
        fetch_approved(there, M, NAME, into)
    state.comments[12][0]["body"] = write_marker(Marker("plan", NAME, SHOWN))
    keep(state, expired=True)
    keep(state, name=f"{NAME}-{B}")
    keep(state, workflow_run={"id": 1, "head_sha": A, "repository_id": 1, "head_repository_id": 2})
    keep(state, workflow_run={"id": 1, "head_sha": B, "repository_id": 1, "head_repository_id": 1})
    keep(state, workflow_run=None)
    with pytest.raises(Stale, match="is not kept any more"):
        fetch_approved(there, M, NAME, into)
    keep(state)
    keep(state, content=archive({"change.plan": b"PK newest"}))
    assert fetch_approved(there, M, NAME, into).digest == SHOWN.digest
    assert into.read_bytes() == b"PK newest"
    assert into.stat().st_mode & 0o77 == 0
    keep(state, content=archive({"../change.plan": b""}))
    with pytest.raises(CodeHostError, match=r"holds no change\.plan"):
        fetch_approved(there, M, NAME, into)
    keep(state, content=b"no zip")
    with pytest.raises(CodeHostError, match=r"holds no change\.plan"):
        fetch_approved(there, M, NAME, into)


def test_the_plan_that_was_approved_before_is_the_one_of_the_last_approval_of_an_earlier_commit(
    state: Host, tmp_path: Path
) -> None:
    there, into = client(state), tmp_path / "reviewed.plan"
    state.pulls[12] = pull(12, M)
    assert fetch_reviewed(there, "12", NAME, into) is None
    state.reviews[12] = [
        {"user": {"login": "bob"}, "state": "APPROVED", "commit_id": A, "submitted_at": "2026-07-01T10:00:00Z"},
        {"user": {"login": "eve"}, "state": "APPROVED", "commit_id": B, "submitted_at": "2026-07-01T11:00:00Z"},
        {"user": {"login": "dan"}, "state": "APPROVED", "commit_id": M, "submitted_at": "2026-07-01T12:00:00Z"},
    ]
    assert fetch_reviewed(there, "12", NAME, into) is None
    assert not into.exists()
    keep(state)
    assert fetch_reviewed(there, "12", NAME, into) == A
    of_b = {"id": 1, "head_sha": B, "repository_id": 1, "head_repository_id": 1}
    keep(state, name=f"{NAME}-{B}", workflow_run=of_b, content=archive({"change.plan": b"PK of b"}))
    assert fetch_reviewed(there, "12", NAME, into) == B
    assert into.read_bytes() == b"PK of b"


def test_a_token_that_may_not_is_told_by_what_it_lacks(state: Host) -> None:
    with pytest.raises(CodeHostError) as raised:
        put_comment(client(state, **{"pull-requests": "read"}), "12", NAME, SHOWN, "one")
    assert (raised.value.status, raised.value.hint) == (
        403,
        "the token may not do that: docs/ci.md says which permissions each step needs",
    )
    stranger = {"GITHUB_API_URL": state.url, "GITHUB_REPOSITORY": "acme/dialling", "GITHUB_TOKEN": "ghs_wrong"}
    with pytest.raises(CodeHostError, match="answers 401"):
        put_comment(GitHub(stranger), "12", NAME, SHOWN, "one")


def test_a_users_own_token_writes_as_that_user(state: Host) -> None:
    token = state.token("ada", WRITE)
    there = GitHub({"GITHUB_API_URL": state.url, "GITHUB_REPOSITORY": "acme/dialling", "GITHUB_TOKEN": token})
    state.comment(12, BOT, write_marker(Marker("plan", NAME, SHOWN)))
    assert put_comment(there, "12", NAME, SHOWN, "one") == "written"
    assert put_comment(there, "12", NAME, SHOWN, "two") == "updated"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"GITHUB_ACTIONS": "true"},
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": "http://api.example",
            "GITHUB_REPOSITORY": "a/b",
            "GITHUB_TOKEN": "x",
        },
        {"GITHUB_ACTIONS": "true", "GITHUB_API_URL": "https://x", "GITHUB_REPOSITORY": "a/b/c", "GITHUB_TOKEN": "x"},
        {"GITHUB_ACTIONS": "true", "GITHUB_API_URL": "https://x", "GITHUB_REPOSITORY": "../b", "GITHUB_TOKEN": "x"},
        {"GITLAB_CI": "true", "CI_API_V4_URL": "https://x", "CI_PROJECT_ID": "7/x", "GITLAB_TOKEN": "x"},
        {"GITLAB_CI": "true", "CI_API_V4_URL": "https://x", "CI_PROJECT_ID": "7", "CI_JOB_TOKEN": "x"},
    ],
)
def test_an_environment_that_lacks_something_is_bad_input_before_anything_is_asked(environ: dict[str, str]) -> None:
    with pytest.raises(NoCodeHost):
        open_code_host(environ)


def test_the_commands_need_a_pull_request_a_commit_and_a_plan(
    state: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ci", "comment", "x.plan"]) == 64
    monkeypatch.setenv("RECONCILER_PULL_REQUEST", "12")
    assert run(["ci", "comment"]) == 64
    for name, value in {
        "GITHUB_ACTIONS": "1",
        "GITHUB_API_URL": state.url,
        "GITHUB_REPOSITORY": "acme/dialling",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_TOKEN", state.token(BOT, WRITE, is_app=True))
    assert run(["ci", "comment", str(tmp_path / "none.plan")]) == 64
    (tmp_path / "why").write_text("error[x]: ```\n@all \x1b[31m<b>\n")
    assert run(["ci", "comment", "--problems", str(tmp_path / "why")]) == 64
    assert "RECONCILER_COMMIT" in capsys.readouterr().err
    monkeypatch.setenv("RECONCILER_COMMIT", A)
    assert run(["ci", "comment", "--problems", str(tmp_path / "why")]) == 0
    (comment,) = state.comments[12]
    assert "````text\nerror[x]: ```\n@all \\u001b[31m<b>\n````" in comment["body"]
    assert run(["ci", "approved-plan", "--out", str(tmp_path / "x"), "--commit", "main"]) == 64
    assert run(["ci", "comment", "--name", "a b", "--problems", str(tmp_path / "why")]) == 64
    assert run(["ci", "drift-issue", str(tmp_path / "none.plan")]) == 64


def test_on_gitlab_an_approval_is_of_the_newest_commit_only_where_a_push_takes_it_away() -> None:
    environ = {"CI_PROJECT_ID": "7", "GITLAB_CI": "true"}
    change = Change("5", A, "ada")
    with StandIn(GitLabRoutes) as there:
        environ |= {"CI_API_V4_URL": f"{there.host.url}/api/v4", "GITLAB_TOKEN": there.host.token("bot", {})}
        there.host.pulls[5] = {"iid": 5}
        host = open_code_host(environ)
        assert host.list_reviews(change) == ()
        there.host.reviews[5] = [{"user": {"login": "bob"}}]
        for resets, commit in ((True, A), (False, ""), (None, "")):
            there.host.resets = resets
            assert host.list_reviews(change) == (Review("bob", "approved", commit),)


def test_on_gitlab_a_past_approval_is_of_the_commit_that_was_the_newest_then() -> None:
    environ = {"CI_PROJECT_ID": "7", "GITLAB_CI": "true"}
    with StandIn(GitLabRoutes) as there:
        environ |= {"CI_API_V4_URL": f"{there.host.url}/api/v4", "GITLAB_TOKEN": there.host.token("bot", {})}
        there.host.pulls[5] = {"iid": 5}
        there.host.versions[5] = [(A, "2026-07-01T10:00:00.000Z"), (B, "2026-07-01T14:00:00.000+02:00")]
        host, change = open_code_host(environ), Change("5", B, "ada")
        assert host.list_past_reviews(change) == ()
        for user, words, at in (
            ("early", "approved this merge request", "2026-07-01T09:59:59.999Z"),
            ("bob", "approved this merge request", "2026-07-01T11:59:59.999Z"),
            ("dan", "approved this merge request", "2026-07-01T12:00:00.000Z"),
            ("eve", "approved this merge request", "2026-07-01T11:00:00.000Z"),
            ("eve", "unapproved this merge request", "2026-07-01T11:30:00.000Z"),
            ("ada", "added 1 commit", "2026-07-01T12:00:00.000Z"),
            ("odd", "approved this merge request", "yesterday"),
        ):
            there.host.say(5, user, words, at)
        # words of a person's own are no note of GitLab's
        there.host.comment(5, "mallory", "approved this merge request")
        told = {each.user: (each.commit, each.approves) for each in host.list_past_reviews(change)}
        assert told == {"early": ("", True), "bob": (A, True), "dan": (B, True), "eve": (A, False)}


def test_a_commit_is_merged_by_the_pull_request_into_the_branch_that_was_pushed_to_and_by_no_other(
    state: Host, tmp_path: Path
) -> None:
    # the same commits, merged into a branch that nobody protects, with a plan that nobody looked at
    state.pulls[12] = pull(12, A, M) | {"base": {"ref": "side"}}
    state.comment(12, BOT, write_marker(Marker("plan", NAME, SHOWN)))
    keep(state)
    with pytest.raises(Refused, match="was not merged by a pull request"):
        fetch_approved(client(state), M, NAME, tmp_path / "plan")
    state.pulls[13] = pull(13, A, M)
    found = client(state).find_merged(M)
    assert found is not None
    assert found.number == "13"
    # opened beside the one that is reviewed, and merged with it
    state.pulls[12] = pull(12, A, M)
    with pytest.raises(Refused, match=r"merged by 2 pull requests \(12, 13\)"):
        fetch_approved(client(state), M, NAME, tmp_path / "plan")
    assert not (tmp_path / "plan").exists()


def test_on_gitlab_a_fast_merge_is_of_the_merge_request_into_the_branch_that_was_pushed_to() -> None:
    environ = {"CI_PROJECT_ID": "7", "GITLAB_CI": "true", "CI_COMMIT_BRANCH": "main"}
    fast = {"sha": A, "state": "merged", "merge_commit_sha": None, "squash_commit_sha": None}
    with StandIn(GitLabRoutes) as there:
        environ |= {"CI_API_V4_URL": f"{there.host.url}/api/v4", "GITLAB_TOKEN": there.host.token("bot", {})}
        there.host.pulls[4] = {"iid": 4, "target_branch": "side", "author": {"username": "mallory"}, **fast}
        assert open_code_host(environ).find_merged(A) is None
        there.host.pulls[5] = {"iid": 5, "target_branch": "main", "author": {"username": "ada"}, **fast}
        assert open_code_host(environ).find_merged(A) == Change("5", A, "ada")
        there.host.pulls[6] = there.host.pulls[5] | {"iid": 6, "author": {"username": "mallory"}}
        with pytest.raises(Refused, match=r"merged by 2 pull requests \(5, 6\)"):
            open_code_host(environ).find_merged(A)
        with pytest.raises(NoCodeHost, match="CI_COMMIT_BRANCH"):
            open_code_host({**environ, "CI_COMMIT_BRANCH": ""}).find_merged(A)


def test_who_approved_is_whose_last_word_on_what_was_merged_is_an_approval() -> None:
    reviews = (
        Review("bob", "approved", A),
        Review("carol", "changes_requested", A),
        Review("eve", "approved", B),
        Review("ada", "approved", A),
        Review("", "approved", A),
        Review("gil", "approved", ""),
    )
    assert Approved(Change("5", A, "ada"), SHOWN.digest, "x", reviews).approvers == ("bob", "gil")
