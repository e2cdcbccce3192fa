# tested by: tests/audience/decision/test_suppression.py
"""Build reasons inside relations: codes and arguments, no words."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from reconciler.audience.relations import engine
from reconciler.model.reason import Counted, Reason
from reconciler.model.reason_codes import CODES, LIST, REASON, ROW_FAULTS
from reconciler.model.row_queries import Rows

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

FAULT_SQL = "STRUCT(code VARCHAR, args VARCHAR[])"
"""The type of a column of reasons, as DuckDB says it where a file is read."""


class ReasonCell(TypedDict):
    """A reason as a cell holds it, once its row is read."""

    code: str
    args: list[str]


def make_reason(code: str, *args: str | Column) -> Column:
    """A reason with these arguments, texts or columns of texts; null where one of them is null.

    Raises:
        ValueError: there is no such code, or it takes other arguments.
    """
    import ibis

    Reason(code, tuple("" for _ in args))
    values = [ibis.literal(each) if isinstance(each, str) else each for each in args]
    written = ibis.array(values) if values else ibis.literal([], "array<string>")
    made = ibis.struct({"code": ibis.literal(code), "args": written})
    for value, given in zip(values, args, strict=True):
        if not isinstance(given, str):
            made = ibis.ifelse(value.isnull(), make_no_reason(), made)
    return made


def make_list_reason(code: str, args: Column) -> Column:
    """A reason whose arguments are those of a column of arrays, which may be empty.

    Raises:
        ValueError: its only argument is no list.
    """
    import ibis

    if list(CODES[code].values()) != [LIST]:
        raise ValueError(f"{code} does not take a list")
    return ibis.struct({"code": ibis.literal(code), "args": args})


def make_unusable(fault: Column) -> Column:
    """That a row cannot be used, for its fault, a column of reasons; null where that is null."""
    import ibis

    whole = ibis.array([fault["code"]]).concat(fault["args"])
    return ibis.ifelse(fault.isnull(), make_no_reason(), ibis.struct({"code": ibis.literal("unusable"), "args": whole}))


def find_fault(*branches: tuple[Column, *tuple[str, ...]]) -> Column:
    """The fault of the first condition that holds, or none; each is a condition, a code of a row's and its arguments.

    Raises:
        ValueError: a code is none of `ROW_FAULTS`.
    """
    return first_reason(*((each[0], make_fault(*each[1:])) for each in branches))


def make_fault(code: str, *args: str) -> Column:
    """The fault of a row, the same for each that has it.

    Raises:
        ValueError: the code is none of `ROW_FAULTS`, or takes other arguments.
    """
    if code not in ROW_FAULTS:
        raise ValueError(f"no such fault of a row: {code!r}")
    return make_reason(code, *args)


def write_fault(code: str, *args: str) -> ReasonCell:
    """The same as a cell, for rows that are written one by one; its type is `raw_rows.fault_type`."""
    return {"code": Reason(code, args).code, "args": list(args)}


def make_no_reason() -> Column:
    """No reason."""
    import ibis

    return ibis.null(REASON)


def first_reason(*branches: tuple[Column, Column], default: Column | None = None) -> Column:
    """The reason of the first condition that holds; else the default, or none."""
    import ibis

    return ibis.cases(*branches, else_=make_no_reason() if default is None else default)


def read_fault_reason(code: str, fault: ReasonCell) -> Reason:
    """The reason with this code whose argument is the fault in a cell."""
    return Reason(code, (fault["code"], *fault["args"]))


def read_reason(value: ReasonCell) -> Reason:
    """The reason in a cell."""
    return Reason(value["code"], tuple(value["args"]))


def count_faults(backend: BaseBackend, rows: Rows) -> list[Counted]:
    """How many rows cannot be used, by their fault; the most frequent first."""
    read = engine.read_rows(backend, rows)
    return list_faults(backend, read) if "fault" in read.columns else []


def list_faults(backend: BaseBackend, read: Table) -> list[Counted]:
    """The same of a relation with the column `fault`."""
    import ibis

    faulty = read.filter(read["fault"].notnull())
    counted = faulty.group_by("fault").agg(n=faulty.count()).order_by(ibis.desc("n"), "fault")
    return [
        Counted(read_reason(why), count) for why, count in engine.list_rows(backend, counted, tuple[ReasonCell, int])
    ]
