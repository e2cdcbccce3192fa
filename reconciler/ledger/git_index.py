"""Is a file tracked by git? The index says: to run git in a folder that somebody else made may run what is there.

The format: https://git-scm.com/docs/index-format. In versions 2 and 3 an entry has its whole path, ended by a NUL byte.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

_SIGNATURE = b"DIRC"


def is_tracked(path: Path) -> bool:
    """Whether the index of the working tree that a file lies in has it; False where that cannot be read."""
    with suppress(OSError, ValueError):
        whole = path.resolve()
        for root in whole.parents:
            if (root / ".git").exists():
                return _has(_index_of(root / ".git"), str(whole.relative_to(root)).encode())
    return False


def _index_of(git: Path) -> Path:
    """The index of a working tree: `.git` is a folder, or a file that names one."""
    if git.is_file():
        named = git.read_text(encoding="utf-8").partition("gitdir:")[2].strip()
        git = git.parent / named
    return git / "index"


def _has(index: Path, path: bytes) -> bool:
    content = index.read_bytes()
    # an entry's path follows its flags, whose low byte is the path's length; version 3 may have two bytes more
    length = (min(len(path), 0xFFF) & 0xFF).to_bytes()
    entry = re.escape(length) + b"(?:..)?" + re.escape(path) + b"\0"
    return content.startswith(_SIGNATURE) and re.search(entry, content, re.DOTALL) is not None
