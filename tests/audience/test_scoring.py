"""Scores by recency and frequency, and the bands they fall in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.audience import scoring, sources
from reconciler.model.score import Band, RecencyFrequencyScore
from tests.audience.conftest import Written

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
BANDS = (Band("high", 7000, None, 1), Band("medium", 4000, 7000, 2), Band("low", 0, 4000, 3))
SCORE = RecencyFrequencyScore(timedelta(days=90), ("voice",), 50.0, 0.5, 2.5, 20, BANDS)
COLUMNS = dict.fromkeys(("id", "contactId", "startTime", "type"), "VARCHAR")


def scores(backend: Any, written: Written, moments: list[datetime], kind: str = "voice") -> dict[str, int]:
    """The score of one contact `c` with interactions at these moments."""
    rows = [
        {"id": str(n), "contactId": "c", "type": kind, "startTime": moment.isoformat().replace("+00:00", "Z")}
        for n, moment in enumerate(moments)
    ]
    history = sources.interactions(backend, written(rows, COLUMNS))
    scored = scoring.recency_and_frequency(history, SCORE, AS_OF)
    return dict(row for chunk in sources.stream(backend, scored, 10) for row in chunk)


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


@pytest.mark.parametrize(
    ("score", "band", "priority"),
    [(10000, "high", 1), (7000, "high", 1), (6999, "medium", 2), (4000, "medium", 2), (3999, "low", 3), (0, "low", 3)],
)
def test_a_band_starts_at_its_edge(backend: Any, written: Written, score: int, band: str, priority: int) -> None:
    table = sources.table(backend, written([{"score": score}], {"score": "BIGINT"}))
    name, rank = scoring.band_of(table["score"], BANDS)
    (found,) = next(sources.stream(backend, table.select(name=name, rank=rank), 1))
    assert found == (band, priority)


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
