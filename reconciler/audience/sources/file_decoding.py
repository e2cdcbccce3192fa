# tested by: tests/audience/sources/test_zip_extraction.py
"""Decode a source file: archive, compression, text encoding.

A file that is something else than the manifest says is named for what it is, by how it begins.
"""

from __future__ import annotations

import codecs
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from reconciler.audience.sources import zip_extraction
from reconciler.audience.sources.formats import load_formats
from reconciler.audience.sources.source_files import Found, make_readable, open_file
from reconciler.model.problem import BadInput, Problem
from reconciler.model.source_specs import AnyFiles

_CHUNK = 1 << 16
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Byte-order marks; that of UTF-32 begins as that of UTF-16 does, and so comes first."""


def unpack_plain(file: Found, feed: AnyFiles, folder: Path) -> Iterator[tuple[Found, AnyFiles]]:
    """The file, or each file in it where it is a zip archive, as it can be read, and the feed that says how.

    What has to be laid down for that is in `folder`, and gone from there when the next one comes.

    Raises:
        BadInput: the file is something else than the feed says, or it cannot be unpacked.
    """
    if file.name.lower().endswith(".zip"):
        for member in zip_extraction.list_members(file, folder):
            yield from _iter_plain(member, feed, folder)
    else:
        yield from _iter_plain(file, feed, folder)


def _iter_plain(file: Found, feed: AnyFiles, folder: Path) -> Iterator[tuple[Found, AnyFiles]]:
    with make_readable(file), open_file(file) as source:
        start = source.read(_CHUNK)
    _refuse_other(file, feed, start)
    target = folder / "plain"
    kind = load_formats()[feed.format]
    if kind.seeks and file.compressed:
        lay_down = _decompress
    elif kind.is_text and (encoding := _find_utf16(file, feed, start)) is not None:
        feed = replace(feed, encoding="utf-8")

        def lay_down(file: Found, target: Path) -> None:
            _transcode(file, encoding, target)
    else:
        yield file, feed
        return
    try:
        with make_readable(file):
            lay_down(file, target)
        yield replace(file, path=target, unpacked=True), feed
    finally:
        target.unlink(missing_ok=True)


def _decompress(file: Found, target: Path) -> None:
    with open_file(file) as source, target.open("xb") as sink:
        target.chmod(0o600)
        shutil.copyfileobj(source, sink)


def _transcode(file: Found, encoding: str, target: Path) -> None:
    """Write a text of another encoding in UTF-8, line by line where it was; its byte-order mark is not text."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with open_file(file) as source, target.open("xb") as sink:
        target.chmod(0o600)
        first = True
        while chunk := source.read(_CHUNK):
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError:
                raise BadInput([_describe_not_utf16(file, line)]) from None
            text = text.removeprefix("\ufeff") if first and text else text
            first = first and not text
            line += text.count("\n")
            sink.write(text.encode())
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise BadInput([_describe_not_utf16(file, line)]) from None


def _describe_not_utf16(file: Found, line: int) -> Problem:
    message = "the file is not UTF-16, or is cut short, on this line or after it"
    return Problem(file.at(line), "not-utf-16", message, hint="write it again, or say which `encoding` it has")


def _find_utf16(file: Found, feed: AnyFiles, start: bytes) -> str | None:
    """In which form of UTF-16 a text is written; None: in none.

    Raises:
        BadInput: the file begins otherwise than the manifest says, or it does not say which form it is.
    """
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    if marked == "utf-32":
        hint = "write it as UTF-8"
        raise BadInput([Problem(file.at(), "not-utf-8", "the file is UTF-32, which is not read", hint=hint)])
    said = feed.encoding
    if said in ("utf-8", "utf-16", marked):
        if marked is not None:
            return marked
        if said == "utf-16":
            hint = "say `encoding: utf-16-le` (what Windows writes) or `utf-16-be`"
            message = "the file has no byte-order mark, so that nobody knows which form of UTF-16 it is"
            raise BadInput([Problem(file.at(), "no-byte-order-mark", message, hint=hint)])
        if said == "utf-8" and _looks_like_utf16(start):
            hint = "say `encoding: utf-16-le` (what Windows writes) or `utf-16-be`"
            raise BadInput([Problem(file.at(), "not-utf-8", "the file looks like UTF-16", hint=hint)])
        return None
    if marked is not None:
        message = f"the file begins as {marked} does, and the manifest says {said}"
        raise BadInput([Problem(file.at(), "another-encoding", message, hint="say `encoding: utf-16`")])
    return said if said.startswith("utf-16") else None


def _looks_like_utf16(start: bytes) -> bool:
    """Whether every second byte of what stands first is zero, as it is in letters and digits."""
    some = start[:200]
    return len(some) >= 4 and (not any(some[1::2]) or not any(some[0::2]))


def _refuse_other(file: Found, feed: AnyFiles, start: bytes) -> None:
    """Name a file for what it is, where that is not what the manifest says.

    Raises:
        BadInput: with what to say instead.
    """
    found = _recognise(file, start)
    if found is None or found[0] == feed.format:
        return
    _, message, hint = found
    raise BadInput([Problem(file.at(), "another-format", message, hint=hint)])


_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "this is a workbook of an old Excel (.xls), or one with a password",
        "save it as .xlsx without a password, or as CSV",
    ),
    (b"\x1f\x8b", "this is gzip", "give it a name that ends in .gz"),
    (b"SQLite format 3\0", "this is a SQLite database", "read it with `sql`"),
)
"""How a file begins that is of none of our formats, its name, and what to do."""


def _recognise(file: Found, start: bytes) -> tuple[str | None, str, str] | None:
    """Which of our formats a file is by how it begins, its name, and what to do; None: it may be anything."""
    for each in load_formats().values():
        if each.begins(file, start):
            return each.name, f"this is {each.is_called}", each.remedy
    if start.startswith(zip_extraction.ZIP):
        return None, "this is a zip archive", "give it a name that ends in .zip"
    return next(((None, name, hint) for mark, name, hint in _OTHERS if start.startswith(mark)), None)
