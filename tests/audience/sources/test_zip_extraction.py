"""Archives and workbooks that would take all the room or the memory there is are refused, and nothing of them is left."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.audience.relations import engine
from reconciler.audience.sources import file_decoding, files, zip_extraction
from reconciler.audience.sources.formats import xlsx_inspection
from reconciler.model.problem import BadInput, Location
from reconciler.model.source_specs import Entries, FileFeed
from tests.workbooks import packed

HERE = Location("dnc.yaml", 5, 3)


def feed(name: str, kind: Any, **said: Any) -> FileFeed:
    phones = (("phone",),)
    return FileFeed(paths=(name,), format=kind, columns=(), phones=phones, entries=Entries(), where=HERE, **said)


def refused(backend: Any, root: Path, given: FileFeed) -> tuple[str, str]:
    with pytest.raises(BadInput) as raised:
        files.read_contacts(backend, given, root, root / "rows")
    (problem,) = raised.value.problems
    assert list((root / "rows").iterdir()) == []
    return problem.code, problem.message


def zipped(path: Path, members: Sequence[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)


def test_an_archive_that_unpacks_to_hundreds_of_times_its_size_is_refused(
    backend: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_extraction, "SMALL", 1 << 20)
    zipped(tmp_path / "a.zip", [("a.csv", b"phone\n" + b"\n" * (2 << 20))])
    assert refused(backend, tmp_path, feed("a.zip", "csv"))[0] == "too-large"


def test_the_members_of_an_archive_share_one_limit(
    backend: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_extraction, "LARGEST", 40)
    zipped(tmp_path / "a.zip", [(f"{n}.csv", b"phone\n+15555550100\n") for n in range(2)])
    assert files.read_contacts(backend, feed("a.zip", "csv"), tmp_path, tmp_path / "fits").count == 2
    zipped(tmp_path / "a.zip", [(f"{n}.csv", b"phone\n+15555550100\n") for n in range(3)])
    assert refused(backend, tmp_path, feed("a.zip", "csv"))[0] == "too-large"


def test_an_archive_that_lies_about_the_size_of_what_is_in_it_is_refused(backend: Any, tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", [("a.csv", b"phone\n+15555550100\n+15555550101\n")])
    content = bytearray((tmp_path / "a.zip").read_bytes())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = (19).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(content)
    # the second number must not be lost with what the archive does not admit to
    assert refused(backend, tmp_path, feed("a.zip", "csv"))[0] == "not-zip"


def test_nothing_that_an_archive_calls_itself_is_a_path(backend: Any, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    root.mkdir()
    zipped(root / "a.zip", [("../../out.csv", b"phone\n+15555550100\n"), ("/etc/b\n.csv", b"phone\n+15555550101\n")])
    read = files.read_contacts(backend, feed("a.zip", "csv"), root, root / "rows")
    table = engine.read_rows(backend, read).order_by("place").select("place")
    places = [row[0] for chunk in engine.stream_rows(backend, table, 10) for row in chunk]
    assert places == ["a.zip/'/etc/b\\n.csv':2", "a.zip/../../out.csv:2"]
    assert not (tmp_path / "out.csv").exists()
    assert not (tmp_path.parent / "out.csv").exists()


def test_a_sheet_with_a_cell_far_out_is_refused_before_anything_is_held(backend: Any, tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>phone</t></is></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    (tmp_path / "a.xlsx").write_bytes(packed({"Sheet1": rows}))
    assert refused(backend, tmp_path, feed("a.xlsx", "xlsx")) == (
        "too-large",
        "the sheet 'Sheet1' is too wide or too long: at most 64,000,000 cells are read",
    )


def test_a_workbook_that_defines_entities_is_refused(backend: Any, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(packed({"Sheet1": '<row r="1"><c r="A1"><f/></c></row>'}))
    content = io.BytesIO()
    with (
        zipfile.ZipFile(tmp_path / "a.xlsx") as whole,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        for name in whole.namelist():
            text = whole.read(name)
            if "sheet1" in name:
                text = text.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a "b">]>', 1)
            changed.writestr(name, text)
    (tmp_path / "a.xlsx").write_bytes(content.getvalue())
    assert refused(backend, tmp_path, feed("a.xlsx", "xlsx"))[0] == "not-xlsx"


def test_a_workbook_larger_than_is_read_is_refused(
    backend: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx_inspection, "LARGEST", 1000)
    (tmp_path / "a.xlsx").write_bytes(packed({"Sheet1": '<row r="1"><c r="A1"><v>1</v></c></row>'}))
    assert refused(backend, tmp_path, feed("a.xlsx", "xlsx"))[0] == "too-large"


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    names=st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6), max_size=8),
    encoding=st.sampled_from(["utf-16", "utf-16-le", "utf-16-be"]),
    chunk=st.integers(1, 9),
)
def test_a_text_in_utf_16_is_read_as_it_would_be_in_utf_8_wherever_it_is_cut(
    backend: Any, tmp_path_factory: pytest.TempPathFactory, names: list[str], encoding: str, chunk: int
) -> None:
    root = tmp_path_factory.mktemp("utf16")
    rows = "".join(f'"{name.replace(chr(34), chr(34) * 2)}",+15555550100\n' for name in names)
    text = f"name,phone\n{rows}"
    (root / "a.csv").write_bytes(text.encode(encoding))
    (root / "b.csv").write_text(text, encoding="utf-8", newline="")
    found = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(file_decoding, "_CHUNK", chunk * 7)
        for name, said in (("a.csv", encoding), ("b.csv", "utf-8")):
            contacts = FileFeed(
                paths=(name,),
                format="csv",
                columns=(("contactId", "name"),),
                phones=(("phone",),),
                encoding=said,  # type: ignore[arg-type]
                on_invalid="skip",
                where=HERE,
            )
            read = files.read_contacts(backend, contacts, root, root / "rows")
            table = engine.read_rows(backend, read).select("contactId", "phone", "place", "fault").order_by("place")
            rows_read = engine.list_rows(backend, table, tuple[str | None, str | None, str, object])
            found.append([(*row[:2], row[2].partition(":")[2], row[3]) for row in rows_read])
    assert found[0] == found[1]
