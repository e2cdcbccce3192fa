# tested by: tests/surfaces/nice/test_list_upload.py
"""Find who was not taken by a job that does not say it: by the counts of its list, and by who has arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from reconciler.cxone.pages import MOST_PAGES, Rows
from reconciler.cxone.surface_objects import Reading
from reconciler.cxone.transport import Transport
from reconciler.model.jobs import COMPLETED, Job, RowError
from reconciler.model.row_wire import ListMethod, Tally, find_member_id


@dataclass(frozen=True, slots=True)
class Sent:
    """What is known of a request that makes a job.

    Attributes:
        list_id: the list that it was of. ids: of its rows, in their order. since: the moment before it was sent.
        before: rows of the list that were not valid before it; None: nobody counts them.
    """

    list_id: str
    ids: tuple[str, ...]
    since: datetime
    before: int | None = None


def look_before(transport: Transport, method: ListMethod, list_id: str, rows: Sequence[Mapping[str, Any]]) -> Sent:
    """What is to be known of a request before it is sent."""
    tally = None if method.jobs is None else method.jobs.tally
    since = datetime.now(UTC)
    if tally is None:
        return Sent(list_id, (), since)
    return Sent(list_id, tuple(map(find_member_id, rows)), since, _count(transport, method, tally, list_id))


def add_refusals(transport: Transport, method: ListMethod, job: Job, sent: Sent | None) -> Job:
    """A job that is over, with the rows that it did not take.

    Of one that another process has sent nothing is known to compare with: whom it did not take is found when the list
    is read back.
    """
    tally = None if method.jobs is None else method.jobs.tally
    if tally is None or sent is None or sent.before is None or job.status != COMPLETED:
        return job
    after = _count(transport, method, tally, sent.list_id)
    if after is None or after <= sent.before:
        return job
    arrived = _list_arrived(transport, method, tally, sent)
    missing = [RowError(at, "not-valid", "") for at, each in enumerate(sent.ids) if each not in arrived]
    # who is not named is looked for in halves; more cannot be missing than were sent
    failed = min(max(after - sent.before, len(missing)), len(sent.ids))
    return replace(job, failed=failed, errors=tuple(missing))


def _count(transport: Transport, method: ListMethod, tally: Tally, list_id: str) -> int | None:
    call = tally.of(list_id)
    told = transport.call(call.method, call.path, query=call.query, scope=method.scope, shape=tally.shape)
    return tally.read(told)


def _list_arrived(transport: Transport, method: ListMethod, tally: Tally, sent: Sent) -> set[str]:
    """The ids of the rows that were written to a list since."""
    found: set[str] = set()

    def add(page: Rows) -> None:
        found.update(str(row[tally.key]) for row in page)

    call = tally.arrived(sent.list_id, sent.since)
    Reading(transport, call, tally.pages, tally.row, tally.key, method.scope, "rows that arrived").read(add, MOST_PAGES)
    return found
