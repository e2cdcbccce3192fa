"""Which files are read, and what becomes of those that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.model.problem import Problem
from reconciler.steps.load import manifest_files
from reconciler.steps.load.manifest_files import read_file, read_manifests


def names(root: Path, *variables: Path) -> list[str]:
    return [source.name for source in read_manifests(root, variables)[0]]


def faults(root: Path) -> list[str]:
    return [f"{problem.where} {problem.code}" for problem in read_manifests(root)[1]]


def test_manifests_are_read_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("b.yaml", "a/z.yml", "a/b/c.yaml", ".hidden.yaml", ".git/x.yaml", "environments/e.yaml", "n.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a: 1")
    (tmp_path / "a" / "environments").mkdir()
    (tmp_path / "a" / "environments" / "deep.yaml").write_text("a: 1")
    assert names(tmp_path) == ["a/b/c.yaml", "a/environments/deep.yaml", "a/z.yml", "b.yaml"]
    assert names(tmp_path, tmp_path / "b.yaml") == ["a/b/c.yaml", "a/environments/deep.yaml", "a/z.yml"]


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert faults(tmp_path / "none") == [". no-workspace"]
    (tmp_path / "file").write_text("")
    assert faults(tmp_path / "file") == [". no-workspace"]


def test_a_folder_that_may_not_be_looked_at_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", refuse)
    assert faults(tmp_path) == [". no-workspace"]


def test_a_folder_within_that_may_not_be_looked_at_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def walk(root: Path, onerror: object) -> list[object]:
        assert callable(onerror)
        onerror(PermissionError(13, "Permission denied", str(root / "closed")))
        return []

    monkeypatch.setattr(os, "walk", walk)
    assert faults(tmp_path) == ["closed file-unreadable"]


def test_links_within_the_workspace_are_followed_to_files_only(tmp_path: Path) -> None:
    (tmp_path / ".data").mkdir()
    (tmp_path / ".data" / "a.yaml").write_text("a: 1")
    (tmp_path / "a.yaml").symlink_to(tmp_path / ".data" / "a.yaml")
    (tmp_path / "again").symlink_to(tmp_path / ".data")
    assert names(tmp_path) == ["a.yaml"]
    assert faults(tmp_path) == []


def test_links_out_of_the_workspace_are_problems(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "a.yaml").write_text("a: 1")
    (root / "a.yaml").symlink_to(outside / "a.yaml")
    (root / "folder").symlink_to(outside)
    assert faults(root) == ["folder path-outside-workspace", "a.yaml path-outside-workspace"]
    assert isinstance(read_file(root, outside / "a.yaml"), Problem)
    assert not isinstance(read_file(root, outside / "a.yaml", anywhere=True), Problem)


def test_what_is_no_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    (tmp_path / "nowhere.yaml").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.yaml")
    assert faults(tmp_path) == ["loop.yaml file-unreadable", "nowhere.yaml file-unreadable", "pipe.yaml not-a-file"]


def test_a_file_that_is_not_utf8_is_told_where_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("kind: x\nname: ü".encode() + b"\xff\n")
    assert faults(tmp_path) == ["a.yaml:2:8 not-utf8"]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_manifests(tmp_path)[0][0].text == "a: 1"


def test_a_name_that_is_not_utf8_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.yaml")).write_bytes(b"\xff")
    assert faults(tmp_path) == ["\ufffd.yaml:1:1 not-utf8"]


def test_a_file_has_a_largest_size(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"#" * manifest_files.FILE_BYTES)
    (tmp_path / "b.yaml").write_bytes(b"#" * (manifest_files.FILE_BYTES + 1))
    assert names(tmp_path) == ["a.yaml"]
    assert faults(tmp_path) == ["b.yaml file-too-large"]


def test_a_workspace_has_a_largest_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_files, "MANIFEST_FILES", 2)
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        (tmp_path / name).write_text("")
    assert faults(tmp_path) == [". too-many-files"]
