"""GitLab, its own and anybody's: notes of merge requests, issues, approvals, and plans among a job's artifacts.

Endpoints: https://docs.gitlab.com/api/ (notes, merge_requests with their versions,
merge_request_approvals, issues, jobs, job_artifacts).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from reconciler.code_hosts.archived_plan import PLAN, write_plan
from reconciler.code_hosts.code_host import Change, CodeHostError, NoCodeHost, Post, choose_merged, need
from reconciler.code_hosts.http_exchange import HostClient
from reconciler.model.reviews import Review

_SAID = {"approved this merge request": "approved", "unapproved this merge request": "unapproved"}
"""What GitLab writes into a merge request of an approval, and of one that is taken back."""


class GitLab:
    """One project of GitLab's; its place is in a job's environment, the token in a variable of the project."""

    variable: ClassVar[str] = "GITLAB_CI"

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Raises NoCodeHost: the environment lacks a variable; a job's own token may write no note."""
        api, project, token = need(environ, "CI_API_V4_URL", "CI_PROJECT_ID", "GITLAB_TOKEN")
        if not (project.isascii() and project.isdigit()):
            raise NoCodeHost(f"CI_PROJECT_ID is no number: {project!r}")
        self._client = HostClient(api.rstrip("/"), {"PRIVATE-TOKEN": token}, (token,))
        self._at, self._user, self._environ = f"/projects/{project}", 0, environ

    @property
    def _me(self) -> int:
        """The id of the user that this token writes as."""
        if not self._user:
            self._user = int(self._client.ask("GET", "/user").json()["id"])
        return self._user

    def read_change(self, number: str) -> Change:
        """A merge request by its number in the project."""
        return _make_change(self._client.ask("GET", f"{self._at}/merge_requests/{_check_number(number)}").json())

    def find_merged(self, commit: str) -> Change | None:
        """The merge request by whose merge into the branch a commit came to be: a merge, a squash, or its own.

        Where the merge was fast, its own commit may be that of a merge request into any other branch as well.
        """
        (branch,) = need(self._environ, "CI_COMMIT_BRANCH")
        found = []
        for each in self._client.iter_pages(f"{self._at}/repository/commits/{commit}/merge_requests"):
            made = {each.get("merge_commit_sha"), each.get("squash_commit_sha"), each.get("sha")}
            if each.get("state") == "merged" and commit in made and each.get("target_branch") == branch:
                found.append(_make_change(each))
        return choose_merged(found, commit)

    def iter_own_comments(self, number: str) -> Iterator[Post]:
        """The notes of a merge request that this token's user wrote."""
        at = f"{self._at}/merge_requests/{_check_number(number)}/notes"
        for each in self._client.iter_pages(at, {"sort": "asc", "order_by": "created_at"}):
            if _author(each) == self._me and not each.get("system"):
                yield Post(str(int(each["id"])), str(each.get("body") or ""), "")

    def create_comment(self, number: str, body: str) -> None:
        """Write a note."""
        self._client.ask("POST", f"{self._at}/merge_requests/{_check_number(number)}/notes", {"body": body})

    def update_comment(self, number: str, post: Post, body: str) -> None:
        """Put another text in the place of a note's; GitLab forgets the earlier one."""
        at = f"{self._at}/merge_requests/{_check_number(number)}/notes/{post.id}"
        self._client.ask("PUT", at, {"body": body})

    def iter_own_issues(self) -> Iterator[Post]:
        """The open issues that this token's user opened."""
        query = {"state": "opened", "scope": "all", "author_id": str(self._me)}
        for each in self._client.iter_pages(f"{self._at}/issues", query):
            if _author(each) == self._me:
                body, title = str(each.get("description") or ""), str(each.get("title") or "")
                yield Post(str(int(each["iid"])), body, str(each.get("web_url", "")), title)

    def create_issue(self, title: str, body: str) -> None:
        """Open an issue."""
        self._client.ask("POST", f"{self._at}/issues", {"title": title, "description": body})

    def update_issue(self, post: Post, title: str, body: str) -> None:
        """Put another title and text in the place of an issue's."""
        self._client.ask("PUT", f"{self._at}/issues/{post.id}", {"title": title, "description": body})

    def close_issue(self, post: Post, words: str) -> None:
        """Close an issue, and say why."""
        self._client.ask("PUT", f"{self._at}/issues/{post.id}", {"state_event": "close"})
        self._client.ask("POST", f"{self._at}/issues/{post.id}/notes", {"body": words})

    def list_reviews(self, change: Change) -> tuple[Review, ...]:
        """Who has approved; of the newest commit, where the project takes approvals away at each push."""
        found = self._client.ask("GET", f"{self._at}/merge_requests/{change.number}/approvals").json()
        names = [str((each.get("user") or {}).get("username", "")) for each in found.get("approved_by") or []]
        commit = change.head if names and self._takes_approvals_away() else ""
        return tuple(Review(name, "approved", commit) for name in names if name)

    def _takes_approvals_away(self) -> bool:
        """Whether an approval is gone when a commit is pushed; where nobody says so, it may be of an earlier one."""
        try:
            found = self._client.ask("GET", f"{self._at}/approvals").json()
        except CodeHostError as error:
            if error.status not in (403, 404):
                raise
            return False
        return isinstance(found, dict) and found.get("reset_approvals_on_push") is True

    def list_past_reviews(self, change: Change) -> tuple[Review, ...]:
        """The last word of each, of the commit that was the newest then.

        An approval names no commit, and is gone with the next push where the project says so; the note that GitLab
        itself writes of it stays, and each push is a version with its time.
        """
        at = f"{self._at}/merge_requests/{_check_number(change.number)}"
        versions = sorted(
            (found, str(each.get("head_commit_sha") or ""))
            for each in self._client.iter_pages(f"{at}/versions")
            if (found := _read_time(each)) is not None
        )
        last: dict[str, Review] = {}
        for each in self._client.iter_pages(f"{at}/notes", {"sort": "asc", "order_by": "created_at"}):
            user, said = str((each.get("author") or {}).get("username", "")), _read_time(each)
            state = _SAID.get(str(each.get("body") or "").strip()) if each.get("system") is True else None
            if user and state is not None and said is not None:
                commit = next((head for pushed, head in reversed(versions) if pushed <= said), "")
                last[user] = Review(user, state, commit, said.isoformat())
        return tuple(last.values())

    def fetch_plan(self, change: Change, name: str, into: Path) -> str | None:
        """The plan that the last job has kept by that name, in a pipeline of the newest commit in this project."""
        pipelines = self._client.iter_pages(f"{self._at}/merge_requests/{change.number}/pipelines")
        mine = [int(each["id"]) for each in pipelines if each.get("sha") == change.head and self._is_here(each)]
        for pipeline in sorted(mine, reverse=True):
            jobs = self._client.iter_pages(f"{self._at}/pipelines/{pipeline}/jobs")
            kept = [int(each["id"]) for each in jobs if each.get("artifacts_file")]
            for job in sorted(kept, reverse=True):
                try:
                    content = self._client.download(f"{self._at}/jobs/{job}/artifacts/{name}/{PLAN}")
                except CodeHostError as error:
                    if error.status != 404:
                        raise
                    continue  # a job that keeps something else, or another workspace's plan
                write_plan(content, into)
                return f"job {job} of pipeline {pipeline}"
        return None

    def _is_here(self, pipeline: Mapping[str, Any]) -> bool:
        """Whether a pipeline ran in this project, and not in a fork of it."""
        return self._at == f"/projects/{pipeline.get('project_id')}"


def _read_time(document: Mapping[str, Any]) -> datetime | None:
    """When something was made; None where it does not say, or in another way."""
    try:
        found = datetime.fromisoformat(str(document.get("created_at")))
    except ValueError:
        return None
    return None if found.tzinfo is None else found.astimezone(UTC)


def _check_number(number: str) -> int:
    if not (number.isascii() and number.isdigit()):
        raise NoCodeHost(f"a merge request has a number, and not {number!r}")
    return int(number)


def _author(document: Mapping[str, Any]) -> int:
    return int((document.get("author") or {}).get("id", 0))


def _make_change(document: Mapping[str, Any]) -> Change:
    author = str((document.get("author") or {}).get("username", ""))
    return Change(str(int(document["iid"])), str(document["sha"]), author)


HOST = GitLab
