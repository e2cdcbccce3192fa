# tested by: tests/audience/impact/test_concentration.py
"""How are rows grouped in several ways in one scan? In SQL, as ibis has no word for it: GROUPING SETS."""

from __future__ import annotations

from collections.abc import Sequence


def write_grouping_sets(rows: str, keys: Sequence[str], sums: Sequence[str]) -> str:
    """A query that groups the rows of another by each key alone, and once by none, and adds up columns.

    In a row of the result the key that it is grouped by is not null, all others are: the keys' own values must not be.
    """
    sets = ", ".join([*(f"({key})" for key in keys), "()"])
    added = ", ".join(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in sums)
    return f"SELECT {', '.join(keys)}, {added} FROM ({rows}) AS rows_read GROUP BY GROUPING SETS ({sets})"  # noqa: S608
