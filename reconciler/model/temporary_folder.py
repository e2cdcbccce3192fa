"""Make a temporary folder that is removed even after a kill.

Each command has a folder of its own, with a file in it that it holds locked for as long as it lives: the system lets go
of the lock when the process ends, however that was. Whoever finds a folder whose lock is free takes it away.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "reconciler-"
_DRAFT = ".reconciler-new-"
_HELD = ".held"
_FORGOTTEN = 24 * 3600.0
"""Seconds after which a folder without a lock is nobody's: an older edition made it, or it was never begun."""


@contextmanager
def temporary_folder(parent: Path | None = None) -> Iterator[Path]:
    """A folder for the owner alone, gone at the end; what killed commands left beside it is taken away first.

    `parent` is the system's folder for temporary files where nothing is said.
    """
    parent = parent or Path(tempfile.gettempdir())
    remove_abandoned(parent)
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=parent))
    held = _hold(draft / _HELD)
    # it appears under its name with its lock held, so that nobody takes it for abandoned
    folder = draft.rename(parent / (PREFIX + draft.name.removeprefix(_DRAFT)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def _hold(path: Path) -> int | None:
    """Lock a new file; None where the file system knows no locks: what is left behind is then nobody's after a day."""
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        new.rename(path)  # nobody finds it unlocked
    except OSError:
        os.close(descriptor)
        new.unlink(missing_ok=True)
        return None
    return descriptor


def remove_abandoned(parent: Path) -> int:
    """Take away the folders of commands that were killed, and only ours; how many there were."""
    count = 0
    with suppress(OSError):
        for folder in parent.iterdir():
            if folder.name.startswith((PREFIX, _DRAFT)) and _is_ours(folder):
                count += _remove_if_abandoned(folder)
    return count


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder, no link to one, that this user owns and nobody else may write in."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def _remove_if_abandoned(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / _HELD, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return _remove_if_forgotten(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False  # its command lives, on this machine or on another that shares the folder
    else:
        shutil.rmtree(folder, ignore_errors=True)
        return True
    finally:
        os.close(descriptor)


def _remove_if_forgotten(folder: Path) -> bool:
    with suppress(OSError):
        newest = max(each.lstat().st_mtime for each in (folder, *folder.rglob("*")))
        if time.time() - newest > _FORGOTTEN:
            shutil.rmtree(folder, ignore_errors=True)
            return True
    return False
