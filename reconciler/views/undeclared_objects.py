# tested by: tests/views/test_golden.py
"""Describe, for a terminal, our objects that are no longer declared."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.plan import Plan
from reconciler.model.text_enumerations import format_count
from reconciler.views.plain_text import plain


def describe_undeclared(value: Plan) -> Iterator[Text]:
    """Our objects that are no longer declared: what dials comes first."""
    if value.undeclared:
        yield Text("No longer declared, and left as it is; `--prune` deletes it:", "yellow")
    for each in sorted(value.undeclared, key=lambda each: (not each.dials, each.address)):
        uses = ", ".join(f'"{name}"' for _, name in each.uses)
        does = ("dials" if each.state == "active" else "may dial") if each.dials else "does not dial"
        does = f"{does} list {uses}" if uses else f"{does}, and names no list" if each.dials else "dials nobody"
        words = does if each.state is None else f"{each.state}, {does}"
        words = f'  {each.address.kind} "{each.name}": {words}'
        yield Text(plain(words), "bold red" if each.dials else "yellow")
        made = [
            change.name for change in value.objects if _is_made(change) and change.address.kind == each.address.kind
        ]
        if len(made) == 1:
            renamed = (
                f'    if it is "{made[0]}" under its earlier name, say `was: {each.name}` there: it is renamed in place'
            )
            yield Text(plain(renamed), "dim")


def _is_made(change: ObjectChange) -> bool:
    return change.action is Action.CREATE


def describe_left_undeclared(value: Plan) -> str:
    """How many objects are no longer declared, in a sentence that follows another."""
    dialling = sum(each.dials for each in value.undeclared)
    dials = f", and {dialling:,} of them may be calling people" if dialling else ""
    count = format_count(len(value.undeclared), "object")
    return f" {count} of this workspace {_format_are(value)} no longer declared{dials}."


def _format_are(value: Plan) -> str:
    return "is" if len(value.undeclared) == 1 else "are"
