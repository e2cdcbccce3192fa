"""Who is shown bars and who lines, and are the figures right?"""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from reconciler.model.address import Address
from reconciler.model.course import Course, Tally
from reconciler.model.jobs import Job
from reconciler.model.report import ChunkDone, Outcome, StepResult
from reconciler.views.progress import ApplyProgress, ReadingProgress
from tests.views.plans import LIST, ROWS, plan, rows

OTHER = Address("Segment", "history", "low")
TWO_LISTS = replace(plan(), rows=(rows(), replace(rows(), address=OTHER)))


def shown(console: Console, out: io.StringIO) -> str:
    """What an apply of one list leaves behind."""
    with ApplyProgress(console, every=3600) as told:
        told.started("a-run", plan(), False)
        told.begin(ROWS, "listContacts to 'High'", 1129)
        told.chunk(ROWS, ChunkDone("put", 0, 500, 0))
        told.tell()
    return out.getvalue()


def test_a_terminal_is_shown_bars() -> None:
    out = io.StringIO()
    assert "━" in shown(Console(file=out, force_terminal=True, width=120, _environ={"TERM": "xterm"}), out)


@pytest.mark.parametrize("terminal", [False, True], ids=["a pipe", "a terminal that cannot move its cursor"])
def test_others_are_told_a_line(terminal: bool) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=500, color_system=None, _environ={"TERM": "dumb"})
    said = shown(console, out)
    assert "500 of 1,129 rows" in said
    assert "━" not in said
    assert said.count("\n") == 1


def test_a_line_comes_only_if_something_moved_or_all_was_quiet_for_long() -> None:
    out, now = io.StringIO(), [0.0]
    with ApplyProgress(Console(file=out, width=500), every=3600, clock=lambda: now[0]) as told:
        told.tell()
        told.started("a-run", plan(), False)
        told.begin(ROWS, "listContacts to 'High'", 1129)
        for now[0] in (10, 20, 30, 69, 70, 80):
            told.tell()
    assert out.getvalue().count("0 of 1,129 rows") == 2


def test_many_chunks_make_no_more_lines() -> None:
    out = io.StringIO()
    with ApplyProgress(Console(file=out, width=500), every=3600) as told:
        told.started("a-run", plan(), False)
        told.begin(ROWS, "listContacts to 'High'", 1129)
        for number in range(1129):
            told.chunk(ROWS, ChunkDone("put", number, 1, 0))
        told.finish(StepResult(ROWS, Outcome.DONE, "all"))
    assert out.getvalue().count("\n") == 1


def test_rows_of_an_earlier_run_say_nothing_of_how_fast_this_one_is() -> None:
    tally = Tally(1000, 0.0)
    assert (tally.rate(10), tally.left(10)) == (None, None)
    tally.add(500, 0, before=400)
    assert (tally.rate(10), tally.left(10)) == (10.0, 50.0)


def test_a_job_counts_as_far_as_it_is_and_then_with_its_chunk() -> None:
    course = Course(TWO_LISTS, 0.0)
    course.begin(ROWS, 1129, 0.0)
    course.submitted(ROWS, "J", 1000)
    course.job(ROWS, Job("J", "RUNNING", 0.4))
    tally = course.under_way[ROWS]
    assert (tally.reached, tally.done, course.whole.reached) == (400, 0, 400)
    course.job(ROWS, Job("J", "COMPLETED", 1.0))
    course.job(ROWS, Job("J", "RUNNING", 0.5))
    assert not tally.jobs
    course.chunk(ROWS, ChunkDone("put", 0, 990, 10))
    assert (tally.done, tally.rejected, course.whole.done) == (1000, 10, 1000)


def test_what_a_step_leaves_undone_is_no_longer_waited_for() -> None:
    course = Course(TWO_LISTS, 0.0)
    course.begin(ROWS, 1129, 0.0)
    course.submitted(ROWS, "J", 500)
    course.chunk(ROWS, ChunkDone("put", 0, 500, 0))
    course.finish(StepResult(ROWS, Outcome.FAILED, "no", 500))
    assert (course.whole.total, course.whole.done, course.whole.jobs) == (1129 + 500, 500, {})
    course.finish(StepResult(OTHER, Outcome.BLOCKED, "waits"))
    assert course.whole.total == 500


def test_a_step_that_an_earlier_run_has_finished_counts_as_done() -> None:
    course = Course(TWO_LISTS, 0.0)
    course.finish(StepResult(LIST, Outcome.DONE, "adopted"))
    course.finish(StepResult(ROWS, Outcome.DONE, "all", 1129))
    assert (course.whole.done, course.whole.rate(10)) == (1129, None)


def test_a_long_read_is_told_now_and_then_with_the_time_it_will_still_take() -> None:
    out, now = io.StringIO(), [0.0]
    with ReadingProgress(Console(file=out, width=500), every=10, clock=lambda: now[0]) as told:
        for second in range(25):
            now[0] = second
            told.asked("the outcomes in campaign 'Spring'", 10 * second, 100_000)
            told.asked("the outcomes in campaign 'Late'", min(5 * second, 50), 50)
    assert out.getvalue().splitlines() == [
        "  … the outcomes in campaign 'Spring': 100 of 100,000 rows, 10 rows/s, 2 h 46 min left",
        "  … the outcomes in campaign 'Late': 45 of 50 rows, 4.5 rows/s, 1 s left",
        "  … the outcomes in campaign 'Spring': 200 of 100,000 rows, 10 rows/s, 2 h 46 min left",
    ]


def test_a_read_that_is_over_soon_is_not_told_of() -> None:
    out, now = io.StringIO(), [0.0]
    with ReadingProgress(Console(file=out, width=500), every=10, clock=lambda: now[0]) as told:
        for now[0] in range(9):
            told.asked("the outcomes in campaign 'Spring'", int(now[0]), 8)
    assert out.getvalue() == ""


def test_a_terminal_is_left_as_it_was_when_a_read_is_over() -> None:
    out, now = io.StringIO(), [0.0]
    console = Console(file=out, force_terminal=True, width=120, _environ={"TERM": "xterm"})
    with ReadingProgress(console, every=1, clock=lambda: now[0]) as told:
        for now[0] in range(5):
            told.asked("the outcomes in campaign 'Spring'", int(now[0]), 4)
    assert "3 of 4 rows" in out.getvalue()
    assert out.getvalue().endswith("\x1b[2K")
