"""Say how old the data is that a segment was judged by, and what says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations import engine
from reconciler.audience.sources import source_files
from reconciler.audience.sources.source_files import Found
from reconciler.audience.staging import staged_interactions
from reconciler.model.impact import DataAge
from reconciler.model.problem import BadInput
from reconciler.model.row_queries import PeopleQuery, RowQuery, Rows
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.source_specs import FileFeed

if TYPE_CHECKING:
    from ibis import BaseBackend

Tracked = Callable[[Path], bool]
"""Whether git has a file."""
Committed = Callable[[Path], datetime | None]
"""When its last commit was made; None: nobody knows, or it was changed since."""

MOST_FILES = 50
"""Files that git is asked for: of more nobody waits for the answers."""


def list_ages(
    backend: BaseBackend,
    standing: MembershipDecision,
    read: Mapping[RowQuery, Rows],
    root: Path,
    tracked: Tracked,
    committed: Committed,
) -> Iterator[DataAge]:
    """How old is what a segment was judged by: by the files, the events and the manifests, as far as they say."""
    segment = standing.segment

    def date(feed: PeopleQuery) -> tuple[str, datetime | None, datetime | None]:
        return _date_files(feed, root, tracked, committed) if isinstance(feed, FileFeed) else ("read", None, None)

    basis, oldest, newest = date(segment.contacts)
    yield DataAge(segment.address, "contacts", str(segment.contacts), oldest, newest, basis)
    for query in dict.fromkeys(segment.interactions.values()):
        times = staged_interactions.read_interactions(backend, read[query])["at"]
        spanned = times.name("at").as_table().agg(oldest=times.min(), newest=times.max())
        ((first, last),) = engine.list_rows(backend, spanned, tuple[datetime | None, datetime | None])
        basis = "unknown" if last is None else "events"
        yield DataAge(segment.address, "interactions", str(query), _to_utc(first), _to_utc(last), basis)
    for each in segment.suppress:
        taken = ("declared", each.taken, each.taken)
        basis, oldest, newest = date(each.numbers) if each.taken is None else taken
        yield DataAge(segment.address, "do-not-call", str(each.address), oldest, newest, basis)


def _date_files(
    feed: FileFeed, root: Path, tracked: Tracked, committed: Committed
) -> tuple[str, datetime | None, datetime | None]:
    """What the times of some files say, and since when; all of them must say something.

    What git tracks got its time when it was checked out, which says nothing of its content: its commit does.
    """
    try:
        files = source_files.find_files(feed, root)
    except BadInput:  # it was there a moment ago
        return "unknown", None, None
    told = [_date_file(each, tracked, committed if len(files) <= MOST_FILES else lambda _: None) for each in files]
    times = [at for _, at in told if at is not None]
    if not times or len(times) < len(files):
        return "unknown", None, None
    bases = {basis for basis, _ in told}
    return bases.pop() if len(bases) == 1 else "modified", min(times), max(times)


def _date_file(file: Found, tracked: Tracked, committed: Committed) -> tuple[str, datetime | None]:
    if file.object is not None:
        return "modified", file.object.written
    try:
        changed = datetime.fromtimestamp(file.path.stat().st_mtime, UTC).replace(microsecond=0)
    except (OSError, ValueError, OverflowError):
        return "unknown", None
    return ("committed", committed(file.path)) if tracked(file.path) else ("modified", changed)


def _to_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
