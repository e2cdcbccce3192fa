"""Is a format of files found by its module alone, and can one be added as one module?"""

from __future__ import annotations

import pkgutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from reconciler.audience.relations import engine
from reconciler.audience.sources import files
from reconciler.audience.sources import formats as package
from reconciler.audience.sources.file_format_interface import FileFormat
from reconciler.audience.sources.formats import load_formats
from reconciler.audience.sources.raw_rows import (
    RawRows,
    add_place_of_lines,
    add_places,
    describe_missing_columns,
    fault_type,
    open_parquet,
)
from reconciler.audience.sources.source_files import Found, open_file
from reconciler.kinds import load_shared_schema
from reconciler.model.problem import BadInput, Location
from reconciler.model.source_specs import AnyFiles, FileFeed


def test_the_schema_names_every_format_that_there_is() -> None:
    assert set(load_shared_schema()["$defs"]["fileFormat"]["enum"]) == load_formats().keys()


def read_cards(backend: Any, file: Found, feed: AnyFiles, wanted: set[str], into: Path) -> RawRows:
    """The contacts of a file of cards (RFC 6350), a row a card; as somebody would add it."""
    import pyarrow as pa

    with open_file(file) as source:
        lines = source.read().decode().splitlines()
    cards: list[tuple[int, dict[str, str]]] = []
    for number, line in enumerate(lines, start=1):
        if line == "BEGIN:CARD":
            cards.append((number, {}))
        elif line != "END:CARD":
            name, _, value = line.partition(":")
            cards[-1][1][name.partition(";")[0]] = value
    names = sorted({name for _, card in cards for name in card})
    problems = describe_missing_columns(wanted, names, file.at(1), feed)
    if problems:
        raise BadInput(problems)
    columns = add_places(names)
    types = {**dict.fromkeys(columns.values(), pa.string()), "line": pa.int64(), "fault": fault_type()}
    with open_parquet(into, {**types, "doubts": pa.list_(pa.string())}) as append:
        rows = [(*(card.get(name) for name in names), line, None, None) for line, card in cards]
        append(list(zip(*rows, strict=True)))
    return add_place_of_lines(backend.read_parquet(str(into)), file, columns)


@pytest.fixture
def with_cards(monkeypatch: pytest.MonkeyPatch) -> Any:
    module = ModuleType(f"{package.__name__}.card")
    module.FORMAT = FileFormat(  # type: ignore[attr-defined]
        "card",
        read_cards,
        is_called="a file of cards",
        remedy="say `format: card`",
        begins=lambda _, start: start.startswith(b"BEGIN:CARD"),
        is_text=True,
    )
    found = [*pkgutil.iter_modules(package.__path__)]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(pkgutil, "iter_modules", lambda _: [*found, found[0]._replace(name="card")])
    load_formats.cache_clear()
    yield
    load_formats.cache_clear()


CARDS = """BEGIN:CARD
VERSION:4.0
UID:c1
TEL;TYPE=cell:+14155550101
END:CARD
BEGIN:CARD
VERSION:4.0
UID:c2
TEL:+14155550102
END:CARD
"""


def feed(format: str, phone: str = "TEL") -> FileFeed:
    where = Location("source.yaml", 5, 3)
    return FileFeed(where=where, paths=("cards/*",), format=format, columns=(("contactId", "UID"), ("phone", phone)))


@pytest.mark.usefixtures("with_cards")
def test_a_folder_of_cards_is_read_by_one_module_more(backend: Any, tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "all.vcf").write_text(CARDS)
    (tmp_path / "cards" / "utf16.vcf").write_text(CARDS.replace("c1", "c3").replace("c2", "c4"), encoding="utf-16")
    rows = files.read_contacts(backend, feed("card"), tmp_path, tmp_path / "rows")
    (batch,) = engine.stream_rows(backend, engine.read_rows(backend, rows).select("contactId"), 100)
    assert sorted(batch) == [("c1",), ("c2",), ("c3",), ("c4",)]
    with pytest.raises(BadInput) as missing:
        files.read_contacts(backend, feed("card", "TELE"), tmp_path, tmp_path / "others")
    assert "did you mean `TEL`?" in str(missing.value.problems[0].hint)


@pytest.mark.usefixtures("with_cards")
def test_a_file_of_another_format_is_told_what_it_is(backend: Any, tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "all.vcf").write_text(CARDS)
    with pytest.raises(BadInput) as other:
        files.read_contacts(backend, feed("csv"), tmp_path, tmp_path / "rows")
    (problem,) = other.value.problems
    assert (problem.message, problem.hint) == ("this is a file of cards", "say `format: card`")
