"""Who may write to the tenant now?"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson

from reconciler.ledger.records import Held, Records
from reconciler.model.errors import LedgerError

TIME_TO_LIVE = 900.0
"""Seconds after which a lock that nobody renewed is taken over: its owner is dead or cut off."""

RENEWED_EVERY = 30.0
"""Seconds after which a record renews the lock; before that, nobody may take over one in a shared store."""

_FILE = "lock.json"
_FENCES = "fences.jsonl"

Moment = tuple[float, float]


class Lock:
    """A lock that is held: it is renewed with the records, and noticed when somebody else has taken it over."""

    def __init__(self, store: Records, said: dict[str, object], held: Held, fence: int, asked: Moment) -> None:
        self._store, self._said, self._held = store, said, held
        self._renewed = asked
        self._beats = 0
        self.fence = fence

    def check(self) -> None:
        """Before anything is written. A shared store is asked only when the lock is due to be renewed.

        Raises:
            LedgerError: the lock was taken over, so that nothing more may be written.
        """
        if not self._store.shared:
            found = self._store.read(_FILE)
            if found is None or found.content != self._held.content:
                raise _taken_over()
        if _since(self._renewed) >= RENEWED_EVERY:
            self.renew()

    def renew(self) -> None:
        """Say that the owner is alive.

        Raises:
            LedgerError: the lock was taken over, so that nothing more may be written.
        """
        asked = _now()  # before the store is: it can only be older by our clock than by the store's
        self._beats += 1
        held = self._store.renew(_FILE, self._held, orjson.dumps({**self._said, "beat": self._beats}))
        if held is None:
            raise _taken_over()
        self._held, self._renewed = held, asked

    def release(self) -> None:
        """Let it go, unless it is somebody else's by now."""
        self._store.remove(_FILE, self._held, orjson.dumps({**self._said, "free": True}))


def _taken_over() -> LedgerError:
    return LedgerError(
        "the workspace's lock was taken over by another run",
        note="this run was silent for longer than the lock's time to live",
        hint="see what the other run did before you go on",
    )


def _now() -> Moment:
    """By a clock that goes on while the machine sleeps, where there is one, and by the wall's."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)), time.time()


def _since(then: Moment) -> float:
    return max(now - before for now, before in zip(_now(), then, strict=True))


def _parsed(content: bytes) -> dict[str, object]:
    """What a lock says; nothing where it cannot be read."""
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(content)
        return found if isinstance(found, dict) else {}
    return {}


@contextmanager
def locked(store: Records) -> Iterator[Lock]:
    """Hold the workspace's lock; each holder has a higher fence than the one before.

    Raises:
        LedgerError: another run holds it and is alive.
    """
    before = store.read(_FILE)
    last = _parsed(before.content) if before else {}
    if before is not None and not last.get("free"):
        _refuse_living(store, last)
    number = store.last(_FENCES)[0] + 1
    said: dict[str, object] = {
        "owner": f"{getpass.getuser()}@{socket.gethostname()} (process {os.getpid()})",
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "space": _space(),
        "fence": number,
        "nonce": secrets.token_hex(8),  # no two locks are alike, whoever takes them
    }
    content = orjson.dumps(said)
    asked = _now()
    if not (store.create(_FILE, content) if before is None else store.replace(_FILE, before, content)):
        raise LedgerError("another run took the workspace's lock first", hint="try again when it is done")
    held = store.read(_FILE)
    if held is None or held.content != content:
        raise _taken_over()
    lock = Lock(store, said, held, number, asked)
    try:
        store.append(_FENCES, content, number)
        yield lock
    finally:
        with suppress(LedgerError):  # what cannot be let go lapses; why the run ended is what counts
            lock.release()


def _refuse_living(store: Records, held: dict[str, object]) -> None:
    """Let nobody in beside the owner of a lock.

    Raises:
        LedgerError: the owner of a lock is alive, or was so a moment ago.
    """
    if _dead(held, shared=store.shared):
        return
    age = store.age(_FILE)
    if age < TIME_TO_LIVE:
        raise LedgerError(
            f"the workspace is locked by {held.get('owner', 'another run')}, {age:.0f} seconds ago",
            note=f"two runs at once would undo each other; the lock lapses after {TIME_TO_LIVE:.0f} seconds of silence",
            hint="wait for that run to end",
        )


def _space() -> str:
    """This machine and the container on it: elsewhere, the same process id is another process."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _dead(held: dict[str, object], *, shared: bool) -> bool:
    """Whether the owner was a process of this machine that runs no longer."""
    if shared and (not _space() or held.get("space") != _space()):
        return False
    if held.get("host") != socket.gethostname() or not isinstance(held.get("pid"), int):
        return False
    try:
        os.kill(int(str(held["pid"])), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
