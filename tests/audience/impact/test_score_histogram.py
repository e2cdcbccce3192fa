"""A histogram of scores holds everybody whose score alone decides, once, in steps of round points."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from reconciler.audience.impact.score_histogram import STEPS, count_scores, plan_steps
from reconciler.model.impact import Edge, ScoreHistogram
from reconciler.model.list_change import Accounting
from reconciler.model.problem import Location
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import MembersOf, Rows
from reconciler.model.score_model import Band, Combined, Engagement, RecencyFrequency, Score
from reconciler.model.segment import Delivery, Segment, Target
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.source_specs import FileFeed
from reconciler.model.tables import DECISIONS

SEGMENT = Address("Segment", "all")
BANDS = (Band("high", 6000, None, 1), Band("low", 2500, 6000, 2))
RECENT = RecencyFrequency(timedelta(days=30), ("voice",), 60.0, 1.0, 2.0, 20)

Person = tuple[int | None, str | None, str | None]
"""A score in hundredths, a band, and why in none."""


def count(backend: Any, folder: Path, those: Sequence[Person], **feed: Any) -> list[ScoreHistogram]:
    import ibis

    schema = ibis.schema(DECISIONS.types).to_pyarrow()
    rows = [
        {"score": score, "band": band, "reason": None if why is None else {"code": why, "args": []}}
        for score, band, why in those
    ]
    parquet.write_table(arrow.Table.from_pylist(rows, schema), folder / "decisions.parquet")
    decided = Rows(folder / "decisions.parquet", "parquet", DECISIONS.types, len(rows))
    columns = {"contactId": "id"} | feed.pop("columns", {})
    source = FileFeed(
        paths=("a.csv",), format="csv", columns=tuple(sorted(columns.items())), where=Location("a.yaml"), **feed
    )
    target = Target("high", Address("ContactList", "high"), "High", MembersOf("High", ()))
    score = Score(Engagement(), BANDS)
    segment = Segment(SEGMENT, source, {}, score, (), (target,), True, Delivery("listContacts", None, ()))
    standing = MembershipDecision(segment, decided, decided, Accounting(SEGMENT, 0, (), ()))
    return list(count_scores(backend, standing, tuple))


def test_everybody_whose_score_alone_decides_is_in_one_step_and_nobody_else(backend: Any, tmp_path: Path) -> None:
    people: list[Person] = [
        (0, None, "below_threshold"),
        (499, None, "below_threshold"),
        (500, None, "below_threshold"),
        (5999, None, "band_without_list"),
        (6000, "high", None),
        (6499, "high", None),
        (10_000, "high", None),
        (12_345, "high", None),
        (-100, None, "below_threshold"),
        (7000, None, "no_consent"),
        (None, None, "no_interaction"),
    ]
    (found,) = count(backend, tmp_path, people)
    assert (found.start, found.width) == (0.0, 5.0)
    assert found.edges == (Edge("low", 25.0), Edge("high", 60.0))
    assert {at: many for at, many in enumerate(found.outside) if many} == {0: 3, 1: 1, 11: 1}
    # above the last step there is none: who has more than the model can give counts to it
    assert {at: many for at, many in enumerate(found.inside) if many} == {12: 2, 19: 2}


def test_where_no_score_decides_there_is_nothing_to_draw(backend: Any, tmp_path: Path) -> None:
    assert count(backend, tmp_path, [(7000, None, "no_consent"), (None, None, "no_interaction")]) == []


@pytest.mark.parametrize(("column", "drawn"), [("points", False), ("other", True)])
def test_a_score_of_a_sensitive_column_is_not_drawn(backend: Any, tmp_path: Path, column: str, drawn: bool) -> None:
    found = count(
        backend,
        tmp_path,
        [(7000, "high", None)],
        columns={"engagementScore": column},
        attributes=(("health", "points"),),
        sensitive=("health",),
    )
    assert bool(found) is drawn


@pytest.mark.parametrize(
    ("measure", "lows", "steps"),
    [
        (Engagement(), (6000,), (0, 500, 20)),
        (RECENT, (6000,), (0, 500, 20)),
        (RecencyFrequency(timedelta(days=30), (), 30.0, 1.0, 2.0, 5), (1000,), (0, 200, 20)),
        (RecencyFrequency(timedelta(days=30), (), 0.0, 1.0, 0.0, 5), (0,), (0, 100, 1)),
        (RECENT, (25_000,), (0, 1000, 26)),
        (Engagement(), (-1250, 6000), (-1500, 500, 23)),
        (Combined("weighted", ((Score(Engagement(), BANDS), 2.0), (Score(RECENT, BANDS), -1.0))), (1,), (0, 1000, 20)),
        (Combined("or", ((Score(Engagement(), BANDS), 1.0), (Score(RECENT, BANDS), 1.0))), (1,), (0, 500, 20)),
    ],
)
def test_the_steps_are_round_and_reach_from_the_lowest_edge_to_the_highest_score(
    measure: Any, lows: tuple[int, ...], steps: tuple[int, int, int]
) -> None:
    bands = tuple(Band(f"b{low}", low, None, 1) for low in lows)
    start, width, many = plan_steps(Score(measure, bands))
    assert (start, width, many) == steps


@given(st.integers(-50_000, 10**7), st.floats(0, 10**6), st.integers(0, 1000))
def test_however_large_the_points_there_are_few_steps_and_each_edge_is_within(
    low: int, points: float, cap: int
) -> None:
    measure = RecencyFrequency(timedelta(days=1), (), points, 1.0, 1.0, cap)
    start, width, many = plan_steps(Score(measure, (Band("b", low, None, 1),)))
    assert 1 <= many <= STEPS + 1
    assert start <= min(0, low)
    assert start + width * many >= round(100 * points)
    assert start + width * many > low
    assert str(width).strip("0") in ("1", "2", "5")
