"""Is nobody told a figure of fewer than ten people, and none by the difference of two?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.audience.impact.small_groups import FEWEST, blur_counts, show_count, show_within

FEW = range(1, FEWEST)


@pytest.mark.parametrize(("many", "shown"), [(0, 0), (1, None), (9, None), (10, 10), (11, 11)])
def test_a_count_is_told_from_ten_on_or_where_there_is_nobody(many: int, shown: int | None) -> None:
    assert show_count(many) == shown


@pytest.mark.parametrize(
    ("part", "rest", "shown"),
    [
        (0, 0, (0, 0)),
        (12, 0, (12, 12)),
        (12, 1, (12, None)),
        (12, 9, (12, None)),
        (12, 10, (12, 22)),
        (0, 9, (0, None)),
        (5, 5, (None, 10)),
        (5, 4, (None, None)),
    ],
)
def test_a_wider_count_is_not_told_where_the_rest_is_of_few(
    part: int, rest: int, shown: tuple[int | None, int | None]
) -> None:
    assert show_within(part, part + rest) == shown


@given(st.integers(0, 50), st.integers(0, 50))
def test_neither_figure_nor_their_difference_is_of_few(part: int, rest: int) -> None:
    shown, whole = show_within(part, part + rest)
    assert shown not in FEW
    assert whole not in FEW
    if shown is not None and whole is not None:
        assert whole - shown not in FEW


@pytest.mark.parametrize(("many", "shown"), [(0, 0), (9, 0), (10, 10), (14, 10), (15, 20), (24, 20), (25, 30)])
def test_a_step_of_a_histogram_is_to_the_nearest_ten(many: int, shown: int) -> None:
    assert blur_counts([many]) == (shown,)
