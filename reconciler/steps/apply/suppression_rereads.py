# tested by: tests/steps/apply/test_suppression_recheck.py
"""Read do-not-call sources and consent again, no more often than needed.

Files that have not changed are known by their content. What else is read counts as of now for as long as reading it
took, a minute at most: of many lists that are filled one after the other, each is held against a source as it was just
now, and no more than half of the time goes into reading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from reconciler.audience.decision import unreadable_dnc_entries
from reconciler.audience.relations import engine
from reconciler.audience.sources.source_files import find_files
from reconciler.audience.staging import read_people
from reconciler.audience.staging.read_people import Access
from reconciler.cxone import salesforce_client
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.errors import Interrupted, LedgerError, ReconcilerError
from reconciler.model.instants import format_instant
from reconciler.model.plan import Plan
from reconciler.model.ports import Reader
from reconciler.model.problem import BadInput
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.segment import Segment, Suppression
from reconciler.model.segment_membership import DoNotCall
from reconciler.model.source_specs import FileFeed

LONGEST = timedelta(minutes=1)
"""For how long at most what took long to read counts as of now."""

MOST_READS = 4
"""Times that files are read at most which are written while they are."""


class DoNotCallUnknown(ReconcilerError):
    """Who must not be called cannot be known now: nobody is put on a list."""

    code = "do-not-call-unknown"


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a source held, from when until when it was read, and the digest of its files, where it is local files."""

    rows: Rows
    began: datetime
    ended: datetime
    digest: str | None

    def is_of(self, now: datetime) -> bool:
        took = self.ended - self.began
        return timedelta(0) <= now - self.ended < min(took, LONGEST)


class Readings:
    """The do-not-call sources of a plan's segments; whoever shares it locks it."""

    def __init__(self, plan: Plan, reader: Reader, terms: ApplyOptions) -> None:
        self._plan, self._terms = plan, terms
        self._reader = reader
        self._into = terms.scratch / "do-not-call"
        self._known: dict[RowQuery, _Reading] = {}

    def read_sources(self, segment: Segment) -> Mapping[RowQuery, Rows]:
        """What every source of a segment holds now.

        Raises:
            DoNotCallUnknown: one is gone, cannot be read or is read in part, is empty where it was not, or too old.
        """
        self._into.mkdir(mode=0o700, exist_ok=True)
        read: dict[RowQuery, Rows] = {}
        with engine.open_reader(self._terms.engine, self._terms.scratch) as backend:
            for each in segment.suppress:
                for query in each.read:
                    read[query] = self._read_now(backend, each.address, query)
        with engine.open_engine(self._terms.engine, self._terms.scratch) as backend:
            for each in segment.suppress:
                self._check(backend, segment, each, read)
        return read

    def read_contacts(self, segment: Segment) -> Rows:
        """What the source of a segment's contacts holds now: who gave consent is asked there.

        Raises:
            DoNotCallUnknown: it is gone, cannot be read or is read in part, or is empty now.
        """
        self._into.mkdir(mode=0o700, exist_ok=True)
        name = f"the source of {segment.address}, which says who gave consent,"
        with engine.open_reader(self._terms.engine, self._terms.scratch) as backend:
            rows = self._read_now(backend, name, segment.contacts)
        if not rows.count:
            raise DoNotCallUnknown(f"{name} is empty now", where=_name_place(segment.contacts), hint=_AGAIN)
        return rows

    def _read_now(self, backend: Any, name: object, query: Any) -> Rows:
        known = self._known.get(query)
        for _ in range(MOST_READS):
            now = self._terms.clock()
            with _name_source(name, query):
                digest = self._digest_files(query)
                if known is not None and (known.is_of(now) if digest is None else digest == known.digest):
                    return known.rows
                rows = read_people.read_people(backend, query, self._make_access(now), self._into)
                # a file that is written meanwhile may have been read in part
                if digest is None or self._digest_files(query) == digest:
                    self._known[query] = _Reading(rows, now, self._terms.clock(), digest)
                    return rows
        raise DoNotCallUnknown(
            f"{name} was read {MOST_READS} times, and was written meanwhile each time",
            where=_name_place(query),
            hint="write the file beside its place and move it there whole, then resume",
        )

    def _make_access(self, now: datetime) -> Access:
        if self._terms.secret is None:
            raise ValueError("sources are read with the secrets of a workspace alone")
        organisation = partial(salesforce_client.open_records, counted=self._reader.count_requests)
        return Access(self._terms.root, self._reader, self._terms.secret, organisation, now)

    def _digest_files(self, query: Any) -> str | None:
        """The digest of local files, their names among what is digested; None of what is no local file."""
        if not isinstance(query, FileFeed):
            return None
        files = find_files(query, self._terms.root)
        if any(file.object is not None for file in files):
            return None
        digest = hashlib.sha256()
        for file in files:
            digest.update(f"{file.name}\0".encode())
            try:
                with file.path.open("rb") as handle:
                    digest.update(hashlib.file_digest(handle, "sha256").digest())
            except OSError:  # whoever reads it says what is wrong with it
                return ""
        return digest.hexdigest()

    def _check(self, backend: Any, segment: Segment, each: Suppression, read: Mapping[RowQuery, Rows]) -> None:
        """Hold what was read against what the plan was made with."""
        planned = self._find_planned(segment, each)
        if planned is None:
            raise DoNotCallUnknown(
                f"the plan does not say what {each.address} held", where=str(segment.address), hint=_AGAIN
            )
        for query, before in zip(each.read, planned.entries, strict=True):
            if before and not read[query].count:
                raise DoNotCallUnknown(
                    f"{each.address}: {query} has no numbers any more; it had {before:,} when the plan was made",
                    where=_name_place(query),
                    note="an empty do-not-call list is never read as “call everyone”",
                    hint=_AGAIN,
                )
        self._refuse_unread(backend, each, planned, read)
        end = None if planned.taken is None or planned.only_warns else planned.taken + planned.max_age
        if end is not None and self._plan.created <= end < self._terms.clock():
            raise DoNotCallUnknown(
                f"{each.address} is too old since {format_instant(end)}",
                where=str(each.address),
                hint="take the numbers anew, say so by `asOf`, and plan again",
            )

    def _refuse_unread(
        self, backend: Any, each: Suppression, planned: DoNotCall, read: Mapping[RowQuery, Rows]
    ) -> None:
        """Entries that nobody can read, others than those that whoever approved the plan saw."""
        unread = unreadable_dnc_entries.count_unreadable(backend, each, read)
        first = unreadable_dnc_entries.list_first_unreadable(backend, each, read) if unread else ()
        known = {(entry.text, entry.why) for entry in planned.unreadable}
        new = [entry for entry in first if (entry.text, entry.why) not in known]
        if unread <= planned.unread and not new:
            return
        shown = "; ".join(f"{entry.place} `{entry.text}`" for entry in new or first)
        raise DoNotCallUnknown(
            f"{each.address}: {unread:,} of its numbers cannot be read as phones; {planned.unread:,} could not be when"
            f" the plan was made: {shown}",
            where=_name_place(each.numbers),
            note="whoever they mean would be called",
            hint="correct them in the source, then resume",
        )

    def _find_planned(self, segment: Segment, each: Suppression) -> DoNotCall | None:
        for told in self._plan.suppressions:
            if (told.segment, told.address) == (segment.address, each.address):
                return told
        return None


_AGAIN = "fix the source, then resume; or plan again, and have the new plan reviewed"


@contextmanager
def _name_source(name: object, query: Any) -> Iterator[None]:
    """Say of a source that cannot be read whose it is."""
    try:
        yield
    except (Interrupted, LedgerError):
        raise
    except BadInput as bad:
        first, more = bad.problems[0], len(bad.problems) - 1
        words = f"{name} cannot be read: {first.message}" + (f", and {more:,} more problems" if more else "")
        raise DoNotCallUnknown(
            words, where=str(first.where), note=first.note, hint=first.hint or f"{_AGAIN} ({query} is read)"
        ) from bad
    except ReconcilerError as error:
        words = f"{name} cannot be read: {error.message}"
        raise DoNotCallUnknown(
            words, where=error.where or _name_place(query), note=error.note, hint=error.hint or _AGAIN
        ) from error


def _name_place(query: Any) -> str:
    return str(query.where)
