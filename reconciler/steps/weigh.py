"""What would a supposed number do to a segment's lists? Pure."""

from __future__ import annotations

from decimal import Decimal

from reconciler.model.address import Address
from reconciler.model.change import Changes
from reconciler.model.supposition import Supposed


def weigh(changes: Changes, segment: Address, value: Decimal) -> Supposed:
    """Count who would be in, entering, leaving and moving, by the reasons that the changes give."""
    account = next(account for account in changes.accounts if account.segment == segment)
    reasons = [reason for row in changes.rows if row.address.resource == segment for reason in row.reasons]
    adds = sum(reason.count for reason in reasons if reason.words.startswith("add: "))
    removes = sum(reason.count for reason in reasons if reason.words.startswith("remove: "))
    arriving = sum(reason.count for reason in reasons if reason.words.startswith("add: moves from "))
    departing = sum(reason.count for reason in reasons if reason.words.startswith("remove: moves from "))
    return Supposed(
        value=value,
        bands=tuple((reason.words, reason.count) for reason in account.included),
        entering=adds - arriving,
        leaving=removes - departing,
        moving=arriving,
    )
