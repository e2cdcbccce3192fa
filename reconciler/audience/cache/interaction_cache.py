# tested by: tests/properties/test_keeping.py
"""Read a tenant's interactions, using those that earlier runs have cached.

What is kept is never believed on its own: it must be whole, of this tenant, and agree with the tenant where it is asked
for again. If it does not, it is dropped with a notice and everything is read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.cache import cached_ranges
from reconciler.audience.relations import engine
from reconciler.audience.staging import staged_contacts, staged_interactions
from reconciler.model.cache_port import CacheContext, Untrusted
from reconciler.model.errors import LedgerError
from reconciler.model.instants import format_instant
from reconciler.model.intermediate_tables import CACHED_INTERACTIONS, CACHED_RANGES, TENANT_INTERACTIONS
from reconciler.model.notice import Notice
from reconciler.model.ports import Reader
from reconciler.model.row_queries import InteractionsOf, RowQuery, Rows
from reconciler.model.table_spec import TableSpec

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

IDS_A_SEARCH = 500
"""Contacts an interaction search names at once: the body stays well below a gateway's usual limits."""

CONTRACT = 1
"""Raised when what is asked of the tenant, or what is made of its answer, changes its meaning."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CachedInteractions:
    """The interactions of each query, and what a person should know of how they came about."""

    rows: Mapping[RowQuery, Rows]
    notices: tuple[Notice, ...]


def read_interactions(
    backend: BaseBackend,
    queries: Sequence[InteractionsOf],
    contacts: Mapping[RowQuery, Rows],
    reader: Reader,
    memory: CacheContext,
    into: Path,
) -> CachedInteractions:
    """The interactions that some queries ask for; those of one contact and one kind are asked for once.

    Raises:
        BadInput: the tenant has no surface that knows interactions.
        ReconcilerError: it cannot be read; what was kept before is as it was.
    """
    if memory.shelf is not None:
        memory.shelf.sweep(memory.cache.refresh_after)
    found: dict[RowQuery, Rows] = {}
    notices: list[Notice] = []
    for number, (_, group) in enumerate(groupby(sorted(queries, key=_key_of_alike), key=_key_of_alike)):
        folder = into / f"history-{number}"
        folder.mkdir(mode=0o700)
        reading = _Reading(backend, tuple(group), contacts, reader, memory, folder)
        found |= reading.read()
        notices += reading.notices
    return CachedInteractions(found, tuple(notices))


def _key_of_alike(query: InteractionsOf) -> tuple[tuple[str, ...], datetime]:
    return query.types, query.end


class _Reading:
    """One read of the interactions of some types, up to one moment, for every query that asks for such."""

    def __init__(
        self,
        backend: BaseBackend,
        queries: tuple[InteractionsOf, ...],
        contacts: Mapping[RowQuery, Rows],
        reader: Reader,
        memory: CacheContext,
        into: Path,
    ) -> None:
        self._backend, self._reader, self._memory, self._into = backend, reader, memory, into
        self._query = queries[0]
        self._end = _to_seconds(self._query.end)
        self._now = _to_seconds(memory.now)
        self._key = {"tenant": dict(memory.tenant), "types": list(self._query.types), "contract": CONTRACT}
        self._written = 0
        self._people = {
            query: self._write(staged_contacts.list_active(backend, contacts[query.contacts])) for query in queries
        }
        self.notices: list[Notice] = []

    def read(self) -> dict[RowQuery, Rows]:
        """What each query asks for; and keep what was read."""
        kept, known = self._recall()
        contacts, asked, fresh = self._ask_tenant(known)
        wrong = engine.count_rows(self._backend, cached_ranges.count_contradictions(kept, asked, fresh))
        if wrong:
            words = f"{wrong:,} of them are no longer in the tenant, or have changed there"
            self._drop("changed_in_tenant", words, wrong)
            kept, known = self._make_nothing()
            contacts, asked, fresh = self._ask_tenant(known)
        everything = cached_ranges.merge_interactions(kept, fresh)
        self._keep(everything, cached_ranges.extend_ranges(contacts, known, min(self._end, self._now), self._now))
        found: dict[RowQuery, Rows] = {}
        for query, people in self._people.items():
            mine = cached_ranges.select_within(everything, people, _to_seconds(query.start), self._end)
            found[query] = self._write_rows(mine, TENANT_INTERACTIONS)
        return found

    def _recall(self) -> tuple[Table, Table]:
        """What is kept and may be used, as relations: history and known."""
        shelf = self._memory.shelf
        if shelf is None or self._memory.refresh:
            return self._make_nothing()
        try:
            parts = shelf.fetch(self._key, self._into)
            if parts is None:
                return self._make_nothing()
            return self._filter_trusted(parts)
        except Untrusted as error:
            self._drop(error.code, str(error))
            return self._make_nothing()

    def _filter_trusted(self, parts: Mapping[str, Rows]) -> tuple[Table, Table]:
        """What was fetched, without what is too old to be believed.

        Raises:
            Untrusted: it is not what is kept here, or is of a moment that is yet to come.
        """
        columns = {name: dict(rows.columns) for name, rows in parts.items()}
        if columns != {"history": CACHED_INTERACTIONS.types, "known": CACHED_RANGES.types}:
            raise Untrusted("damaged", "the file is cut short or damaged")
        try:
            history, known = (engine.read_rows(self._backend, parts[name]) for name in ("history", "known"))
            counts = [engine.count_rows(self._backend, each) for each in (history, known)]
            moments = known.agg(until=known["until"].max(), read=known["read"].max())
            ((until, read),) = engine.list_rows(self._backend, moments, tuple[int | None, int | None])
        except Exception as error:  # it is Parquet that this engine cannot read
            raise Untrusted("damaged", "the file is cut short or damaged") from error
        if counts != [parts["history"].count, parts["known"].count]:
            raise Untrusted("damaged", "the file has not as many rows as it says")
        latest = max((each for each in (until, read) if each is not None), default=self._now)
        if latest > self._now:
            last = format_instant(datetime.fromtimestamp(latest, UTC))
            raise Untrusted("from_the_future", f"they are said to be from {last}, which is yet to come")
        young = known.filter(known["read"] > self._now - int(self._memory.cache.refresh_after.total_seconds()))
        return history.semi_join(young, "contactId"), young

    def _make_nothing(self) -> tuple[Table, Table]:
        people = next(iter(self._people.values()))
        return cached_ranges.make_empty(people, CACHED_INTERACTIONS), cached_ranges.make_empty(people, CACHED_RANGES)

    def _ask_tenant(self, known: Table) -> tuple[Table, Table, Table]:
        """Who was sought, what was asked for, and what the tenant answered; each on disk."""
        starts = [
            people.mutate(start=cached_ranges.make_moment(_to_seconds(q.start))) for q, people in self._people.items()
        ]
        everybody = starts[0].union(*starts[1:]) if len(starts) > 1 else starts[0]
        wanted = everybody.group_by("contactId").agg(start=everybody["start"].min())
        contacts = self._write(cached_ranges.find_missing_ranges(wanted, known, self._end))
        overlap = int(self._memory.cache.overlap.total_seconds())
        asked = self._write(cached_ranges.build_requests(contacts, self._end, overlap))
        answers = [self._fetch_answer(asked, lo, hi) for lo, hi in self._list_windows(asked)]
        if not answers:  # nobody to ask for; a tenant that could not be asked is told all the same
            answers = [self._search(self._query, iter(()))]
        first, *more = (engine.read_rows(self._backend, each).select(*TENANT_INTERACTIONS.columns) for each in answers)
        heard = first.union(*more) if more else first
        return contacts, asked, self._write(cached_ranges.drop_duplicates(heard))

    def _list_windows(self, asked: Table) -> list[tuple[int, int]]:
        """The different windows, of which there are few: contacts that were read together are asked for together."""
        windows = asked.select("lo", "hi").distinct().order_by("lo", "hi")
        return engine.list_rows(self._backend, windows, tuple[int, int])

    def _fetch_answer(self, asked: Table, lo: int, hi: int) -> Rows:
        ids = asked.filter(asked["lo"] == lo, asked["hi"] == hi).select("contactId").order_by("contactId")
        start, end = (datetime.fromtimestamp(each, UTC) for each in (lo, hi))
        chunks = (
            [row[0] for row in chunk] for chunk in engine.stream_rows(self._backend, ids, IDS_A_SEARCH, tuple[str])
        )
        return self._search(replace(self._query, start=start, end=end), chunks)

    def _search(self, query: InteractionsOf, ids: Iterator[Sequence[str]]) -> Rows:
        found = self._reader.read_interactions(query, ids, self._into)
        staged_interactions.refuse_unclear_times(self._backend, found)
        log.info("read %d %s interactions from %s", found.count, "/".join(query.types), format_instant(query.start))
        return found

    def _keep(self, everything: Table, grown: Table) -> None:
        if self._memory.shelf is None:
            return
        known = self._write_rows(grown, CACHED_RANGES)
        history = cached_ranges.select_covered(everything, engine.read_rows(self._backend, known))
        try:
            self._memory.shelf.store(
                self._key,
                {"history": self._write_rows(history, CACHED_INTERACTIONS), "known": known},
            )
        except LedgerError as error:
            why = f": {error.note}" if error.note else ""
            words = f"the interactions that were read are not kept: {error.message}{why}"
            self.notices.append(Notice("cache_not_written", words, {"error": error.code}))

    def _drop(self, code: str, why: str, count: int | None = None) -> None:
        """Forget what was kept, and say so."""
        if self._memory.shelf is not None:
            self._memory.shelf.drop(self._key)
        kinds = " and ".join(self._query.types)
        words = f"the cached {kinds} interactions were discarded and re-read: {why}"
        args = {"types": list(self._query.types), "why": code, "count": count}
        self.notices.append(Notice("cache_discarded", words, args))

    def _write(self, relation: Table) -> Table:
        """A relation that is used more than once, on disk."""
        target, _ = self._write_down(relation)
        return engine.read_parquet(self._backend, target)

    def _write_rows(self, relation: Table, table: TableSpec) -> Rows:
        target, count = self._write_down(tables.check_table(relation, table))
        return Rows(target, "parquet", table.types, count)

    def _write_down(self, relation: Table) -> tuple[Path, int]:
        self._written += 1
        target = self._into / f"{self._written}.parquet"
        return target, engine.write_parquet(self._backend, relation, target)


def _to_seconds(instant: datetime) -> int:
    """Whole seconds since 1970, rounded down as on the wire."""
    return int(instant.timestamp() // 1)
