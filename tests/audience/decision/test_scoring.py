"""Scores by recency and frequency, and the bands they fall in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.audience.decision import scoring
from reconciler.audience.relations import engine
from reconciler.audience.staging import staged_interactions
from reconciler.model.problem import Location
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import ContactsOf, LiveList
from reconciler.model.score_model import Band, Combined, Engagement, RecencyFrequency, Score
from reconciler.model.segment import Delivery, Segment
from tests.audience.conftest import Written

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
BANDS = (Band("high", 7000, None, 1), Band("medium", 4000, 7000, 2), Band("low", 0, 4000, 3))
SCORE = RecencyFrequency(timedelta(days=90), ("voice",), 50.0, 0.5, 2.5, 20)
PEOPLE = {"contactId": "VARCHAR", "engagement": "BIGINT"}
COLUMNS = dict.fromkeys(("id", "contactId", "startTime", "type"), "VARCHAR")


def segment_of(score: Score) -> Segment:
    """A segment of which only the score matters."""
    everybody = ContactsOf(LiveList(name="Everybody"), Location("segments.yaml"))
    return Segment(
        Address("Segment", "s"), everybody, {}, score, (), (), True, Delivery("contactIds", 500, (), whole=False)
    )


def scores(backend: Any, written: Written, moments: list[datetime], kind: str = "voice") -> dict[str, int]:
    """The score of one contact `c` with interactions at these moments."""
    rows = [
        {"id": str(n), "contactId": "c", "type": kind, "startTime": moment.isoformat().replace("+00:00", "Z")}
        for n, moment in enumerate(moments)
    ]
    history = staged_interactions.read_interactions(backend, written(rows, COLUMNS))
    scored = scoring.score_recency_frequency(history, SCORE, AS_OF)
    return dict(engine.list_rows(backend, scored, tuple[str, int]))


def test_recency_falls_by_the_fraction_of_a_day(backend: Any, written: Written) -> None:
    assert scores(backend, written, [AS_OF - timedelta(days=10, hours=12)]) == {"c": 4725}  # 50 − 5.25 + 2.5


def test_frequency_counts_no_more_than_its_cap(backend: Any, written: Written) -> None:
    moments = [AS_OF - timedelta(days=2, seconds=n) for n in range(30)]
    assert scores(backend, written, moments) == {"c": 9900}  # 50 − 1 + 2.5 × 20


def test_the_window_starts_inclusive_and_ends_exclusive(backend: Any, written: Written) -> None:
    start = AS_OF - timedelta(days=90)
    assert scores(backend, written, [start]) == {"c": 750}
    assert scores(backend, written, [start - timedelta(seconds=1)]) == {}
    assert scores(backend, written, [AS_OF]) == {}
    assert scores(backend, written, [AS_OF - timedelta(seconds=1)]) == {"c": 5250}


def test_only_the_chosen_types_count(backend: Any, written: Written) -> None:
    assert scores(backend, written, [AS_OF - timedelta(days=1)], kind="chat") == {}


@pytest.mark.parametrize("kind", ["VOICE", "Voice", "voice "])
def test_a_type_counts_in_whatever_case(backend: Any, written: Written, kind: str) -> None:
    assert scores(backend, written, [AS_OF - timedelta(days=1)], kind=kind) == {"c": 5200}


@pytest.mark.parametrize(
    ("score", "band", "priority"),
    [(10000, "high", 1), (7000, "high", 1), (6999, "medium", 2), (4000, "medium", 2), (3999, "low", 3), (0, "low", 3)],
)
def test_a_band_starts_at_its_edge(backend: Any, written: Written, score: int, band: str, priority: int) -> None:
    table = engine.read_rows(backend, written([{"score": score}], {"score": "BIGINT"}))
    banded = scoring.assign_bands(table, Score(SCORE, BANDS))
    (found,) = next(engine.stream_rows(backend, banded.select("band", "priority"), 1))
    assert found == (band, priority)


@pytest.mark.parametrize(
    ("now_in", "score", "band"),
    [
        ("high", 6801, "high"),
        ("high", 6800, "high"),
        ("high", 6799, "medium"),
        ("medium", 7199, "medium"),
        ("medium", 7200, "high"),
        ("medium", 3800, "medium"),
        ("medium", 3799, "low"),
        (None, 6999, "medium"),
    ],
)
def test_a_contact_leaves_its_band_only_when_it_is_past_the_edge_by_the_hysteresis(
    backend: Any, written: Written, now_in: str | None, score: int, band: str
) -> None:
    columns = {"score": "BIGINT", "now_in": "VARCHAR"}
    table = engine.read_rows(backend, written([{"score": score, "now_in": now_in}], columns))
    banded = scoring.assign_bands(table, Score(SCORE, BANDS, hysteresis=200))
    assert next(engine.stream_rows(backend, banded.select("band"), 1)) == [(band,)]


HIGH_BAR = Score(Engagement(), (Band("in", 8000, None, 1),))
LOW_BAR = Score(Engagement(), (Band("in", 5000, None, 1),))


@pytest.mark.parametrize(
    ("by", "engagement", "score", "inside"),
    [
        ("and", 90, 9000, True),
        ("and", 80, 8000, True),  # exactly at the higher bar
        ("and", 79.99, None, False),
        ("and", 60, None, False),
        ("or", 60, 6000, True),
        ("or", 50, 5000, True),  # exactly at the lower bar
        ("or", 49.99, None, False),
        ("or", 40, None, False),
        ("weighted", 60, 9000, True),  # 0.5 × 60 + 1 × 60
        ("weighted", 10, 1500, False),
    ],
)
def test_scores_are_combined(
    backend: Any, written: Written, by: Any, engagement: float, score: int | None, inside: bool
) -> None:
    combined = Score(Combined(by, ((HIGH_BAR, 0.5), (LOW_BAR, 1.0))), (Band("in", 5000, None, 1),))
    people = engine.read_rows(backend, written([{"contactId": "c", "engagement": round(engagement * 100)}], PEOPLE))
    found = scoring.score_contacts(backend, segment_of(combined), people, {}, AS_OF)
    assert next(engine.stream_rows(backend, found.select("score", "is_in"), 1)) == [(score, inside)]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 120 * 86_400), min_size=1, max_size=40))
def test_the_score_is_the_formula_for_any_history(backend: Any, written: Written, seconds: list[int]) -> None:
    inside = [s for s in seconds if s <= 90 * 86_400]
    found = scores(backend, written, [AS_OF - timedelta(seconds=s) for s in seconds])
    if not inside:
        assert found == {}
        return
    expected = max(0.0, 50 - 0.5 * (min(inside) / 86_400)) + 2.5 * min(len(inside), 20)
    assert abs(found["c"] - expected * 100) <= 0.5 + 1e-6
