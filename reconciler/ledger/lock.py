"""Who may write to the tenant now?"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import orjson

from reconciler.ledger.store import Store
from reconciler.model.errors import LedgerError

TIME_TO_LIVE = 900.0
"""Seconds after which a lock that nobody renewed is taken over: its owner is dead or cut off."""

_FILE = "lock.json"


class Lock:
    """A lock that is held: it is renewed with every record, and noticed when somebody else has taken it over."""

    def __init__(self, store: Store, content: bytes, fence: int) -> None:
        self._path = store.folder / _FILE
        self._content = content
        self.fence = fence

    def holds(self) -> bool:
        """Whether nobody has taken it over."""
        try:
            return self._path.read_bytes() == self._content
        except FileNotFoundError:
            return False

    def check(self) -> None:
        """Before anything is written.

        Raises:
            LedgerError: the lock was taken over, so that nothing more may be written.
        """
        if not self.holds():
            raise LedgerError(
                "the workspace's lock was taken over by another run",
                note="this run was silent for longer than the lock's time to live",
                hint="see what the other run did before you go on",
            )

    def renew(self) -> None:
        """Say that the owner is alive.

        Raises:
            LedgerError: the lock was taken over, so that nothing more may be written.
        """
        self.check()
        os.utime(self._path)

    def release(self) -> None:
        """Let it go, unless it is somebody else's by now."""
        if self.holds():
            self._path.unlink(missing_ok=True)


def _parsed(content: bytes) -> dict[str, object]:
    """What a lock says; nothing where it cannot be read."""
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(content)
        return found if isinstance(found, dict) else {}
    return {}


@contextmanager
def locked(store: Store) -> Iterator[Lock]:
    """Hold the workspace's lock; each holder has a higher fence than the one before.

    Raises:
        LedgerError: another run holds it and is alive.
    """
    owner = f"{getpass.getuser()}@{socket.gethostname()} (process {os.getpid()})"
    fence = len(store.lines("fences.jsonl")) + 1
    content = orjson.dumps({"owner": owner, "pid": os.getpid(), "host": socket.gethostname(), "fence": fence})
    if not store.create(_FILE, content):
        _take_over(store)
        if not store.create(_FILE, content):
            raise LedgerError("another run took the workspace's lock first", hint="try again when it is done")
    store.append("fences.jsonl", content)
    lock = Lock(store, content, fence)
    try:
        yield lock
    finally:
        lock.release()


def _take_over(store: Store) -> None:
    """Remove a dead owner's lock."""
    path = store.folder / _FILE
    try:
        content, age = path.read_bytes(), time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return
    held = _parsed(content)
    if not _dead(held) and age < TIME_TO_LIVE:
        raise LedgerError(
            f"the workspace is locked by {held.get('owner', 'another run')}, {age:.0f} seconds ago",
            note=f"two runs at once would undo each other; the lock lapses after {TIME_TO_LIVE:.0f} seconds of silence",
            hint="wait for that run to end",
        )
    aside = path.with_name(f".{_FILE}.{secrets.token_hex(4)}")
    try:
        path.rename(aside)  # of several that take over, one gets it
    except FileNotFoundError:
        return
    if aside.read_bytes() != content:  # it was taken over while we looked: it goes back to its new owner
        with suppress(FileExistsError):
            os.link(aside, path)
    aside.unlink()


def _dead(held: dict[str, object]) -> bool:
    """Whether the owner was a process of this machine that runs no longer."""
    if held.get("host") != socket.gethostname() or not isinstance(held.get("pid"), int):
        return False
    try:
        os.kill(int(str(held["pid"])), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
