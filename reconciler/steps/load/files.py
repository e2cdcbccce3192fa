"""Which files of a workspace hold manifests, and what do they say?

Every `*.yaml` and `*.yml` below the root is one, in the order of their paths. Not read: hidden files and folders
(`.github/`, `.gitlab-ci.yml`), the root's `environments/`, which holds variables, and files given with `--vars` or
`--floor`.
Links to folders are not followed. A link that leads out of the workspace is a problem, because a pull request
could otherwise make the tool read any file of the machine that runs it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.problem import Location, Problem

FILE_BYTES = 1024 * 1024
"""The most bytes that one file may have."""

MANIFEST_FILES = 10_000
"""The most files that one workspace may have."""

ENVIRONMENTS = "environments"
"""The folder of the root that holds one file of variables for each environment."""

WHOLE = Location(".")
"""The place of a problem that no file has."""

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file. `name` is its path from the root, as problems print it."""

    name: str
    text: str


def read_manifests(root: Path, others: tuple[Path, ...] = ()) -> tuple[list[Source], list[Problem]]:
    """The manifests' files of a workspace without `others`, and what kept any from being read."""
    if not _is_folder(root):
        hint = "name the folder that holds the manifests"
        return [], [Problem(WHOLE, "no-workspace", f"there is no folder {_printable(root)}", hint=hint)]
    problems: list[Problem] = []
    paths = sorted(_walk(root, {_target(path) for path in others}, problems))
    if len(paths) > MANIFEST_FILES:
        message = f"{len(paths):,} manifest files are more than the {MANIFEST_FILES:,} that a workspace may have"
        return [], [Problem(WHOLE, "too-many-files", message, hint="give each team a workspace of its own")]
    if not paths and not problems:
        hint = "write a manifest, or copy the starter manifests; hidden files are not read"
        return [], [Problem(WHOLE, "no-manifests", "this workspace has no *.yaml or *.yml file", hint=hint)]
    read = [read_file(root, path) for path in paths]
    problems += [item for item in read if isinstance(item, Problem)]
    return [item for item in read if isinstance(item, Source)], problems


def read_floors(root: Path, paths: tuple[Path, ...]) -> tuple[list[Source], list[Problem]]:
    """The files of floors, wherever they are, and what kept others from being read."""
    read = [read_file(root, path, anywhere=True) for path in dict.fromkeys(paths)]
    return [each for each in read if isinstance(each, Source)], [each for each in read if isinstance(each, Problem)]


def _walk(root: Path, skipped: set[Path], problems: list[Problem]) -> Iterator[Path]:
    inside = _target(root)

    def unreadable(error: OSError) -> None:
        problems.append(_unreadable(Location(shown_name(root, Path(error.filename))), error))

    for folder, names, files in os.walk(root, onerror=unreadable):
        here = Path(folder)
        names[:] = [n for n in names if not n.startswith(".") and not (here == root and n == ENVIRONMENTS)]
        for name in names:
            path = here / name
            if path.is_symlink() and not _target(path).is_relative_to(inside):
                problems.append(_outside(shown_name(root, path)))
        for name in files:
            path = here / name
            if name.startswith(".") or path.suffix not in _SUFFIXES:
                continue
            if _target(path) not in skipped:
                yield path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _target(path: Path) -> Path:
    """Where a path leads; a link that leads to itself leads nowhere, and reading it says so."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def read_file(root: Path, path: Path, *, anywhere: bool = False) -> Source | Problem:
    """The text of a file, or why there is none.

    Args:
        anywhere: whether the file may be outside the workspace, because a person named it on the command line.
    """
    name = shown_name(root, path)
    try:
        target = path.resolve()
        if not anywhere and not target.is_relative_to(root.resolve()):
            return _outside(name)
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            return Problem(Location(name), "not-a-file", "this is a folder or a device, not a file")
        with target.open("rb") as handle:
            content = handle.read(FILE_BYTES + 1)
    except (OSError, RuntimeError) as error:
        return _unreadable(Location(name), error)
    if len(content) > FILE_BYTES:
        message = f"the file is larger than the {FILE_BYTES // 1024:,} KiB that one file may have"
        return Problem(Location(name), "file-too-large", message, hint="split it; rows belong in data, not manifests")
    return _decoded(name, content)


def _decoded(name: str, content: bytes) -> Source | Problem:
    try:
        return Source(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        hint = "save the file as UTF-8"
        return Problem(Location(name, line, column), "not-utf8", "this is not UTF-8 text", hint=hint)


def shown_name(root: Path, path: Path) -> str:
    """A path as problems print it: from the root where it is below it."""
    return _printable(path.relative_to(root) if path.is_relative_to(root) else path)


def _printable(path: Path) -> str:
    # file names are bytes: one that is not UTF-8 must not end the program when it is printed
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def _outside(name: str) -> Problem:
    hint = "copy the files into the workspace"
    return Problem(Location(name), "path-outside-workspace", "this link leads out of the workspace", hint=hint)


def _unreadable(where: Location, error: Exception) -> Problem:
    reason = (error.strerror if isinstance(error, OSError) else None) or "it cannot be followed to a file"
    return Problem(where, "file-unreadable", "this cannot be read", note=reason)
