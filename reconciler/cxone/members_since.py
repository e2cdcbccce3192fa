# tested by: tests/surfaces/nice/test_read_back.py
"""Read a list again by what has changed on it since it was read whole, where a surface tells that.

What was read whole is kept, and what has changed since is laid over it. It counts only if everybody who was written or
taken off in between is among what is told: else the list is read whole again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.cxone.list_members import MembersAt
from reconciler.cxone.page_spool import Spool, iter_pages
from reconciler.cxone.pages import MOST_PAGES
from reconciler.cxone.pages import Rows as Page
from reconciler.cxone.surface_objects import Reading
from reconciler.model.row_queries import MembersOf, Rows


@dataclass(slots=True)
class _Kept:
    """What was read of a list: its file, the tenant's moment before that, and the ids that were sent since."""

    list_id: str
    rows: Rows
    since: datetime
    sent: set[str] = field(default_factory=set)

    @property
    def is_worth_it(self) -> bool:
        """Whether so little was sent that what changed is less than the whole."""
        return len(self.sent) * 2 <= self.rows.count and self.rows.path.exists()


class KeptLists:
    """The lists that one run has read. Used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[MembersOf, _Kept] = {}

    def keep(self, query: MembersOf, list_id: str, rows: Rows, since: datetime) -> None:
        """Keep what was read whole; whoever asked for it may delete its file."""
        link = rows.path.with_name(f"kept-{rows.path.name}")
        os.link(rows.path, link)
        with self._lock:
            before = self._kept.get(query)
            self._kept[query] = _Kept(list_id, replace(rows, path=link), since)
        if before is not None:
            before.rows.path.unlink(missing_ok=True)

    def note_sent(self, list_id: str, ids: Iterable[str]) -> None:
        """Contacts, by their ids on a list, are about to be written to it or taken off it."""
        with self._lock:
            held = [each for each in self._kept.values() if each.list_id == list_id]
        for each in held:
            each.sent.update(ids)

    def note_refused(self, list_id: str, ids: Iterable[str]) -> None:
        """Of those the tenant did not take: nothing of them has changed."""
        with self._lock:
            held = [each for each in self._kept.values() if each.list_id == list_id]
        for each in held:
            each.sent.difference_update(ids)

    def read_again(self, at: MembersAt, query: MembersOf, target: Path) -> Rows | None:
        """A list as it is now, by what has changed; None where it is to be read whole."""
        with self._lock:
            kept = self._kept.get(query)
        members, told = at.members, set[str]()
        if kept is None or members.since is None or not kept.is_worth_it:
            return None
        key, own = members.key or members.columns["contactId"], members.columns["contactId"]
        read, call = members.read, members.since(kept.list_id, kept.since)
        what = "contacts of a list that have changed"
        with Spool(target) as spool:

            def add(page: Page) -> None:
                told.update(str(row[key]) for row in page)
                spool.add([each for row in page if (each := read(row) if read else row) is not None])

            Reading(at.transport, call, members.pages, members.shape, key, at.wire.read_scope, what).read(
                add, MOST_PAGES
            )
            if kept.sent <= told:
                for page in iter_pages(kept.rows.path):
                    spool.add([row for row in page if str(row[own]) not in told])
                return replace(kept.rows, path=target, count=spool.count)
        target.unlink()
        return None


def find_moment(at: MembersAt) -> datetime | None:
    """This moment by the tenant's clock; None where it does not tell."""
    return at.transport.clock.translate(datetime.now(UTC))
