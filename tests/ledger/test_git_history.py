"""Does git say of a file when it was committed, and nothing where it cannot know?"""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.ledger.git_history import find_commit_time

FIRST, SECOND = "2026-06-01T12:00:00+00:00", "2026-07-01T12:00:00+00:00"


def git(folder: Path, *words: str, at: str = FIRST) -> None:
    around = {
        **os.environ,
        "GIT_AUTHOR_DATE": at,
        "GIT_COMMITTER_DATE": at,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *words], cwd=folder, env=around, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two files, the second of a later commit."""
    root = tmp_path / "repository"
    (root / "data").mkdir(parents=True)
    git(root, "init")
    for name, at in (("a.csv", FIRST), ("b.csv", SECOND)):
        (root / "data" / name).write_text("id\n1\n", encoding="utf-8")
        git(root, "add", ".")
        git(root, "commit", "-m", name, at=at)
    return root


def test_a_file_is_of_the_last_commit_that_changed_it(repository: Path) -> None:
    told = [find_commit_time(repository / "data" / name, os.environ) for name in ("a.csv", "b.csv")]
    assert told == [datetime(2026, 6, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 12, tzinfo=UTC)]


def test_a_file_that_was_changed_since_or_never_committed_is_of_no_commit(repository: Path) -> None:
    (repository / "data" / "a.csv").write_text("id\n2\n", encoding="utf-8")
    (repository / "data" / "new.csv").write_text("id\n2\n", encoding="utf-8")
    assert find_commit_time(repository / "data" / "a.csv", os.environ) is None
    assert find_commit_time(repository / "data" / "new.csv", os.environ) is None


def test_a_clone_without_its_history_knows_nothing(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--depth", "1", f"file://{repository}", "shallow")
    assert find_commit_time(tmp_path / "shallow" / "data" / "a.csv", os.environ) is None


def test_without_git_or_a_repository_nobody_knows(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "lone.csv").write_text("id\n", encoding="utf-8")
    assert find_commit_time(tmp_path / "lone.csv", {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)}) is None
    assert find_commit_time(repository / "data" / "a.csv", {"PATH": str(tmp_path)}) is None


def test_nothing_that_the_repository_names_is_run(repository: Path) -> None:
    git(repository, "config", "core.fsmonitor", f"touch {repository / 'ran'}; false")
    assert find_commit_time(repository / "data" / "a.csv", os.environ) is not None
    assert not (repository / "ran").exists()
