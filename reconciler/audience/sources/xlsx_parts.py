"""What must be known of an Excel workbook before the library may read it?

A workbook is a zip of XML. The library holds every cell between the first and the last one, and takes a cell with an
error, or a formula whose value was never computed, for an empty one: both are looked for in the XML itself.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any
from xml.etree import ElementTree

from reconciler.audience.sources.archives import open_zip
from reconciler.audience.sources.paths import Found
from reconciler.model.problem import BadInput, Problem

NO_WORKBOOK = "the file is no Excel workbook (.xlsx), or is damaged"
LARGEST = 2 << 30
"""Bytes of a workbook once it is unpacked: the library holds what it reads."""

_CHUNK = 1 << 20
_LONGEST_TAG = 256
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})(\d{1,7})["']""")
_DOUBTFUL = re.compile(rb"""\bt\s*=\s*["']e["']|<(?:\w+:)?f[\s/>]""")


@dataclass(frozen=True, slots=True)
class Part:
    """A sheet as its XML has it.

    Attributes:
        cells: how many there are between A1 and the last one.
        spoiled: by row (from 1) the columns (from 0) of cells with an error, or a formula without a value.
    """

    cells: int
    spoiled: Mapping[int, Sequence[int]] = field(default_factory=dict)


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
            return {name: _part(archive, path) for name, path in _sheets(archive)}
        except (ElementTree.ParseError, KeyError) as error:
            raise BadInput([Problem(file.at(), "not-xlsx", NO_WORKBOOK, note=type(error).__name__)]) from None


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The sheets' names, and where they are in the archive."""
    targets = {each.get("Id"): str(each.get("Target")) for each in _small(archive, "xl/_rels/workbook.xml.rels")}
    for sheet in _small(archive, "xl/workbook.xml"):
        if _local(sheet.tag) == "sheet":
            reference = [value for name, value in sheet.attrib.items() if _local(name) == "id"]
            target = targets[reference[0]] if reference else ""
            path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            if "worksheets/" in path:
                yield str(sheet.get("name")), path


def _small(archive: zipfile.ZipFile, path: str) -> Iterator[Any]:
    """The elements of a part that is no sheet."""
    with archive.open(path) as source:
        text = source.read(_CHUNK)
        if b"<!DOCTYPE" in text or source.read(1):
            raise ElementTree.ParseError("it is no part of a workbook")
    return ElementTree.fromstring(text).iter()  # noqa: S314 # it defines no entities: it has no DOCTYPE


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _part(archive: zipfile.ZipFile, path: str) -> Part:
    across, down, doubtful, end = 0, 0, False, b""
    with archive.open(path) as source:
        while chunk := source.read(_CHUNK):
            seen = end + chunk
            end = seen[-_LONGEST_TAG:]
            if b"<!DOCTYPE" in seen:
                raise ElementTree.ParseError("it is no part of a workbook")
            doubtful = doubtful or _DOUBTFUL.search(seen) is not None
            for letters, digits in set(_CELL.findall(seen)):
                across, down = max(across, _column(letters.decode()) + 1), max(down, int(digits))
    if not doubtful:
        return Part(across * down)
    with archive.open(path) as source:
        return Part(across * down, _spoiled(source))


def _column(letters: str) -> int:
    """The number of a column, from 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _spoiled(source: IO[bytes]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    row, column = 0, -1
    for event, element in ElementTree.iterparse(source, ("start", "end")):  # noqa: S314 # as above
        name = _local(element.tag)
        if event == "start" and name == "row":
            row, column = int(element.get("r") or row + 1), -1
        elif event == "end" and name == "c":
            letters = re.sub(r"\d+$", "", element.get("r") or "")
            column = _column(letters) if letters else column + 1
            if _has_no_value(element):
                found.setdefault(row, []).append(column)
        if event == "end" and name == "row":
            element.clear()
    return found


def _has_no_value(cell: Any) -> bool:
    kinds = {_local(child.tag): child.text for child in cell}
    # a formula may well come to the empty text; only one that was never computed has no value at all
    never = "f" in kinds and "v" not in kinds
    return cell.get("t") == "e" or never
