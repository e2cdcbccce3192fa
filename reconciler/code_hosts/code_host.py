# tested by: tests/code_hosts/test_github.py
"""Define what a code host can do, and the errors of talking to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from reconciler.model.errors import Exit, ReconcilerError, Refused
from reconciler.model.reviews import Review


class NoCodeHost(ReconcilerError):
    """This is no pipeline of a code host, or it gives not what is needed."""

    code = "no-code-host"
    exit_code = Exit.USAGE


class CodeHostError(ReconcilerError):
    """The code host answers that something cannot be done, or does not answer."""

    code = "code-host"


class Unanswered(CodeHostError):
    """Nobody knows whether it was done: the reply was lost, or it was a fault of the host's."""


@dataclass(frozen=True, slots=True)
class Post:
    """A comment, or an issue: its id as the host's paths have it, what it says, and where people see it."""

    id: str
    body: str
    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A pull request (GitLab: a merge request).

    Attributes:
        number: as people call it. head: its newest commit, in full. author: who opened it.
    """

    number: str
    head: str
    author: str


class CodeHost(Protocol):
    """One repository on a code host. Each method raises CodeHostError."""

    variable: ClassVar[str]

    def read_change(self, number: str) -> Change:
        """A pull request by its number."""

    def find_merged(self, commit: str) -> Change | None:
        """The pull request by whose merge into the pipeline's branch a commit came to be; Refused: several."""

    def iter_own_comments(self, number: str) -> Iterator[Post]:
        """The comments of a pull request that this token's user wrote, the oldest first; nobody else's."""

    def create_comment(self, number: str, body: str) -> None:
        """Write a comment. Raises Unanswered where it may be there all the same."""

    def update_comment(self, number: str, post: Post, body: str) -> None:
        """Put another text in the place of a comment's."""

    def iter_own_issues(self) -> Iterator[Post]:
        """The open issues that this token's user opened."""

    def create_issue(self, title: str, body: str) -> None:
        """Open an issue. Raises Unanswered where it may be there all the same."""

    def update_issue(self, post: Post, title: str, body: str) -> None:
        """Put another title and text in the place of an issue's."""

    def close_issue(self, post: Post, words: str) -> None:
        """Close an issue, and say why in a comment."""

    def list_reviews(self, change: Change) -> tuple[Review, ...]:
        """The last word of each who has reviewed a pull request; without a commit where nobody says of which it is."""

    def list_past_reviews(self, change: Change) -> tuple[Review, ...]:
        """The same, with the commit that was the newest when it was said, though it be taken away since.

        It says since when something has changed, and counts as nobody's approval.
        """

    def fetch_plan(self, change: Change, name: str, into: Path) -> str | None:
        """Fetch the saved plan that the pipeline of a pull request's newest commit has kept; where it is, or None."""


def choose_merged(found: Sequence[Change], commit: str) -> Change | None:
    """The only one of the pull requests that a commit was merged by; None where there is none.

    Raises:
        Refused: there are several. Whoever opens a second one of a commit that is being reviewed has a plan shown there
            that nobody looked at, and the merge of the first one merges both.
    """
    if len(found) > 1:
        numbers = ", ".join(each.number for each in found)
        raise Refused(
            f"commit {commit[:12]} was merged by {len(found)} pull requests ({numbers})",
            note="nobody knows which plan was approved; nothing was written to the tenant",
            hint="open another pull request: `git commit --allow-empty` plans what the branch holds",
        )
    return found[0] if found else None


def need(environ: Mapping[str, str], *names: str) -> list[str]:
    """The values of variables.

    Raises:
        NoCodeHost: one of them is not set.
    """
    missing = [name for name in names if not environ.get(name)]
    if missing:
        raise NoCodeHost(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set",
            hint="give the step that variable: docs/ci.md says where it comes from",
        )
    return [environ[name] for name in names]
