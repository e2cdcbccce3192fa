"""Rows that are alike, before they are counted."""

from collections.abc import Callable

from ibis.expr.types import Column, Table

class GroupedTable:
    def agg(self, **metrics: Column | Callable[[Table], Column]) -> Table: ...
