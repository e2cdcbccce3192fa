"""Load contacts, interactions and Salesforce records from files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from reconciler.simulator.salesforce_org import Organisation

if TYPE_CHECKING:
    import duckdb

    from reconciler.simulator.store import Store

_CHUNK = 50_000
# a time that names no zone is UTC; DuckDB by itself would take it for the time of the machine's zone
_ZONED = r"regexp_matches(CAST(startTime AS VARCHAR), ':\d\d\S*(Z|[+-]\d\d(:?\d\d)?)$')"
_START = (
    f"CASE WHEN {_ZONED} THEN epoch_us(CAST(startTime AS TIMESTAMPTZ)) ELSE epoch_us(CAST(startTime AS TIMESTAMP)) END"
)
_TEXT = ("id", "status", "phoneNumber")


def load_contacts(store: Store, path: Path) -> int:
    """Contacts of `id,engagementScore,status,phoneNumber,…`; empty cells are absent fields; returns how many.

    Raises ValueError for a file that lacks `id` or is not what its name says, FileNotFoundError for none.
    """
    count = 0
    with closing(_connect()) as connection:
        columns = _open(connection, path, required=("id",))
        for chunk in _chunks(connection, [_contact_cell(name) for name in columns]):
            store.add_contacts(_drop_empty(columns, row) for row in chunk)
            count += len(chunk)
    return count


def load_interactions(store: Store, path: Path, *, create_contacts: bool) -> int:
    """Interactions of `id,startTime,contactId[,type]`; `create_contacts` adds the unknown; returns how many.

    Raises ValueError for a file that lacks one of them or a time that is none, FileNotFoundError for none.
    """
    count = 0
    with closing(_connect()) as connection, store.lock:
        columns = _open(connection, path, required=("id", "startTime", "contactId"))
        kind = "coalesce(type, 'voice')" if "type" in columns else "'voice'"
        cells = ["CAST(contactId AS VARCHAR)", "CAST(id AS VARCHAR)", _START, kind]
        for chunk in _chunks(connection, cells):
            if create_contacts:
                store.add_contacts(dict.fromkeys(row[0] for row in chunk if row[0] not in store.contacts))
            for row in chunk:
                store.history.add(*row)
            count += len(chunk)
    return count


def load_salesforce(store: Store, path: Path) -> int:
    """Records of `{object: [records]}`; returns how many. Raises ValueError for anything else."""
    try:
        objects = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{path.name}: {error}") from None
    listed = isinstance(objects, dict) and all(isinstance(each, list) for each in objects.values())
    if not listed or not all(isinstance(record, dict) for each in objects.values() for record in each):
        raise ValueError(f"{path.name}: is no object of lists of records")
    with store.lock:
        for name, records in objects.items():
            store.part(Organisation).load(name, records)
    return sum(map(len, objects.values()))


def _connect() -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(":memory:")


def _open(connection: duckdb.DuckDBPyConnection, path: Path, required: tuple[str, ...]) -> list[str]:
    import duckdb

    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    try:
        relation = (
            connection.read_parquet(str(path))
            if path.suffix.lower() == ".parquet"
            # every cell is text: an id such as 00001 is no number
            else connection.read_csv(str(path), header=True, all_varchar=True)
        )
    except duckdb.Error as error:
        raise ValueError(f"{path.name}: {error}") from None
    relation.create_view("source")
    for name in required:
        if name not in relation.columns:
            raise ValueError(f"{path.name}: has no column {name}, only {', '.join(relation.columns)}")
    return list(relation.columns)


def _contact_cell(name: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if name == "engagementScore":
        return f"CAST({quoted} AS DOUBLE)"
    return f"CAST({quoted} AS VARCHAR)" if name in _TEXT else quoted


def _drop_empty(columns: list[str], row: tuple[Any, ...]) -> dict[str, Any]:
    return {name: value for name, value in zip(columns, row, strict=True) if value is not None}


def _chunks(connection: duckdb.DuckDBPyConnection, cells: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    import duckdb

    try:
        connection.execute(f"SELECT {', '.join(cells)} FROM source")  # noqa: S608 - names are quoted above
        while chunk := connection.fetchmany(_CHUNK):
            yield chunk
    except duckdb.Error as error:
        raise ValueError(str(error)) from None
