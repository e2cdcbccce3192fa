# tested by: tests/audience/sources/test_files.py
"""Find and open the files that a source names."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path

from reconciler.audience.sources import object_store, overlooked_dnc_files
from reconciler.bucket.object_urls import SCHEMES, scheme_of
from reconciler.model.problem import BadInput, Location, Problem, Problems
from reconciler.model.source_specs import AnyFiles, FileFeed
from reconciler.model.text_enumerations import shorten_list

_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Found:
    """A file, and its name as a person wrote it: relative to the workspace's root, or a URL.

    An object of an object store has no path before it is `at_hand`. What is `unpacked` is not compressed any more,
    whatever its name says.
    """

    path: Path
    name: str
    object: object_store.Object | None = None
    unpacked: bool = False

    @property
    def compressed(self) -> bool:
        """Whether it is to be read as gzip."""
        return self.name.endswith(".gz") and not self.unpacked

    def at(self, line: int = 0) -> Location:
        """A line of the file, counted from 1; 0 is the whole file."""
        return Location(self.name, line)


def find_files(feed: AnyFiles, root: Path) -> list[Found]:
    """The files that a feed names, each once, in the order of their names.

    Raises:
        BadInput: a path matches nothing (unless the feed is optional), is no file, leads outside the workspace, or to a
            store that does not serve it; every such path at once.
    """
    problems = Problems()
    files: dict[Path | str, Found] = {}
    optional = isinstance(feed, FileFeed) and feed.optional
    inside = root.resolve()
    for pattern in feed.paths:
        if scheme_of(pattern) in SCHEMES:
            refused = Problems()
            with refused.collect():
                there = object_store.list_objects(pattern, feed.where)
                files |= {each.name: Found(Path(), each.name, each) for each in there}
            problems += [each for each in refused if not (optional and each.code == "no-file")]
            continue
        refusal = _find_refusal(pattern, feed.where)
        if refusal is not None:
            problems.append(refusal)
            continue
        matched = list(_iter_matches(inside, pattern))
        if not matched and not optional:
            problems.append(
                Problem(
                    feed.where, "no-file", f"there is no file `{pattern}`", hint=_make_hint(pattern, inside, feed.where)
                )
            )
        for path in matched:
            name = path.relative_to(inside).as_posix()
            fault = _find_fault(path, name, inside, feed.where)
            if fault is not None:
                problems.append(fault)
            else:
                files.setdefault(path.resolve(), Found(path.resolve(), name))
    if isinstance(feed, FileFeed) and feed.entries is not None and not problems:
        problems += overlooked_dnc_files.find_overlooked(inside, feed, files)
    if not (problems or files or optional):
        problems.append(Problem(feed.where, "no-file", "no file is named"))
    problems.refuse()
    return sorted(files.values(), key=lambda file: file.name)


def _find_refusal(pattern: str, where: Location) -> Problem | None:
    """What is wrong with a path before it is looked up."""
    scheme = scheme_of(pattern)
    if scheme is not None:
        return Problem(
            where,
            "not-a-file",
            f"files are not read by `{scheme}://`",
            note="they are read from the workspace's folder, and from object stores: `s3://`, `gs://`, `az://`",
            hint="copy the file to one of them before the run, and name it there",
        )
    parts = Path(pattern).parts
    if not parts or Path(pattern).is_absolute() or ".." in parts or "\0" in pattern:
        return Problem(
            where,
            "outside-the-workspace",
            f"`{pattern}` is not a path inside the workspace",
            hint="copy the file into the workspace, and name it from its folder on, such as `data/people.csv`",
        )
    return None


def _iter_matches(inside: Path, pattern: str) -> Iterator[Path]:
    exact = inside / pattern
    # a file whose own name holds a bracket is meant before any pattern
    if exact.exists() or exact.is_symlink() or not _PATTERN.search(pattern):
        if exact.exists() or exact.is_symlink():
            yield exact
        return
    yield from sorted(inside.glob(pattern))


def _find_fault(path: Path, name: str, inside: Path, where: Location) -> Problem | None:
    if not path.resolve().is_relative_to(inside):
        return Problem(where, "outside-the-workspace", f"`{name}` leads outside the workspace")
    if path.is_dir():
        return Problem(where, "not-a-file", f"`{name}` is a folder", hint=f"name its files, for example `{name}/*.csv`")
    if not path.exists():
        return Problem(where, "no-file", f"`{name}` is a link to nothing")
    if not path.is_file():
        return Problem(where, "not-a-file", f"`{name}` is not a regular file")
    return None


def _make_hint(pattern: str, inside: Path, where: Location) -> str | None:
    folder = (inside / pattern).parent
    beside = Path(where.file).parent
    if beside.parts and ".." not in beside.parts and (inside / beside / pattern).exists():
        return f"paths begin at the workspace's folder; if that is `{beside.as_posix()}`, say `-w {beside.as_posix()}`"
    if (
        _PATTERN.search(pattern.rpartition("/")[0])
        or not folder.resolve().is_relative_to(inside)
        or not folder.is_dir()
    ):
        return None
    there = sorted(each.name for each in folder.iterdir() if each.is_file() and not each.name.startswith("."))
    # what the folder has, and no guess: a do-not-call list must not be taken for the customers' file beside it
    return f"the folder has {shorten_list([f'`{name}`' for name in there])}" if there else "the folder is empty"


@contextmanager
def check_files_exist(file: Found, scratch: Path) -> Iterator[Found]:
    """A file that can be opened; an object is brought to the new file `scratch`, and is gone from there at the end.

    Raises:
        BadInput: the object cannot be brought here.
    """
    if file.object is None:
        yield file
        return
    try:
        file.object.fetch(scratch)
        yield replace(file, path=scratch)
    finally:
        scratch.unlink(missing_ok=True)


def open_file(file: Found) -> gzip.GzipFile | BufferedReader:
    """The bytes of a file, uncompressed."""
    return gzip.open(file.path, "rb") if file.compressed else file.path.open("rb")


@contextmanager
def make_readable(file: Found) -> Iterator[None]:
    """Say of the file what is wrong with all of it.

    Raises:
        BadInput: it is cut short, or no gzip, or cannot be read.
    """
    try:
        yield
    except (EOFError, zlib.error):
        raise BadInput([Problem(file.at(), "cut-short", "the compressed file is cut short or damaged")]) from None
    except gzip.BadGzipFile as error:
        damaged = "CRC" in str(error) or "length" in str(error)
        message = "the compressed file is damaged" if damaged else "its name ends with .gz, but it is not gzip"
        raise BadInput([Problem(file.at(), "not-gzip", message)]) from None
    except OSError as error:
        raise BadInput([Problem(file.at(), "unreadable", f"the file cannot be read: {error.strerror}")]) from None


def describe_encoding_problem(where: Location) -> Problem:
    """What is said of bytes that are not UTF-8."""
    return Problem(
        where,
        "not-utf-8",
        "the file is not UTF-8",
        hint="say `encoding: latin-1` if it was written so, or write it as UTF-8",
    )
