"""GitHub, and GitHub Enterprise Server: comments, issues, approvals, and plans among a run's artifacts.

Endpoints: https://docs.github.com/en/rest (issues, pulls, commits, actions/artifacts), version 2022-11-28.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import orjson

from reconciler.code_hosts.archived_plan import unpack_plan
from reconciler.code_hosts.code_host import Change, CodeHostError, NoCodeHost, Post, choose_merged, need
from reconciler.code_hosts.http_exchange import HostClient
from reconciler.model.reviews import Review, read_reviews

BOT = "github-actions[bot]"
"""As whom a workflow's own token writes; it may not ask who it is."""


class GitHub:
    """One repository of GitHub's; its place and the token are in a workflow's environment."""

    variable: ClassVar[str] = "GITHUB_ACTIONS"

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Raises NoCodeHost: the environment lacks a variable."""
        api, repository, token = need(environ, "GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")
        owner, slash, name = repository.partition("/")
        if not slash or "/" in name or not all(_is_name(each) for each in (owner, name)):
            raise NoCodeHost(f"GITHUB_REPOSITORY is no OWNER/NAME: {repository!r}")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        headers["X-GitHub-Api-Version"] = "2022-11-28"
        self._client = HostClient(api.rstrip("/"), headers, (token,))
        self._at, self._bot = f"/repos/{owner}/{name}", environ.get("RECONCILER_BOT")
        self._environ = environ

    @property
    def _me(self) -> str:
        """The login that this token writes as."""
        if self._bot is None:
            try:
                self._bot = str(self._client.ask("GET", "/user").json()["login"])
            except CodeHostError as error:
                if error.status != 403:  # a workflow's token is no user's
                    raise
                self._bot = BOT
        return self._bot

    def read_change(self, number: str) -> Change:
        """A pull request by its number."""
        return _make_change(self._client.ask("GET", f"{self._at}/pulls/{_check_number(number)}").json())

    def find_merged(self, commit: str) -> Change | None:
        """The pull request by whose merge into the branch a commit came to be; of a rebase, the last of its commits."""
        (branch,) = need(self._environ, "GITHUB_REF_NAME")
        found = [
            _make_change(each)
            for each in self._client.iter_pages(f"{self._at}/commits/{commit}/pulls")
            if each.get("merged_at")
            and each.get("merge_commit_sha") == commit
            and (each.get("base") or {}).get("ref") == branch
        ]
        return choose_merged(found, commit)

    def iter_own_comments(self, number: str) -> Iterator[Post]:
        """The comments of a pull request that this token's user wrote."""
        for each in self._client.iter_pages(f"{self._at}/issues/{_check_number(number)}/comments"):
            if _login(each) == self._me:
                yield _make_post(each, "id")

    def create_comment(self, number: str, body: str) -> None:
        """Write a comment."""
        self._client.ask("POST", f"{self._at}/issues/{_check_number(number)}/comments", {"body": body})

    def update_comment(self, number: str, post: Post, body: str) -> None:
        """Put another text in the place of a comment's; GitHub keeps the earlier ones as its edits."""
        self._client.ask("PATCH", f"{self._at}/issues/comments/{post.id}", {"body": body})

    def iter_own_issues(self) -> Iterator[Post]:
        """The open issues that this token's user opened; a pull request is one too, for GitHub alone."""
        for each in self._client.iter_pages(f"{self._at}/issues", {"state": "open", "creator": self._me}):
            if _login(each) == self._me and "pull_request" not in each:
                yield _make_post(each, "number")

    def create_issue(self, title: str, body: str) -> None:
        """Open an issue."""
        self._client.ask("POST", f"{self._at}/issues", {"title": title, "body": body})

    def update_issue(self, post: Post, title: str, body: str) -> None:
        """Put another title and text in the place of an issue's."""
        self._client.ask("PATCH", f"{self._at}/issues/{post.id}", {"title": title, "body": body})

    def close_issue(self, post: Post, words: str) -> None:
        """Close an issue, and say why."""
        self._client.ask("PATCH", f"{self._at}/issues/{post.id}", {"state": "closed", "state_reason": "completed"})
        self._client.ask("POST", f"{self._at}/issues/{post.id}/comments", {"body": words})

    def list_reviews(self, change: Change) -> tuple[Review, ...]:
        """The last word of each who has reviewed a pull request."""
        at = f"{self._at}/pulls/{change.number}/reviews"
        return read_reviews(orjson.dumps([*self._client.iter_pages(at)]), f"GET {at}")

    def list_past_reviews(self, change: Change) -> tuple[Review, ...]:
        """The same: each says of which commit it is."""
        return self.list_reviews(change)

    def fetch_plan(self, change: Change, name: str, into: Path) -> str | None:
        """The newest artifact of that name that a run of the newest commit, and of no fork, has uploaded."""
        wanted = f"{name}-{change.head}"
        found = self._client.iter_pages(f"{self._at}/actions/artifacts", {"name": wanted}, "artifacts")
        mine = [each for each in found if each.get("name") == wanted and _is_of(each, change.head)]
        if not mine:
            return None
        newest = max(mine, key=lambda each: int(each["id"]))
        unpack_plan(self._client.download(f"{self._at}/actions/artifacts/{int(newest['id'])}/zip"), into)
        return f"artifact {int(newest['id'])} of run {newest['workflow_run'].get('id')}"


def _is_of(artifact: Mapping[str, Any], commit: str) -> bool:
    run = artifact.get("workflow_run") or {}
    at_home = run.get("repository_id") is not None and run.get("repository_id") == run.get("head_repository_id")
    return at_home and run.get("head_sha") == commit and not artifact.get("expired")


def _is_name(text: str) -> bool:
    return text not in (".", "..") and bool(text) and all(each.isalnum() or each in "-_." for each in text)


def _check_number(number: str) -> int:
    if not (number.isascii() and number.isdigit()):
        raise NoCodeHost(f"a pull request has a number, and not {number!r}")
    return int(number)


def _login(document: Mapping[str, Any]) -> str:
    return str((document.get("user") or {}).get("login", ""))


def _make_post(document: Mapping[str, Any], name: str) -> Post:
    body, title = str(document.get("body") or ""), str(document.get("title") or "")
    return Post(str(int(document[name])), body, str(document.get("html_url", "")), title)


def _make_change(document: Mapping[str, Any]) -> Change:
    return Change(str(document["number"]), str(document["head"]["sha"]), _login(document))


HOST = GitHub
