"""Show a plan as one page that needs nothing else: no network, no other file, and no script to be read.

What is somebody else's is text everywhere in it, and stands in no script, no style and no address. Its one style sheet
and its one script are known to the browser by their digests; it runs and loads nothing besides.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from reconciler.model.plan import Plan
from reconciler.views.chart_shapes import Chart
from reconciler.views.plain_text import cut_middle, reveal, strip_commands
from reconciler.views.plan_charts import draw_flows, draw_requests, draw_sizes
from reconciler.views.plan_details import iter_details
from reconciler.views.plan_sections import describe_verdict, iter_foot, iter_head, iter_sections
from reconciler.views.score_chart import draw_scores
from reconciler.views.section_text import Cell, Section
from reconciler.views.view import View

if TYPE_CHECKING:
    from jinja2 import Template

MOST_LINES, MOST = 5_000, 6_000_000
"""Lines of a section at most, and characters of texts on the whole page: what a browser shows and filters at once."""

MOST_OPEN = 50
"""Lines of a section that is open from the beginning: whoever reads on is not to scroll past thousands."""

MOST_FIGURES = 1_000
"""Lines at most of the table behind a chart, which stand in a section as well."""

LONGEST = 2_000
"""Characters of a text of somebody else at most: of a longer one the middle is left out."""

_LINE_COSTS = 100
"""Characters of markup of a line, about."""

_KINDS = (
    ("findings", "findings and waivers"),
    ("people", "people"),
    ("objects", "objects and settings"),
    ("rows", "lists and rows"),
    ("steps", "steps"),
)
_KIND_OF = {
    **dict.fromkeys(("against", "blocked", "approvals", "warnings", "waivers", "findings"), "findings"),
    **dict.fromkeys(("concentration", "calls", "moves", "overlaps", "near"), "people"),
    **dict.fromkeys(("campaigns", "objects", "legs", "undeclared"), "objects"),
    **dict.fromkeys(("segments", "outcomes", "accounts", "samples"), "rows"),
    **dict.fromkeys(("notices", "steps"), "steps"),
}
_UNNAMED = {"calls": "dialling", "waivers": "state", "campaigns": "change", "objects": "change"} | {
    "accounts": "who",
    "undeclared": "calls",
}
"""The columns that have no heading in a comment: who cannot see the table hears what they are."""

_NUMBER = re.compile(r"[+~−]?[\d,.?]+( → [\d,.?]+)?|")
_SHORT, _LONG = 24, 60
"""Characters of a text that is not broken into lines, where columns have room; and of one with a wide column."""

_WHO = 3
"""Columns that say which object a setting is of."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A row: its cells, their classes, and whether it is of the same object as the one before it."""

    cells: tuple[Cell, ...]
    looks: tuple[str, ...]
    again: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """A section as the page has it: what is left of it, how much is missing, and the charts beside it."""

    key: str
    title: str
    kind: str
    folded: bool
    columns: tuple[str, ...]
    numbers: tuple[bool, ...]
    rows: tuple[_Line, ...]
    total: int
    charts: tuple[Chart, ...] = ()

    @property
    def missing(self) -> int:
        return self.total - len(self.rows)

    @property
    def cut_at(self) -> int:
        """Before which line it says what is missing; -1: nothing is."""
        return (len(self.rows) + 1) // 2 if self.missing else -1


def plan(value: Plan, link: str | None = None) -> str:
    """A plan as one page; `link`: where the whole of it is."""
    whole = link if link is not None and re.match(r"https?://", link) else None
    style, script = _read_asset("plan.css"), _read_asset("plan.js")
    blocks = tuple(_iter_blocks(value))
    kinds = {each.kind for each in blocks}
    page = _load_template().render(
        verdict=describe_verdict(value),
        blocked=bool(value.refusals),
        head=tuple(iter_head(value)),
        foot=tuple(iter_foot(value)),
        sections=blocks,
        kinds=[each for each in _KINDS if each[0] in kinds],
        link=whole,
        most_figures=MOST_FIGURES,
        style=_trust(style),
        script=_trust(script),
        policy=_make_policy(style, script),
    )
    return strip_commands(page)


@cache
def _load_template() -> Template:
    from jinja2 import Environment, StrictUndefined

    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False, keep_trailing_newline=True)
    made.filters |= {"foreign": show_foreign, "ours": _mark_code}
    return made.from_string(_read_asset("plan.html.j2"))


@cache
def _read_asset(name: str) -> str:
    return (files(__package__) / "html_page" / name).read_text(encoding="utf-8")


def _trust(text: str) -> str:
    """A file of ours that is put into the page as it is."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - it is a file of this package # nosec B704


def _mark_code(title: str) -> str:
    """A title of ours, in which what is to be typed stands between backticks."""
    from markupsafe import Markup, escape

    parts = [
        Markup("<code>{}</code>").format(each) if at % 2 else escape(each) for at, each in enumerate(title.split("`"))
    ]
    return Markup("").join(parts)


def _make_policy(style: str, script: str) -> str:
    """What the page may do: use this style sheet, run this script, and nothing else."""
    digests = [b64encode(sha256(each.encode()).digest()).decode() for each in (style, script)]
    allowed = f"style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; img-src data:"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def show_foreign(text: str) -> str:
    """A text of somebody else on one line, without what nobody sees or what turns the text around it."""
    shown = re.sub(r"\\(?=u)", r"\\u005c", text)
    if not (shown.isascii() and shown.isprintable() and len(shown) <= LONGEST):
        shown = cut_middle([reveal(each) for each in shown], LONGEST)
    return strip_commands(shown) if shown.strip() else "(blank)"


def _iter_blocks(value: Plan) -> Iterator[_Block]:
    charts = {
        "moves": tuple(draw_flows(value)),
        "near": tuple(draw_scores(value)),
        "segments": tuple(draw_sizes(value)),
        "steps": tuple(draw_requests(value)),
    }
    kept = {key for key, drawn in charts.items() if drawn}
    sections = (*iter_sections(value, kept), *iter_details(value))
    for section, rows in zip(sections, _fit_rows(sections), strict=True):
        yield _make_block(section, rows, charts)


def _fit_rows(sections: tuple[Section, ...]) -> list[tuple[tuple[Cell, ...], ...]]:
    """The rows of each section for which there is room: of too many the middle is left out, of the longest first."""
    every = [_keep_ends(section.rows, MOST_LINES) for section in sections]
    sizes = [_count_characters(rows) for rows in every]
    while sum(sizes) > MOST and any(len(rows) > 2 for rows in every):
        at = max(range(len(every)), key=lambda each: (sizes[each] if len(every[each]) > 2 else -1, -each))
        every[at] = _keep_ends(every[at], len(every[at]) // 2)
        sizes[at] = _count_characters(every[at])
    return every


def _keep_ends(rows: tuple[tuple[Cell, ...], ...], most: int) -> tuple[tuple[Cell, ...], ...]:
    if len(rows) <= most:
        return rows
    first = (most + 1) // 2
    return (*rows[:first], *rows[len(rows) - (most - first) :])


def _count_characters(rows: tuple[tuple[Cell, ...], ...]) -> int:
    return sum(_LINE_COSTS + sum(min(len(span.text), LONGEST) for cell in row for span in cell) for row in rows)


def _make_block(
    section: Section, rows: tuple[tuple[Cell, ...], ...], charts: Mapping[str, tuple[Chart, ...]]
) -> _Block:
    columns = tuple(each or _UNNAMED.get(section.key, "") for each in section.columns)
    width = len(section.columns) or 1
    numbers = tuple(all(_is_number(row[at]) for row in rows) for at in range(width))
    grouped = section.key in ("campaigns", "objects")
    lines = []
    for at, row in enumerate(rows):
        again = grouped and at > 0 and rows[at - 1][1:_WHO] == row[1:_WHO]
        looks = tuple(_choose_looks(cell, numbers[n], grouped and n < _WHO) for n, cell in enumerate(row))
        lines.append(_Line(row, looks, again))
    return _Block(
        section.key,
        section.title,
        _KIND_OF.get(section.key, "findings"),
        bool(rows) and (section.folded or len(rows) > MOST_OPEN),
        columns,
        numbers,
        tuple(lines),
        len(section.rows),
        charts.get(section.key, ()),
    )


def _is_number(cell: Cell) -> bool:
    return all(span.kind == "ours" for span in cell) and bool(_NUMBER.fullmatch("".join(each.text for each in cell)))


def _choose_looks(cell: Cell, number: bool, who: bool) -> str:
    long = sum(len(span.text) for span in cell)
    looks = (
        ("number", number),
        ("who", who),
        ("short", 0 < long <= _SHORT and not number),
        ("long", long > _LONG),
        ("blank", not long),
    )
    return " ".join(look for look, has in looks if has)


VIEWS = (View("html", "plan", plan, links=True, whole=True),)
