"""Lock a workspace: one run at a time, with a heartbeat and a fence."""

from __future__ import annotations

import getpass
import hashlib
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson

from reconciler.ledger import audit
from reconciler.ledger.record_store_interface import Held, Records
from reconciler.ledger.sealing import Seal
from reconciler.model.errors import LedgerError
from reconciler.model.lock_state import TIME_TO_LIVE, LockState

RENEWED_EVERY = 30.0
"""Seconds after which a record renews the lock; before that, nobody may take over one in a shared store."""

_FILE = "lock.json"
FENCES = "fences.jsonl"
"""A line for each time the lock was taken; `audited`: the audit record has an entry with its number."""

_SEEN = "lock-seen.json"

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
                raise _lock_lost()
        if _measure_since(self._renewed) >= RENEWED_EVERY:
            self.renew()

    def renew(self) -> None:
        """Say that the owner is alive.

        Raises:
            LedgerError: the lock was taken over, so that nothing more may be written.
        """
        asked = _read_clocks()  # before the store is: it can only be older by our clock than by the store's
        self._beats += 1
        held = self._store.renew(_FILE, self._held, orjson.dumps({**self._said, "beat": self._beats}))
        if held is None:
            raise _lock_lost()
        self._held, self._renewed = held, asked

    def release(self) -> None:
        """Let it go, unless it is somebody else's by now."""
        self._store.remove(_FILE, self._held, orjson.dumps({**self._said, "free": True}))


def _lock_lost() -> LedgerError:
    return LedgerError(
        "the workspace's lock was taken over by another run",
        note="this run was silent for longer than the lock's time to live",
        hint="see what the other run did before you go on",
    )


def _read_clocks() -> Moment:
    """By a clock that goes on while the machine sleeps, where there is one, and by the wall's."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)), time.time()


def _measure_since(then: Moment) -> float:
    return max(now - before for now, before in zip(_read_clocks(), then, strict=True))


def _parse_lock(content: bytes) -> dict[str, object]:
    """What a lock says; nothing where it cannot be read."""
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(content)
        return found if isinstance(found, dict) else {}
    return {}


@contextmanager
def hold_lock(store: Records) -> Iterator[Lock]:
    """Hold the workspace's lock; each holder has a higher fence than the one before.

    Raises:
        LedgerError: another run holds it and is alive.
    """
    before = store.read(_FILE)
    last = _parse_lock(before.content) if before else {}
    if before is not None and not last.get("free"):
        _refuse_living(store)
    number = store.read_last(FENCES)[0] + 1
    asked = _read_clocks()
    said: dict[str, object] = {
        "owner": f"{getpass.getuser()}@{socket.gethostname()} (process {os.getpid()})",
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "space": _read_process_space(),
        "apart": round(asked[1] - asked[0], 3),
        "fence": number,
        "audited": True,
        "nonce": secrets.token_hex(8),  # no two locks are alike, whoever takes them
    }
    content = orjson.dumps(said)
    if not (store.create(_FILE, content) if before is None else store.replace(_FILE, before, content)):
        raise LedgerError("another run took the workspace's lock first", hint="try again when it is done")
    held = store.read(_FILE)
    if held is None or held.content != content:
        raise _lock_lost()
    lock = Lock(store, said, held, number, asked)
    try:
        store.append(FENCES, content, number)
        yield lock
    finally:
        with suppress(LedgerError):  # what cannot be let go lapses; why the run ended is what counts
            lock.release()


def read_state(store: Records) -> LockState:
    """Look at the lock, and remember for how long it has looked like that.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    held = store.read(_FILE)
    said = _parse_lock(held.content) if held else {}
    if held is None or said.get("free"):
        return LockState(None)
    owner, fence = str(said.get("owner", "")), said.get("fence")
    dead = _is_dead(said, shared=store.shared)
    silent = _leave_out_jumps(said, store.read_age(_FILE), shared=store.shared)
    seen = _measure_unchanged(store, held, silent)
    return LockState(owner, fence if isinstance(fence, int) else 0, silent, seen, dead)


def _leave_out_jumps(said: dict[str, object], silent: float, *, shared: bool) -> float:
    """Seconds of silence, without those by which this machine's clock was set forward since the lock was taken here.

    Nobody knows whether it was renewed since: then it is less, and what is observed of it decides. A shared store's
    clock is not this machine's.
    """
    apart = said.get("apart")
    if shared or not isinstance(apart, int | float) or said.get("space") != _read_process_space():
        return silent
    now = _read_clocks()
    return min(silent, max(silent - max(now[1] - now[0] - apart, 0.0), 0.0))


def _measure_unchanged(store: Records, held: Held, silent: float) -> float:
    """Seconds for which this machine has seen a lock unchanged, by a clock of its own that nobody sets.

    What was seen is kept beside the caches of this machine: another run goes on observing where one gave up.
    """
    boot, now = _read_boot_id(), _read_clocks()[0]
    # a lock that is renewed is another one: its time moves on, though its content may stay
    written = f"{held.content!r} {sorted(held.version.items())} {'' if store.shared else _read_mtime(store)}"
    mark = hashlib.sha256(written.encode()).hexdigest()
    path = store.folder / _SEEN
    with suppress(OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        before = orjson.loads(path.read_bytes())
        if before["lock"] == mark and before["boot"] == boot and now - float(before["since"]) >= 0:
            return now - float(before["since"])
    with suppress(OSError):  # what cannot be remembered is observed anew the next time
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(orjson.dumps({"lock": mark, "boot": boot, "since": now}))
    return 0.0


def _read_mtime(store: Records) -> int:
    try:
        return (store.folder / _FILE).stat().st_mtime_ns
    except OSError:
        return 0


def _refuse_living(store: Records) -> None:
    """Let nobody in beside the owner of a lock.

    Raises:
        LedgerError: the owner of a lock is alive, or was so a moment ago.
    """
    state = read_state(store)
    if state.lapsed:
        return
    since = f"{state.silent:.0f} seconds ago" if state.silent >= 0 else "at a time that has not come yet"
    raise LedgerError(
        f"the workspace is locked by {state.owner or 'another run'}, {since}",
        note=f"two runs at once would undo each other; the lock lapses after {TIME_TO_LIVE:.0f} seconds of silence, of"
        f" which {max(state.silent, state.observed):.0f} were seen",
        hint="wait for that run to end; if it has ended, `reconciler lock break --reason …`",
    )


def break_lock(store: Records, seal: Seal, reason: str, by: str, at: str) -> LockState:
    """Take the lock from its owner, who can write nothing more, and say so in the audit record.

    Raises:
        LedgerError: nobody holds it, or it changed hands meanwhile.
    """
    state, held = read_state(store), store.read(_FILE)
    if state.owner is None or held is None:
        raise LedgerError("the workspace is not locked", hint="nothing was changed")
    number = store.read_last(FENCES)[0] + 1
    taken = orjson.dumps(
        {"owner": by, "fence": number, "audited": True, "nonce": secrets.token_hex(8), "broken": reason}
    )
    if not store.replace(_FILE, held, taken):
        raise LedgerError("the lock changed hands meanwhile", hint="look at it again: reconciler lock status")
    store.append(FENCES, taken, number)
    told = {"event": "lock-broken", "at": at, "by": by, "owner": state.owner, "fence": state.fence, "reason": reason}
    audit.Chain(store, seal).record({**told, "lock": number})
    mine = store.read(_FILE)
    if mine is not None and mine.content == taken:
        store.remove(_FILE, mine, orjson.dumps({"free": True}))
    return state


def _read_boot_id() -> str:
    """Which start of this machine it is: its own clock begins anew with each."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


def _read_process_space() -> str:
    """This machine and the container on it: elsewhere, the same process id is another process."""
    try:
        return f"{_read_boot_id()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _is_dead(held: dict[str, object], *, shared: bool) -> bool:
    """Whether the owner was a process of this machine that runs no longer."""
    if shared and (not _read_process_space() or held.get("space") != _read_process_space()):
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
