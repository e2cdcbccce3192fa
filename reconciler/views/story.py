"""How does a person, or a program, read one contact's story?"""

from __future__ import annotations

import orjson
from rich.text import Text

from reconciler.model.story import Story
from reconciler.views.plain import plain


def text(value: Story) -> Text:
    """A line a stage, from row to list."""
    width = max((len(topic) for topic, _ in value.found), default=0)
    lines = [Text(plain(f"{value.contact} in {value.segment}"), "bold")]
    lines += [Text.assemble((f"  {plain(topic):<{width}}  ", "dim"), plain(words)) for topic, words in value.found]
    lines += [Text(plain(f"Notice: {notice}"), "yellow") for notice in value.notices]
    return Text("\n").join(lines)


def machine(value: Story) -> str:
    """The story as JSON, in the same order."""
    found = [{"looked_at": topic, "found": words} for topic, words in value.found]
    document = {"segment": str(value.segment), "contact": value.contact, "story": found, "notices": list(value.notices)}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
