"""What people read, word for word. `pytest tests/views --write-golden` writes the files anew, for a review."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from reconciler.model.address import Address
from reconciler.model.errors import Refused
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.report import Outcome, Report, StepResult
from reconciler.model.webhook import Callback, Event, Receipt, Waiting
from reconciler.views import callbacks, machine, problems, terminal
from reconciler.views.progress import ApplyProgress
from tests.views.plans import CAMPAIGN, LIST, OLD, ROWS, plan

GOLDEN = Path(__file__).parents[1] / "golden"


def printed(text: Text) -> str:
    """Styled text as it comes out of a pipe."""
    out = io.StringIO()
    Console(file=out, highlight=False, markup=False, soft_wrap=True).print(text, soft_wrap=True)
    return out.getvalue()


def report() -> Report:
    """Done, failed, blocked, not attempted."""
    steps = (
        StepResult(LIST, Outcome.DONE, "adopted 'High'"),
        StepResult(ROWS, Outcome.FAILED, "unavailable: no usable reply [POST https://tenant.example.com/x]", 500, 3),
        StepResult(CAMPAIGN, Outcome.BLOCKED, "waits for Segment/history[high]"),
        StepResult(OLD, Outcome.NOT_ATTEMPTED, "the run was interrupted before it"),
    )
    return Report("20260702T083000-abcdef", steps, 4)


def bad_input() -> BadInput:
    """Two problems in one file."""
    return BadInput(
        [
            Problem(
                Location("segments/score.yaml", 8, 5),
                "unknown-field",
                "a ScoreModel has no field `treshold`",
                hint="did you mean `threshold`?",
            ),
            Problem(
                Location("segments/score.yaml", 12, 7), "band-gap", "scores from 30 to 40 are in no band", "a note"
            ),
        ]
    )


def refused() -> Refused:
    """A refusal with everything a failure can have."""
    return Refused(
        "the plan is unsafe:\n  LIM-STOPPED …", where="Campaign/high", note="nothing was written", hint="see"
    )


def progress() -> str:
    """The lines that an apply leaves behind in a pipe."""
    out = io.StringIO()
    with ApplyProgress(Console(file=out, soft_wrap=True)) as told:
        told.begin(ROWS, "listContacts to 'High'", 1129)
        told.advance(ROWS, 500)
        told.finish(ROWS, "done: 1,129 rows")
        told.finish(Address("ContactList", "high"), "done: adopted")
    return out.getvalue()


def undelivered() -> list[Waiting]:
    """Two callbacks that wait, one of them for a template that made no body."""
    then = datetime(2026, 7, 2, 8, 30, tzinfo=UTC)
    run = Callback("0a1b", "crm", Event.APPLY, "20260702T083000-abcdef", then, "application/json", {}, '{"exit":0}')
    made = Callback("2c3d", "team-chat", Event.PLAN, "sha256:00", then, "text/plain", {}, None)
    return [Waiting(run, 5, "status 503"), Waiting(made, 0, "")]


def receipts() -> list[Receipt]:
    """Delivered, refused after some attempts, and never sent."""
    run, made = (each.callback for each in undelivered())
    return [
        Receipt(run, True, 2),
        Receipt(run, False, 1, "status 302: redirects are not followed"),
        Receipt(made, False, 0, "its template makes no body: there is no `rnu`"),
    ]


VOICES: dict[str, Callable[[], str]] = {
    "plan.txt": lambda: printed(terminal.plan(plan())),
    "plan-empty.txt": lambda: printed(terminal.plan(plan(empty=True))),
    "plan.json": lambda: machine.plan(plan()) + "\n",
    "report.txt": lambda: printed(terminal.report(report())),
    "report.json": lambda: machine.report(report()) + "\n",
    "bad-input.txt": lambda: printed(problems.failure(bad_input())),
    "refused.txt": lambda: printed(problems.failure(refused())),
    "progress.txt": progress,
    "callbacks.txt": lambda: printed(callbacks.receipts(receipts())),
    "undelivered.txt": lambda: printed(callbacks.waiting(undelivered())),
    "undelivered.json": lambda: callbacks.machine(undelivered()) + "\n",
}


@pytest.mark.parametrize("name", VOICES)
def test_it_reads_as_it_was_reviewed(name: str, request: pytest.FixtureRequest) -> None:
    said, file = VOICES[name](), GOLDEN / name
    if request.config.getoption("--write-golden"):
        file.write_text(said, encoding="utf-8")
    assert said == file.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    assert {file.name for file in GOLDEN.iterdir()} == set(VOICES)


def test_a_name_in_the_tenant_gives_no_orders_to_the_terminal() -> None:
    problem = Problem(Location("a.yaml"), "unknown-list", "the tenant has no list '\x1b[2Jgone\u202e'")
    assert "\\u001b[2Jgone\\u202e" in printed(problems.failure(BadInput([problem])))
