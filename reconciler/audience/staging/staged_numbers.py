# tested by: tests/audience/diff/test_number_diff.py
"""Stage the numbers that an object of the tenant holds: their digits, and whether they still do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine
from reconciler.audience.staging import instants
from reconciler.model.row_queries import Rows
from reconciler.model.tables import HELD_NUMBERS

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

MARGIN = timedelta(days=1)
"""In which zone an expiry is written is not published, and clocks differ: what ends within a day holds no more."""

_DAY = r"^\d{4}-\d\d-\d\d$"
_NAIVE = r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d([.,]\d+)?$"


def stage_numbers(backend: BaseBackend, rows: Rows, target: Path) -> Rows:
    """The records of an object, as `HELD_NUMBERS`, those that have expired among them."""
    import ibis

    read = engine.read_rows(backend, rows)
    starts = read["starts"] if "starts" in read.columns else ibis.null("string")
    told = read.select(
        number=key_digits(read["phone"]), record=read["contactId"], starts=starts, expires=read["expires"]
    )
    return tables.write_table(backend, told, target, HELD_NUMBERS)


def key_digits(phone: Column) -> Column:
    """The digits of a number, by which the tenant tells numbers apart: of +1 the ten without the code.

    No other country's numbers begin with a 1, so eleven digits that do are of +1.
    """
    return phone.re_replace(r"\D", "").re_replace(r"^1(\d{10})$", r"\1")


def still_holds(held: Table, now: datetime, since: date | None = None, until: date | None = None) -> Column:
    """Whether a record of `HELD_NUMBERS` holds its number on the days from which and until which it is to be held.

    Without these it is held now, and for more than `MARGIN` from now. An end or a beginning that cannot be read is none
    on which a number is held.
    """
    first = max(now, _begin(since)) if since is not None else now
    end = _begin(until) if until is not None else now + MARGIN
    begins, ends = (_parse(held[name]) for name in ("starts", "expires"))
    begun = (_read(held["starts"]) == "") | (begins <= int((first + MARGIN).timestamp())).fill_null(False)
    lasts = ends >= int(end.timestamp()) if until is not None else ends > int(end.timestamp())
    return begun & ((_read(held["expires"]) == "") | lasts.fill_null(False))


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _read(moment: Column) -> Column:
    return moment.fill_null("").strip()


def _parse(moment: Column) -> Column:
    import ibis

    text = _read(moment)
    whole = ibis.cases(
        (text.re_search(_DAY), text + ibis.literal("T00:00:00Z")),
        (text.re_search(_NAIVE), text + ibis.literal("Z")),
        else_=text,
    )
    return instants.parse_epoch(whole)
