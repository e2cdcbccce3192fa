# tested by: tests/audience/sources/test_zip_extraction.py
"""Inspect an Excel workbook before the library reads it: size, sheets, merged cells, hidden rows.

A workbook is a zip of XML. The library holds every cell between the first and the last one, and takes a cell with an
error, or a formula whose value was never computed, for an empty one: both are looked for in the XML itself. So are
cells that are merged: all but the first of them are empty, and look as if they said the same.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO
from xml.etree import ElementTree

from reconciler.audience.sources.source_files import Found
from reconciler.audience.sources.zip_extraction import open_zip
from reconciler.model.problem import BadInput, Problem

NO_WORKBOOK = "the file is not an Excel workbook (.xlsx), or is damaged"
LARGEST = 2 << 30
"""Bytes of a workbook once it is unpacked: the library holds what it reads."""

_MOST_ACROSS, _MOST_DOWN = 16_384, 1_048_576
"""Columns and rows of a sheet ("Excel specifications and limits")."""

MOST_MERGED = 1_000_000
"""Cells of a sheet that others are merged over: each is held."""

_CHUNK = 1 << 20
_LONGEST_TAG = 256
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})(\d{1,7})["']""")
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*?\bref\s*=\s*["']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})["']""")
_DOUBTFUL = re.compile(rb"""\bt\s*=\s*["']e["']|<(?:\w+:)?f[\s/>]|<(?:\w+:)?row\s[^>]*?\bhidden\s*=""")


@dataclass(frozen=True, slots=True)
class Part:
    """A sheet as its XML has it.

    Attributes:
        cells: how many there are between A1 and the last one.
        spoiled: by row (from 1) the columns (from 0) of cells with an error, or a formula without a value.
        covered: the same of cells that another one is merged over. hidden: rows that a spreadsheet does not show.
    """

    cells: int
    spoiled: Mapping[int, Sequence[int]] = field(default_factory=dict)
    covered: Mapping[int, Sequence[int]] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()


def inspect_workbook(file: Found) -> dict[str, Part]:
    """The sheets of a workbook by their names.

    Raises:
        BadInput: it is no zip, holds more than may be unpacked, or its XML cannot be read.
    """
    with open_zip(file, "not-xlsx", NO_WORKBOOK), zipfile.ZipFile(file.path) as archive:
        size = sum(each.file_size for each in archive.infolist())
        if size > LARGEST:
            message = f"the workbook holds {size:,} bytes unpacked; at most {LARGEST:,} are read"
            raise BadInput([Problem(file.at(), "too-large", message)])
        try:
            return {name: _read_part(archive, path) for name, path in _iter_sheets(archive)}
        except _TooManyMerged:
            message = f"more than {MOST_MERGED:,} cells of a sheet are merged into others"
            raise BadInput([Problem(file.at(), "too-large", message, hint="unmerge them, and fill each")]) from None
        except (ElementTree.ParseError, KeyError) as error:
            raise BadInput([Problem(file.at(), "not-xlsx", NO_WORKBOOK, note=type(error).__name__)]) from None


def _iter_sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The sheets' names, and where they are in the archive."""
    targets = {each.get("Id"): str(each.get("Target")) for each in _iter_small(archive, "xl/_rels/workbook.xml.rels")}
    for sheet in _iter_small(archive, "xl/workbook.xml"):
        if _drop_namespace(sheet.tag) == "sheet":
            reference = [value for name, value in sheet.attrib.items() if _drop_namespace(name) == "id"]
            target = targets[reference[0]] if reference else ""
            path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            if "worksheets/" in path:
                yield str(sheet.get("name")), path


def _iter_small(archive: zipfile.ZipFile, path: str) -> Iterator[ElementTree.Element]:
    """The elements of a part that is no sheet."""
    with archive.open(path) as source:
        text = source.read(_CHUNK)
        if b"<!DOCTYPE" in text or source.read(1):
            raise ElementTree.ParseError("it is not part of a workbook")
    return ElementTree.fromstring(text).iter()  # noqa: S314 - it has no DOCTYPE # nosec B314


def _drop_namespace(name: str) -> str:
    return name.rpartition("}")[2]


def _read_part(archive: zipfile.ZipFile, path: str) -> Part:
    across, down, doubtful, end = 0, 0, False, b""
    merged: set[tuple[bytes, ...]] = set()
    with archive.open(path) as source:
        while chunk := source.read(_CHUNK):
            seen = end + chunk
            end = seen[-_LONGEST_TAG:]
            if b"<!DOCTYPE" in seen:
                raise ElementTree.ParseError("it is not part of a workbook")
            doubtful = doubtful or _DOUBTFUL.search(seen) is not None
            merged |= set(_MERGED.findall(seen))
            for letters, digits in set(_CELL.findall(seen)):
                across, down = max(across, _parse_column(letters.decode()) + 1), max(down, int(digits))
    # cells need not say where they are: then a sheet may be as large as any
    covered = _find_covered(merged, across or _MOST_ACROSS, down or _MOST_DOWN)
    if not doubtful:
        return Part(across * down, covered=covered)
    with archive.open(path) as source:
        spoiled, hidden = _find_spoiled(source)
    return Part(across * down, spoiled, covered, hidden)


class _TooManyMerged(Exception):
    """A sheet has more merged cells than are held."""


def _find_covered(merged: Collection[tuple[bytes, ...]], across: int, down: int) -> dict[int, list[int]]:
    """The cells that others are merged over, but those that are outside of what the sheet holds."""
    found: dict[int, list[int]] = {}
    count = 0
    for left, top, right, bottom in merged:
        first, last = _parse_column(left.decode()), min(_parse_column(right.decode()), across - 1)
        start, end = int(top), min(int(bottom), down)
        count += max(0, last - first + 1) * max(0, end - start + 1)
        if count > MOST_MERGED:
            raise _TooManyMerged
        for row in range(start, end + 1):
            found.setdefault(row, []).extend(range(first + (row == start), last + 1))
    return found


def _parse_column(letters: str) -> int:
    """The number of a column, from 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _find_spoiled(source: IO[bytes]) -> tuple[dict[int, list[int]], frozenset[int]]:
    """`spoiled` and `hidden` of a sheet."""
    found: dict[int, list[int]] = {}
    hidden = set[int]()
    row, column = 0, -1
    for event, element in ElementTree.iterparse(source, ("start", "end")):  # noqa: S314 - as above # nosec B314
        name = _drop_namespace(element.tag)
        if event == "start" and name == "row":
            row, column = int(element.get("r") or row + 1), -1
            if element.get("hidden") in ("1", "true"):
                hidden.add(row)
        elif event == "end" and name == "c":
            letters = re.sub(r"\d+$", "", element.get("r") or "")
            column = _parse_column(letters) if letters else column + 1
            if _has_no_value(element):
                found.setdefault(row, []).append(column)
        if event == "end" and name == "row":
            element.clear()
    return found, frozenset(hidden)


def _has_no_value(cell: ElementTree.Element) -> bool:
    kinds = {_drop_namespace(child.tag): child.text for child in cell}
    # a formula may well come to the empty text; only one that was never computed has no value at all
    never = "f" in kinds and "v" not in kinds
    return cell.get("t") == "e" or never
