# tested by: tests/audience/test_source_cases.py
"""Describe where contacts, interactions and dispositions are read from, and what their columns mean.

`columns` are pairs of a canonical column and the source's own name for it. Contacts: `contactId`, `region`,
`postalCode`, `timezone`, `name`, `email`, `status`, `engagementScore`; interactions: `id`, `contactId`, `startTime`,
`type`; dispositions: `contactId`, `outcome`, `agent`, `notes`, `timestamp`, `phone`, `region`;
do-not-call entries: `contactId`, `region`, `expires`. Phones of contacts and entries are in `phones`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.problem import Location

Pairs = tuple[tuple[str, str], ...]
PhoneColumns = tuple[tuple[str, ...], ...]
"""The source's columns with a person's phones, in the order in which they are tried; several columns inside of one are
the parts of one number, written one after the other (area code, number)."""
Format = str
"""The manifest's word for how files are written; the schema names those that there are (`audience/sources/formats`)."""
Encoding = Literal["utf-8", "latin-1", "utf-16", "utf-16-le", "utf-16-be"]
OnInvalid = Literal["refuse", "skip"]
UnknownConsent = Literal["out", "in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the answers of a register mean, such as those of the database of reassigned numbers.

    Attributes:
        column: where they stand. suppress: those by which a number is an entry. skip: those by which it is none. In
            small letters; one that is among neither is a fault of its row.
    """

    column: str
    suppress: tuple[str, ...]
    skip: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """That a source holds do-not-call entries, and no contacts: each number of a row is an entry of its own.

    Attributes:
        separator: what stands between several numbers in one cell; None: a cell holds one number.
        condition: which rows are entries, as a condition over the source's columns; where it cannot be said of a row,
            the row is one. None: all are.
        answers: which rows are entries, by what stands in a column; None: it says nothing of that.
    """

    separator: str | None = None
    condition: str | None = None
    answers: Answers | None = None


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """Rows of a source.

    Attributes:
        on_invalid: what becomes of a row that cannot be used: an error, or counted by its fault and left out.
        where: the place in the manifest.
    """

    columns: Pairs
    on_invalid: OnInvalid = "refuse"
    where: Location = field(compare=False)


@dataclass(frozen=True, kw_only=True)
class _Files:
    """Files of the workspace, or objects of a store.

    Attributes:
        paths: relative to the workspace's root; may hold `*`, `?`, `[…]` and `**`.
        delimiter: one character between the fields of a CSV file; None means a comma.
        header: whether the first row of a CSV file or a sheet names the columns; else they are named 1, 2, ….
        sheet: of a workbook; None means the only one.
    """

    paths: tuple[str, ...]
    format: Format
    delimiter: str | None = None
    encoding: Encoding = "utf-8"
    header: bool = True
    sheet: str | None = None

    def __str__(self) -> str:
        return f"files {', '.join(self.paths)}"


@dataclass(frozen=True, kw_only=True)
class _Query:
    """A query on a database.

    Attributes:
        url: where the database's URL is kept (`env WAREHOUSE_URL`), never the URL: it is a secret, fetched when read.
        query: one SELECT, in the database's own dialect.
    """

    url: str
    query: str

    def __str__(self) -> str:
        return f"the query on {self.url}"


@dataclass(frozen=True, kw_only=True)
class _People(_Rows):
    """Contacts, or do-not-call entries.

    Attributes:
        phones: where the phones are; a single column may be given as `phone` among `columns` instead.
        attributes: pairs of an attribute's name and the source's column.
        types: pairs of an attribute's name and its declared type: `text`, `integer`, `number` or `boolean`.
        sensitive: the names of attributes whose values no plan, view or log may speak of.
        opted_in: a condition over the source's columns that says who gave consent; None: nobody is asked for it.
        unknown_consent: what becomes of a contact of whom that condition can say neither yes nor no.
        region: the region of phones written without a country code, where no column says it, e.g. `US`.
        entries: how do-not-call entries are read; None: the source is of contacts.
    """

    phones: PhoneColumns = ()
    attributes: Pairs = ()
    types: Pairs = ()
    sensitive: tuple[str, ...] = ()
    opted_in: str | None = None
    unknown_consent: UnknownConsent = "out"
    region: str | None = None
    entries: Entries | None = None

    def __post_init__(self) -> None:
        """Let `phones` alone say where the phones are, wherever one column of them was given as `phone`."""
        named = dict(self.columns)
        if "phone" in named:
            column = named.pop("phone")
            object.__setattr__(self, "phones", self.phones or ((column,),))
            object.__setattr__(self, "columns", tuple((name, held) for name, held in self.columns if name != "phone"))


@dataclass(frozen=True, kw_only=True)
class _Interactions(_Rows):
    """Interactions. `type` is every row's where no column says it."""

    type: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Dispositions(_Rows):
    """Outcomes of contacts.

    Attributes:
        codes: the outcomes that there are.
        custom: pairs of a custom field's name and the source's column.
    """

    codes: tuple[str, ...]
    custom: Pairs = ()


@dataclass(frozen=True, kw_only=True)
class FileFeed(_Files, _People):
    """Contacts, or do-not-call entries, in files.

    Attributes:
        optional: whether no file at all is no contacts, and no error.
        only: whether the folder of the paths is there for these files alone, so that any other in it is an error.
    """

    optional: bool = False
    only: bool = False


@dataclass(frozen=True, kw_only=True)
class FileHistory(_Files, _Interactions):
    """Interactions in files."""


@dataclass(frozen=True, kw_only=True)
class FileDispositions(_Files, _Dispositions):
    """Outcomes of contacts in files."""


@dataclass(frozen=True, kw_only=True)
class SqlFeed(_Query, _People):
    """Contacts, or do-not-call entries, that a query selects."""


@dataclass(frozen=True, kw_only=True)
class SqlHistory(_Query, _Interactions):
    """Interactions that a query selects."""


@dataclass(frozen=True, kw_only=True)
class SqlDispositions(_Query, _Dispositions):
    """Outcomes of contacts that a query selects."""


@dataclass(frozen=True, kw_only=True)
class SalesforceFeed(_People):
    """Contacts, or do-not-call entries, that are records of one Salesforce object; its fields are named.

    Attributes:
        instance: the organisation's URL, e.g. `https://acme.my.salesforce.com`.
        version: of its REST API, e.g. `v58.0`.
        client_id: where the client's id is kept (`env SALESFORCE_CLIENT_ID`), never the id. client_secret: likewise.
        token_url: where tokens are asked for; None means the instance's own.
        object: the object's API name. condition: which of its records, in SOQL; None means all.
        rate: calls a second. reply_timeout: seconds that a page may take, from the request to its last byte.
        condition_at: the place of the condition. credentials_at: of the credentials. fields_at: of each mapped field.
    """

    instance: str
    version: str
    client_id: str
    client_secret: str
    object: str
    condition: str | None = None
    token_url: str | None = None
    rate: float = 10.0
    reply_timeout: float = 130.0
    on_invalid: OnInvalid = "skip"
    condition_at: Location = field(compare=False)
    credentials_at: Location = field(compare=False)
    fields_at: tuple[tuple[str, Location], ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"{self.object} of Salesforce"

    def place(self, name: str) -> Location:
        """Where the manifest maps a field; the whole feed where it does not."""
        return dict(self.fields_at).get(name, self.where)


AnyFiles = FileFeed | FileHistory | FileDispositions
AnySql = SqlFeed | SqlHistory | SqlDispositions
ContactFeed = FileFeed | SqlFeed | SalesforceFeed
HistoryFeed = FileHistory | SqlHistory
DispositionFeed = FileDispositions | SqlDispositions
Feed = ContactFeed | HistoryFeed | DispositionFeed
