"""What is a person told while a plan is made?"""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from reconciler.model.phase import Phase
from reconciler.views.plan_progress import ReadingProgress


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def told(out: io.StringIO, now: list[float], *, terminal: bool = False) -> ReadingProgress:
    console = Console(file=out, width=500, force_terminal=terminal, _environ={"TERM": "xterm"})
    reading = ReadingProgress(console, every=10, clock=lambda: now[0])
    reading._tick = lambda: None  # type: ignore[method-assign] # the clock of a test stands still
    return reading


def test_in_a_pipe_each_part_of_the_work_is_a_line_once_it_takes_a_second(out: io.StringIO) -> None:
    now = [0.0]
    with told(out, now) as reading:
        for at, phase in ((0.0, Phase.LOAD), (0.4, Phase.READ_TENANT), (3.0, Phase.DIFF)):
            now[0] = at
            reading.start_phase(phase)
            for tenth in range(20):
                now[0] = at + tenth / 10
                reading.tell()
    assert out.getvalue().splitlines() == [
        "  … reading the manifests",
        "  … reading the tenant and the sources",
        "  … comparing with the lists",
    ]


def test_every_part_of_the_work_has_words(out: io.StringIO) -> None:
    now = [0.0]
    with told(out, now) as reading:
        for phase in Phase:
            reading.start_phase(phase)
            now[0] += 2
            reading.tell()
    lines = out.getvalue().splitlines()
    assert len(set(lines)) == len(Phase)
    assert not any(phase in lines for phase in Phase)


def test_a_plan_that_is_there_at_once_says_nothing_of_how_it_was_made(out: io.StringIO) -> None:
    now = [0.0]
    with told(out, now) as reading:
        reading.start_phase(Phase.LOAD)
        now[0] = 0.9
        reading.tell()
    assert out.getvalue() == ""


def test_a_long_read_is_told_now_and_then_with_the_time_it_will_still_take(out: io.StringIO) -> None:
    now = [0.0]
    with told(out, now) as reading:
        reading.start_phase(Phase.READ_TENANT)
        for second in range(25):
            now[0] = second
            reading.report_reading("the outcomes in campaign 'Spring'", 10 * second, 100_000)
            reading.report_reading("the outcomes in campaign 'Late'", min(5 * second, 60), 60)
            reading.tell()
    assert out.getvalue().splitlines() == [
        "  … reading the tenant and the sources",
        "  … the outcomes in campaign 'Spring': 110 of 100,000 rows, 10 rows/s, 2 h 46 min left",
        "  … the outcomes in campaign 'Late': 55 of 60 rows, 5.0 rows/s, 1 s left",
        "  … the outcomes in campaign 'Spring': 210 of 100,000 rows, 10 rows/s, 2 h 46 min left",
    ]


def test_where_nothing_is_counted_a_part_that_takes_long_says_how_long_it_has_taken(out: io.StringIO) -> None:
    now = [0.0]
    with told(out, now) as reading:
        reading.start_phase(Phase.DIFF)
        for now[0] in (1.0, 5.0, 11.0, 15.0, 71.0):
            reading.tell()
    assert out.getvalue().splitlines() == [
        "  … comparing with the lists",
        "  … comparing with the lists, 11 s",
        "  … comparing with the lists, 1 min 11 s",
    ]


def test_a_terminal_is_shown_what_is_being_done_and_left_as_it_was(out: io.StringIO) -> None:
    now = [0.0]
    with told(out, now, terminal=True) as reading:
        reading.start_phase(Phase.READ_TENANT)
        now[0] = 3.0
        reading.report_reading("the outcomes in campaign 'Spring'", 3, 4)
        assert "reading" not in out.getvalue()
    assert "reading the tenant and the sources, 3 s" in out.getvalue()
    assert "3 of 4 rows" in out.getvalue()
    assert out.getvalue().endswith("\x1b[2K")
