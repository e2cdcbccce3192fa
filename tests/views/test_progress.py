"""Who is shown bars and who lines, and are the figures right?"""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from reconciler.model.jobs import Job
from reconciler.model.progress_estimate import Estimate, ProgressEstimate
from reconciler.model.reason import Reason
from reconciler.model.report import ChunkDone, Failure, Outcome, StepResult
from reconciler.model.resource_address import Address
from reconciler.views.progress import ApplyProgress
from tests.views.plans import LIST, ROWS, plan, rows

OTHER = Address("Segment", "history", "low")
TWO_LISTS = replace(plan(), rows=(rows(), replace(rows(), address=OTHER)))


def shown(console: Console, out: io.StringIO) -> str:
    """What an apply of one list leaves behind."""
    with ApplyProgress(console, every=3600) as told:
        told.start_run("a-run", plan(), False)
        told.start_step(ROWS, Reason("membership_step", ("listContacts", "High")), 1129)
        told.count_chunk(ROWS, ChunkDone("put", 0, 500, 0))
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
        told.start_run("a-run", plan(), False)
        told.start_step(ROWS, Reason("membership_step", ("listContacts", "High")), 1129)
        for now[0] in (10, 20, 30, 69, 70, 80):
            told.tell()
    assert out.getvalue().count("0 of 1,129 rows") == 2


def test_many_chunks_make_no_more_lines() -> None:
    out = io.StringIO()
    with ApplyProgress(Console(file=out, width=500), every=3600) as told:
        told.start_run("a-run", plan(), False)
        told.start_step(ROWS, Reason("membership_step", ("listContacts", "High")), 1129)
        for number in range(1129):
            told.count_chunk(ROWS, ChunkDone("put", number, 1, 0))
        told.end_step(StepResult(ROWS, Outcome.DONE, "all"))
    assert out.getvalue().count("\n") == 1


def test_rows_of_an_earlier_run_say_nothing_of_how_fast_this_one_is() -> None:
    tally = ProgressEstimate(1000, 0.0)
    assert (tally.estimate_rate(10), tally.estimate_seconds_left(10)) == (None, None)
    tally.add(500, 0, before=400, now=10)
    assert (tally.estimate_rate(10), tally.estimate_seconds_left(10)) == (10.0, 50.0)


def test_a_job_counts_as_far_as_it_is_and_then_with_its_chunk() -> None:
    course = Estimate(TWO_LISTS, 0.0)
    course.start_step(ROWS, 1129, 0.0)
    course.start_job(ROWS, "J", 1000)
    course.update_job(ROWS, Job("J", "RUNNING", 0.4), 1.0)
    tally = course.under_way[ROWS]
    assert (tally.reached, tally.done, course.whole.reached) == (400, 0, 400)
    course.update_job(ROWS, Job("J", "COMPLETED", 1.0), 2.0)
    course.update_job(ROWS, Job("J", "RUNNING", 0.5), 2.0)
    assert not tally.jobs
    course.count_chunk(ROWS, ChunkDone("put", 0, 990, 10), 2.0)
    assert (tally.done, tally.rejected, course.whole.done) == (1000, 10, 1000)


def test_what_a_step_leaves_undone_is_no_longer_waited_for() -> None:
    course = Estimate(TWO_LISTS, 0.0)
    course.start_step(ROWS, 1129, 0.0)
    course.start_job(ROWS, "J", 500)
    course.count_chunk(ROWS, ChunkDone("put", 0, 500, 0), 1.0)
    course.end_step(StepResult(ROWS, Outcome.FAILED, "no", 500), 3.0)
    assert (course.whole.total, course.whole.done, course.whole.jobs) == (1129 + 500, 500, {})
    course.end_step(StepResult(OTHER, Outcome.BLOCKED, "waits"), 3.0)
    assert course.whole.total == 500


def test_a_step_that_an_earlier_run_has_finished_counts_as_done() -> None:
    course = Estimate(TWO_LISTS, 0.0)
    course.end_step(StepResult(LIST, Outcome.DONE, "adopted"), 3.0)
    course.end_step(StepResult(ROWS, Outcome.DONE, "all", 1129), 3.0)
    assert (course.whole.done, course.whole.estimate_rate(10)) == (1129, None)


@pytest.mark.parametrize("start", [0.0, 7.0, 60.0], ids="{:g} s before the first".format)
@pytest.mark.parametrize(("at_once", "rows", "every"), [(1, 100, 3.0), (8, 100, 1.5), (3, 25, 0.05), (1, 1, 0.01)])
def test_the_time_left_is_right_within_a_tenth_once_a_tenth_of_the_work_is_done(
    start: float, at_once: int, rows: int, every: float
) -> None:
    """Workers that each take as long, after a start that says nothing of how fast they are."""
    rounds = 60 if every > 0.2 else 2000
    total = rounds * at_once * rows
    tally, ends = ProgressEstimate(total, 0.0), start + rounds * every
    for number in range(1, rounds + 1):
        now = start + number * every
        for worker in range(at_once):
            tally.add(rows, 0, 0, now + worker * 0.001)
        if tally.done >= 0.1 * total and number < rounds:
            left = tally.estimate_seconds_left(now + every / 2)
            assert left is not None
            assert abs(left - (ends - now)) <= 0.1 * (ends - now) + every


def test_another_pace_is_the_one_that_counts_once_a_tenth_of_the_work_was_done_at_it() -> None:
    tally, now = ProgressEstimate(10_000, 0.0), 0.0
    for number in range(60):
        now += 1 if number < 30 else 5
        tally.add(100, 0, 0, now)
    assert tally.estimate_rate(now) == pytest.approx(20, rel=0.1)


def test_where_nothing_comes_any_more_the_time_left_grows() -> None:
    tally = ProgressEstimate(1000, 0.0)
    for second in range(1, 6):
        tally.add(100, 0, 0, float(second))
    assert tally.estimate_seconds_left(5.0) == pytest.approx(5)
    assert (tally.estimate_seconds_left(60.0) or 0) > 50


def test_how_a_step_failed_is_told_as_it_fails_with_what_to_do() -> None:
    out = io.StringIO()
    with ApplyProgress(Console(file=out, width=500), every=3600) as told:
        told.start_run("a-run", plan(), False)
        told.end_step(StepResult(LIST, Outcome.FAILED, note="why", hint="do", failure=Failure("conflict", "no")))
        told.end_step(StepResult(ROWS, Outcome.BLOCKED, "waits"))
    assert out.getvalue().splitlines() == [f"✗ {LIST}  failed: conflict: no", "    note:  why", "    hint:  do"]
