# tested by: tests/audience/test_source_cases.py
"""How do a source's columns become dispositions, and which of its rows cannot be used?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from reconciler.audience.sources.raw_rows import RawRows
from reconciler.audience.staging import values
from reconciler.audience.staging.instants import CLOCK, parse_epoch, parse_utc
from reconciler.audience.staging.mapping import DISPOSITIONS, MappedColumns, is_empty
from reconciler.model.disposition import LONGEST_FIELD, LONGEST_NOTES
from reconciler.model.feeds import DispositionFeed

EMPTY_OUTCOME = "outcome is empty"
"""The fault of a row that can be read, and says no outcome."""

CLOCK_SKEW = timedelta(minutes=1)
"""How much later than this machine's clock a disposition may be (ours): whoever wrote it has another."""

_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"
"""Control characters but for tabs and line breaks, as the engine's expressions write them."""


def map_dispositions(rough: RawRows, feed: DispositionFeed, now: datetime) -> Any:
    """The dispositions of a source, with the columns of `DISPOSITIONS`; none may be of a moment after `now`."""
    import ibis

    table, told = rough.table, MappedColumns(rough, feed)
    written, moment = told["timestamp"], parse_utc(told["timestamp"])
    outcome, notes, agent = told["outcome"], told["notes"], told["agent"]
    limit = int((now + CLOCK_SKEW).timestamp())
    never, dated = ibis.literal(False), told.says("timestamp")
    custom, unreadable = values.read_values(rough, feed.custom, {})
    columns = {
        **{name: told[name] for name in ("contactId", "outcome", "agent", "notes", "phone", "region")},
        "timestamp": moment,
        "custom": custom,
        "place": table["place"],
        "fault": ibis.coalesce(
            table["fault"],
            ibis.cases(
                (is_empty(told["contactId"]), "contactId is empty"),
                # it is a part of the URL that is written to
                (
                    told["contactId"].re_search(r"^\.{1,2}$") | _unfit(told["contactId"], LONGEST_FIELD),
                    "contactId is not an id",
                ),
                (is_empty(outcome), EMPTY_OUTCOME),
                (outcome.isin(feed.codes).fill_null(False), ibis.null("string")),
                (outcome.upper().isin(feed.codes), "outcome is not in capitals"),
                else_=ibis.literal("outcome is not in the matrix"),
            ),
            ibis.cases(
                (is_empty(agent), "agent is empty"),
                (_unfit(agent, LONGEST_FIELD), f"agent has control characters, or more than {LONGEST_FIELD:,}"),
                (is_empty(written) if dated else never, "timestamp is empty"),
                (written.re_search(CLOCK + "$"), "timestamp has no time zone: write it in UTC with Z"),
                (moment.isnull() if dated else never, "timestamp is not a time in ISO 8601"),
                (parse_epoch(written) > limit, "timestamp is in the future"),
                (notes.length() > LONGEST_NOTES, f"notes have more than {LONGEST_NOTES:,} characters"),
                (notes.re_search(_CONTROL), "notes have control characters"),
                *((_unfit(text, LONGEST_FIELD), _UNFIT) for text in values.name_values(rough, feed.custom)),
                else_=ibis.null("string"),
            ),
            unreadable,
        ),
    }
    return table.select(**{name: columns[name] for name in DISPOSITIONS})


_UNFIT = f"a custom field has control characters, or more than {LONGEST_FIELD:,}"


def _unfit(text: Any, longest: int) -> Any:
    return (text.length() > longest) | text.re_search(_CONTROL)
