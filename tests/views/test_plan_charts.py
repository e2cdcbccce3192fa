"""A chart says with its bars and ribbons what its figures say, and its labels have room."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.impact import BandMove, Edge, ScoreHistogram
from reconciler.model.list_change import RowChange
from reconciler.model.plan import Plan, Step
from reconciler.model.resource_address import Address
from reconciler.model.write_ops import WriteOp
from reconciler.views.chart_shapes import LETTER, WIDTH, Bar, Chart, Label, Ribbon, Stroke, fit_label, scale_length
from reconciler.views.plan_charts import LISTS, MOVES, STEPS, draw_flows, draw_requests, draw_sizes
from reconciler.views.score_chart import EDGES, draw_scores
from tests.views.plans import HOSTILE, impact, large, plan, rows

SEGMENT = Address("Segment", "history")


def sized(name: str, live: int, after: int) -> RowChange:
    gained, lost = max(0, after - live), max(0, live - after)
    address = Address("Segment", name, "high")
    return replace(rows(), address=address, live=live, adds=gained, removes=lost, updates=1)


def moved(*moves: tuple[str | None, str | None, int], segment: Address = SEGMENT) -> Plan:
    bands = tuple(BandMove(segment, before, after, people) for before, after, people in moves)
    return replace(plan(), impact=replace(impact(), bands=bands))


def bars(chart: Chart, look: str) -> list[Bar]:
    return [each for each in chart.shapes if isinstance(each, Bar) and each.look == look]


def labels(chart: Chart) -> list[str]:
    return [each.text for each in chart.shapes if isinstance(each, Label)]


def test_bars_are_as_long_as_their_lists_are_large() -> None:
    (chart,) = draw_sizes(replace(plan(), rows=(sized("a", 100, 400), sized("b", 200, 0), sized("c", 50, 50))))
    # those that change most come first; of nothing there is no bar
    assert [each.width for each in bars(chart, "before")] == [WIDTH / 4, WIDTH / 2, WIDTH / 8]
    assert [each.width for each in bars(chart, "after")] == [WIDTH, 0, WIDTH / 8]
    assert chart.rows[1] == ("Segment/b[high]", "200", "0", "-200")
    assert chart.description == "1 list larger, 1 smaller, of 3 that change"


def test_what_is_not_nothing_can_be_seen() -> None:
    assert scale_length(1, 1_000_000, WIDTH) == 1.0
    assert scale_length(0, 1_000_000, WIDTH) == 0.0
    assert scale_length(0, 0, WIDTH) == 0.0
    assert scale_length(7, 7, WIDTH) == WIDTH


@pytest.mark.parametrize(("count", "drawn"), [(LISTS, LISTS), (LISTS + 1, LISTS + 1), (LISTS + 2, LISTS)])
def test_lists_without_a_bar_of_their_own_are_counted(count: int, drawn: int) -> None:
    (chart,) = draw_sizes(replace(plan(), rows=tuple(sized(f"s{n:02d}", 1000 - n, 2000) for n in range(count))))
    assert len(bars(chart, "after")) == drawn
    assert len(chart.rows) == count
    assert ("2 other lists, without bars" in labels(chart)) is (count == LISTS + 2)


def test_a_plan_without_rows_moves_and_steps_has_no_charts() -> None:
    empty = replace(plan(empty=True), impact=None)
    assert [*draw_sizes(empty), *draw_flows(empty), *draw_requests(empty)] == []
    assert [*draw_flows(moved(("high", "low", 0)))] == []


def test_requests_are_drawn_in_the_order_of_the_steps_and_sum_up_to_those_of_the_plan() -> None:
    (chart,) = draw_requests(plan())
    assert [row[2] for row in chart.rows] == ["1", "1", "5", "3", "1", "1", "2"]
    assert chart.description.startswith(f"{plan().budget.writes} requests to write in 7 steps")
    assert [each.width for each in bars(chart, "after")] == [72, 72, 360, 216, 72, 72, 144]


@pytest.mark.parametrize(("count", "drawn"), [(STEPS, STEPS), (STEPS + 1, STEPS + 1), (STEPS + 2, STEPS)])
def test_steps_without_a_bar_of_their_own_are_counted(count: int, drawn: int) -> None:
    steps = tuple(Step(Address("Campaign", f"c{n}"), (), (WriteOp.CREATE,), n + 1) for n in range(count))
    (chart,) = draw_requests(replace(plan(), steps=steps))
    assert len(bars(chart, "after")) == drawn
    if count == STEPS + 2:
        assert labels(chart)[-2:] == ["2 other steps, without bars", "3"]


def test_a_plan_of_an_earlier_program_says_nothing_of_requests_by_step() -> None:
    steps = tuple(replace(each, writes=None) for each in plan().steps)
    assert [*draw_requests(replace(plan(), steps=steps))] == []


def thickness(ribbon: Ribbon) -> tuple[float, float]:
    """Of a ribbon, on the left and on the right."""
    numbers = [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", ribbon.path)]
    top, top2, bottom2, bottom = numbers[1], numbers[7], numbers[9], numbers[15]
    return bottom - top, bottom2 - top2


def test_ribbons_are_as_thick_as_their_moves_are_large_and_say_by_colour_what_they_are() -> None:
    (chart,) = draw_flows(moved((None, "high", 300), ("high", None, 100), ("high", "low", 200)))
    ribbons = {each.look: thickness(each) for each in chart.shapes if isinstance(each, Ribbon)}
    assert ribbons["starts"] == pytest.approx((75, 75), abs=0.2)
    assert ribbons["stops"] == pytest.approx((25, 25), abs=0.2)
    assert ribbons["moved"] == pytest.approx((50, 50), abs=0.2)
    assert sorted(labels(chart)) == ["high: 300", "high: 300", "low: 200", "not called: 100", "not called: 300"]
    assert all(0 <= each.y <= chart.height - each.height for each in bars(chart, "node"))
    assert chart.rows == (("not called", "high", "300"), ("high", "low", "200"), ("high", "not called", "100"))


def test_of_many_moves_the_largest_are_drawn_and_the_others_told() -> None:
    (chart,) = draw_flows(moved(*((None, f"band {n}", n + 1) for n in range(MOVES + 3))))
    assert sum(isinstance(each, Ribbon) for each in chart.shapes) == MOVES
    assert f"the {MOVES} largest of {MOVES + 3} moves are drawn" in chart.description
    assert len(chart.rows) == MOVES + 3


def test_of_many_segments_those_with_most_moves_are_drawn_and_the_others_counted() -> None:
    every = list(draw_flows(large()))
    assert len(every) == 3
    assert "97 other segments" in every[0].description


@given(st.text(max_size=200), st.integers(20, 340))
def test_a_label_has_room_and_hides_nothing(text: str, units: int) -> None:
    shown = fit_label(text, units)
    wide = sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in shown)
    assert wide * LETTER <= max(units, 3 * LETTER)
    assert shown.isprintable()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_label_runs_into_its_figure(text: str) -> None:
    (chart,) = draw_sizes(replace(plan(), rows=(sized(text, 1_000_000, 2_000_000),)))
    name, count = (each for each in chart.shapes if isinstance(each, Label))
    assert LETTER * len(name.text) <= WIDTH - LETTER * len(count.text)


def test_scores_stand_on_each_other_and_their_thresholds_are_where_they_are() -> None:
    edges = (Edge("low", 20.0), Edge("high", 62.5))
    scores = ScoreHistogram(SEGMENT, 0.0, 10.0, (0, 0, 100, 300, 0, 0, 50, 0, 0, 0), (200, 0, 100, *[0] * 7), edges)
    (chart,) = draw_scores(replace(plan(), impact=replace(impact(), scores=(scores,))))
    inside, outside = ({each.x: each for each in bars(chart, look)} for look in ("after", "before"))
    assert {x: each.height for x, each in inside.items()} == {
        72: pytest.approx(43.3),
        108: 130,
        216: pytest.approx(21.7),
    }
    assert {x: each.height for x, each in outside.items()} == {0: pytest.approx(86.7), 72: pytest.approx(43.3)}
    assert outside[72].y + outside[72].height == pytest.approx(inside[72].y)
    lines = [each for each in chart.shapes if isinstance(each, Stroke) and each.look == "edge"]
    assert [each.x for each in lines] == [72, 225]
    assert {"low from 20", "high from 62.5"} <= set(labels(chart))
    assert (
        "750 people whose score alone decides, counted to the nearest ten, in steps of 10 points; thresholds: low from 20, high from 62.5"
        in (chart.description)
    )
    assert chart.rows[2] == ("20 to 30", "100", "100")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("edge", [0.0, 50.0, 99.0])
def test_the_name_of_a_threshold_stays_in_the_chart(text: str, edge: float) -> None:
    scores = ScoreHistogram(SEGMENT, 0.0, 5.0, (1,) * 20, (1,) * 20, (Edge(text, edge),))
    (chart,) = draw_scores(replace(plan(), impact=replace(impact(), scores=(scores,))))
    (name,) = (each for each in chart.shapes if isinstance(each, Label) and each.look == "edge-name")
    wide = LETTER * len(name.text)
    assert name.x - (wide if name.anchor == "end" else 0) >= 0
    assert name.x + (wide if name.anchor == "start" else 0) <= WIDTH


def test_of_many_segments_and_thresholds_some_are_drawn_and_all_are_told() -> None:
    edges = tuple(Edge(f"b{number}", 5.0 * number) for number in range(1, 15))
    every = tuple(
        ScoreHistogram(Address("Segment", f"s{n}"), 0.0, 5.0, (n,) * 20, (0,) * 20, edges) for n in range(1, 6)
    )
    drawn = list(draw_scores(replace(plan(), impact=replace(impact(), scores=every))))
    assert [each.title.rpartition("/")[2] for each in drawn] == ["s5", "s4", "s3"]
    assert "2 other segments in the plan's JSON" in drawn[0].description
    assert "b14 from 70" in drawn[0].description
    assert len([each for each in drawn[0].shapes if isinstance(each, Label) and each.look == "edge-name"]) == EDGES
    assert len([each for each in drawn[0].shapes if isinstance(each, Stroke) and each.look == "edge"]) == 14
