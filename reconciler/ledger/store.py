"""Where are the records kept, and how is one written so that it is still there after the power fails?"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from reconciler.model.errors import LedgerError
from reconciler.model.secret import Secret

KEY_VARIABLE = "RECONCILER_TOKEN_KEY"


class Store:
    """A folder of records, made when first needed."""

    def __init__(self, url: str, root: Path) -> None:
        """Open the store at `file://PATH`, a path relative to the workspace's `root` unless it is absolute.

        Raises:
            LedgerError: the folder cannot be made or written to.
        """
        self.folder = root / url.removeprefix("file://")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(f"the ledger cannot be kept in {self.folder}", note=error.strerror) from error

    def append(self, name: str, line: bytes) -> None:
        """Add a line to a record and wait until it is on the disk.

        Raises:
            LedgerError: it could not be written.
        """
        path = self.folder / name
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _drop_cut_line(descriptor)
                rest = memoryview(line + b"\n")
                while rest:  # a disk that is nearly full takes a part
                    rest = rest[os.write(descriptor, rest) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise LedgerError(f"the ledger's {name} cannot be written", note=error.strerror) from error

    def lines(self, name: str) -> list[bytes]:
        """The whole lines of a record; a last line that a crash cut short was never acted upon and is left out."""
        path = self.folder / name
        if not path.exists():
            return []
        *whole, _cut = path.read_bytes().split(b"\n")
        return whole

    def create(self, name: str, content: bytes) -> bool:
        """Make a record that is not there yet; False if it is."""
        path = self.folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        with draft.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        try:
            # a link, unlike a rename, fails where the record exists; and it appears whole or not at all
            os.link(draft, path)
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        return True

    def token_key(self, given: str | None) -> Secret:
        """The key that contacts' tokens are made with: from the environment, else created here once."""
        if given:
            return Secret(given)
        self.create("token.key", secrets.token_hex(32).encode())
        key = Secret((self.folder / "token.key").read_text().strip())
        if not key:
            note = "tokens made without a key would give contacts away"
            raise LedgerError("the ledger's token.key is empty", note=note, hint="put it back, or delete it")
        return key


def _drop_cut_line(descriptor: int) -> None:
    """Take away what a crash left of a last line, or the next one would be joined to it and lost as well."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        os.ftruncate(descriptor, os.pread(descriptor, size, 0).rfind(b"\n") + 1)
