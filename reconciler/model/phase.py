# tested by: tests/views/test_plan_progress.py
"""Name the parts of the work that making a plan takes."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """A part of the work, in the order in which they come; a view has the words."""

    LOAD = "load"
    READ_TENANT = "read-tenant"
    DECIDE = "decide"
    DIFF = "diff"
    CHECK = "check"
    IMPACT = "impact"
    FILL = "fill"
