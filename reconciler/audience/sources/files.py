"""Read contacts, interactions and dispositions from files of the workspace or an object store.

CSV, Parquet, JSON Lines and Excel workbooks, also compressed with gzip (`.gz`) or in a `.zip`. Whatever cannot be read
is an error with its file and line, or a row that is kept with its fault; no row is lost in silence.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.sources import file_decoding, folder_check
from reconciler.audience.sources.formats import load_formats
from reconciler.audience.sources.raw_rows import (
    fault_type,
    open_parquet,
)
from reconciler.audience.sources.source_files import Found, check_files_exist, find_files
from reconciler.audience.staging import column_mapping, dnc_entry_mapping
from reconciler.audience.staging import disposition_mapping as of_contacts
from reconciler.model.problem import BadInput, Problem, Problems
from reconciler.model.reason_codes import REASON
from reconciler.model.row_queries import Rows
from reconciler.model.source_specs import AnyFiles, FileDispositions, FileFeed, FileHistory
from reconciler.model.tables import RAW_CONTACTS, RAW_DISPOSITIONS, RAW_INTERACTIONS

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend as DuckDB

    from reconciler.audience.staging.column_mapping import MapRows


def read_contacts(backend: DuckDB, feed: FileFeed, root: Path, into: Path, now: datetime | None = None) -> Rows:
    """The contacts, or entries, in a feed's files: one new Parquet file below `into`, the columns `mapping.CONTACTS`.

    Args:
        root: the workspace's folder; no other file is read.
        into: a folder of this run; it is made where it is not there.
        now: the moment at which an entry must not have expired; this moment when left out.

    Raises:
        BadInput: every file that cannot be read, or the first rows that cannot be used (`on_invalid: refuse`).
    """
    return _read(backend, feed, root, into, dnc_entry_mapping.find_mapping(feed, now), RAW_CONTACTS.types)


def read_interactions(backend: DuckDB, feed: FileHistory, root: Path, into: Path) -> Rows:
    """The interactions in a feed's files, as one new Parquet file below `into` with the columns `mapping.INTERACTIONS`.

    Arguments and errors are those of `contacts`.
    """
    return _read(backend, feed, root, into, partial(column_mapping.map_interactions, feed=feed), RAW_INTERACTIONS.types)


def read_dispositions(backend: DuckDB, feed: FileDispositions, root: Path, into: Path, now: datetime) -> Rows:
    """The dispositions in a feed's files, as one new Parquet file below `into`: the columns `mapping.DISPOSITIONS`.

    Arguments and errors are those of `contacts`; `now` is the moment after which none may be.
    """
    mapped = partial(of_contacts.map_dispositions, feed=feed, now=now)
    return _read(backend, feed, root, into, mapped, RAW_DISPOSITIONS.types)


def _read(
    backend: DuckDB,
    feed: AnyFiles,
    root: Path,
    into: Path,
    mapped: MapRows,
    columns: Mapping[str, str],
) -> Rows:
    wanted = column_mapping.list_columns(feed)
    if isinstance(feed, FileFeed):
        folder_check.check_folders(feed, root)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    problems = Problems()
    parts: list[Path] = []
    with tempfile.TemporaryDirectory(dir=into, prefix="reading-") as folder:
        scratch = Path(folder)
        for number, file in enumerate(find_files(feed, root)):
            with problems.collect(), check_files_exist(file, scratch / f"object-{number}") as here:
                for plain, how in file_decoding.unpack_plain(here, feed, scratch):
                    part = scratch / f"part-{len(parts)}.parquet"
                    _map(backend, plain, how, wanted, mapped, part)
                    parts.append(part)
        problems.refuse()
        if not parts:  # an optional feed without files
            parts.append(_write_nothing(scratch / "nothing.parquet", columns))
        return column_mapping.collect_parts(backend, parts, feed, into, columns)


def _map(backend: DuckDB, file: Found, feed: AnyFiles, wanted: set[str], mapped: MapRows, part: Path) -> None:
    """Write the mapped rows of one plain file to `part`."""
    laid = part.with_suffix(".rough")
    try:
        rough = load_formats()[feed.format].read(backend, file, feed, wanted, laid)
        with _find_damage(file, feed, wanted):
            mapped(rough).to_parquet(str(part))
    finally:
        laid.unlink(missing_ok=True)


def _write_nothing(target: Path, columns: Mapping[str, str]) -> Path:
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "boolean": pa.bool_(),
        "float64": pa.float64(),
        "array<string>": pa.list_(pa.string()),
        REASON: fault_type(),
    }
    with open_parquet(target, {name: types[kind] for name, kind in columns.items()}):
        return target


@contextlib.contextmanager
def _find_damage(file: Found, feed: AnyFiles, wanted: set[str]) -> Iterator[None]:
    """Say where a file is damaged: its end may be whole, and what is before it is read last.

    Raises:
        BadInput: another reader cannot read it either.
    """
    try:
        yield
    except Exception:
        bad = load_formats()[feed.format].find_damage(file, wanted)
        if bad is None:
            raise
        message = f"the file is damaged: its rows {bad[0]:,} to {bad[1]:,} cannot be read"
        raise BadInput([Problem(file.at(), "damaged", message, hint="write or fetch it again")]) from None
