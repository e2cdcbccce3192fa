# tested by: tests/audience/sources/test_folder_check.py
"""Find do-not-call files that the pattern of a source nearly matches, and so misses.

Of another case, or compressed; in a folder that is a link, into which `**` does not look; in one that cannot be listed,
of which a pattern says nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from fnmatch import translate
from pathlib import Path

from reconciler.audience.sources import object_store
from reconciler.bucket.object_urls import scheme_of
from reconciler.model.problem import Problem
from reconciler.model.source_specs import FileFeed

_PATTERN = re.compile(r"[*?\[]")
_HINT = "name it as well, or move it elsewhere: its numbers would suppress nobody"


def find_overlooked(inside: Path, feed: FileFeed, files: Collection[Path | str]) -> Iterator[Problem]:
    """A problem for each such file or folder, beside the files that the feed names; `inside` is the workspace."""
    for pattern in feed.paths:
        if scheme_of(pattern):
            others = (each for each in object_store.list_alike(pattern, feed.where) if each not in files)
            yield from (_describe_overlooked(feed, each, pattern) for each in others)
            continue
        if not _PATTERN.search(pattern) or (inside / pattern).exists():
            continue
        *above, last = Path(pattern).parts
        named = set(_list_named(inside, above))
        for path in _list_folders(inside, above):
            name = path.relative_to(inside).as_posix()
            try:
                there = sorted(path.iterdir())
            except OSError as error:
                message = f"the folder `{name}` cannot be read: {error.strerror}"
                yield Problem(feed.where, "unreadable", message, note=f"`{pattern}` would pass over what is in it")
                continue
            found = [*_iter_alike(there, last)] if path in named else []
            if "**" in above:
                found += (each for each in there if _is_linked(each, [*above[above.index("**") :], last], files))
            for each in found:
                if each.resolve() not in files:
                    yield _describe_overlooked(feed, each.relative_to(inside).as_posix(), pattern)


def _describe_overlooked(feed: FileFeed, name: str, pattern: str) -> Problem:
    message = f"`{name}` would not be read: `{pattern}` does not name it"
    return Problem(feed.where, "passed-over", message, hint=_HINT)


def _list_folders(inside: Path, above: list[str]) -> list[Path]:
    """Every folder that is looked into for a pattern."""
    found: dict[Path, None] = {}
    first = next((place for place, part in enumerate(above) if _PATTERN.search(part)), len(above))
    for depth in range(first, len(above) + 1):
        found |= dict.fromkeys(_list_named(inside, above[:depth]))
    return [*found]


def _list_named(inside: Path, parts: list[str]) -> list[Path]:
    """The folders that the folder's part of a pattern names."""
    name = "/".join(parts)
    there = inside.glob(name) if _PATTERN.search(name) else (inside / name,)
    return sorted(each for each in there if each.is_dir())


def _iter_alike(there: list[Path], last: str) -> Iterator[Path]:
    """The files whose names differ by case alone from what is named, or by what they are packed with."""
    # of `*.zip` nothing would be left that says which files are meant
    bare = object_store.normalise_name if object_store.normalise_name(last).strip("*?") else str.casefold
    wanted = re.compile(translate(bare(last)))
    for path in there:
        if path.is_file() and not path.name.startswith(".") and wanted.match(bare(path.name)):
            yield path


def _is_linked(path: Path, pattern: list[str], files: Collection[Path | str]) -> bool:
    """Whether a path is a link to a folder with files that are meant and read by no other name."""
    if not (path.is_symlink() and path.is_dir()):
        return False
    return not os.access(path, os.R_OK) or any(each.resolve() not in files for each in path.glob("/".join(pattern)))
