"""A folder in which a do-not-call list keeps its numbers is there and holds them alone, or the plan stops and says which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.audience.sources import files
from reconciler.model.problem import BadInput, Location
from reconciler.model.source_specs import Entries, FileFeed
from tests.s3 import S3

HERE = Location("dnc.yaml", 5, 3)
STORE = FileFeed(
    paths=("data/asked/*.jsonl",),
    format="jsonl",
    columns=(),
    phones=(("phone",),),
    only=True,
    entries=Entries(),
    where=HERE,
)
ENTRY = '{"phone": "+15555550100", "contactId": "C1"}\n'

Make = Callable[[Path], None]


def put(name: str, text: str = ENTRY) -> Make:
    def make(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return make


def folder(name: str) -> Make:
    return lambda root: (root / name).mkdir(parents=True)


def link(name: str, to: str) -> Make:
    def make(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(to)

    return make


def refused(backend: Any, root: Path, feed: FileFeed) -> tuple[str, str, str]:
    with pytest.raises(BadInput) as raised:
        files.read_contacts(backend, feed, root, root / "rows")
    (problem,) = raised.value.problems
    assert problem.where == HERE
    return problem.code, problem.message, problem.hint or ""


def count(backend: Any, root: Path, feed: FileFeed) -> int:
    return files.read_contacts(backend, feed, root, root / "rows").count


ABSENT = [
    ((), "no-folder", "there is no folder `data/asked`"),
    ((folder("data"),), "no-folder", "there is no folder `data/asked`"),
    ((folder("data/asked"),), "empty-folder", "the folder `data/asked` holds no numbers"),
    ((put("data/asked/.DS_Store"),), "empty-folder", "the folder `data/asked` holds no numbers"),
    # the draft of an addition that was never finished
    ((put("data/asked/.0123.jsonl.89ab"),), "empty-folder", "the folder `data/asked` holds no numbers"),
]
FOREIGN = [
    ((put("data/asked"),), "not-a-folder", "`data/asked` is a file"),
    ((put("data"),), "not-a-folder", "`data` is a file"),
    ((link("data/asked", "gone"),), "no-folder", "`data/asked` is a link to nothing"),
    ((link("data/asked", "/etc"),), "outside-the-workspace", "leads outside the workspace"),
    ((put("data/asked/a.json"),), "other-files", "`a.json`"),
    ((put("data/asked/a.jsonl.gz"),), "other-files", "`a.jsonl.gz`"),
    ((put("data/asked/a.JSONL"),), "other-files", "`a.JSONL`"),
    ((put("data/asked/a.ndjson"), put("data/asked/a.jsonl")), "other-files", "`a.ndjson`"),
    ((put("data/asked/2026/a.jsonl"),), "other-files", "`2026/`"),
    ((folder("data/asked/b.jsonl"), put("data/asked/a.jsonl")), "other-files", "`b.jsonl/`"),
]


@pytest.mark.parametrize(("made", "code", "told"), [*ABSENT, *FOREIGN])
def test_a_store_that_is_not_there_or_holds_something_else_is_refused(
    backend: Any, tmp_path: Path, made: tuple[Make, ...], code: str, told: str
) -> None:
    for make in made:
        make(tmp_path)
    found, message, _ = refused(backend, tmp_path, STORE)
    assert found == code
    assert told in message


@pytest.mark.parametrize("made", [case[0] for case in ABSENT])
def test_a_store_that_may_begin_empty_may_be_absent_or_empty(
    backend: Any, tmp_path: Path, made: tuple[Make, ...]
) -> None:
    for make in made:
        make(tmp_path)
    assert count(backend, tmp_path, replace(STORE, optional=True)) == 0


@pytest.mark.parametrize(("made", "code", "told"), FOREIGN)
def test_a_store_that_may_begin_empty_holds_nothing_else_all_the_same(
    backend: Any, tmp_path: Path, made: tuple[Make, ...], code: str, told: str
) -> None:
    for make in made:
        make(tmp_path)
    found, message, _ = refused(backend, tmp_path, replace(STORE, optional=True))
    assert (found, told in message) == (code, True)


def test_a_store_with_numbers_is_read_whatever_systems_leave_beside_them(backend: Any, tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl", ".DS_Store", ".gitkeep"):
        put(f"data/asked/{name}")(tmp_path)
    assert count(backend, tmp_path, STORE) == 2


def test_a_store_that_is_misspelt_is_told_what_may_be_meant(backend: Any, tmp_path: Path) -> None:
    put("data/asked-us/a.jsonl")(tmp_path)
    assert refused(backend, tmp_path, STORE)[2].startswith("did you mean `data/asked-us`?")
    put("date/asked/a.jsonl")(tmp_path)
    other = replace(STORE, paths=("dta/asked/*.jsonl",))
    assert refused(backend, tmp_path, other)[2].startswith("did you mean `data`?")


def test_a_store_of_an_object_store_is_held_to_the_same(backend: Any, tmp_path: Path, s3_here: S3) -> None:
    bucket = s3_here.bucket()
    store = replace(STORE, paths=(f"s3://{bucket}/asked/*.jsonl",))
    assert refused(backend, tmp_path, store)[0] == "empty-folder"
    assert count(backend, tmp_path, replace(store, optional=True)) == 0
    s3_here.put(bucket, "asked/a.jsonl", ENTRY.encode())
    assert count(backend, tmp_path, store) == 1
    s3_here.put(bucket, "asked/b.json", ENTRY.encode())
    s3_here.put(bucket, "asked/2026/c.jsonl", ENTRY.encode())
    code, message, _ = refused(backend, tmp_path, replace(store, optional=True))
    assert (code, "`b.json`, `2026/`" in message) == ("other-files", True)
    s3_here.put(bucket, "file", ENTRY.encode())
    of_an_object = replace(store, paths=(f"s3://{bucket}/file/*.jsonl",), optional=True)
    assert refused(backend, tmp_path, of_an_object)[0] == "not-a-folder"
    assert refused(backend, tmp_path, replace(store, paths=("s3://no-such-bucket/a/*.jsonl",), optional=True))[0]
