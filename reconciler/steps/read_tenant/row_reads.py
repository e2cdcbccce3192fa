# tested by: tests/test_engines.py
"""Read the rows that queries ask for: from files, databases, Salesforce, and the lists of the tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.audience.sources import files, sql_source
from reconciler.audience.staging import consistent_read, read_people, stage, staged_interactions
from reconciler.audience.staging.read_people import Access, Secrets
from reconciler.cxone import salesforce_client
from reconciler.model.desired_state import Desired
from reconciler.model.live_state import LiveObject
from reconciler.model.ports import Reader
from reconciler.model.problem import Problems
from reconciler.model.row_queries import (
    Additions,
    CampaignPhones,
    ContactsIn,
    ContactsOf,
    InteractionsOf,
    LiveList,
    MemberPhones,
    MembersOf,
    NumbersOf,
    OutcomesOf,
    RowQuery,
    Rows,
    SingleQuery,
)
from reconciler.model.source_specs import (
    FileDispositions,
    FileFeed,
    FileHistory,
    SalesforceFeed,
    SqlDispositions,
    SqlFeed,
    SqlHistory,
)


def read_rows(
    backend: Any,
    queries: Sequence[RowQuery],
    desired: Desired,
    lists: Mapping[str, LiveObject],
    reader: Reader,
    secret: Secrets,
    into: Path,
    problems: Problems,
) -> dict[RowQuery, Rows]:
    """What some queries ask for, but for the tenant's interactions; `problems` gets why some could not be read."""
    rows: dict[RowQuery, Rows] = {}
    for query in queries:
        if isinstance(query, MembersOf | MemberPhones) and query.list not in lists:
            rows[query] = _write_nobody(into)
            continue
        if isinstance(query, InteractionsOf | OutcomesOf | Additions) or (
            isinstance(query, ContactsIn) and query.history not in rows
        ):
            continue  # the first are read together; why the others' history could not be is among the problems already
        with problems.collect():
            rows[query] = _read(backend, query, rows, desired, reader, secret, into)
    return rows


def _read(
    backend: Any,
    query: SingleQuery,
    rows: dict[RowQuery, Rows],
    desired: Desired,
    reader: Reader,
    secret: Secrets,
    into: Path,
) -> Rows:
    match query:
        case FileFeed() | SqlFeed() | SalesforceFeed() | ContactsOf():
            organisation = partial(salesforce_client.open_records, counted=reader.count_requests)
            access = Access(desired.root, reader, secret, organisation, desired.now)
            return read_people.read_people(backend, query, access, into)
        case FileHistory():
            found = files.read_interactions(backend, query, desired.root, into)
        case FileDispositions():
            found = files.read_dispositions(backend, query, desired.root, into, desired.now)
        case SqlHistory() | SqlDispositions():
            found = _log_in(backend, query, secret, desired, into)
        case ContactsIn():
            found = staged_interactions.select_named(backend, rows[query.history], into / f"named-{len(rows)}.parquet")
        case _:
            found = _ask(backend, query, reader, into)
    kept = stage.stage_rows(backend, query, found, into)
    found.path.unlink()
    return kept


def _log_in(backend: Any, query: SqlHistory | SqlDispositions, secret: Secrets, desired: Desired, into: Path) -> Rows:
    """What a database keeps, and gives to whoever has its URL."""
    url = secret(query.url, query.where)
    if isinstance(query, SqlHistory):
        return sql_source.read_interactions(backend, query, url, desired.root, into)
    return sql_source.read_dispositions(backend, query, url, desired.root, into, desired.now)


def _ask(
    backend: Any, query: MembersOf | MemberPhones | CampaignPhones | NumbersOf, reader: Reader, into: Path
) -> Rows:
    """What only the tenant knows."""
    match query:
        case MembersOf():
            return consistent_read.read_consistently(backend, lambda: reader.read_members(query, into))
        case MemberPhones():
            people = ContactsOf(LiveList(name=query.list), query.where, by_name=True, named=True)
            return consistent_read.read_consistently(backend, lambda: reader.read_contacts(people, into))
        case CampaignPhones():
            called = ContactsOf(reader.find_list_of(query), query.where, by_name=True)
            return consistent_read.read_consistently(backend, lambda: reader.read_contacts(called, into))
        case NumbersOf():
            return consistent_read.read_consistently(backend, lambda: reader.read_numbers(query, into))


def _write_nobody(into: Path) -> Rows:
    """The members of a list that does not exist yet."""
    file = into / "nobody.json"
    file.write_text("[]")
    return Rows(file, "json", {"contactId": "VARCHAR", "priority": "BIGINT", "score": "DOUBLE"}, 0)
