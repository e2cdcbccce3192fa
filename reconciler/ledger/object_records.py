"""Keep a ledger's records in an object store.

A line is an object, `NAME/000000000017`, made only if there is none of that number: two writers never take one, and a
writer that was taken over is refused by the first number that its successor has used. Lines may be put at once and
arrive in any order; what counts is the number. A number that is missing was never confirmed, so nobody acted upon it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from reconciler.bucket.object_client import Bucket
from reconciler.bucket.object_urls import Url
from reconciler.bucket.store_errors import BucketError, Exists, Missing, Moved
from reconciler.ledger import record_store_interface
from reconciler.ledger.record_store_interface import Held
from reconciler.model.errors import LedgerError
from reconciler.model.secret import Secret
from reconciler.model.temporary_folder import temporary_folder
from reconciler.model.worker_pool import work_through

T = TypeVar("T")

READERS = 16
"""Requests at once when a record is read."""

_CLOCK = "clock"


class ObjectStore:
    """Records below a key of a bucket."""

    shared = True

    def __init__(self, url: Url, folder: Path) -> None:
        """Open the store at a URL; `folder` is one of this machine, for what can be made again.

        Raises:
            LedgerError: the environment does not say how to reach it.
        """
        self.folder = folder
        self._base = f"{url.key.strip('/')}/" if url.key.strip("/") else ""
        with _name_the_ledger():
            self._bucket = Bucket(url.scheme, url.bucket)

    def append(self, name: str, line: bytes, number: int = 0) -> None:
        """Put a line under its number."""
        number = number or self._read_last_number(name) + 1
        if not self._create(_line_name(name, number), line):
            raise LedgerError(
                f"somebody else has written line {number} of the ledger's {name}",
                where=self.locate(name, number),
                note="two runs must never write at once: this one was taken over, or its lock was removed",
                hint="see what the other run did before you go on",
            )

    def extend(self, name: str, lines: Sequence[bytes], number: int) -> None:
        """Add several lines, one after the other: each is an object of its own, and none may be missing before it."""
        for place, line in enumerate(lines, start=number):
            self.append(name, line, place)

    def read_lines(self, name: str) -> list[bytes]:
        """Every line that is there, in the order of their numbers."""

        def read(number: int) -> bytes:
            return self._bucket.read(self._key(_line_name(name, number)))[0]

        with _name_the_ledger():
            return list(work_through(read, self._list_numbers(name), READERS, "ledger"))

    def scan_lines(self, name: str) -> Iterator[bytes]:
        """The same: they are read many at once."""
        yield from self.read_lines(name)

    def read_last(self, name: str) -> tuple[int, bytes]:
        """The last line and its number."""
        number = self._read_last_number(name)
        if not number:
            return 0, b""
        with _name_the_ledger():
            return number, self._bucket.read(self._key(_line_name(name, number)))[0]

    def read_line(self, name: str, number: int) -> bytes | None:
        """One line by its number."""
        held = self.read(_line_name(name, number))
        return None if held is None else held.content

    def _list_numbers(self, name: str) -> list[int]:
        prefix = self._key(f"{name}/")
        names = (meta.key.removeprefix(prefix) for meta in self._bucket.list_under(prefix))
        return sorted(int(each) for each in names if each.isdigit())

    def _read_last_number(self, name: str) -> int:
        with _name_the_ledger():
            return max(self._list_numbers(name), default=0)

    def create(self, name: str, content: bytes) -> bool:
        """Make an object that is not there yet."""
        return self._create(name, content)

    def _create(self, name: str, content: bytes) -> bool:
        with _name_the_ledger():
            try:
                self._bucket.create(self._key(name), content)
            except Exists:
                # the reply to a first attempt may have been lost: then what is there is what was put
                return self._read_same(name, content) is not None
            return True

    def _read_same(self, name: str, content: bytes) -> Held | None:
        held = self.read(name)
        return held if held is not None and held.content == content else None

    def read(self, name: str) -> Held | None:
        """An object, if it is there."""
        with _name_the_ledger():
            try:
                content, meta = self._bucket.read(self._key(name))
            except Missing:
                return None
            return Held(content, meta.version)

    def read_age(self, name: str) -> float:
        """How old an object is; the store's clock is read by writing something now."""
        with _name_the_ledger():
            self._bucket.write(self._key(_CLOCK), b"")
            now = self._bucket.read_head(self._key(_CLOCK)).written
            try:
                return (now - self._bucket.read_head(self._key(name)).written).total_seconds()
            except Missing:
                return 0.0

    def replace(self, name: str, held: Held, content: bytes) -> bool:
        """Write an object anew, if it is still the one that was read."""
        return self.renew(name, held, content) is not None

    def renew(self, name: str, held: Held, content: bytes) -> Held | None:
        """Write an object anew, if it is still the one that was read: stores know no other way to make it young."""
        with _name_the_ledger():
            try:
                return Held(content, self._bucket.replace(self._key(name), content, held.version))
            except (Moved, Missing):
                return self._read_same(name, content)  # as in `_create`

    def remove(self, name: str, held: Held, content: bytes) -> None:
        """Leave a mark in an object's place: a store cannot take away the object that is meant and no other."""
        self.replace(name, held, content)

    def describe_exposure(self, name: str) -> str:
        """Who may read a bucket is its owner's to say, and not to be seen from here."""
        return ""

    def list_runs(self) -> list[str]:
        """The names of the runs."""
        with _name_the_ledger():
            return sorted(filter(record_store_interface.is_run, self._bucket.list_folders(self._key("runs/"))))

    def list_strangers(self) -> list[str]:
        """What else lies among them."""
        with _name_the_ledger():
            folders, files = self._bucket.list_entries(self._key("runs/"))
            return sorted([*files, *(each for each in folders if not record_store_interface.is_run(each))])

    @contextmanager
    def write_file(self, name: str) -> Iterator[Path]:
        """A file that is put there at the end."""
        with temporary_folder() as folder:
            path = folder / Path(name).name
            yield path
            with _name_the_ledger():
                self._bucket.upload(self._key(name), path)

    def fetch_file(self, name: str, into: Path) -> Path | None:
        """An object as a new file that only its owner may read."""
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = into / Path(name).name
        path.touch(mode=0o600)
        with _name_the_ledger():
            try:
                meta = self._bucket.read_head(self._key(name))
                with path.open("wb") as file:
                    file.writelines(self._bucket.stream(meta.key, meta.tag))
            except Missing:
                path.unlink()
                return None
        return path

    def locate(self, name: str, number: int = 0) -> str:
        """The URL of a record, or of a line."""
        return self._bucket.url(self._key(_line_name(name, number) if number else name))

    def read_or_create_token_key(self, given: str | None) -> Secret:
        """See `records.read_or_create_token_key`."""
        return record_store_interface.read_or_create_token_key(self, given)

    def _key(self, name: str) -> str:
        return f"{self._base}{name}"


def _line_name(name: str, number: int) -> str:
    return f"{name}/{number:012d}"


@contextmanager
def _name_the_ledger() -> Iterator[None]:
    """Say of an object store's error that it is the ledger that is kept there."""
    try:
        yield
    except BucketError as error:
        message = f"the ledger cannot be read or written: {error.message}"
        raise LedgerError(message, where=error.where, note=error.note, hint=error.hint) from None
