"""Excel workbooks for tests, made of their XML: what a spreadsheet writes, and what it should not."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KINDS = {"day": 1, "moment": 2}


def workbook(text: str) -> bytes:
    """A workbook of the rows that a text holds, a JSON array each; a line `sheet: NAME` begins another sheet.

    A cell is a text, a number, true or false, null, or an object: `{"day": 46000}` and `{"moment": 46000.5}` are numbers that are
    shown as a date, `{"error": "#N/A"}` is an error, `{"formula": "A1", "value": 1}` a formula (without a value: never computed),
    `{"written": "4.15555E9"}` a number as it is written in the XML. A line `skip: N` leaves rows out, a line `merge: A2:A4` merges cells of the sheet, and
    a line `hide: N` hides a row of it.
    """
    sheets: dict[str, list[Any]] = {}
    merged: dict[int, list[str]] = {}
    hidden: dict[int, set[int]] = {}
    rows: list[Any] = []
    for line in text.splitlines():
        if line.startswith("sheet: "):
            rows = sheets.setdefault(line.removeprefix("sheet: "), [])
        elif line.startswith("merge: "):
            merged.setdefault(id(rows), []).append(line.removeprefix("merge: "))
        elif line.startswith("hide: "):
            hidden.setdefault(id(rows), set()).add(int(line.removeprefix("hide: ")))
        elif line.startswith("skip: "):
            rows += [[]] * int(line.removeprefix("skip: "))
        elif line:
            if not sheets:
                sheets["Sheet1"] = rows
            rows.append(json.loads(line))
    told = {
        name: "".join(_row(n, row, n in hidden.get(id(rows), ())) for n, row in enumerate(rows, start=1))
        for name, rows in sheets.items()
    }
    return packed(told, {name: merged.get(id(rows), []) for name, rows in sheets.items()})


def packed(sheets: dict[str, str], merged: Mapping[str, Sequence[str]] = MappingProxyType({})) -> bytes:
    """A workbook of sheets whose rows are XML; `merged`: which cells of each are."""
    numbers = range(1, len(sheets) + 1)
    named = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, name in zip(numbers, sheets, strict=True)
    )
    targets = "".join(
        f'<Relationship Id="rId{n}" Type="{DOCUMENT}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    styles = f'<Relationship Id="rId0" Type="{DOCUMENT}/styles" Target="styles.xml"/>'
    office = f'<Relationship Id="rId1" Type="{DOCUMENT}/officeDocument" Target="xl/workbook.xml"/>'
    files = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{office}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><sheets>{named}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{targets}{styles}</Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>',
    }
    files |= {
        f"xl/worksheets/sheet{n}.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>'
        f"{_merged(merged.get(name, ()))}</worksheet>"
        for n, (name, rows) in zip(numbers, sheets.items(), strict=True)
    }
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return sink.getvalue()


def _merged(ranges: Sequence[str]) -> str:
    told = "".join(f'<mergeCell ref="{each}"/>' for each in ranges)
    return f'<mergeCells count="{len(ranges)}">{told}</mergeCells>' if told else ""


def _row(number: int, cells: Sequence[Any], hidden: bool = False) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    told = [_cell(f"{letters[at]}{number}", value) for at, value in enumerate(cells) if value is not None]
    unseen = ' hidden="1"' if hidden else ""
    return f'<row r="{number}"{unseen}>{"".join(told)}</row>' if told else ""


def _cell(at: str, value: Any) -> str:
    match value:
        case bool():
            told = f' t="b"><v>{int(value)}</v>'
        case str():
            told = f' t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is>'
        case int() | float():
            told = f"><v>{value!r}</v>"
        case {"error": error}:
            told = f' t="e"><v>{error}</v>'
        case {"formula": formula, "value": computed}:
            told = f"><f>{formula}</f><v>{computed}</v>"
        case {"formula": formula}:
            told = f"><f>{formula}</f>"
        case {"written": written}:
            told = f"><v>{written}</v>"
        case _:
            ((kind, number),) = value.items()
            told = f' s="{_KINDS[kind]}"><v>{number}</v>'
    return f'<c r="{at}"{told}</c>'
