# tested by: tests/views/test_golden.py
"""Show the report of an apply in a terminal."""

from __future__ import annotations

from rich.text import Text

from reconciler.model.report import Outcome, Report
from reconciler.model.text_enumerations import format_count
from reconciler.views import outcome_view
from reconciler.views.plain_text import plain
from reconciler.views.step_result import describe_step_end
from reconciler.views.view import View


def report(value: Report) -> Text:
    """What was not begun, and the sum; how the other steps ended was told as they did (`views.progress`)."""
    lines = [
        describe_step_end(step) for step in value.steps if step.outcome in (Outcome.BLOCKED, Outcome.NOT_ATTEMPTED)
    ]
    counts = ", ".join(
        f"{len(value.list_ended(outcome))} {outcome}" for outcome in Outcome if value.list_ended(outcome)
    )
    for step in value.steps:
        if step.figures is not None:
            lines.append(Text(plain(f"  {step.address}  {outcome_view.describe_figures(step.figures)}"), "dim"))
    rejected = sum(step.rejected for step in value.steps)
    owed = f"; {format_count(rejected, 'contact')} rejected by the tenant" if rejected else ""
    suppressed = sum(step.suppressed for step in value.steps)
    owed += f"; {format_count(suppressed, 'contact')} suppressed since the plan" if suppressed else ""
    lines.append(
        Text(
            f"Applied: {counts or 'nothing to do'}{owed}. {format_count(value.writes, 'write')} in "
            f"{format_count(value.requests, 'request')}. Run {value.run}.",
            "bold",
        )
    )
    if value.audit is not None:
        lines.append(Text(f"The audit record ends with entry {value.audit.entries}:{value.audit.head}", "dim"))
    return Text("\n").join(lines)


VIEWS = (View("text", "report", lambda value, _: report(value)),)
