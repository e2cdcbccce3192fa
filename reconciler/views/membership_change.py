# tested by: tests/views/test_golden.py
"""Say in the lines of a terminal who is put on a list, changed on it, taken off it, and where every contact went."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from reconciler.model.instants import format_instant
from reconciler.model.list_change import Accounting, RowChange
from reconciler.model.text_enumerations import count_shown
from reconciler.views.plain_text import plain
from reconciler.views.reasons import (
    describe_counts,
    describe_reason,
    describe_row_reason,
    describe_sample,
    describe_shares,
)

_MOST_REASONS = 8


def describe_membership(change: RowChange) -> Iterator[Text]:
    """How many contacts are put on a list, changed on it and taken off it, why, and an example of each."""
    yield Text.assemble(
        ("± ", "cyan"),
        (plain(str(change.address)), "bold"),
        plain(f'  list "{change.list}": {change.live:,} → {change.after:,} contacts  ('),
        (f"+{change.adds:,}", "green"),
        " ",
        (f"~{change.changed:,}", "yellow"),
        " ",
        (f"-{change.removes:,}", "red"),
        f"{_describe_aged(change)}, {change.unchanged:,} unchanged) by {change.method}, {change.chunk_size} a request",
    )
    if change.chosen is not None:
        yield Text(plain(f"    {change.method}: {describe_reason(change.chosen)}"), "dim")
    shown = count_shown(len(change.reasons), _MOST_REASONS)
    for reason in change.reasons[:shown]:
        yield Text(plain(f"    {reason.count:>7,}  {describe_row_reason(reason)}"))
    if change.reasons[shown:]:
        rest = sum(reason.count for reason in change.reasons[shown:])
        yield Text(f"    {rest:>7,}  for {len(change.reasons) - shown} other reasons", "dim")
    for action in ("add", "update", "remove"):
        example = next((sample for sample in change.samples if sample.action == action), None)
        if example is not None:
            yield Text(
                plain(f"     e.g.  {example.token} ({example.hint}), {action}: {describe_sample(example)}"), "dim"
            )


def _describe_aged(change: RowChange) -> str:
    """The updates that follow from the time alone."""
    if not change.aged:
        return ""
    since = "" if change.aged_since is None else f" since {format_instant(change.aged_since)}"
    return f", ~{change.aged:,} by recency alone{since}"


def describe_accounting(account: Accounting) -> Iterator[Text]:
    """Where every contact of a segment's source went."""
    inside = sum(reason.count for reason in account.included)
    outside = account.source - inside
    yield Text.assemble(
        ("  ", ""),
        (str(account.segment), "bold"),
        f": {account.source:,} contacts in the source = {inside:,} in + {outside:,} out",
    )
    yield Text(plain(f"     in:  {describe_shares(account.included)}"))
    yield Text(plain(f"     out: {describe_counts(account.left_out)}"))
    if account.unrecorded is not None:
        words = f"     {account.unrecorded:,} of those in have no recorded consent: the source says unknownConsent: in"
        yield Text(words, "yellow")


def describe_kept(change: RowChange) -> Iterator[Text]:
    """Who no longer qualifies and stays on a list, and whom the tenant would not take and is offered again."""
    if change.stays:
        count = sum(reason.count for reason in change.stays)
        words = f'  {count:,} on list "{change.list}" no longer qualify but are kept (membership: upsert):'
        yield Text(plain(f"{words} {describe_counts(change.stays)}"), "yellow")
    if change.owed:
        count = sum(reason.count for reason in change.owed)
        yield Text(
            plain(f'  {count:,} pending retry on list "{change.list}": {describe_counts(change.owed)}'), "yellow"
        )
