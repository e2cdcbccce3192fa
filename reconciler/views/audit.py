"""Show the verification of an audit record."""

from __future__ import annotations

import orjson
from rich.text import Text

from reconciler.model.audit_result import Verified
from reconciler.model.plan import FORMAT_VERSION
from reconciler.model.text_lists import format_count
from reconciler.views.plain_text import plain
from reconciler.views.view import View


def text(value: Verified) -> Text:
    """How many entries there are, under which key, where it ends, and what cannot be proved."""
    entries = value.anchor.entries
    under = f", proven under key {value.key}" if value.key and entries else ""
    lines = [
        f"{format_count(entries, 'entry', 'entries')}, and the chain is whole{under}.",
        f"It ends with entry {entries}:{value.anchor.head}",
        *value.words,
    ]
    return Text("\n".join(map(plain, lines)))


def machine(value: Verified) -> str:
    """The same as JSON."""
    document = {
        "format_version": FORMAT_VERSION,
        "whole": True,
        "entries": value.anchor.entries,
        "head": value.anchor.head,
        "key": value.key or None,
        "notes": list(value.words),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


VIEWS = (View("text", "audit", text), View("json", "audit", machine))
