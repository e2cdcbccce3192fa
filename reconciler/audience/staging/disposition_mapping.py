# tested by: tests/audience/test_source_cases.py
"""Map the columns of a source to dispositions, with a fault for each row that cannot be used."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.audience.relations.reasons import find_fault
from reconciler.audience.sources.raw_rows import RawRows
from reconciler.audience.staging import attribute_values
from reconciler.audience.staging.column_mapping import MappedColumns, is_empty
from reconciler.audience.staging.instants import CLOCK, parse_epoch, parse_utc
from reconciler.model.disposition import LONGEST_FIELD, LONGEST_NOTES
from reconciler.model.source_specs import DispositionFeed
from reconciler.model.tables import RAW_DISPOSITIONS

if TYPE_CHECKING:
    from ibis import Column, Table

OUTCOME = "outcome"
"""The column of the outcome, as a fault names it."""

CLOCK_SKEW = timedelta(minutes=1)
"""How much later than this machine's clock a disposition may be (ours): whoever wrote it has another."""

_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"
"""Control characters but for tabs and line breaks, as the engine's expressions write them."""


def map_dispositions(rough: RawRows, feed: DispositionFeed, now: datetime) -> Table:
    """The dispositions of a source, with the columns of `RAW_DISPOSITIONS`; none may be of a moment after `now`."""
    import ibis

    table, told = rough.table, MappedColumns(rough, feed)
    written, moment = told["timestamp"], parse_utc(told["timestamp"])
    outcome, notes, agent = told["outcome"], told["notes"], told["agent"]
    limit = int((now + CLOCK_SKEW).timestamp())
    never, dated = ibis.literal(False), told.says("timestamp")
    named = outcome.isin(feed.codes).fill_null(False)
    custom, unreadable = attribute_values.read_values(rough, feed.custom, {})
    columns = {
        **{name: told[name] for name in ("contactId", "outcome", "agent", "notes", "phone", "region")},
        "timestamp": moment,
        "custom": custom,
        "place": table["place"],
        "fault": ibis.coalesce(
            table["fault"],
            find_fault(
                (is_empty(told["contactId"]), "empty", "contactId"),
                # it is a part of the URL that is written to
                (
                    told["contactId"].re_search(r"^\.{1,2}$") | _is_unfit(told["contactId"], LONGEST_FIELD),
                    "not_an_id",
                    "contactId",
                ),
                (is_empty(outcome), "empty", OUTCOME),
                (outcome.upper().isin(feed.codes) & ~named, "not_in_capitals", OUTCOME),
                (~named, "not_in_matrix", OUTCOME),
            ),
            find_fault(
                (is_empty(agent), "empty", "agent"),
                (_is_unfit(agent, LONGEST_FIELD), "unfit_text", "agent", str(LONGEST_FIELD)),
                (is_empty(written) if dated else never, "empty", "timestamp"),
                (written.re_search(CLOCK + "$"), "no_time_zone", "timestamp"),
                (moment.isnull() if dated else never, "not_a_time", "timestamp"),
                (parse_epoch(written) > limit, "in_the_future", "timestamp"),
                (notes.length() > LONGEST_NOTES, "too_long", "notes", str(LONGEST_NOTES)),
                (notes.re_search(_CONTROL), "control_characters", "notes"),
                *(
                    (_is_unfit(text, LONGEST_FIELD), "unfit_text", name, str(LONGEST_FIELD))
                    for name, text in attribute_values.name_values(rough, feed.custom)
                ),
            ),
            unreadable,
        ),
    }
    return table.select(**{name: columns[name] for name in RAW_DISPOSITIONS.columns})


def says_no_outcome(fault: Column) -> Column:
    """Whether a row has this fault alone, that no outcome stands in it: else it can be read."""
    return (fault["code"] == "empty") & (fault["args"][0] == OUTCOME)


def _is_unfit(text: Column, longest: int) -> Column:
    return (text.length() > longest) | text.re_search(_CONTROL)
