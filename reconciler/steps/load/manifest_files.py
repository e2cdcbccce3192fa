"""Find and read the manifest files of a workspace.

Every `*.yaml` and `*.yml` below the root is one, in the order of their paths. Not read: hidden files and folders
(`.github/`, `.gitlab-ci.yml`), the root's `environments/`, which holds variables, files given with `--vars` or
`--floor`, and what the root's `.reconcilerignore` leaves out.
Links to folders are not followed. A link that leads outside the workspace is a problem, because a pull request
could otherwise make the tool read any file of the machine that runs it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from reconciler.ledger.git_index import comes_with
from reconciler.model.problem import Location, Problem, Problems
from reconciler.steps.load import ignore_file
from reconciler.steps.load.ignore_file import IGNORE_FILE, Ignores

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
    """The text of one file. `name` is its path from the root, as problems print it.

    `apart`: whether it is the operator's, and no part of the workspace. `with_manifests`: whether git has it beside
    the manifests.
    """

    name: str
    text: str
    apart: bool = False
    with_manifests: bool = False


class Files(NamedTuple):
    """The manifests' files, what kept others from being read, and how many files were left out as told."""

    sources: list[Source]
    problems: Problems
    ignored: int = 0


def read_manifests(root: Path, others: tuple[Path, ...] = ()) -> Files:
    """The manifests' files of a workspace without `others`, and what kept any from being read."""
    if not _is_folder(root):
        hint = "name the folder that holds the manifests"
        return Files(
            [], Problems([Problem(WHOLE, "no-workspace", f"there is no folder {_make_printable(root)}", hint=hint)])
        )
    left_out, problems = _read_ignores(root)
    walk = _Walk(root, {_resolve_target(path) for path in others}, left_out, problems)
    names = sorted(walk, key=lambda name: name.split("/"))
    if len(names) > MANIFEST_FILES:
        message = f"{len(names):,} manifest files are more than the {MANIFEST_FILES:,} that a workspace may have"
        hint = f"give each team a workspace of its own, or leave out what is no manifest with {IGNORE_FILE}"
        return Files([], Problems([Problem(WHOLE, "too-many-files", message, hint=hint)]), walk.ignored)
    if not names and not problems:
        hint = "write a manifest, or copy the starter manifests; hidden files are not read"
        message = "this workspace has no *.yaml or *.yml file"
        if walk.ignored:
            message += f" that {IGNORE_FILE} does not leave out"
        return Files([], Problems([Problem(WHOLE, "no-manifests", message, hint=hint)]), walk.ignored)
    read = [_read_in(root, name) for name in names]
    problems += [item for item in read if isinstance(item, Problem)]
    return Files([item for item in read if isinstance(item, Source)], problems, walk.ignored)


def _read_ignores(root: Path) -> tuple[Ignores, Problems]:
    """What is left out of the workspace, and what is wrong with the file that says so."""
    if not ignore_file.is_there(root):
        return ignore_file.ignore_nothing, Problems()
    source = read_file(root, root / IGNORE_FILE)
    return (
        (ignore_file.ignore_nothing, Problems([source]))
        if isinstance(source, Problem)
        else ignore_file.parse_patterns(source.text)
    )


def read_floors(root: Path, paths: tuple[Path, ...]) -> tuple[list[Source], Problems]:
    """The files of floors, wherever they are, and what kept others from being read."""
    inside = _resolve_target(root)
    read = {path: read_file(root, path, anywhere=True) for path in paths}
    found = [
        replace(each, apart=not _resolve_target(path).is_relative_to(inside), with_manifests=comes_with(path, inside))
        for path, each in read.items()
        if isinstance(each, Source)
    ]
    return found, Problems(each for each in read.values() if isinstance(each, Problem))


class _Walk:
    """The paths from the root of every file that may be a manifest, in the order in which the system has them."""

    def __init__(self, root: Path, skipped: set[Path], left_out: Ignores, problems: Problems) -> None:
        self.root, self.left_out, self.problems = root, left_out, problems
        self.skipped, self.skipped_names = skipped, {path.name for path in skipped}
        self.ignored = 0

    def __iter__(self) -> Iterator[str]:
        base = str(self.root)
        for folder, names, files in os.walk(self.root, onerror=self._unreadable):
            above = os.path.relpath(folder, base).replace(os.sep, "/") + "/" if folder != base else ""
            names[:] = [name for name in names if self._enters(above, name)]
            for name in files:
                if not name.startswith(".") and name.endswith(_SUFFIXES) and not self._skips(above + name):
                    yield above + name

    def _unreadable(self, error: OSError) -> None:
        self.problems.append(_describe_unreadable(Location(format_name(self.root, Path(error.filename))), error))

    def _enters(self, above: str, name: str) -> bool:
        if name.startswith(".") or (not above and name == ENVIRONMENTS) or self.left_out(f"{above}{name}/"):
            return False
        path = self.root / f"{above}{name}"
        if path.is_symlink() and not _resolve_target(path).is_relative_to(_resolve_target(self.root)):
            self.problems.append(_describe_outside(format_name(self.root, path)))
        return True

    def _skips(self, name: str) -> bool:
        path = self.root / name
        if (
            self.skipped
            and (path.name in self.skipped_names or path.is_symlink())
            and _resolve_target(path) in self.skipped
        ):
            return True
        left_out = self.left_out(name)
        self.ignored += left_out
        return left_out


def _read_in(root: Path, name: str) -> Source | Problem:
    """A file of a folder that is known to be in the workspace: only where it is a link itself may it lead out."""
    path = f"{root}/{name}"
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return read_file(root, root / name)
    with os.fdopen(handle, "rb") as opened:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return read_file(root, root / name)
        return _read_within_size(_make_printable(Path(name)), opened)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _resolve_target(path: Path) -> Path:
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
    name = format_name(root, path)
    try:
        target = path.resolve()
        if not anywhere and not target.is_relative_to(root.resolve()):
            return _describe_outside(name)
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            return Problem(Location(name), "not-a-file", "this is a folder or a device, not a file")
        with target.open("rb") as opened:
            return _read_within_size(name, opened)
    except (OSError, RuntimeError) as error:
        return _describe_unreadable(Location(name), error)


def _read_within_size(name: str, opened: BinaryIO) -> Source | Problem:
    try:
        content = opened.read(FILE_BYTES + 1)
    except OSError as error:
        return _describe_unreadable(Location(name), error)
    if len(content) > FILE_BYTES:
        message = f"the file is larger than the {FILE_BYTES // 1024:,} KiB that one file may have"
        return Problem(Location(name), "file-too-large", message, hint="split it; rows belong in data, not manifests")
    return _decode(name, content)


def _decode(name: str, content: bytes) -> Source | Problem:
    try:
        return Source(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        hint = "save the file as UTF-8"
        return Problem(Location(name, line, column), "not-utf8", "this is not UTF-8 text", hint=hint)


def format_name(root: Path, path: Path) -> str:
    """A path as problems print it: from the root where it is below it."""
    return _make_printable(path.relative_to(root) if path.is_relative_to(root) else path)


def _make_printable(path: Path) -> str:
    # file names are bytes: one that is not UTF-8 must not end the program when it is printed
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def _describe_outside(name: str) -> Problem:
    hint = "copy the files into the workspace"
    return Problem(Location(name), "path-outside-workspace", "this link leads outside the workspace", hint=hint)


def _describe_unreadable(where: Location, error: Exception) -> Problem:
    reason = (error.strerror if isinstance(error, OSError) else None) or "it does not lead to a file"
    return Problem(where, "file-unreadable", "this cannot be read", note=reason)
