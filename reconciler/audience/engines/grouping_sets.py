# tested by: tests/audience/impact/test_concentration.py
"""Group rows in several ways in one scan, by GROUPING SETS in SQL."""

from __future__ import annotations

from collections.abc import Sequence


def write_grouping_sets(rows: str, keys: Sequence[str], within: str) -> str:
    """A query that counts the rows of another (`n`) by each key alone, and once by none, within the values of a column.

    In a row of the result the key that it is grouped by is not null, all others are: the keys' own values must not be.
    """
    sets = ", ".join([*(f"({key}, {within})" for key in keys), f"({within})"])
    columns = ", ".join([*keys, within])
    return f"SELECT {columns}, COUNT(*) AS n FROM ({rows}) AS rows_read GROUP BY GROUPING SETS ({sets})"  # noqa: S608
