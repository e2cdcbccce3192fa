"""Select the contacts that the tenant rejected and that are pending retry, and those whose time has come.

A contact that is rejected waits, twice as long each time; after so many times it is in quarantine. What happened long
ago is forgotten, so quarantine ends by itself.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine
from reconciler.audience.relations.reasons import make_reason
from reconciler.model.row_queries import Rows
from reconciler.model.tables import PENDING, RETRY_QUEUE
from reconciler.model.workspace_settings import RetryPolicy

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table
    from ibis.backends.duckdb import Backend as DuckDB

_TEXTS = dict.fromkeys(("contact", "code", "reason", "row"), "VARCHAR")
_REJECTED = ", ".join(f'"{name}" {kind}' for name, kind in _TEXTS.items())
_LINES = {
    "run": "VARCHAR",
    "at": "VARCHAR",
    "list": "VARCHAR",
    "rejected": f"STRUCT({_REJECTED})[]",
    "taken": "VARCHAR[]",
    "released": "BOOLEAN",
}
NOW, LATER, QUARANTINE = "now", "later", "in_quarantine"
WHEN_CHANGED, AS_CHANGED = "when_its_row_changes", "now_its_row_has_changed"
"""When a contact is offered again, as the argument `next` of a reason says it."""

DEFERRED = ("held", "changed")
"""Codes of what was not tried, because of what the contact was just then: it waits for nothing."""


def read_retry_queue(backend: DuckDB, lines: Path, patience: RetryPolicy, now: datetime, into: Path) -> Rows:
    """One row for each list and contact, in a new file below `into`; `backend` is one that reads."""
    import ibis

    told = backend.read_json(str(lines), columns=_LINES, format="newline_delimited")
    told = told.mutate(moment=told["at"].cast("timestamp"))
    released = told.filter(told["released"]).group_by("list").agg(since=lambda t: t["moment"].max())
    each = told.select("list", "run", "moment", row=told["rejected"].unnest())
    row = each["row"]
    named = {"contactId": row["contact"], "code": row["code"], "reason": row["reason"], "row": row["row"]}
    each = each.select("list", "run", "moment", **named)
    since = told.select("list", "moment", contactId=told["taken"].unnest())
    since = since.group_by("list", "contactId").agg(taken=since["moment"].max())
    joined = each.left_join(released, "list").drop("list_right").left_join(since, ["list", "contactId"])
    oldest = ibis.literal(now.astimezone(UTC).replace(tzinfo=None) - patience.forget_after)
    ended = [(joined["moment"] <= joined[name]).fill_null(False) for name in ("since", "taken")]
    valid = (joined["moment"] > oldest) & ~ended[0] & ~ended[1]
    counted = joined.filter(valid).group_by("list", "contactId")
    found = counted.agg(
        rejections=lambda t: t["run"].nunique(where=~t["code"].isin(DEFERRED)),
        deferrals=lambda t: t["run"].nunique(where=t["code"].isin(DEFERRED)),
        last=lambda t: t["moment"].max(),
        code=lambda t: t["code"].argmax(t["moment"]),
        reason=lambda t: t["reason"].argmax(t["moment"]),
        # null, as an earlier version has it, where the last one is
        row=lambda t: ibis.coalesce(t["row"], "").argmax(t["moment"]).nullif(""),
    )
    # of the one kind or the other: whoever was deferred often is not in quarantine once it is rejected
    tries = ibis.ifelse(found["code"].isin(DEFERRED), found["deferrals"], found["rejections"])
    return tables.write_table(
        backend, found.mutate(tries=tries).select(*RETRY_QUEUE.columns), into / "owed.parquet", RETRY_QUEUE
    )


def select_waiting(backend: BaseBackend, rows: Rows, name: str, patience: RetryPolicy, now: datetime) -> Table:
    """The contacts that a list would not take: owed, held (whether they still wait), and `owed_reason`, which says so.

    And what is said where they are held against their rows: `row` (null: not known, or it was deferred), and the
    reasons `pending_reason` (the row is the same) and `changed_reason`.
    """
    import ibis

    everyone = tables.read_table(backend, rows, RETRY_QUEUE)
    mine = everyone.filter(everyone["list"] == name)
    moment = now.astimezone(UTC).replace(tzinfo=None)
    quarantined = mine["tries"] >= patience.max_attempts
    steps = [
        (mine["tries"] == tries, mine["last"] > ibis.literal(moment - _compute_wait(patience, tries)))
        for tries in range(1, patience.max_attempts)
    ]
    held = quarantined | ibis.cases(*steps, else_=False) if steps else quarantined
    deferred = mine["code"].isin(DEFERRED)
    held = held & ~deferred
    state = ibis.cases((held & quarantined, QUARANTINE), (held, LATER), else_=NOW)

    def make_reason_of_time(next_time: str | Column) -> Column:
        about = (mine["tries"].cast("string"), next_time, mine["reason"].fill_null(""))
        return ibis.ifelse(deferred, make_reason("deferred", *about), make_reason("rejected", *about))

    waiting = mine.select(
        owed="contactId",
        held=held,
        row=ibis.ifelse(deferred, ibis.null("string"), mine["row"]),
        owed_reason=make_reason_of_time(state),
        pending_reason=make_reason_of_time(WHEN_CHANGED),
        changed_reason=make_reason_of_time(AS_CHANGED),
    )
    return tables.check_table(waiting, PENDING)


def _make_kind(owed: Table) -> Column:
    import ibis

    return ibis.ifelse(owed["code"].isin(DEFERRED), ibis.literal("deferred"), ibis.literal("rejected"))


def _compute_wait(patience: RetryPolicy, tries: int) -> timedelta:
    longest: timedelta = patience.wait * 2 ** (tries - 1)
    return min(longest, patience.max_wait)


def count_waiting(backend: BaseBackend, rows: Rows) -> list[tuple[str, str, int, str, int]]:
    """How many contacts are pending retry, by list, whether they were `rejected` or `deferred`, tries and reason."""
    import ibis

    everyone = tables.read_table(backend, rows, RETRY_QUEUE)
    everyone = everyone.mutate(what=_make_kind(everyone))
    found = everyone.group_by("list", "what", "tries", "reason").agg(n=everyone.count())
    ordered = found.order_by("list", ibis.desc("n"), "what", "tries", "reason")
    return engine.list_rows(backend, ordered, tuple[str, str, int, str, int])
