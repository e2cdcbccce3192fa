"""The shapes and places in which do-not-call numbers are kept, each written from the same entries.

A shape is given entries (`Entry`) and makes of them files, rows or records, and the `spec` of a SuppressionList that
reads them. Where a shape cannot say the country of each entry it makes a list a country.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sqlite3
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from reconciler.simulator import Simulator
from reconciler.simulator.salesforce_org import Organisation

AS_OF = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
"""A moment at which no list is too old yet, nor from the future."""


@dataclass(frozen=True)
class Entry:
    """One number on a do-not-call list: what is written, and the country in which it is read."""

    text: str
    region: str


Specs = Mapping[str, str]
"""The `spec` of each SuppressionList by its name, as YAML."""

Shape = Callable[[Path, Sequence[Entry]], Specs]
Place = Callable[[Path, Sequence[Entry], Simulator], Specs]


def _rows(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    return [(each.text, each.region) for each in entries]


def _csv(header: Sequence[str] | None, rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter, lineterminator="\n")
    if header is not None:
        writer.writerow(header)
    writer.writerows(rows)
    return target.getvalue()


def _spec(name: str, file_format: str, columns: str = "{phone: number, region: land}", **more: str) -> str:
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return f"asOf: {AS_OF}\nfiles: {{paths: ['{name}'], format: {file_format}, columns: {columns}{extra}}}"


def comma(folder: Path, entries: Sequence[Entry]) -> Specs:
    """A CSV file."""
    (folder / "dnc.csv").write_text(_csv(("number", "land"), _rows(entries)), encoding="utf-8")
    return {"dnc": _spec("dnc.csv", "csv")}


def semicolon_bom_crlf(folder: Path, entries: Sequence[Entry]) -> Specs:
    """What a spreadsheet saves in much of Europe: semicolons, a byte order mark, Windows line ends."""
    text = _csv(("number", "land"), _rows(entries), ";").replace("\n", "\r\n")
    (folder / "dnc.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    return {"dnc": _spec("dnc.csv", "csv", delimiter="';'")}


def gzipped(folder: Path, entries: Sequence[Entry]) -> Specs:
    """A CSV file, compressed."""
    (folder / "dnc.csv.gz").write_bytes(gzip.compress(_csv(("number", "land"), _rows(entries)).encode()))
    return {"dnc": _spec("dnc.csv.gz", "csv")}


def zipped(folder: Path, entries: Sequence[Entry]) -> Specs:
    """A CSV file in an archive."""
    with zipfile.ZipFile(folder / "dnc.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dnc.csv", _csv(("number", "land"), _rows(entries)))
    return {"dnc": _spec("dnc.zip", "csv")}


def utf_16(folder: Path, entries: Sequence[Entry]) -> Specs:
    """What some spreadsheets call "Unicode text": UTF-16, tabs."""
    (folder / "dnc.txt").write_bytes(_csv(("number", "land"), _rows(entries), "\t").encode("utf-16"))
    return {"dnc": _spec("dnc.txt", "csv", delimiter='"\\t"', encoding="utf-16")}


def without_header(folder: Path, entries: Sequence[Entry]) -> Specs:
    """Columns by their positions: the first row is an entry like any other."""
    (folder / "dnc.csv").write_text(_csv(None, _rows(entries)), encoding="utf-8")
    return {"dnc": _spec("dnc.csv", "csv", "{phone: '1', region: '2'}", header="false")}


def three_columns(folder: Path, entries: Sequence[Entry]) -> Specs:
    """Home, cell and work in one row, some of them blank."""
    rows = []
    for region, those in _by_region(entries).items():
        for at in range(0, len(those), 3):
            texts = [each.text for each in those[at : at + 3]]
            rows.append((*texts, *[""] * (3 - len(texts)), region))
    (folder / "dnc.csv").write_text(_csv(("home", "cell", "work", "land"), rows), encoding="utf-8")
    return {"dnc": _spec("dnc.csv", "csv", "{phone: [home, cell, work], region: land}")}


def in_one_cell(folder: Path, entries: Sequence[Entry]) -> Specs:
    """Several numbers in a cell, with a separator that the manifest states."""
    rows = []
    for region, those in _by_region(entries).items():
        rows += [
            ("|".join(each.text for each in those[at : at + 4]) + "|" * (at % 2), region)
            for at in range(0, len(those), 4)
        ]
    (folder / "dnc.csv").write_text(_csv(("number", "land"), rows), encoding="utf-8")
    return {"dnc": _spec("dnc.csv", "csv", separator="'|'")}


def json_lines(folder: Path, entries: Sequence[Entry]) -> Specs:
    """JSON, an object a line."""
    lines = (json.dumps({"number": each.text, "land": each.region}) for each in entries)
    (folder / "dnc.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return {"dnc": _spec("dnc.jsonl", "jsonl")}


def parquet(folder: Path, entries: Sequence[Entry]) -> Specs:
    """A Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers, lands = zip(*_rows(entries), strict=True)
    pq.write_table(pa.table({"number": numbers, "land": lands}), folder / "dnc.parquet")
    return {"dnc": _spec("dnc.parquet", "parquet")}


def workbook(folder: Path, entries: Sequence[Entry]) -> Specs:
    """An Excel workbook, written with the standard library alone: a sheet whose cells are texts."""
    rows = [("number", "land"), *_rows(entries)]
    cells = "".join(
        f'<row r="{at}">'
        + "".join(
            f'<c r="{column}{at}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
            for column, text in zip("AB", row, strict=True)
        )
        + "</row>"
        for at, row in enumerate(rows, start=1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{sheet_type}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{sheet_type}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Numbers" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(folder / "dnc.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return {"dnc": _spec("dnc.xlsx", "xlsx", sheet="Numbers")}


def answers_of_a_register(folder: Path, entries: Sequence[Entry]) -> Specs:
    """Answers about numbers: a yes, or none, keeps a number from being called."""
    rows = [(each.text, each.region, "no data" if at % 2 else "yes") for at, each in enumerate(entries)]
    (folder / "dnc.csv").write_text(_csv(("number", "land", "RESULT"), rows), encoding="utf-8")
    answers = "{column: RESULT, suppress: [yes, no data], skip: [no]}"
    return {"dnc": _spec("dnc.csv", "csv", answers=answers)}


def until_a_day(folder: Path, entries: Sequence[Entry]) -> Specs:
    """Entries that count until a day, or for ever."""
    rows = [(each.text, each.region, "" if at % 2 else "2099-12-31") for at, each in enumerate(entries)]
    (folder / "dnc.csv").write_text(_csv(("number", "land", "until"), rows), encoding="utf-8")
    return {"dnc": _spec("dnc.csv", "csv", "{phone: number, region: land, expires: until}")}


def _by_region(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for each in entries:
        found[each.region].append(each)
    return found


FILES: dict[str, Shape] = {
    each.__name__: each
    for each in (
        comma,
        semicolon_bom_crlf,
        gzipped,
        zipped,
        utf_16,
        without_header,
        three_columns,
        in_one_cell,
        json_lines,
        parquet,
        workbook,
        answers_of_a_register,
        until_a_day,
    )
}
"""File shapes."""


def of_a_query(folder: Path, entries: Sequence[Entry], tenant: Simulator) -> Specs:
    """A table of a database."""
    with sqlite3.connect(folder / "dnc.db") as database:
        database.execute("CREATE TABLE dnc (number TEXT, land TEXT)")
        database.executemany("INSERT INTO dnc VALUES (?, ?)", _rows(entries))
    database.close()
    query = "SELECT number, land FROM dnc"
    columns = "{phone: number, region: land}"
    return {"dnc": f"asOf: {AS_OF}\nsql: {{url: {{env: CXONE_DNC_URL}}, query: '{query}', columns: {columns}}}"}


def in_a_store(folder: Path, entries: Sequence[Entry], tenant: Simulator) -> Specs:
    """A folder into which outcomes put numbers: a list for each country."""
    found = {}
    for region, those in _by_region(entries).items():
        store = folder / "stores" / region.lower()
        store.mkdir(parents=True)
        lines = (json.dumps({"phone": each.text, "contactId": f"D{at}"}) for at, each in enumerate(those))
        (store / "asked.jsonl").write_text("\n".join(lines), encoding="utf-8")
        found[f"dnc-{region.lower()}"] = f"store: stores/{region.lower()}\nregion: {region}"
    return found


def on_lists_of_the_tenant(folder: Path, entries: Sequence[Entry], tenant: Simulator) -> Specs:
    """Contact lists of the tenant, one for each country, with the phones that the tenant has."""
    found = {}
    for region, those in _by_region(entries).items():
        rows = [{"id": f"D-{region}-{at}", "phoneNumber": each.text} for at, each in enumerate(those)]
        tenant.store.add_contacts(rows)
        tenant.store.add_list(f"Not to be called {region}", [row["id"] for row in rows])
        found[f"dnc-{region.lower()}"] = f"contactList: {{name: Not to be called {region}}}\nregion: {region}"
    return found


def in_salesforce(folder: Path, entries: Sequence[Entry], tenant: Simulator) -> Specs:
    """Records of a Salesforce object."""
    rows = [{"Id": f"a0B{at:015d}", "Number__c": each.text, "Land__c": each.region} for at, each in enumerate(entries)]
    tenant.store.part(Organisation).load("Dnc__c", rows)
    kept = "{clientId: {env: CXONE_CLIENT_ID}, clientSecret: {env: CXONE_CLIENT_SECRET}}"
    columns = "{phone: Number__c, region: Land__c}"
    crm = f"{{instance: '{tenant.url}', credentials: {kept}, object: Dnc__c, rate: 1000, columns: {columns}}}"
    return {"dnc": f"asOf: {AS_OF}\nsalesforce: {crm}"}


PLACES: dict[str, Place] = {
    each.__name__: each for each in (of_a_query, in_a_store, on_lists_of_the_tenant, in_salesforce)
}
"""Places that are no files of the manifest."""
