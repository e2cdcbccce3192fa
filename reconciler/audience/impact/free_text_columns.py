# tested by: tests/audience/impact/test_concentration.py
"""Find the columns of free text, whose values a plan never shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.audience.impact.disclosable_attributes import PLACE
from reconciler.audience.relations import engine

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

FREE_TEXT = 0.2
"""An attribute with more different values than this share of its people is free text, and never spoken of."""


def list_free_text(backend: BaseBackend, counted: Table, columns: Sequence[str], fewest: int) -> set[str]:
    """The columns of free text: with more different values than a share of the people who have one."""
    sums = {}
    names = (tuple(f"{kind}_{name}" for name in columns) for kind in ("d", "p"))
    for name in columns:
        said = counted[name].notnull() & (counted[name] != "")
        sums[f"d_{name}"] = said.ifelse(counted[name], None).nunique()
        sums[f"p_{name}"] = said.ifelse(counted["n"], 0).sum()
    if not sums:
        return set()
    summed = counted.agg(**sums)
    different, people = (list_cells(summed, each, "int64") for each in names)
    told = summed.select(different=different, people=people)
    ((wides, manys),) = engine.list_rows(backend, told, tuple[list[int], list[int | None]])
    return {
        name
        for name, wide, many in zip(columns, wides, manys, strict=True)
        if name != PLACE and wide > max(FREE_TEXT * (many or 0), fewest)
    }


def list_cells(rows: Table, columns: Sequence[str], kind: str) -> Column:
    """The cells of some columns of one type, as an array."""
    import ibis

    return ibis.array([rows[name] for name in columns]) if columns else ibis.literal([], f"array<{kind}>")
