# tested by: tests/cli/test_sources.py
"""Read and stage the people of one source, for a plan or for an apply that checks again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.sources import files, salesforce_contacts, sql_source
from reconciler.audience.staging import consistent_read, stage
from reconciler.model.ports import Reader
from reconciler.model.problem import Location
from reconciler.model.row_queries import ContactsOf, Rows
from reconciler.model.secret import Secret
from reconciler.model.source_specs import ContactFeed, FileFeed, SalesforceFeed, SqlFeed

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend as DuckDB

Secrets = Callable[[str, Location], Secret]
"""Fetches what a manifest only refers to: the URL of a database, the credentials of a Salesforce client."""

Organisation = Callable[[SalesforceFeed, Secrets], AbstractContextManager[salesforce_contacts.Read]]
"""A connection to a feed's Salesforce organisation, as a function that reads some fields of every record."""


@dataclass(frozen=True, slots=True)
class Access:
    """What reading people takes.

    Attributes:
        root: the workspace's folder. reader: the tenant. secret, organisation: as their types say.
        now: the moment at which a do-not-call entry must not have expired.
    """

    root: Path
    reader: Reader
    secret: Secrets
    organisation: Organisation
    now: datetime


def read_people(backend: DuckDB, query: ContactFeed | ContactsOf, access: Access, into: Path) -> Rows:
    """The people of a source, settled, in a new file below `into`: `CONTACTS` of `sources`.

    Args:
        backend: one of `engine.open_reader`.

    Raises:
        BadInput: the source is missing, cannot be read, or has rows that it may not have.
        ReconcilerError: the tenant or the organisation cannot be read.
    """
    found = _read_source(backend, query, access, into)
    kept = stage.stage_rows(backend, query, found, into)
    found.path.unlink()
    return kept


def _read_source(backend: DuckDB, query: ContactFeed | ContactsOf, access: Access, into: Path) -> Rows:
    match query:
        case FileFeed():
            return files.read_contacts(backend, query, access.root, into, access.now)
        case SqlFeed():
            return sql_source.read_contacts(
                backend, query, access.secret(query.url, query.where), access.root, into, access.now
            )
        case SalesforceFeed():
            with access.organisation(query, access.secret) as read:
                return salesforce_contacts.read_contacts(backend, query, read, into, access.now)
        case ContactsOf():
            return consistent_read.read_consistently(backend, lambda: access.reader.read_contacts(query, into))
