"""Show a plan as one comment of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.plan import Plan
from reconciler.views.markdown_escape import Part, bullets, code, join_parts, table
from reconciler.views.plan_sections import describe_verdict, iter_foot, iter_head, iter_sections
from reconciler.views.section_text import Cell, Section, Span
from reconciler.views.view import View

MOST = 60_000
"""Characters at most: a comment ends at 65,536, and whoever posts it puts some of their own around it."""

_WHOLE = 400
"""Characters of a sentence of somebody else at most."""


def plan(value: Plan, link: str | None = None) -> str:
    """A plan as one comment; `link`: where the whole of it is."""
    more = f"[the whole plan](<{link}>)" if link else "the whole is in `reconciler show FILE`, or `--format json`"
    return join_parts(_iter_parts(value, more), more, MOST)


def _iter_parts(value: Plan, more: str) -> Iterator[Part]:
    head = [line for cell in iter_head(value) for line in ("", _write(cell))]
    yield Part("", (), (f"## {describe_verdict(value)}", *head))
    yield from map(_make_part, iter_sections(value))
    *lines, last = map(_write, iter_foot(value))
    yield Part("", (), (*lines, f"{last} {more[:1].upper()}{more[1:]}."))


def _make_part(section: Section) -> Part:
    rows = [[_write(cell) for cell in row] for row in section.rows]
    if section.columns:
        return table(section.title, section.columns, rows, folded=section.folded)
    return bullets(section.title, [each for (each,) in rows], folded=section.folded)


def _write(cell: Cell) -> str:
    return "".join(map(_write_span, cell))


def _write_span(span: Span) -> str:
    match span.kind:
        case "ours":
            return span.text
        case "strong":
            return f"**{span.text}**"
        case "name":
            return code(span.text)
        case "words":
            return code(span.text, _WHOLE)


VIEWS = (View("markdown", "plan", plan, links=True, whole=True),)
