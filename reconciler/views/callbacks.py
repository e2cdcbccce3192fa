# tested by: tests/views/test_golden.py
"""Show undelivered callbacks and receipts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson
from rich.text import Text

from reconciler.model.instants import format_instant
from reconciler.model.reason_json import make_reason_document
from reconciler.model.run_target import Meant
from reconciler.model.webhook import Callback, Receipt, Waiting
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.reasons import describe_reason
from reconciler.views.view import View


def show_receipts(value: Iterable[Receipt]) -> Text:
    """A line for each sending."""
    lines = []
    for each in value:
        symbol, style = ("✓", "green") if each.delivered else ("✗", "bold red")
        words = (
            "delivered" if each.delivered else f"not delivered{_format_tries(each.attempts)}: {_describe(each)}; kept"
        )
        lines.append(Text.assemble((f"{symbol} ", style), (_format_name(each.callback), "bold"), plain(f": {words}")))
    return Text("\n").join(lines)


def show_waiting(value: Sequence[Waiting]) -> Text:
    """What waits to be sent again, the oldest first, and how many there are."""
    lines = []
    for each in value:
        callback = each.callback
        since = format_instant(callback.created)
        lines.append(
            Text.assemble(
                (_format_name(callback), "bold"),
                plain(f"  {callback.subject}  since {since}{_format_tries(each.attempts)}: {_describe(each)}"),
            )
        )
    count = len(value)
    sum_up = "No callback waits." if not count else f"{count:,} callback{'' if count == 1 else 's'} to be sent again."
    return Text("\n").join([*lines, Text(sum_up, "bold")])


def machine(value: Iterable[Waiting], meant: Meant) -> str:
    """The same as JSON, with the bodies, each with the workspace, tenant and environment that were asked for."""
    document = [
        {
            "key": each.callback.key,
            "webhook": each.callback.webhook,
            "event": each.callback.event.value,
            "subject": each.callback.subject,
            "created": format_instant(each.callback.created),
            "attempts": each.attempts,
            "why": None if each.why is None else describe_reason(each.why),
            "reason": None if each.why is None else make_reason_document(each.why),
            "body": each.callback.body,
            **meant.document,
        }
        for each in value
    ]
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _describe(each: Receipt | Waiting) -> str:
    return "the program ended before it was sent" if each.why is None else describe_reason(each.why)


def _format_name(callback: Callback) -> str:
    return plain(f"Webhook/{callback.webhook}  {callback.event}")


def _format_tries(count: int) -> str:
    return f" after {count} attempt{'' if count == 1 else 's'}" if count else ""


VIEWS = (View("text", "callbacks", lambda value, _: show_waiting(value)), View("json", "callbacks", machine))
