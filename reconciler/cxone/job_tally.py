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
from reconciler.model.jobs import COMPLETED, Job, RowError
from reconciler.model.row_wire import Counts, ListMethod, Tally, find_member_id


@dataclass(frozen=True, slots=True)
class Sent:
    """What is known of a request that makes a job.

    Attributes:
        list_id: the list that it was of. ids: of its rows, in their order; new: how many of them were not on it.
        since: the moment before it was sent, of our clock; began: the same of the tenant's, where it tells it.
        before: the counts of the list before it.
    """

    list_id: str
    since: datetime
    began: datetime
    ids: tuple[str, ...] = ()
    new: int = 0
    before: Counts = field(default_factory=Counts)


def look_before(transport: Transport, method: ListMethod, list_id: str, rows: Sequence[Mapping[str, Any]]) -> Sent:
    """What is to be known of a request before it is sent."""
    tally = None if method.jobs is None else method.jobs.tally
    since = datetime.now(UTC)
    if tally is None:
        return Sent(list_id, since, since)
    counts = _count(transport, method, tally, list_id)
    new = sum(row["member"] is None for row in rows)
    began = transport.clock.translate(since) or since
    return Sent(list_id, since, began, tuple(map(find_member_id, rows)), new, counts)


def add_refusals(transport: Transport, method: ListMethod, job: Job, sent: Sent | None) -> Job:
    """A job that is over, with the rows that it did not take.

    Of one that another process has sent nothing is known to compare with: whom it did not take is found when the list
    is read back.
    """
    tally = None if method.jobs is None else method.jobs.tally
    if tally is None or sent is None or sent.before.invalid is None or job.status != COMPLETED:
        return job
    after = _count(transport, method, tally, sent.list_id)
    if after.invalid is None:
        return job
    bad = max(after.invalid - sent.before.invalid, 0)
    if not bad and not _is_short(sent, after):
        return job
    arrived = _list_arrived(transport, method, tally, sent)
    missing = [(at, each) for at, each in enumerate(sent.ids) if each not in arrived]
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
    """The ids of the rows that were written to a list since."""
    found: set[str] = set()

    def add(page: Rows) -> None:
        found.update(str(row[tally.key]) for row in page)

    call = tally.arrived(sent.list_id, sent.began)
    Reading(transport, call, tally.pages, tally.row, tally.key, method.scope, "rows that arrived").read(add, MOST_PAGES)
    return found
