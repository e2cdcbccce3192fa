# tested by: tests/code_hosts/test_comment_and_drift_issue.py
"""Write and read what a comment or an issue of ours carries unseen: what it is about, and the plans before it.

An HTML comment at the very beginning of the text, as JSON. Whoever may write in the repository can edit a comment of
ours: what is read is held to its shape, and what does not fit is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import orjson

from reconciler.code_hosts.code_host import Post

What = Literal["plan", "drift"]
MOST_EARLIER = 20
"""Earlier plans that a comment names; of more the newest."""

_SHAPES = {
    "commit": r"[0-9a-f]{7,64}",
    "digest": r"(sha256:[0-9a-f]{64})?",
    "verdict": r"no changes|changes|refused|no plan|drift",
    "at": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
    "run": r"(https?://[!#$%&*+,\-./0-9:;=?@A-Z_a-z~]{1,1000})?",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One plan as it was shown: of which commit, its digest (empty: there was none), when, and by which run."""

    commit: str
    digest: str
    verdict: str
    at: str
    run: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """What a text of ours is: of which workspace by its name, the plan that it shows, and those before."""

    what: What
    name: str
    shown: Shown
    earlier: tuple[Shown, ...] = ()


def write_marker(marker: Marker) -> str:
    """The marker, on one line; nothing in it ends an HTML comment."""
    document = orjson.dumps(
        {"name": marker.name, **asdict(marker.shown), "earlier": [asdict(each) for each in marker.earlier]}
    ).decode()
    for sign in "<>":
        document = document.replace(sign, f"\\u{ord(sign):04x}")
    return f"<!-- reconciler:{marker.what} {document.replace('--', chr(92) + 'u002d' + chr(92) + 'u002d')} -->"


def read_marker(body: str, what: What, name: str) -> Marker | None:
    """The marker that a text begins with, where it is of that kind and name."""
    found = re.match(rf"<!-- reconciler:{what} (\{{.*\}}) -->", body)
    if found is None:
        return None
    try:
        document = orjson.loads(found[1])
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict) or document.get("name") != name:
        return None
    shown = _read_shown(document)
    earlier = document.get("earlier")
    told = [_read_shown(each) for each in earlier] if isinstance(earlier, list) else []
    kept = tuple(each for each in told if each is not None)[:MOST_EARLIER]
    return None if shown is None else Marker(what, name, shown, kept)


def find_marked(posts: list[Post], what: What, name: str) -> tuple[Post, Marker] | None:
    """The first of some texts that is marked so."""
    return next(((post, marker) for post in posts if (marker := read_marker(post.body, what, name))), None)


def _read_shown(document: Any) -> Shown | None:
    if not isinstance(document, Mapping):
        return None
    values = {each.name: document.get(each.name) for each in fields(Shown)}
    if not all(isinstance(value, str) and re.fullmatch(_SHAPES[name], value) for name, value in values.items()):
        return None
    return Shown(**{name: str(value) for name, value in values.items()})
