# tested by: tests/ledger/test_json_hmac.py
"""Tell whether git tracks a file, by reading its index.

The format: https://git-scm.com/docs/index-format. In versions 2 and 3 an entry has its whole path, ended by a NUL byte;
in version 4 what it has in common with the one before is left out. Part of an index may be in a file of its own
(`split index`). What links or other repositories are at a place has one entry of that place, and none below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_SIGNATURE = b"DIRC"
_HEADER, _STAT, _FLAGS = 12, 40, 2
_HASHES = (20, 32)
"""Bytes of an object's name: by SHA-1 and by SHA-256."""

_EXTENDED = 0x4000
_MOST_LINKS = 40


def is_tracked(path: Path) -> bool:
    """Whether the index of the working tree that a file lies in has it; False where that cannot be read."""
    with suppress(OSError, ValueError):
        whole = path.resolve()
        for root in whole.parents:
            if (root / ".git").exists():
                return _has(_find_index(root / ".git"), str(whole.relative_to(root)).encode())
    return False


def comes_with(path: Path, folder: Path) -> bool:
    """Whether whoever changes what git tracks of a folder can change a file, too: by itself, by a link on the way to
    it, or by the repository within that it is in. An index that cannot be read may have anything.
    """
    inside = folder.resolve()
    ways = tuple(_iter_ways(path))
    for root in (inside, *inside.parents):
        if not (root / ".git").exists():
            continue
        below = [str(each.relative_to(root)) for each in ways if each != root and each.is_relative_to(root)]
        try:
            index = _find_index(root / ".git")
            if any(_has(index, each.encode()) or _has(index, f"{each}/".encode()) for each in below):
                return True
        except FileNotFoundError:
            continue  # nothing was ever added
        except (OSError, ValueError):
            return bool(below)
    return False


def _iter_ways(path: Path, links: int = _MOST_LINKS) -> Iterator[Path]:
    """Everything that is gone through on the way to a file, its folders without links: links among it, and where they
    lead."""
    here = Path(path.anchor) if path.is_absolute() else Path.cwd().resolve()
    for part in path.parts[1:] if path.is_absolute() else path.parts:
        here = here.parent if part == ".." else here / part
        yield here
        if here.is_symlink() and links:
            yield from _iter_ways(here.parent / here.readlink(), links - 1)
            here = here.resolve()


def _find_index(git: Path) -> Path:
    """The index of a working tree: `.git` is a folder, or a file that names one."""
    if git.is_file():
        named = git.read_text(encoding="utf-8").partition("gitdir:")[2].strip()
        git = git.parent / named
    return git / "index"


def _has(index: Path, path: bytes) -> bool:
    """Whether an index has a path.

    Raises:
        OSError, ValueError: it cannot be read, or is none that is known.
    """
    contents = [index.read_bytes(), *(each.read_bytes() for each in index.parent.glob("sharedindex.*"))]
    return any(_contains(each, path) for each in contents)


def _contains(content: bytes, path: bytes) -> bool:
    version = int.from_bytes(content[4:8])
    if not content.startswith(_SIGNATURE) or version not in (2, 3, 4):
        raise ValueError("this is no index of git")
    if version == 4:
        return any(path in _iter_shortened_paths(content, size) for size in _HASHES)
    # an entry's path follows its flags, whose low byte is the path's length; version 3 may have two bytes more
    length = (min(len(path), 0xFFF) & 0xFF).to_bytes()
    entry = re.escape(length) + b"(?:..)?" + re.escape(path) + b"\0"
    return re.search(entry, content, re.DOTALL) is not None


def _iter_shortened_paths(content: bytes, size: int) -> Iterator[bytes]:
    """The paths of an index of version 4, as far as it can be read with object names of so many bytes."""
    at, path = _HEADER, b""
    for _ in range(int.from_bytes(content[8:12])):
        at += _STAT + size
        flags = int.from_bytes(content[at : at + _FLAGS])
        at += _FLAGS * (2 if flags & _EXTENDED else 1)
        dropped, at = _read_number(content, at)
        end = content.find(b"\0", at)
        if end < 0 or dropped > len(path):
            return  # the names of its objects have another length
        path = path[: len(path) - dropped] + content[at:end]
        at = end + 1
        yield path


def _read_number(content: bytes, at: int) -> tuple[int, int]:
    """A number of as many bytes as it needs, as in the offsets of a pack file, and where it ends."""
    value = 0
    for place in range(at, min(at + 9, len(content))):
        value = ((value + 1) << 7 if place > at else 0) | (content[place] & 0x7F)
        if not content[place] & 0x80:
            return value, place + 1
    return len(content), at
