"""Extract files from zip archives safely.

A member is unpacked as it is read, into the folder of the run, under a name of ours: nothing that the archive calls
itself is a path here. What the archive says of sizes is not believed.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.audience.sources.source_files import Found
from reconciler.model.problem import BadInput, Problem, Problems

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""How a zip archive begins."""

LARGEST = 8 << 30
"""Bytes that are unpacked of one archive."""

MOST_TIMES = 200
"""How many times as large as the archive what is unpacked of it may be: lists of numbers come to ten times."""

SMALL = 64 << 20
"""Bytes that may be unpacked of any archive, however small it is."""

_CHUNK = 1 << 20
_NESTED = (".zip", ".gz", ".7z", ".rar", ".bz2", ".xz", ".tar")


@contextmanager
def open_zip(file: Found, code: str, message: str) -> Iterator[None]:
    """Say of an archive what is wrong with all of it.

    Raises:
        BadInput: it is none, or is damaged; `code` and `message` say so.
    """
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError, ValueError) as error:
        note = None if isinstance(error, ValueError) else str(error)
        raise BadInput([Problem(file.at(), code, message, note=note)]) from None


def list_members(file: Found, folder: Path) -> Iterator[Found]:
    """Each file in a zip archive, one after the other, unpacked into `folder` and gone from there when the next comes.

    It is called after the archive and itself: `registry.zip/202.txt`.

    Raises:
        BadInput: the archive is damaged, empty, or larger than may be; a member is encrypted, or an archive itself.
    """
    refused = "the archive is damaged, or is not a zip archive"
    with open_zip(file, "not-zip", refused), zipfile.ZipFile(file.path) as archive:
        inside = [each for each in archive.infolist() if not each.is_dir()]
        Problems(_refuse_members(file, inside)).refuse()
        room = min(LARGEST, max(SMALL, MOST_TIMES * file.path.stat().st_size))
        for number, member in enumerate(sorted(inside, key=lambda each: each.filename)):
            target = folder / f"member-{number}"
            try:
                room -= _unpack(file, archive, member, target, room)
                yield Found(target, _name_member(file, member), unpacked=True)
            finally:
                target.unlink(missing_ok=True)


def _name_member(file: Found, member: zipfile.ZipInfo) -> str:
    name = member.filename if member.filename.isprintable() else ascii(member.filename)
    return f"{file.name}/{name}"


def _refuse_members(file: Found, inside: list[zipfile.ZipInfo]) -> Iterator[Problem]:
    if not inside:
        yield Problem(file.at(), "empty-file", "the archive holds no file")
    for member in inside:
        called = Found(file.path, _name_member(file, member)).at()
        if member.flag_bits & 0x1:
            yield Problem(
                called, "encrypted", "the file in the archive is encrypted", hint="pack it without a password"
            )
        elif member.filename.lower().endswith(_NESTED):
            hint = "unpack the outer archive"
            yield Problem(called, "archive-in-archive", "the file in the archive is an archive itself", hint=hint)


def _unpack(file: Found, archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, room: int) -> int:
    """Write a member to a new file, no more than `room` bytes of it; how many it has."""
    size = 0
    with archive.open(member) as source, target.open("xb") as sink:
        target.chmod(0o600)
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > room:
                message = f"the archive holds more than {MOST_TIMES} times what it takes, or more than is read"
                hint = "unpack it, and name the files"
                raise BadInput([Problem(file.at(), "too-large", message, hint=hint)])
            sink.write(chunk)
    return size
