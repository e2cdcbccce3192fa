"""Show the contacts that are pending retry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import orjson
from rich.text import Text

from reconciler.model.format_version import FORMAT_VERSION
from reconciler.model.pending_count import PendingCount
from reconciler.model.run_target import Meant
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.view import View

_UNSAID = {
    "job-failed": "the job failed, and the tenant does not say why",
    "not-valid": "the tenant counts it as not valid, and does not say why",
    "not-arrived": "the upload is complete, and the tenant has no such record and does not say why",
}
"""Words for the codes of rows of which the tenant says nothing."""


def text(value: Sequence[PendingCount], meant: Meant) -> Text:
    """A line for each list, number of tries and reason."""
    lines = [f"{meant}:"]
    for each in value:
        times = "once" if each.tries == 1 else f"{each.tries} times"
        lines.append(f"{each.contacts:>9,}  {each.list}: {each.what} {times}: {_UNSAID.get(each.reason, each.reason)}")
    if not value:
        lines.append("No contact is pending retry.")
    return Text("\n".join(map(plain, lines)))


def machine(value: Sequence[PendingCount], meant: Meant) -> str:
    """The same as JSON."""
    document = {"format_version": FORMAT_VERSION, **meant.document, "pending": [asdict(each) for each in value]}
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


VIEWS = (View("text", "pending", text), View("json", "pending", machine))
