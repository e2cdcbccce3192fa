# tested by: tests/views/test_golden.py
"""Say in the lines of a terminal what a change does to an object of the tenant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from reconciler.model.change_cause import Causes
from reconciler.model.object_change import Action, ObjectChange, Replacement
from reconciler.model.plan import Step
from reconciler.views.causes import describe_field_cause, describe_object_cause
from reconciler.views.plain_text import plain
from reconciler.views.reasons import describe_reason

_SYMBOLS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("-/+", "magenta"),
    Action.DELETE: ("-", "red"),
    Action.RELEASE: ("×", "cyan"),
    Action.NO_OP: ("=", "dim"),
}


def describe_object(step: Step, change: ObjectChange, causes: Causes | None) -> Iterator[Text]:
    """What is done to an object, field by field, and by which writes; `causes`: why that is so."""
    if step.address.later:
        yield from _describe_activation(step, change)
        return
    symbol, style = _SYMBOLS[change.action]
    verb = "adopt" if change.adopts else change.action.value
    if change.action is Action.RELEASE:
        yield from _describe_released(change)
        return
    yield Text.assemble((f"{symbol} ", style), (plain(str(change.address)), "bold"), plain(f'  {verb} "{change.name}"'))
    if words := describe_object_cause(causes, change):
        yield Text(plain(f"    {words}"), "yellow")
    yield from (Text(plain(f"    {describe_reason(why)}"), "yellow") for why in change.why if why.code == "not_held")
    if change.action is Action.CREATE:
        told = [f"{field.path}: {_format_value(field.after)}" for field in change.fields if field.path != "name"]
        told += [f"{name}: {describe_reason(why)}" for name, why in change.later.items()]
        yield from _wrap_parts(told)
        return
    if change.previous is not None:
        yield Text(plain(f'    moved from "{change.previous}": it is renamed in place'), "dim")
    stuck = change.replacement.fields if change.replacement is not None else ()
    for field in change.fields:
        forces = "  (forces it)" if field.path in stuck else ""
        if words := describe_field_cause(causes, change, field.path):
            forces += f"  ({words})"
        yield Text(plain(f"    {field.path}: {_format_value(field.before)} → {_format_value(field.after)}{forces}"))
    if change.replacement is not None:
        yield from _wrap_parts(f"{name}: {describe_reason(why)}" for name, why in change.later.items())
        yield from _describe_cost(change.replacement)
    if change.adopts or change.action is Action.DELETE:
        yield Text(plain(f"    {describe_reason(change.why[-1])}"), "dim")
    if len(step.does) > 1:
        course = " → ".join(step.does)
        undone = "each read back; if one fails, it is rolled back, or left paused"
        words = undone if change.action in (Action.UPDATE, Action.REPLACE) else "each read back"
        yield Text(plain(f"    {course}; {words}"), "dim")


def _describe_released(change: ObjectChange) -> Iterator[Text]:
    """What is managed no longer."""
    symbol, style = _SYMBOLS[change.action]
    words = plain(f'  released "{change.name}"')
    yield Text.assemble((f"{symbol} ", style), (plain(str(change.address)), "bold"), words)
    yield Text(plain(f"    {describe_reason(change.why[-1])}: its mark is removed, and it stays as it is"), "dim")
    if change.dialled_by:
        named = ", ".join(f'"{name}"' for name in change.dialled_by)
        yield Text(plain(f"    campaign {named} may be dialling, and goes on dialling"), "bold red")


def _describe_activation(step: Step, change: ObjectChange) -> Iterator[Text]:
    yield Text.assemble(("> ", "green"), (plain(str(change.address)), "bold"), plain(f'  activate "{change.name}"'))
    lists = ", ".join(f'"{name}"' for _, name in change.references)
    told = f"list {lists} has been re-read, is not empty and matches the plan"
    yield Text(plain(f"    activated in a step of its own, after {told}"), "dim")


def _describe_cost(cost: Replacement) -> Iterator[Text]:
    """What a replacement costs."""
    contacts = "an unknown number of" if cost.contacts is None else f"{cost.contacts:,}"
    attempts = "an unknown number of" if cost.attempts is None else f"{cost.attempts:,}"
    words = f"    must be replaced, because the tenant cannot change {' or '.join(cost.fields)}:"
    yield Text(
        plain(f"{words} starts over with {contacts} contacts; the history of {attempts} attempts is lost"), "yellow"
    )
    yield Text(plain(f"    downtime: {describe_reason(cost.downtime)}"), "yellow")


def _wrap_parts(parts: Iterable[str], width: int = 100) -> Iterator[Text]:
    line = ""
    for part in parts:
        if line and len(line) + len(part) > width:
            yield Text(plain(f"    {line}"), "dim")
            line = ""
        line += f", {part}" if line else part
    if line:
        yield Text(plain(f"    {line}"), "dim")


def _format_value(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_format_value(inner)}" for key, inner in value.items())
    return f'"{value}"' if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
