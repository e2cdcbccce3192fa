# tested by: tests/views/test_golden.py
"""Show the result of one step."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from reconciler.model.reason_json import make_reason_document
from reconciler.model.report import Outcome, StepResult
from reconciler.views.plain_text import plain
from reconciler.views.reasons import describe_step

_OUTCOMES = {
    Outcome.DONE: ("✓", "green"),
    Outcome.FAILED: ("✗", "bold red"),
    Outcome.INTERRUPTED: ("✗", "yellow"),
    Outcome.BLOCKED: ("·", "yellow"),
    Outcome.NOT_ATTEMPTED: ("·", "dim"),
}


def describe_step_end(step: StepResult) -> Text:
    """One step: how it ended, what became of its contacts where it is not done, and what to do next."""
    symbol, style = _OUTCOMES[step.outcome]
    done = step.outcome is Outcome.DONE
    words = f"  {step.outcome}: {describe_step(step)}{'' if done else _describe_contacts(step)}"
    lines = [Text.assemble((f"{symbol} ", style), (plain(str(step.address)), "" if done else "bold"), plain(words))]
    for name, text in (("note", step.note), ("hint", step.hint)):
        if text:
            lines.append(Text.assemble((f"    {name}:  ", "green" if name == "hint" else "dim"), plain(text)))
    return Text("\n").join(lines)


def _describe_contacts(step: StepResult) -> str:
    """What became of the contacts of a step that is not done."""
    told = {"written": step.rows, "rejected": step.rejected, "not known": step.unknown, "not sent": step.left}
    counts = ", ".join(f"{count:,} {words}" for words, count in told.items() if count)
    return f"; contacts: {counts}" if counts else ""


def make_step_document(step: StepResult) -> dict[str, Any]:
    """One step and how it ended, as JSON values."""
    return {
        "address": str(step.address),
        "outcome": step.outcome.value,
        "words": describe_step(step),
        "why": None if step.why is None else make_reason_document(step.why),
        "rows": step.rows,
        "rejected": step.rejected,
        "suppressed": step.suppressed,
        "unknown": step.unknown,
        "left": step.left,
        "note": step.note,
        "hint": step.hint,
        "failure": None if step.failure is None else step.failure.document(),
        **({} if step.figures is None else {"dispositions": step.figures.document()}),
    }
