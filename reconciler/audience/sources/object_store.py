"""List and fetch the objects of an object store that a source names.

They are fetched one after the other into the folder of the run, are read as files are, and are gone when they have
been read. What people read of them is their URL.
"""

from __future__ import annotations

import os
import re
import shutil
from datetime import datetime
from itertools import islice
from pathlib import Path

from reconciler.bucket.object_client import Bucket, Meta
from reconciler.bucket.object_urls import NotAnAddress, Url, parse_url
from reconciler.bucket.store_errors import BucketError, Missing, Moved
from reconciler.model.problem import BadInput, Location, Problem

LARGEST = 64 << 30
"""Bytes of one object; and it must fit into the folder of the run."""

MOST_LISTED = 100_000
"""Objects under the fixed part of a pattern."""

ATTEMPTS = 3
"""Fetches of an object that is written anew while it is fetched."""

_PATTERN = re.compile(r"[*?\[]")


class Object:
    """An object that a feed names, as it was when it was found."""

    def __init__(self, bucket: Bucket, meta: Meta) -> None:
        self._bucket, self._meta = bucket, meta
        self.name = bucket.url(meta.key)

    @property
    def written(self) -> datetime:
        """When it was written last, by the store's clock."""
        return self._meta.written

    def fetch(self, into: Path) -> None:
        """Bring it here, whole, into a new file that only its owner may read.

        Raises:
            BadInput: it is gone, too large, written anew all the time, or the store does not serve it.
        """
        try:
            for _ in range(ATTEMPTS):
                self._refuse_too_large(into.parent)
                try:
                    self._copy(into)
                    return
                except Moved:
                    self._meta = self._bucket.read_head(self._meta.key)
            hint = "wait until whoever writes it is done"
            message = f"the object was written anew each of {ATTEMPTS} times it was fetched"
            raise BadInput([Problem(Location(self.name), "object-changed", message, hint=hint)])
        except BucketError as error:
            raise BadInput([_make_problem(Location(self.name), error)]) from None
        except OSError as error:
            message = f"the object cannot be kept in the folder of this run: {error.strerror}"
            raise BadInput([Problem(Location(self.name), "unreadable", message)]) from None

    def _copy(self, into: Path) -> None:
        count = 0
        with os.fdopen(os.open(into, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for piece in self._bucket.stream(self._meta.key, self._meta.tag):
                count += len(piece)
                file.write(piece)
        if count != self._meta.size:
            message = f"{count:,} bytes came, and the object has {self._meta.size:,}"
            note = "the transfer was cut short, or the store unpacks what it holds compressed (Content-Encoding)"
            raise BadInput([Problem(Location(self.name), "cut-short", message, note=note, hint="run it again")])

    def _refuse_too_large(self, folder: Path) -> None:
        room = min(LARGEST, shutil.disk_usage(folder).free)
        if self._meta.size > room:
            message = f"the object has {self._meta.size:,} bytes, and there is room for {room:,}"
            hint = "write it in several objects" if room == LARGEST else "set TMPDIR to a folder with more room"
            raise BadInput([Problem(Location(self.name), "object-too-large", message, hint=hint)])


def list_objects(pattern: str, where: Location) -> list[Object]:
    """The objects that a URL names, which may hold `*`, `?`, `[…]` and `**` after the bucket, in the order of names.

    Raises:
        BadInput: it is no URL of an object store, matches nothing, or the store does not answer.
    """
    try:
        url = parse_url(pattern)
        opened = Bucket(url.scheme, url.bucket)
        found = _find_metas(opened, url, where)
    except NotAnAddress as error:
        # without the URL: what is wrong with it may be that it holds a secret
        hint = "for example `s3://bucket/contacts/*.csv.gz`"
        raise BadInput([Problem(where, "not-an-object", str(error), hint=hint)]) from None
    except BucketError as error:
        raise BadInput([_make_problem(where, error)]) from None
    return [Object(opened, meta) for meta in found]


def list_alike(pattern: str, where: Location) -> list[str]:
    """The names of objects that a URL names, and of those that it names but for their case, or for `.gz` and `.zip`.

    Raises:
        BadInput: the store does not answer.
    """
    url = parse_url(pattern)
    if _PATTERN.search(url.key) is None:
        return []
    # of `*.zip` nothing would be left that says which objects are meant
    bare = normalise_name if normalise_name(url.key.rpartition("/")[2]).strip("*?") else str.casefold
    fits = _make_pattern(bare(url.key)).fullmatch
    bucket = Bucket(url.scheme, url.bucket)
    try:
        return [bucket.url(meta.key) for meta in _list_under(bucket, url) if meta.size and fits(bare(meta.key))]
    except BucketError as error:
        raise BadInput([_make_problem(where, error)]) from None


def normalise_name(name: str) -> str:
    """The name of a file without what makes no other of it: case, and what it is packed with."""
    return name.casefold().removesuffix(".gz").removesuffix(".zip")


def _list_under(bucket: Bucket, url: Url) -> list[Meta]:
    """The objects under the fixed part of a pattern; of too many, one more than `MOST_LISTED`."""
    prefix = _find_prefix(url)
    return list(islice(bucket.list_under(prefix), MOST_LISTED + 1))


def _find_prefix(url: Url) -> str:
    wild = _PATTERN.search(url.key)
    prefix = url.key[: wild.start() if wild else None].rpartition("/")[0]
    return prefix + "/" if prefix else ""


def _find_metas(bucket: Bucket, url: Url, where: Location) -> list[Meta]:
    wild = _PATTERN.search(url.key)
    if wild is None:
        if not url.key or url.key.endswith("/"):
            message = f"`{url}` names no object"
            raise BadInput([Problem(where, "not-an-object", message, hint=f"name objects, for example `{url}*.csv`")])
        return [_find_meta(bucket, url, where)]
    prefix, listed = _find_prefix(url), _list_under(bucket, url)
    if len(listed) > MOST_LISTED:
        message = f"there are more than {MOST_LISTED:,} objects under `{url.scheme}://{url.bucket}/{prefix}`"
        hint = "put more of the key before the first `*`, or keep the objects apart"
        raise BadInput([Problem(where, "too-many-objects", message, hint=hint)])
    exact = [meta for meta in listed if meta.key == url.key]
    fits = _make_pattern(url.key).fullmatch
    found = exact or [meta for meta in listed if fits(meta.key) and not _is_folder(bucket, meta)]
    if not found:
        message = f"no object matches `{url}`"
        note = f"{len(listed):,} objects are under `{url.scheme}://{url.bucket}/{prefix}`"
        raise BadInput([Problem(where, "no-file", message, note=note)])
    return sorted(found, key=lambda meta: meta.key)


def _find_meta(bucket: Bucket, url: Url, where: Location) -> Meta:
    try:
        return bucket.read_head(url.key)
    except Missing as error:
        # where only a head is asked for, a missing bucket answers alike; a listing tells them apart
        inside = next(bucket.list_under(f"{url.key}/"), None)
        hint = f"it is a folder; name its objects, for example `{url}/*.csv`" if inside else None
        raise BadInput([_make_problem(where, error, hint)]) from None


def _is_folder(bucket: Bucket, meta: Meta) -> bool:
    """Whether it is what some consoles put in the place of a folder: listed as `a/`, and not there as `a`."""
    if meta.size:
        return False
    try:
        bucket.read_head(meta.key)
    except Missing:
        return True
    return False


def _make_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern as an expression over keys: `*` stays between two slashes, `**` takes any number of folders."""
    parts, text = pattern.split("/"), ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            text += ".*" if last else "(?:[^/]+/)*"
        else:
            text += _translate_part(part) + ("" if last else "/")
    try:
        return re.compile(text, re.DOTALL)
    except re.error:
        raise NotAnAddress("a range between `[` and `]` goes backwards") from None


_WILD = re.compile(r"\*+|\?|\[(!?)(\]?[^\]]*)\]|.", re.DOTALL)


def _translate_part(part: str) -> str:
    text = ""
    for token in _WILD.finditer(part):
        word = token[0]
        if word.startswith("*"):
            text += "[^/]*"
        elif word == "?":
            text += "[^/]"
        elif token[2] is not None:
            inner = re.sub(r"([\\\[\]^&~|])", r"\\\1", token[2])
            text += f"(?!/)[{'^' if token[1] else ''}{inner}]"
        else:
            text += re.escape(word)
    return text


def _make_problem(where: Location, error: BucketError, hint: str | None = None) -> Problem:
    return Problem(where, error.code, error.message, note=error.note, hint=hint or error.hint)
