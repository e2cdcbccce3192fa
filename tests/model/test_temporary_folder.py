"""Does what a killed command left behind go away, and what a living one works with stay?"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.model.temporary_folder import remove_abandoned, temporary_folder

WORKING = """
import sys, time
from pathlib import Path
from reconciler.model.temporary_folder import temporary_folder
with temporary_folder(Path(sys.argv[1])) as folder:
    (folder / "rows").mkdir()
    (folder / "rows" / "people.parquet").write_text("+12025550100")
    print(folder, flush=True)
    time.sleep(60)
"""


def working(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    """A command that works with rows in a folder below `parent`, and the folder."""
    process = subprocess.Popen([sys.executable, "-c", WORKING, str(parent)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert (folder / "rows" / "people.parquet").exists()
    return process, folder


def test_a_folder_is_its_owners_alone_and_gone_at_the_end(tmp_path: Path) -> None:
    with temporary_folder(tmp_path) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.name.startswith("reconciler-")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RuntimeError), temporary_folder(tmp_path):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_command_left_is_taken_away_by_the_next_and_never_a_living_ones(tmp_path: Path) -> None:
    living, used = working(tmp_path)
    killed, left = working(tmp_path)
    try:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert (left / "rows" / "people.parquet").exists()
        with temporary_folder(tmp_path):
            assert not left.exists()
            assert (used / "rows" / "people.parquet").exists()
    finally:
        for process in (living, killed):
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
    assert remove_abandoned(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_this_process_is_held_against_itself(tmp_path: Path) -> None:
    with temporary_folder(tmp_path) as first, temporary_folder(tmp_path) as second:
        assert first.exists()
        assert second.exists()
        assert remove_abandoned(tmp_path) == 0


def test_only_ours_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "kept").touch()
    (tmp_path / "reconciler-link").symlink_to(tmp_path / "target")
    (tmp_path / "reconciler-file").touch()
    (tmp_path / "other-folder").mkdir(mode=0o700)
    (tmp_path / "other-folder" / ".held").touch()
    (tmp_path / "reconciler-shared").mkdir()
    (tmp_path / "reconciler-shared").chmod(0o777)
    (tmp_path / "reconciler-shared" / ".held").touch()
    before = sorted(tmp_path.rglob("*"))
    assert remove_abandoned(tmp_path) == 0
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("hours", "count"), [(23, 0), (25, 1)])
def test_a_folder_that_nobody_ever_locked_is_nobodys_after_a_day(tmp_path: Path, hours: int, count: int) -> None:
    folder = tmp_path / "reconciler-old"
    folder.mkdir(mode=0o700)
    (folder / "rows.parquet").touch()
    then = time.time() - hours * 3600
    for path in (folder / "rows.parquet", folder):
        os.utime(path, (then, then))
    assert remove_abandoned(tmp_path) == count
    assert folder.exists() is not bool(count)
