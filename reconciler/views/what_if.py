# tested by: tests/cli/test_questions.py
"""Show the answer to a what-if question."""

from __future__ import annotations

import io
from decimal import Decimal

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reconciler.model.notice_json import make_notices_document
from reconciler.model.what_if import Effect, WhatIf
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.reasons import describe_notice
from reconciler.views.view import View

_WIDTH = 50
_EIGHTHS = " ▏▎▍▌▋▊▉"


def text(value: WhatIf) -> str:
    """A table: a row a value."""
    table = Table(title=plain(f"{value.segment}: {value.setting}"), title_justify="left")
    bands = [name for name, _ in value.rows[0].bands] if value.rows else []
    names = list(dict.fromkeys([*bands, *(name for row in value.rows for name, _ in row.bands)]))
    for heading in ("value", "in", *names, "entering", "leaving", "moving"):
        table.add_column(plain(heading), justify="right")
    for row in value.rows:
        held = dict(row.bands)
        counts = [row.inside, *(held.get(name, 0) for name in names), row.entering, row.leaving, row.moving]
        table.add_row(_format_number(row.value), *(f"{count:,}" for count in counts))
    out = io.StringIO()
    Console(file=out, width=120, highlight=False, markup=False).print(table)
    return "\n".join([plain(str(value.meant)), out.getvalue().rstrip("\n"), *_list_notices(value)])


def chart(value: WhatIf) -> str:
    """A bar a value: how many contacts would be in."""
    most = max((row.inside for row in value.rows), default=0) or 1
    width = max((len(_format_number(row.value)) for row in value.rows), default=0)
    lines = [plain(str(value.meant)), plain(f"{value.segment}: contacts in, by {value.setting}")]
    for row in value.rows:
        lines.append(
            f"{_format_number(row.value):>{width}} │{_draw_bar(row.inside / most)} {row.inside:,}{_describe_shift(row)}"
        )
    return "\n".join([*lines, *_list_notices(value)])


def _list_notices(value: WhatIf) -> list[str]:
    return [plain(f"Notice: {describe_notice(notice)}") for notice in value.notices]


def _draw_bar(share: float) -> str:
    eighths = round(share * _WIDTH * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _describe_shift(row: Effect) -> str:
    return f"  (+{row.entering:,} -{row.leaving:,})" if row.entering or row.leaving else ""


def machine(value: WhatIf) -> str:
    """The table as JSON."""
    rows = [
        {
            "value": float(row.value),
            "in": row.inside,
            "bands": dict(row.bands),
            "entering": row.entering,
            "leaving": row.leaving,
            "moving": row.moving,
        }
        for row in value.rows
    ]
    document = {
        **value.meant.document,
        "segment": str(value.segment),
        "setting": value.setting,
        "rows": rows,
        **make_notices_document(value.notices),
    }
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _format_number(value: Decimal) -> str:
    return f"{value.normalize():f}"


VIEWS = (
    View("text", "what-if", lambda value: Text(text(value))),
    View("json", "what-if", machine),
    View("chart", "what-if", lambda value: Text(chart(value))),
)
