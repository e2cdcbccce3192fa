"""Keep one comment per pull request and one issue for drift: written once, then updated in place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.code_hosts.code_host import Change, CodeHost, Post, Unanswered
from reconciler.code_hosts.hidden_marker import MOST_EARLIER, Marker, Shown, find_marked, write_marker
from reconciler.model.errors import Refused, Stale
from reconciler.model.reviews import Review

LONGEST = 65_000
"""Characters of a comment: GitHub takes 65,536."""
_ATTEMPTS = 4
_AGAIN = "push a commit to the pull request's branch before it is merged; of one that is merged, open another:" + (
    " `git commit --allow-empty` plans what the branch holds"
)


def put_comment(host: CodeHost, number: str, name: str, shown: Shown, text: str, links: Sequence[str] = ()) -> str:
    """Show a plan in the comment of a pull request, which is written where there is none; what was done, in a word.

    A comment that somebody else wrote is none of ours, whatever it says. A plan of a commit that is no longer the
    newest is not shown.

    Raises:
        CodeHostError: the host says no, or does not answer.
    """
    if host.read_change(number).head != shown.commit:
        return "left"

    def make(before: Marker | None) -> str:
        return compose(Marker("plan", name, shown, tuple(_list_earlier(before, shown))), text, links)

    def find() -> tuple[Post, Marker] | None:
        return find_marked([*host.iter_own_comments(number)], "plan", name)

    def update(post: Post, body: str) -> None:
        host.update_comment(number, post, body)

    return _put(find, make, lambda body: host.create_comment(number, body), update)


def put_issue(host: CodeHost, name: str, shown: Shown, title: str, text: str, *, drifted: bool) -> str:
    """Say in one issue what has drifted, or close it where nothing has; what was done, in a word.

    Raises:
        CodeHostError: the host says no, or does not answer.
    """

    def find() -> tuple[Post, Marker] | None:
        return find_marked([*host.iter_own_issues()], "drift", name)

    if not drifted:
        found = find()
        if found is None:
            return "nothing"
        seen = f" ([run](<{shown.run}>))" if shown.run else ""
        host.close_issue(found[0], f"The tenant matches the manifests again, as of commit {shown.commit[:12]}{seen}.")
        return "closed"

    def make(before: Marker | None) -> str:
        return compose(Marker("drift", name, shown), text, ())

    def update(post: Post, body: str) -> None:
        host.update_issue(post, title, body)

    return _put(find, make, lambda body: host.create_issue(title, body), update)


def _put(
    find: Callable[[], tuple[Post, Marker] | None],
    make: Callable[[Marker | None], str],
    create: Callable[[str], None],
    update: Callable[[Post, str], None],
) -> str:
    """Update what is there, or write it; where nobody knows whether that was done, look first."""
    for attempt in range(1, _ATTEMPTS + 1):
        found = find()
        if found is not None:
            post, before = found
            body = make(before)
            if body == post.body:
                return "unchanged"
            update(post, body)
            return "updated"
        try:
            create(make(None))
        except Unanswered:
            if attempt == _ATTEMPTS:
                raise
            time.sleep(0.25 * 2**attempt)
        else:
            return "written"
    raise AssertionError("the last attempt returns or raises")


def _list_earlier(before: Marker | None, shown: Shown) -> Iterator[Shown]:
    """The plans before this one, the newest first; one of the same run is the same one, shown again."""
    if before is None:
        return
    if (before.shown.commit, before.shown.digest, before.shown.run) != (shown.commit, shown.digest, shown.run):
        yield before.shown
    yield from before.earlier


def compose(marker: Marker, text: str, links: Sequence[str]) -> str:
    """The whole text: the marker, the plan, links, and the earlier plans, as many as there is room for."""
    for most in range(min(len(marker.earlier), MOST_EARLIER), -1, -1):
        kept = replace(marker, earlier=marker.earlier[:most])
        parts = [f"{write_marker(kept)}\n{text.rstrip()}", *([" · ".join(links)] if links else [])]
        if kept.earlier:
            parts.append(_fold_earlier(kept.earlier))
        body = "\n\n".join(parts) + "\n"
        if len(body.encode("utf-16-le")) // 2 <= LONGEST:
            return body
    raise AssertionError("a text of at most 60,000 characters has room for its marker")


def _fold_earlier(earlier: Sequence[Shown]) -> str:
    plans = "1 earlier plan" if len(earlier) == 1 else f"{len(earlier)} earlier plans"
    rows = [
        f"| {each.at[:16].replace('T', ' ')} | `{each.commit[:12]}` | {each.verdict} | `{each.digest[:19] or '–'}` |"
        f" {f'[run](<{each.run}>)' if each.run else '–'} |"
        for each in earlier
    ]
    table = "\n".join(["| when | commit | verdict | digest | whole |", "|---|---|---|---|---|", *rows])
    return f"<details>\n<summary>{plans} of this pull request</summary>\n\n{table}\n\n</details>"


def fetch_reviewed(host: CodeHost, number: str, name: str, into: Path) -> str | None:
    """Fetch the plan of the commit that was approved last, where a newer one has come since; its commit, or None.

    Raises:
        CodeHostError: the host says no, or does not answer.
    """
    change = host.read_change(number)
    past = host.list_past_reviews(change)
    earlier = (each for each in past if each.approves and each.commit not in ("", change.head))
    for review in sorted(earlier, key=lambda each: each.at, reverse=True):
        if host.fetch_plan(replace(change, head=review.commit), name, into) is not None:
            return review.commit
    return None


@dataclass(frozen=True, slots=True)
class Approved:
    """The plan that was shown for a change before it was merged.

    Attributes:
        digest: the one that its comment has. place: where the saved plan was found. reviews: the last word of each.
    """

    change: Change
    digest: str
    place: str
    reviews: tuple[Review, ...]

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who had approved what was merged, but its author; without a commit, nobody knows of which it was."""
        told = (each for each in self.reviews if each.approves and each.commit in (self.change.head, ""))
        return tuple(each.user for each in told if each.user and each.user != self.change.author)


def fetch_approved(host: CodeHost, commit: str, name: str, into: Path) -> Approved:
    """Fetch the plan of a merged pull request, as its comment showed it last.

    Raises:
        Refused: the commit was not merged by a pull request, or no plan was shown on it, or none could be made.
        Stale: the plan is not of what was merged, or is not kept any more.
        CodeHostError: the host says no, or does not answer.
    """
    change = host.find_merged(commit)
    if change is None:
        raise Refused(
            f"commit {commit[:12]} was not merged by a pull request: nobody has approved a plan of it",
            note="nothing was written to the tenant",
            hint="open a pull request; or plan and apply by hand, with leave to do so",
        )
    found = find_marked([*host.iter_own_comments(change.number)], "plan", name)
    if found is None or not found[1].shown.digest:
        what = "no plan was shown" if found is None else "no plan could be made"
        raise Refused(f"on pull request {change.number} {what} by this pipeline ({name})", hint=_AGAIN)
    shown = found[1].shown
    if shown.commit != change.head:
        raise Stale(
            f"the plan of pull request {change.number} is of {shown.commit[:12]}, and {change.head[:12]} was merged",
            note="it was merged before the pipeline had planned its newest commit",
            hint=_AGAIN,
        )
    place = host.fetch_plan(change, name, into)
    if place is None:
        raise Stale(f"the plan of pull request {change.number} is not kept any more", hint=_AGAIN)
    return Approved(change, shown.digest, place, host.list_reviews(change))
