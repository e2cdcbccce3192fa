"""What people read, word for word. `pytest tests/views --write-golden` writes the files anew, for a review."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from reconciler.model.audit_anchor import Anchor
from reconciler.model.errors import Refused
from reconciler.model.jobs import Job
from reconciler.model.plan import Plan
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.reason import Reason
from reconciler.model.report import ChunkDone, Failure, Outcome, Report, StepResult
from reconciler.model.resource_address import Address
from reconciler.model.run_target import Meant
from reconciler.model.webhook import Callback, Event, Receipt, Waiting
from reconciler.views import (
    apply_report,
    callbacks,
    errors,
    html,
    json_view,
    junit,
    markdown,
    sarif,
    terminal,
    terraform,
)
from reconciler.views.events import ApplyEvents
from reconciler.views.progress import ApplyProgress
from tests.views.legs import tell_in_comment, tell_in_terminal
from tests.views.plans import CAMPAIGN, LIST, OLD, ROWS, hostile, large, plan, replacement, rollback, rows

GOLDEN = Path(__file__).parents[1] / "golden"


def printed(text: Text) -> str:
    """Styled text as it comes out of a pipe."""
    out = io.StringIO()
    Console(file=out, highlight=False, markup=False, soft_wrap=True).print(text, soft_wrap=True)
    return out.getvalue()


def report() -> Report:
    """Done, failed, blocked, not attempted."""
    steps = (
        StepResult(LIST, Outcome.DONE, why=Reason("object_adopted", ("High",))),
        StepResult(
            ROWS,
            Outcome.FAILED,
            rows=500,
            rejected=3,
            hint="grant the client lists:write in the tenant, or its security profile the permission behind it",
            failure=Failure(
                "forbidden",
                "the client may not do this: it needs the scope lists:write",
                "POST https://tenant.example.com/x",
                403,
                "req-7",
            ),
        ),
        StepResult(CAMPAIGN, Outcome.BLOCKED, why=Reason("waits_for", ("Segment/history[high]",))),
        StepResult(OLD, Outcome.NOT_ATTEMPTED, why=Reason("interrupted_before")),
    )
    return Report("20260702T083000-abcdef", steps, 4, audit=Anchor(12, "ab" * 32), requests=19)


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
    clock = Clock()
    with ApplyProgress(Console(file=out, soft_wrap=True), every=3600, clock=clock) as told:
        told.start_run("20260702T083000-abcdef", two_lists(), False)
        told.end_step(StepResult(LIST, Outcome.DONE, "adopted 'High'"))
        delivered(told, clock)
        told.tell()
        clock.now += 9
        told.tell()
        clock.now += 60
        told.tell()
        told.end_step(StepResult(ROWS, Outcome.DONE, "1,129 rows", 1126, 3))
        told.end_run(report())
    return out.getvalue()


def undelivered() -> list[Waiting]:
    """Two callbacks that wait, one of them for a template that made no body."""
    then = datetime(2026, 7, 2, 8, 30, tzinfo=UTC)
    run = Callback("0a1b", "crm", Event.APPLY, "20260702T083000-abcdef", then, "application/json", {}, '{"exit":0}')
    made = Callback("2c3d", "team-chat", Event.PLAN, "sha256:00", then, "text/plain", {}, None)
    return [Waiting(run, 5, Reason("callback_answered", ("503",))), Waiting(made, 0, None)]


def receipts() -> list[Receipt]:
    """Delivered, refused after some attempts, and never sent."""
    run, made = (each.callback for each in undelivered())
    return [
        Receipt(run, True, 2),
        Receipt(run, False, 1, Reason("callback_redirected", ("302",))),
        Receipt(made, False, 0, Reason("callback_without_body", ("there is no `rnu`",))),
    ]


def bars() -> str:
    """What a terminal shows meanwhile, without its colours."""
    out, clock = io.StringIO(), Clock()
    with ApplyProgress(Console(file=io.StringIO(), force_terminal=True), clock=clock) as told:
        told.start_run("20260702T083000-abcdef", two_lists(), False)
        delivered(told, clock)
        Console(file=out, width=120, color_system=None).print(told.make_bars())
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def events() -> str:
    """Every event, as it is documented; the moments are left out."""
    out: list[bytes] = []
    told = ApplyEvents(out.append)
    told.start_run("20260702T083000-abcdef", plan(), False)
    told.start_step(ROWS, Reason("membership_step", ("bulkInsert", "High")), 1129)
    told.count_chunk(ROWS, ChunkDone("put", 0, 497, 3))
    told.start_job(ROWS, "JOB1", 629, again=False)
    told.update_job(ROWS, Job("JOB1", "RUNNING", 0.25))
    told.update_job(ROWS, Job("JOB1", "COMPLETED", 1.0, 2))
    told.tell_interruption(at_once=False)
    for step in report().steps:
        told.end_step(step)
    told.end_run(report())
    told.start_run("20260702T083000-abcdef", plan(), True)
    told.tell_failure(refused())
    told.tell_interruption(at_once=True)
    return re.sub(r'"at":"[^"]+"', '"at":"…"', b"".join(out).decode())


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def two_lists() -> Plan:
    """The plan with a second list of as many contacts."""
    return replace(plan(), rows=(rows(), replace(rows(), address=Address("Segment", "history", "low"))))


def delivered(told: ApplyProgress, clock: Clock) -> None:
    """In two seconds 500 rows are done, of which 3 are rejected, and 8 jobs are under way, the first half done."""
    told.start_step(ROWS, Reason("membership_step", ("bulkInsert", "High")), 1129)
    clock.now += 2
    told.count_chunk(ROWS, ChunkDone("put", 0, 497, 3))
    for number in range(8):
        told.start_job(ROWS, f"JOB{number}", 50, again=False)
    told.update_job(ROWS, Job("JOB0", "RUNNING", 0.5))


def page(text: str) -> str:
    """A page without its style and its script, which are read in their own files."""
    text = re.sub(r"<(style|script)>.*?</", r"<\1>…</", text, flags=re.DOTALL)
    return re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-…", text)


VOICES: dict[str, Callable[[], str]] = {
    "plan.txt": lambda: printed(terminal.plan(plan())),
    "plan-empty.txt": lambda: printed(terminal.plan(plan(empty=True))),
    "plan.json": lambda: json_view.plan(plan()) + "\n",
    "plan.terraform.json": lambda: json.dumps(json.loads(terraform.plan(plan())), indent=2, ensure_ascii=False) + "\n",
    "plan.md": lambda: markdown.plan(plan()),
    "plan-empty.md": lambda: markdown.plan(plan(empty=True)),
    "plan-small.md": lambda: markdown.plan(replace(plan(), findings=plan().findings[1:]), "https://ci.example.com/1"),
    "plan-rollback.txt": lambda: printed(terminal.plan(rollback())),
    "plan-rollback.md": lambda: markdown.plan(rollback()),
    "plan-replacement.md": lambda: markdown.plan(replacement()),
    "plan-hostile.md": lambda: markdown.plan(hostile()),
    "plan-large.md": lambda: markdown.plan(large(), "https://ci.example.com/plan.html"),
    "plan.html": lambda: page(html.plan(plan())),
    "plan-empty.html": lambda: page(html.plan(plan(empty=True), "https://ci.example.com/1")),
    "plan-hostile.html": lambda: page(html.plan(hostile())),
    "plan.sarif": lambda: sarif.plan(plan()) + "\n",
    "plan.junit.xml": lambda: junit.plan(plan()),
    "plan-hostile.sarif": lambda: sarif.plan(hostile()) + "\n",
    "plan-hostile.junit.xml": lambda: junit.plan(hostile()),
    "plan-legs.txt": lambda: printed(tell_in_terminal()),
    "plan-legs.md": tell_in_comment,
    "plan-replacement.txt": lambda: printed(terminal.plan(replacement())),
    "plan-replacement.json": lambda: json_view.plan(replacement()) + "\n",
    "report.txt": lambda: printed(apply_report.report(report())),
    "report.json": lambda: json_view.report(report()) + "\n",
    "bad-input.txt": lambda: printed(errors.show_failure(bad_input())),
    "refused.txt": lambda: printed(errors.show_failure(refused())),
    "progress.txt": progress,
    "callbacks.txt": lambda: printed(callbacks.show_receipts(receipts())),
    "undelivered.txt": lambda: printed(callbacks.show_waiting(undelivered())),
    "undelivered.json": lambda: callbacks.machine(undelivered(), Meant("acme", "production", "prod")) + "\n",
    "progress-bars.txt": bars,
    "events.ndjson": events,
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
    assert "\\u001b[2Jgone\\u202e" in printed(errors.show_failure(BadInput([problem])))
