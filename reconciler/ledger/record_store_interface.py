# tested by: tests/ledger/test_object_records.py
"""Define the interface of a store for the ledger's records."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import orjson

from reconciler.model.errors import LedgerError
from reconciler.model.secret import Secret

KEY_VARIABLE = "RECONCILER_TOKEN_KEY"
TOKENS = "token.key"


@dataclass(frozen=True, slots=True)
class Held:
    """A record as it was read; `version` tells whether it is still that one, where the content cannot."""

    content: bytes
    version: Mapping[str, str] = field(default_factory=dict)


class Records(Protocol):
    """A place for records, each with a name such as `runs/NAME/journal.jsonl`. May be used from several threads.

    Every method raises `LedgerError` where the place cannot be read or written.

    Attributes:
        folder: a folder of this machine for what can be made again when it is lost; it may have to be made.
        shared: whether other machines write here too, so that a process that is not seen here may be alive elsewhere.
    """

    folder: Path
    shared: bool

    def append(self, name: str, line: bytes, number: int = 0) -> None:
        """Add a line to a record; when this returns, it stays. Lines come back in the order of their numbers.

        Args:
            number: the line's, from 1, where the caller counts them (and is alone in that); 0: the next.

        Raises:
            LedgerError: it could not be written, or somebody else has written a line of this number.
        """

    def extend(self, name: str, lines: Sequence[bytes], number: int) -> None:
        """Add several lines to a record, the first of this number; they stay when this returns.

        Raises:
            LedgerError: as `append`; then the first of them may be there.
        """

    def read_lines(self, name: str) -> list[bytes]:
        """The whole lines of a record. What was being added during a crash may be there, or not."""

    def scan_lines(self, name: str) -> Iterator[bytes]:
        """The same, one by one, where the place can do that without holding all of them."""

    def read_last(self, name: str) -> tuple[int, bytes]:
        """The number of the last line, and the line; 0 and nothing where there is none."""

    def read_line(self, name: str, number: int) -> bytes | None:
        """One line by its number; None where there is none."""

    def create(self, name: str, content: bytes) -> bool:
        """Make a record that is not there yet; False if it is."""

    def read(self, name: str) -> Held | None:
        """A record, if it is there."""

    def read_age(self, name: str) -> float:
        """Seconds since a record was written or renewed, by the clock of the place."""

    def replace(self, name: str, held: Held, content: bytes) -> bool:
        """Put another in the place of a record; False if it is not the one that was read any more."""

    def renew(self, name: str, held: Held, content: bytes) -> Held | None:
        """Make a record young again, with this content where only writing does that; None: it is another."""

    def remove(self, name: str, held: Held, content: bytes) -> None:
        """Take a record away, unless it is another by now; `content` is left where nothing can be taken away safely."""

    def describe_exposure(self, name: str) -> str:
        """Why a record may be known to others than its owner, in words; empty where nothing says so."""

    def list_runs(self) -> list[str]:
        """The folders below `runs/` that are named as a run is, sorted; whatever else lies there is passed over."""

    def list_strangers(self) -> list[str]:
        """What else lies there, sorted."""

    def write_file(self, name: str) -> AbstractContextManager[Path]:
        """A path to write a large record to; it is kept when the block ends well."""

    def fetch_file(self, name: str, into: Path) -> Path | None:
        """A large record as a file, in the folder `into` where it has to be brought; None if there is none."""

    def locate(self, name: str, number: int = 0) -> str:
        """What people call a record, or a line of it."""

    def read_or_create_token_key(self, given: str | None) -> Secret:
        """The key that contacts' tokens are made with: from the environment, else created here once."""


def is_run(name: str) -> bool:
    """Whether a folder is named as runs are: by when one was begun, in UTC, and six digits of chance."""
    return _RUN.fullmatch(name) is not None


_RUN = re.compile(r"\d{8}T\d{6}\.\d{6}-[0-9a-f]{6}")


def parse_line(records: Records, name: str, number: int, line: bytes) -> Mapping[str, Any]:
    """What a line of a record says.

    Raises:
        LedgerError: it is no JSON object; with its place.
    """
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        entry = None
    if not isinstance(entry, dict):
        raise line_damaged(records, name, number)
    return entry


def line_damaged(records: Records, name: str, number: int) -> LedgerError:
    """What is said of a line of a record that means nothing."""
    return LedgerError(
        f"a line of the ledger's {name} cannot be read",
        where=records.locate(name, number),
        note="it was damaged, or altered, after it was written",
        hint="compare it with a copy of the ledger from before",
    )


def read_or_create_token_key(records: Records, given: str | None) -> Secret:
    """The key that contacts' tokens are made with: from the environment, else created in the ledger once.

    Raises:
        LedgerError: the ledger's is empty.
    """
    if given:
        return Secret(given)
    return create_key_once(records, TOKENS, "tokens made without a key would give contacts away")


def create_key_once(records: Records, name: str, why: str) -> Secret:
    """A key that is created in the ledger when it is first asked for.

    Raises:
        LedgerError: it is there and is no key, or may be anybody's; `why` says what that would mean.
    """
    found = read_key(records, name, why)
    if found is None:
        records.create(name, secrets.token_hex(32).encode())
        found = read_key(records, name, why)
    if found is None:
        raise _key_unusable(name, "is empty", why)
    return found


def read_key(records: Records, name: str, why: str) -> Secret | None:
    """A key of the ledger's; None where there is none. Raises as `create_key_once`."""
    held = records.read(name)
    if held is None:
        return None
    try:
        key = Secret(held.content.decode().strip())
    except UnicodeDecodeError:
        raise _key_unusable(name, "is no text", why) from None
    if not key:
        raise _key_unusable(name, "is empty", why)
    exposed = records.describe_exposure(name)
    if exposed:
        raise LedgerError(
            f"the ledger's {name} cannot be trusted: {exposed}",
            where=records.locate(name),
            note="this program makes it for its owner alone; one that came with manifests, or that others may read, "
            "would let them make plans and records that look like yours",
            hint=f"if it is yours: chmod 600 {records.locate(name)}; if not, delete it",
        )
    return key


def _key_unusable(name: str, fault: str, why: str) -> LedgerError:
    return LedgerError(f"the ledger's {name} {fault}", note=why, hint="put it back, or delete it")
