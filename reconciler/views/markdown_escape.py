# tested by: tests/views/test_markdown.py
"""Escape foreign text for Markdown, and keep a comment within its length.

Foreign text stands between backticks, where no code host reads markdown, HTML, a mention, a reference or a link. What
could end that is written as an apostrophe; what could end a cell of a table, and what nobody sees, as `\\u…`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reconciler.views.plain_text import cut_middle, plain, reveal

_ACTIVE = re.compile(r"[`|<>\\]|@(?=\w)|#(?=[\w\[])|!(?=\[)|[^\S ]")
LONGEST = 240
"""Characters of a foreign text at most: of a longer one the middle is left out.

The longest name of a live object, 200 characters, fits with its quotes: two that differ in their middles are two.
"""


def code(text: object, longest: int = LONGEST) -> str:
    """A foreign text as it may stand anywhere in a comment, on one line."""
    whole = str(text).replace("`", "'")  # what sentences of ours put around the name of a setting
    if whole.isascii() and whole.isprintable() and _ACTIVE.search(whole) is None:
        shown = cut_middle(plain(whole), longest)
    else:
        shown = cut_middle([_unit(each) for each in _split(whole)], longest)
    if shown and (shown[0] == " " or shown[-1] == " "):
        shown = f" {shown} "  # one blank at both ends is taken away by who shows it
    return f"`{shown}`" if shown.strip() else "(blank)"


def _split(text: str) -> Iterable[str]:
    """Characters, those that are to be written otherwise in any case behind a backslash."""
    place = 0
    for found in _ACTIVE.finditer(text):
        yield from text[place : found.start()]
        yield "\\" + found.group()
        place = found.end()
    yield from text[place:]


def _unit(character: str) -> str:
    if character.startswith("\\") and len(character) == 2:
        return f"\\u{ord(character[1]):04x}"
    return reveal(character)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a comment.

    Attributes:
        title: ours. lines: each a row of a table, or a bullet. head: what stands above them. folded: whether it is
            closed until somebody opens it. total: how many lines there are, those that are left out among them.
    """

    title: str
    lines: tuple[str, ...]
    head: tuple[str, ...] = ()
    folded: bool = False
    total: int = 0

    def render(self, more: str) -> str:
        """The part; of one that was cut the middle says how much is missing, and `more` where it is."""
        lines = list(self.lines)
        missing = max(0, self.total - len(lines))
        if missing:
            at = (len(lines) + 1) // 2
            words = f"… {missing:,} more of {self.total:,}: {more}"
            columns = self.head[-1].count("|") - 1 if self.head and self.head[-1].startswith("|") else 0
            lines.insert(at, f"| {words} {'| ' * (columns - 1)}|" if columns else f"- {words}")
        body = "\n".join([*self.head, *lines])
        if not self.folded:
            return f"### {self.title}\n\n{body}" if self.title else body
        # without the blank lines what is inside would be HTML, and no markdown
        return f"<details>\n<summary>{self.title}</summary>\n\n{body}\n\n</details>"

    def halve(self) -> Part:
        """With half of its lines, the first and the last."""
        keep = len(self.lines) // 2
        first = (keep + 1) // 2
        lines = (*self.lines[:first], *self.lines[len(self.lines) - (keep - first) :])
        return replace(self, lines=lines)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, folded: bool = False) -> Part:
    """A part that is a table; the cells are made with `code`, or ours."""
    head = (f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}")
    lines = tuple(f"| {' | '.join(row)} |" for row in rows)
    return Part(title, lines, head, folded, len(lines))


def bullets(title: str, lines: Sequence[str], *, folded: bool = False) -> Part:
    """A part that is a list."""
    return Part(title, tuple(f"- {each}" for each in lines), (), folded, len(lines))


def join_parts(parts: Iterable[Part], more: str, most: int) -> str:
    """The parts below each other, in at most so many characters: the longest are cut in the middle until they fit."""
    every = [each for each in parts if each.lines or each.head]
    while True:
        shown = [each.render(more) for each in every]
        text = "\n\n".join(shown) + "\n"
        if length(text) <= most:
            return text
        # what has most to give: the first of those that are equally long
        weights = [len(one) if len(each.lines) > 1 else 0 for one, each in zip(shown, every, strict=True)]
        if not any(weights):
            raise AssertionError(f"{len(every)} parts of one line each have {length(text)} characters")
        at = weights.index(max(weights))
        every[at] = every[at].halve()


def length(text: str) -> int:
    """Characters as code hosts count them, which may be UTF-16's."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
