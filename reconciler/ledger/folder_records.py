"""Keep a ledger's records in a folder, so that they survive a power failure."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from reconciler.bucket.object_urls import SCHEMES, NotAnAddress, parse_url, scheme_of
from reconciler.ledger import record_store_interface
from reconciler.ledger.folder_sync import sync_folder
from reconciler.ledger.git_index import is_tracked
from reconciler.ledger.object_records import ObjectStore
from reconciler.ledger.record_store_interface import Held, Records
from reconciler.model.errors import LedgerError
from reconciler.model.secret import Secret


def open_store(url: str, root: Path) -> Records:
    """The store at `file://PATH`, or in an object store.

    Raises:
        LedgerError: it cannot be opened.
    """
    if scheme_of(url) not in SCHEMES:
        return Store(url, root)
    try:
        return ObjectStore(parse_url(url), root / ".reconciler")
    except NotAnAddress as error:
        raise LedgerError(f"the ledger's URL cannot be used: {error}") from None


class Store:
    """A folder of records, made when first needed."""

    shared = False

    def __init__(self, url: str, root: Path) -> None:
        """Open the store at `file://PATH`, a path relative to the workspace's `root` unless it is absolute.

        Raises:
            LedgerError: the folder cannot be made or written to.
        """
        self.folder = root / url.removeprefix("file://")
        self._guard = threading.Lock()
        self._named: set[str] = set()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(f"the ledger cannot be stored in {self.folder}", note=error.strerror) from error

    def append(self, name: str, line: bytes, number: int = 0) -> None:
        """Add a line to a record and wait until it is on the disk; where it stands in the file is its number.

        Raises:
            LedgerError: it could not be written.
        """
        self.extend(name, [line], number)

    def extend(self, name: str, lines: Sequence[bytes], number: int) -> None:
        """Add several lines to a record, at once, and wait until they are on the disk; all of them, or none.

        Raises:
            LedgerError: they could not be written.
        """
        path = self.folder / name
        with _name_the_ledger(name, "written"), self._guard:
            self._make_folder_of(path)
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _append_synced(descriptor, b"".join(line + b"\n" for line in lines))
            finally:
                os.close(descriptor)
            if name not in self._named:  # whoever made the file may have died before its name was on the disk
                sync_folder(path.parent)
                self._named.add(name)

    def read_lines(self, name: str) -> list[bytes]:
        """The whole lines of a record; a last line that a crash cut short was never acted upon and is left out."""
        path = self.folder / name
        if not path.exists():
            return []
        with _name_the_ledger(name), _open_file(path) as file:
            *whole, _cut = file.read().split(b"\n")
        return whole

    def scan_lines(self, name: str) -> Iterator[bytes]:
        """The same, one by one."""
        path = self.folder / name
        if path.exists():
            with _name_the_ledger(name), _open_file(path) as file:
                yield from (line[:-1] for line in file if line.endswith(b"\n"))

    def read_last(self, name: str) -> tuple[int, bytes]:
        """The last line and its number."""
        number, last = 0, b""
        for number, last in enumerate(self.scan_lines(name), start=1):  # noqa: B007 - what the loop ends with is wanted
            pass
        return number, last

    def read_line(self, name: str, number: int) -> bytes | None:
        """One line by its number."""
        return next(islice(self.scan_lines(name), number - 1, None), None) if number > 0 else None

    def create(self, name: str, content: bytes) -> bool:
        """Make a record that is not there yet; False if it is."""
        path = self.folder / name
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with _name_the_ledger(name, "written"):
            self._make_folder_of(path)
            try:
                draft.touch(mode=0o600)
                with draft.open("wb") as handle:
                    handle.write(content)
                    handle.flush()
                    os.fsync(handle.fileno())
                # a link, unlike a rename, fails where the record exists; and it appears whole or not at all
                os.link(draft, path)
            except FileExistsError:
                return False
            finally:
                draft.unlink(missing_ok=True)
            sync_folder(path.parent)
            return True

    def read(self, name: str) -> Held | None:
        """A record, if it is there."""
        with _name_the_ledger(name):
            try:
                with _open_file(self.folder / name) as file:
                    return Held(file.read())
            except FileNotFoundError:
                return None

    def read_age(self, name: str) -> float:
        """Seconds since a record was written or renewed; what is written now says what time it is there.

        A folder of another machine has a clock of its own.
        """
        probe = self.folder / f".now.{secrets.token_hex(4)}"
        try:
            probe.touch(mode=0o600)
            return probe.stat().st_mtime - (self.folder / name).stat().st_mtime
        except FileNotFoundError:
            return 0.0
        except OSError as error:
            raise LedgerError(f"the ledger's {name} cannot be read", note=error.strerror) from error
        finally:
            probe.unlink(missing_ok=True)

    def replace(self, name: str, held: Held, content: bytes) -> bool:
        """Put another in the place of a record, if it is still the one that was read."""
        path = self.folder / name
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with _name_the_ledger(name, "written"):
            try:
                path.rename(aside)  # of several that replace it, one gets it
            except FileNotFoundError:
                return False
            same = aside.is_file() and aside.read_bytes() == held.content
            if not same:  # somebody has replaced it while we looked: it goes back
                with suppress(FileExistsError):
                    os.link(aside, path)
            aside.unlink()
            return same and self.create(name, content)

    def renew(self, name: str, held: Held, content: bytes) -> Held | None:
        """Make a record young again; its content stays: no file can be written only if it is still the same."""
        if self.read(name) != held:
            return None
        with _name_the_ledger(name, "written"):
            os.utime(self.folder / name)
        return held

    def remove(self, name: str, held: Held, content: bytes) -> None:
        """Take a record away, unless it is another by now."""
        if self.read(name) == held:
            with _name_the_ledger(name, "written"):
                (self.folder / name).unlink(missing_ok=True)

    def describe_exposure(self, name: str) -> str:
        """Whether others may read or write a file, or it is kept in git."""
        path = self.folder / name
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            return f"others than its owner may read or write it (mode {mode:04o})"
        return "it is tracked by git" if is_tracked(path) else ""

    def list_runs(self) -> list[str]:
        """The names of the runs."""
        return [name for name, ours in self._iter_runs_folder() if ours]

    def list_strangers(self) -> list[str]:
        """What else lies among them."""
        return [name for name, ours in self._iter_runs_folder() if not ours]

    def _iter_runs_folder(self) -> Iterator[tuple[str, bool]]:
        """Everything in the folder of the runs, sorted, and whether it is one."""
        folder = self.folder / "runs"
        for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
            yield entry.name, entry.is_dir() and record_store_interface.is_run(entry.name)

    @contextmanager
    def write_file(self, name: str) -> Iterator[Path]:
        """The path of a record; its folders are made, and are on the disk with it."""
        path = self.folder / name
        with _name_the_ledger(name, "written"):
            self._make_folder_of(path)
            yield path
            sync_folder(path.parent)

    def fetch_file(self, name: str, into: Path) -> Path | None:
        """The path of a record, if it is there."""
        path = self.folder / name
        return path if path.exists() else None

    def locate(self, name: str, number: int = 0) -> str:
        """The path of a record, and the number of a line."""
        return f"{self.folder / name}:{number}" if number else str(self.folder / name)

    def read_or_create_token_key(self, given: str | None) -> Secret:
        """The key that contacts' tokens are made with: from the environment, else created here once."""
        return record_store_interface.read_or_create_token_key(self, given)

    def _make_folder_of(self, path: Path) -> None:
        """Make a record's folder, the owner's alone; `parents=True` would make those above with anybody's mode."""
        missing = [each for each in (path.parent, *path.parent.parents) if each != self.folder and not each.exists()]
        for each in reversed(missing):
            each.mkdir(mode=0o700, exist_ok=True)
            sync_folder(each.parent)


@contextmanager
def _name_the_ledger(name: str, done: str = "read") -> Iterator[None]:
    """Say of a record that it cannot be read, or written, where the system says so.

    Raises:
        LedgerError: it cannot.
    """
    try:
        yield
    except OSError as error:
        raise LedgerError(f"the ledger's {name} cannot be {done}", note=error.strerror) from error


@contextmanager
def _open_file(path: Path) -> Iterator[BinaryIO]:
    """A file to be read; what is none, such as a folder or a pipe that nobody writes to, is not waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        yield file


def _append_synced(descriptor: int, content: bytes) -> None:
    """Write at the end of a file, and wait until it is on the disk."""
    _drop_cut_line(descriptor)
    before = os.lseek(descriptor, 0, os.SEEK_END)
    try:
        rest = memoryview(content)
        while rest:  # a disk that is nearly full takes a part
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):  # whole lines of what failed would be taken for lines that were written
            os.ftruncate(descriptor, before)
        raise


def _drop_cut_line(descriptor: int) -> None:
    """Take away what a crash left of a last line, or the next one would be joined to it and lost as well."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        os.ftruncate(descriptor, os.pread(descriptor, size, 0).rfind(b"\n") + 1)
