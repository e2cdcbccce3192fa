# tested by: tests/surfaces/nice/test_list_upload.py
"""Find who was not taken by a job that does not say it: by the counts of its list, and by who has arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from reconciler.cxone.list_methods import list_present
from reconciler.cxone.pages import MOST_PAGES, Rows
from reconciler.cxone.surface_objects import Reading
from reconciler.cxone.transport import Transport
from reconciler.model.jobs import ABORTED, COMPLETED, Job, RowError
from reconciler.model.row_wire import Counts, ListMethod, Row, Tally, find_member_id


@dataclass(frozen=True, slots=True)
class Sent:
    """What is known of a request that makes a job.

    Attributes:
        list_id: the list that it was of. ids: of its rows, in their order; new: how many of them were not on it.
        since: the moment before it was sent, of our clock; began: the same of the tenant's, where it tells it.
        before: the counts of the list before it.
        looked: its rows, by their ids, where its reply was lost and its job was found by nothing of its own.
    """

    list_id: str
    since: datetime
    began: datetime
    ids: tuple[str, ...] = ()
    new: int = 0
    before: Counts = field(default_factory=Counts)
    looked: Mapping[str, Row] = field(default_factory=dict)


def describe_rows(
    transport: Transport, list_id: str, rows: Sequence[Row], since: datetime, before: Counts | None = None
) -> Sent:
    """What is known of a request with these rows."""
    new = sum(row["member"] is None for row in rows)
    began = transport.clock.translate(since) or since
    return Sent(list_id, since, began, tuple(map(find_member_id, rows)), new, before or Counts())


def doubt(sent: Sent, rows: Sequence[Row]) -> Sent:
    """The same, where its job was looked up: it is believed once its rows are there."""
    return replace(sent, looked={find_member_id(row): row for row in rows})


def look_before(transport: Transport, method: ListMethod, list_id: str, rows: Sequence[Mapping[str, Any]]) -> Sent:
    """What is to be known of a request before it is sent."""
    tally = None if method.jobs is None else method.jobs.tally
    since = datetime.now(UTC)
    if tally is None:
        return Sent(list_id, since, since)
    return describe_rows(transport, list_id, rows, since, _count(transport, method, tally, list_id))


def add_refusals(transport: Transport, method: ListMethod, job: Job, sent: Sent | None) -> Job:
    """A job that is over, with the rows that it did not take.

    Of one that another process has sent nothing is known to compare with: whom it did not take is found when the list
    is read back. One that was looked up may be of another request: unless its rows are there, it is none of ours.
    """
    tally = None if method.jobs is None else method.jobs.tally
    if tally is None or sent is None or job.status != COMPLETED:
        return job
    after = _count(transport, method, tally, sent.list_id)
    counted = after.invalid is not None and sent.before.invalid is not None
    bad = max((after.invalid or 0) - (sent.before.invalid or 0), 0) if counted else 0
    if not bad and not sent.looked and not _is_short(sent, after):
        return job
    arrived = _list_arrived(transport, method, tally, sent)
    missing = [(at, each) for at, each in enumerate(sent.ids) if each not in arrived]
    if sent.looked and len(missing) > bad:
        return replace(job, status=ABORTED)
    if not bad:
        # it may be somebody else who was taken off meanwhile, or a record that was as it is now before
        there = list_present(transport, method, sent.list_id) if missing else None
        missing = [(at, each) for at, each in missing if each not in (there or ())]
    errors = [RowError(at, "not-valid" if bad else "not-arrived", "") for at, _ in missing]
    # who is not named is looked for in halves; more cannot be missing than were sent
    failed = min(max(bad, len(errors)), len(sent.ids))
    return replace(job, failed=failed, errors=tuple(errors))


def _is_short(sent: Sent, after: Counts) -> bool:
    """Whether the list has not grown by as many rows as were new to it."""
    if after.valid is None or sent.before.valid is None:
        return False
    return after.valid - sent.before.valid < sent.new


def _count(transport: Transport, method: ListMethod, tally: Tally, list_id: str) -> Counts:
    call = tally.of(list_id)
    told = transport.call(call.method, call.path, query=call.query, scope=method.scope, shape=tally.shape)
    return tally.read(told)


def _list_arrived(transport: Transport, method: ListMethod, tally: Tally, sent: Sent) -> set[str]:
    """The ids of the rows that were written to a list since; where a job was looked up, of those as they were sent."""
    found: set[str] = set()

    def is_ours(contact: str, row: Mapping[str, Any]) -> bool:
        return not sent.looked or (contact in sent.looked and tally.is_as_sent(sent.looked[contact], row))

    def add(page: Rows) -> None:
        found.update(contact for row in page if is_ours(contact := str(row[tally.key]), row))

    call = tally.arrived(sent.list_id, sent.began)
    Reading(transport, call, tally.pages, tally.row, tally.key, method.scope, "rows that arrived").read(add, MOST_PAGES)
    return found
