# tested by: tests/audience/decision/test_suppression.py
"""Find contacts to be called on a number that another contact shares without having consented.

Two contacts with one number that would be called are one person to a segment: only one of them is called. Where one of
them said no, it is for people to say whether it holds for the other, who said yes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine
from reconciler.audience.staging import subscriber_keys
from reconciler.model.row_queries import Rows
from reconciler.model.segment import Segment
from reconciler.model.segment_membership import RefusedNumbers
from reconciler.model.tables import DECISIONS

if TYPE_CHECKING:
    from ibis import BaseBackend


def find_refused_numbers(backend: BaseBackend, segment: Segment, standing: Rows) -> Iterator[RefusedNumbers]:
    """How many are called so, where there are any.

    Args:
        standing: the segment's contacts, in or out: band, consent, e164.
    """
    if segment.phones is None or not segment.asks_consent:
        return
    everyone = tables.read_table(backend, standing, DECISIONS)
    told = everyone.filter(everyone["e164"].notnull())
    told = told.select("contactId", "band", "consent", key=subscriber_keys.key_column(told["e164"]))
    # who is not known to have consented has said nothing
    refused = told.filter(~told["consent"].fill_null(True)).select("key").distinct()
    called = told.filter(told["band"].notnull()).semi_join(refused, "key")
    many = engine.count_rows(backend, called)
    if many:
        yield RefusedNumbers(segment.address, many)
