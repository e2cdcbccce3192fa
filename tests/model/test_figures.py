"""Are the figures of a run those that docs/dispositions.md defines?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.report import compute_figures


def test_accuracy_is_of_what_was_decided_and_right_when_some_fail() -> None:
    found = compute_figures(successful=2, failed=1, deferred=7, latencies=[])
    assert (found.total_processed, found.accuracy_rate_percent) == (3, 66.67)
    assert found.document()["deferred"] == 7


def test_where_nothing_was_decided_there_is_no_accuracy() -> None:
    assert compute_figures(0, 0, 5, []).accuracy_rate_percent is None
    assert compute_figures(0, 0, 0, []).average_latency_ms is None


def test_a_percentile_is_a_latency_that_was_measured() -> None:
    found = compute_figures(100, 0, 0, list(range(1, 101)))
    assert (found.p50_latency_ms, found.p95_latency_ms, found.p99_latency_ms) == (50, 95, 99)
    assert found.average_latency_ms == 50.5
    alone = compute_figures(1, 0, 0, [84])
    assert (alone.p50_latency_ms, alone.p99_latency_ms) == (84, 84)


@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=300))
def test_so_many_of_a_hundred_do_not_exceed_a_percentile_and_fewer_do_not_exceed_the_next_below(
    latencies: list[int],
) -> None:
    found = compute_figures(len(latencies), 0, 0, latencies)
    for percent, value in ((50, found.p50_latency_ms), (95, found.p95_latency_ms), (99, found.p99_latency_ms)):
        assert value in latencies
        assert sum(each <= value for each in latencies) * 100 >= percent * len(latencies)
        assert sum(each < value for each in latencies) * 100 < percent * len(latencies)
