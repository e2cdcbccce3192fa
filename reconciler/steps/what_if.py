# tested by: tests/cli/test_questions.py
"""Estimate what another number would do to a segment's lists."""

from __future__ import annotations

from decimal import Decimal

from reconciler.model.changes import Changes
from reconciler.model.resource_address import Address
from reconciler.model.what_if import Effect


def estimate_effect(changes: Changes, segment: Address, value: Decimal) -> Effect:
    """Count who would be in, entering, leaving and moving, by the reasons that the changes give."""
    account = next(account for account in changes.accounts if account.segment == segment)
    rows = [row for row in changes.rows if row.address.resource == segment]
    moved = [each for row in rows for each in row.reasons if each.reason.code == "moved"]
    arriving, departing = (sum(each.count for each in moved if each.action == action) for action in ("add", "remove"))
    return Effect(
        value=value,
        bands=tuple((each.value, each.count) for each in account.included),
        entering=sum(row.adds for row in rows) - arriving,
        leaving=sum(row.removes for row in rows) - departing,
        moving=arriving,
    )
