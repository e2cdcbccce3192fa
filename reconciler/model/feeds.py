"""Which files and queries are contacts and interactions read from, and which of their columns mean what?

`columns` are pairs of a canonical column and the source's own name for it. Contacts: `contactId`, `phone`, `region`,
`name`, `email`, `status`, `engagementScore`; interactions: `id`, `contactId`, `startTime`, `type`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.problem import Location

Pairs = tuple[tuple[str, str], ...]
Format = Literal["csv", "parquet", "jsonl"]
Encoding = Literal["utf-8", "latin-1"]
OnInvalid = Literal["refuse", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFeed:
    """Contacts in files of the workspace.

    Attributes:
        paths: relative to the workspace's root; may hold `*`, `?`, `[…]` and `**`.
        delimiter: one character between the fields of a CSV file; None means a comma.
        attributes: pairs of an attribute's name and the source's column.
        opted_in: a condition over the source's columns that says who gave consent; None: the source does not say.
        region: the region of phones written without a country code, where no column says it, e.g. `US`.
        on_invalid: what becomes of a row that cannot be used: an error, or counted by its fault and left out.
        where: the place in the manifest.
    """

    paths: tuple[str, ...]
    format: Format
    columns: Pairs
    delimiter: str | None = None
    encoding: Encoding = "utf-8"
    attributes: Pairs = ()
    opted_in: str | None = None
    region: str | None = None
    on_invalid: OnInvalid = "refuse"
    where: Location = field(compare=False)

    def __str__(self) -> str:
        return f"files {', '.join(self.paths)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHistory:
    """Interactions in files of the workspace. `type` is every row's type where no column says it."""

    paths: tuple[str, ...]
    format: Format
    columns: Pairs
    delimiter: str | None = None
    encoding: Encoding = "utf-8"
    type: str | None = None
    on_invalid: OnInvalid = "refuse"
    where: Location = field(compare=False)

    def __str__(self) -> str:
        return f"files {', '.join(self.paths)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlFeed:
    """Contacts that a query selects.

    Attributes:
        url: where the database's URL is kept (`env WAREHOUSE_URL`), never the URL: it is a secret, fetched when read.
        query: one SELECT, in the database's own dialect.
    """

    url: str
    query: str
    columns: Pairs
    attributes: Pairs = ()
    opted_in: str | None = None
    region: str | None = None
    on_invalid: OnInvalid = "refuse"
    where: Location = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlHistory:
    """Interactions that a query selects. `type` is every row's type where no column says it."""

    url: str
    query: str
    columns: Pairs
    type: str | None = None
    on_invalid: OnInvalid = "refuse"
    where: Location = field(compare=False)


AnyFiles = FileFeed | FileHistory
AnySql = SqlFeed | SqlHistory
ContactFeed = FileFeed | SqlFeed
HistoryFeed = FileHistory | SqlHistory
Feed = ContactFeed | HistoryFeed
