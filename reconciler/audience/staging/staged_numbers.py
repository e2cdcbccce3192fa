# tested by: tests/audience/diff/test_number_diff.py
"""Stage the numbers that an object of the tenant holds: their digits, and whether they still do."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine
from reconciler.audience.staging import instants
from reconciler.model.row_queries import Rows
from reconciler.model.tables import HELD_NUMBERS

if TYPE_CHECKING:
    from ibis import BaseBackend, Column

MARGIN = timedelta(days=1)
"""In which zone an expiry is written is not published, and clocks differ: what ends within a day holds no more."""

_DAY = r"^\d{4}-\d\d-\d\d$"
_NAIVE = r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d([.,]\d+)?$"


def stage_numbers(backend: BaseBackend, rows: Rows, target: Path) -> Rows:
    """The records of an object, as `HELD_NUMBERS`, those that have expired among them."""
    read = engine.read_rows(backend, rows)
    told = read.select(number=key_digits(read["phone"]), record=read["contactId"], expires=read["expires"])
    return tables.write_table(backend, told, target, HELD_NUMBERS)


def key_digits(phone: Column) -> Column:
    """The digits of a number, by which the tenant tells numbers apart: of +1 the ten without the code.

    No other country's numbers begin with a 1, so eleven digits that do are of +1.
    """
    return phone.re_replace(r"\D", "").re_replace(r"^1(\d{10})$", r"\1")


def still_holds(expires: Column, now: datetime) -> Column:
    """Whether a record holds its number for more than `MARGIN` from `now`; one whose end cannot be read does not."""
    import ibis

    text = expires.fill_null("").strip()
    whole = ibis.cases(
        (text.re_search(_DAY), text + ibis.literal("T00:00:00Z")),
        (text.re_search(_NAIVE), text + ibis.literal("Z")),
        else_=text,
    )
    later = instants.parse_epoch(whole) > int((now + MARGIN).timestamp())
    return (text == "") | later.fill_null(False)
