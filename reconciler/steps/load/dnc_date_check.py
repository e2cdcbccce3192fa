# tested by: tests/steps/load/test_cases.py
"""Check the date that do-not-call numbers claim."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.kinds import suppression_list
from reconciler.model.instants import format_instant, parse_instant
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of this machine's clock that of whoever took the numbers may be (ours)."""


def check(catalogue: Catalogue, now: datetime) -> Iterator[Problem]:
    """Numbers of a moment to come would never be too old."""
    for resource in catalogue.of_kind(suppression_list.KIND.name):
        if "asOf" in resource.spec and parse_instant(resource.spec["asOf"]) > now + CLOCK_SKEW:
            message = f"the do-not-call numbers are said to be of {resource.spec['asOf']}, which is still to come"
            note = f"it is {format_instant(now)} now"
            hint = "write the moment at which they were taken from the registry"
            yield Problem(resource.where("spec", "asOf"), "in-the-future", message, note=note, hint=hint)
