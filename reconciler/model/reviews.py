# tested by: tests/steps/test_verify_approvals.py
"""Read what a code host says of the reviews of a change.

The document is GitHub's list of the reviews of a pull request (https://docs.github.com/en/rest/pulls/reviews), or one
of our own for any other host: `{"reviews": [{"user": …, "state": "approved", "commit": …}]}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from reconciler.model.approval_policy import fold_user
from reconciler.model.errors import ReconcilerError
from reconciler.model.instants import parse_instant

_SAYS_NOTHING = frozenset({"commented", "pending"})
_APPROVES = "approved"


class NotReviews(ReconcilerError):
    """The document is none of reviews."""

    code = "not-reviews"
    exit_code = 64


@dataclass(frozen=True, slots=True)
class Review:
    """What somebody said last of a change. `commit`: the one that was looked at, in full."""

    user: str
    state: str
    commit: str
    at: str = ""

    @property
    def approves(self) -> bool:
        """Whether it is an approval; an unknown word is none."""
        return self.state == _APPROVES


def read_reviews(content: bytes, name: str) -> tuple[Review, ...]:
    """The last word of each user, in the order of the users.

    Raises:
        NotReviews: the document is of another shape; `name` is what people call it.
    """
    try:
        told = orjson.loads(content)
    except ValueError:
        raise _refuse(name, "it is no JSON") from None
    several = told.get("reviews") if isinstance(told, dict) else told
    if not isinstance(several, list):
        raise _refuse(name, "it has no list of reviews")
    found = [_read_review(each, number, name) for number, each in enumerate(several, start=1)]
    last: dict[str, Review] = {}
    for review in sorted(found, key=lambda each: _read_moment(each.at)):  # the same moment, or none: as they stand
        if review.state not in _SAYS_NOTHING:
            last[fold_user(review.user)] = review
    return tuple(last[user] for user in sorted(last))


def _read_moment(at: str) -> datetime:
    return parse_instant(at) if at else datetime.min.replace(tzinfo=UTC)


def _read_review(told: Any, number: int, name: str) -> Review:
    if not isinstance(told, Mapping):
        raise _refuse(name, f"its review {number} is no object")
    user = told.get("user")
    user = user.get("login") if isinstance(user, Mapping) else user
    values = (user, told.get("state"), told.get("commit_id", told.get("commit")))
    at = told.get("submitted_at", told.get("at")) or ""
    if user is None and values[1] is not None:
        user, values = "", ("", *values[1:])  # whose account is gone: it is nobody's
    if not all(isinstance(each, str) for each in (*values, at)):
        raise _refuse(name, f"its review {number} does not say user, state and commit in texts")
    try:
        _read_moment(str(at))
    except ValueError:
        raise _refuse(name, f"its review {number} does not say its moment in ISO 8601 with an offset") from None
    return Review(str(user), str(values[1]).lower(), str(values[2]).lower(), str(at))


def _refuse(name: str, note: str) -> NotReviews:
    hint = 'give GitHub\'s list of reviews as it is, or {"reviews": [{"user": …, "state": …, "commit": …}]}'
    return NotReviews(f"{name} is no document of reviews", note=note, hint=hint)
