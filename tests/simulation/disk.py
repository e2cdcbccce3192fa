"""Keep the ledger on a disk that forgets, at a power failure, what nobody waited for.

It lies in a real folder, and what the program does to it by `os` passes by here. Of each file the bytes are known that
an fsync has confirmed, of each folder the names. When the power fails, what was not confirmed is there or not, as the
seed says: of lines that were added a part, of names in a folder the first so many changes, as file systems with a
journal have it.
"""

from __future__ import annotations

import errno
import os
import random
import stat
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from typing import Any, Protocol

_REAL = {
    name: getattr(os, name)
    for name in (
        "open", "write", "pwrite", "fsync", "ftruncate", "rename", "replace", "link", "unlink", "utime", "stat", "mkdir",
    )
}  # fmt: skip


class Watch(Protocol):
    """Who is asked before and after something is done to the disk."""

    def tick(self, kind: str, what: str = "", *, turn: bool = True) -> None:
        """Something happens; the process may die of it."""

    def time(self) -> float:
        """What time it is on the machine."""


class Disk:
    """The folder of a ledger.

    Attributes:
        faults: what is to go wrong: of the nth write or fsync from now, the error, and how much of a write is done.
    """

    def __init__(self, root: str, watch: Watch, chance: random.Random) -> None:
        self.root, self._watch, self._chance = root, watch, chance
        self.faults: dict[tuple[str, int], tuple[int, float]] = {}
        self.counts: dict[str, int] = {"write": 0, "fsync": 0}
        self._contents: dict[int, bytes] = {}
        self._names: dict[str, dict[str, int]] = {}
        self._changes: dict[str, list[tuple[str, int | None]]] = {}
        self._mtimes: dict[int, float] = {}
        self._descriptors: dict[int, str] = {}
        self._kept: dict[int, bytes] = {}

    def owns(self, path: Any) -> str | None:
        """The path as it is told, if it lies on this disk."""
        if isinstance(path, int):
            return None
        text = os.fspath(path)
        return text if isinstance(text, str) and (text == self.root or text.startswith(f"{self.root}/")) else None

    def set_mtime(self, path: str, seconds: float) -> None:
        """When a file was written last."""
        self._mtimes[_REAL["stat"](path).st_ino] = seconds

    # -- what the program does ----------------------------------------------------------------------------------

    def open(self, path: Any, flags: int, mode: int = 0o777, **options: Any) -> int:
        """`os.open`."""
        text = self.owns(path)
        if text is None:
            return int(_REAL["open"](path, flags, mode, **options))
        self._watch.tick("open", text, turn=False)
        new = bool(flags & os.O_CREAT) and not os.path.lexists(text)
        descriptor = int(_REAL["open"](path, flags, mode, **options))
        if new:
            number = os.fstat(descriptor).st_ino
            self._contents[number], self._mtimes[number] = b"", self._watch.time()
            self._note(text, number)
        self._descriptors[descriptor] = text
        return descriptor

    def _find(self, descriptor: int) -> str | None:
        try:
            text = os.path.relpath(os.readlink(f"/proc/self/fd/{descriptor}"))
        except (OSError, ValueError):
            return None
        return self.owns(text.removesuffix(" (deleted)"))

    def write(self, descriptor: int, content: Any) -> int:
        """`os.write`."""
        return self._write(descriptor, content, None)

    def pwrite(self, descriptor: int, content: Any, offset: int) -> int:
        """`os.pwrite`."""
        return self._write(descriptor, content, offset)

    def _write(self, descriptor: int, content: Any, offset: int | None) -> int:
        text = self._find(descriptor)

        def put(some: Any) -> int:
            if offset is None:
                return int(_REAL["write"](descriptor, some))
            return int(_REAL["pwrite"](descriptor, some, offset))

        if text is None:
            return put(content)
        self._watch.tick("write", text, turn=False)
        fault = self._fault("write")
        if fault is not None:
            number, share = fault
            if offset is None:  # what is written over, lies in one sector: all of it or nothing
                put(bytes(content)[: int(len(content) * share)])
            raise OSError(number, os.strerror(number))
        self._mtimes[os.fstat(descriptor).st_ino] = self._watch.time()
        return put(content)

    def fsync(self, descriptor: int) -> None:
        """`os.fsync`."""
        text = self._find(descriptor)
        if text is None:
            return _REAL["fsync"](descriptor)  # type: ignore[no-any-return]
        self._watch.tick("fsync", text)
        fault = self._fault("fsync")
        if fault is not None:
            raise OSError(fault[0], os.strerror(fault[0]))
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            self._names[text] = self._apply(text, None)
            self._changes[text] = []
        else:
            self._contents[found.st_ino] = Path(f"/proc/self/fd/{descriptor}").read_bytes()
        self._watch.tick("synced", text, turn=False)
        return None

    def _fault(self, kind: str) -> tuple[int, float] | None:
        self.counts[kind] += 1
        return self.faults.pop((kind, self.counts[kind]), None)

    def ftruncate(self, descriptor: int, length: int) -> None:
        """`os.ftruncate`."""
        text = self._find(descriptor)
        if text is not None:
            self._watch.tick("truncate", text, turn=False)
        _REAL["ftruncate"](descriptor, length)

    def rename(self, source: Any, target: Any, **options: Any) -> None:
        """`os.rename`, and `os.replace`."""
        text, there = self.owns(source), self.owns(target)
        if text is None or there is None:
            return _REAL["rename"](source, target, **options)  # type: ignore[no-any-return]
        self._watch.tick("rename", text, turn=False)
        number = _REAL["stat"](text).st_ino
        _REAL["rename"](source, target, **options)
        self._note(text, None)
        self._note(there, number)
        return None

    def link(self, source: Any, target: Any, **options: Any) -> None:
        """`os.link`."""
        text, there = self.owns(source), self.owns(target)
        if text is None or there is None:
            return _REAL["link"](source, target, **options)  # type: ignore[no-any-return]
        self._watch.tick("link", there)
        _REAL["link"](source, target, **options)
        self._note(there, _REAL["stat"](there).st_ino)
        return None

    def unlink(self, path: Any, **options: Any) -> None:
        """`os.unlink`."""
        text = self.owns(path)
        if text is None:
            return _REAL["unlink"](path, **options)  # type: ignore[no-any-return]
        self._watch.tick("unlink", text, turn=False)
        if os.path.lexists(text):  # it may come back
            self._kept[_REAL["stat"](text).st_ino] = Path(text).read_bytes()
        _REAL["unlink"](path, **options)
        self._note(text, None)
        return None

    def utime(self, path: Any, *args: Any, **options: Any) -> None:
        """`os.utime`."""
        text = self.owns(path)
        if text is not None:
            self._watch.tick("utime", text, turn=False)
            self.set_mtime(text, self._watch.time())
        _REAL["utime"](path, *args, **options)

    def stat(self, path: Any, **options: Any) -> os.stat_result:
        """`os.stat`, with times by the machine's clock."""
        found: os.stat_result = _REAL["stat"](path, **options)
        if self.owns(path) is None or found.st_ino not in self._mtimes:
            return found
        seconds = self._mtimes[found.st_ino]
        told = {name: getattr(found, name) for name in dir(found) if name.startswith("st_")}
        told |= {"st_mtime": seconds, "st_mtime_ns": int(seconds * 1e9)}
        return os.stat_result([*list(found)[:8], int(seconds), *list(found)[9:10]], told)

    def mkdir(self, path: Any, mode: int = 0o777, **options: Any) -> None:
        """`os.mkdir`."""
        text = self.owns(path)
        if text is not None:
            self._watch.tick("mkdir", text, turn=False)
        _REAL["mkdir"](path, mode, **options)
        if text is not None:
            self._note(text, _REAL["stat"](text).st_ino)

    def list_files(self, name: str) -> list[str]:
        """The paths of the files of a name."""
        return sorted(str(path) for path in Path(self.root).glob(f"runs/*/{name}"))

    def read_sure(self, path: str) -> bytes:
        """What of a file is sure to outlive a power failure."""
        folder, name = os.path.split(path)
        number = _REAL["stat"](path).st_ino
        return self._contents.get(number, b"") if self._names.get(folder, {}).get(name) == number else b""

    # -- what is left of it -------------------------------------------------------------------------------------

    def _note(self, text: str, number: int | None) -> None:
        folder, name = os.path.split(text)
        self._changes.setdefault(folder, []).append((name, number))

    def _apply(self, folder: str, most: int | None) -> dict[str, int]:
        names = dict(self._names.get(folder, {}))
        for name, number in self._changes.get(folder, [])[:most]:
            names.pop(name, None)
            if number is not None:
                names[name] = number
        return names

    def lose_power(self) -> None:
        """Leave of the folder what a power failure leaves of it."""
        files: dict[str, tuple[bytes, float, int]] = {}
        self._gather(self.root, files)
        rmtree(self.root)
        _REAL["mkdir"](self.root, 0o700)
        for each in (self._contents, self._names, self._changes, self._mtimes, self._kept):
            each.clear()
        for text, (content, seconds, mode) in sorted(files.items()):
            for above in reversed(Path(text).parents):
                if self.owns(above) and not above.exists():
                    above.mkdir(mode=0o700)
            if mode < 0:
                continue
            Path(text).touch(mode=0o600)
            Path(text).write_bytes(content)
            number = _REAL["stat"](text).st_ino
            self._contents[number], self._mtimes[number] = content, seconds
        for folder, _, _ in os.walk(self.root):
            self._names[folder] = {
                name: _REAL["stat"](f"{folder}/{name}").st_ino for name in sorted(os.listdir(folder))
            }

    def _gather(self, folder: str, files: dict[str, tuple[bytes, float, int]]) -> None:
        changes = self._changes.get(folder, [])
        most = self._chance.randrange(len(changes) + 1) if changes else 0
        names = self._apply(folder, most)
        there = {each.inode(): each for each in os.scandir(folder)}
        for name, number in sorted(names.items()):
            entry = there.get(number)
            text = f"{folder}/{name}"
            if entry is not None and entry.is_dir():
                files[text] = (b"", 0.0, -1)
                self._gather(text, files)
                continue
            now = self._kept.get(number, b"") if entry is None else Path(entry.path).read_bytes()
            files[text] = (self._survive(self._contents.get(number, b""), now), self._mtimes.get(number, 0.0), 0o600)

    def _survive(self, sure: bytes, now: bytes) -> bytes:
        if now == sure:
            return now
        if now.startswith(sure):
            return now[: self._chance.randrange(len(sure), len(now) + 1)]
        return self._chance.choice([sure, now])


def install(find: Callable[[], Disk | None]) -> None:
    """Let what the program does by `os` pass by the disk that there is at the moment."""

    def make(name: str) -> Callable[..., Any]:
        real = _REAL[name]

        def ask(*args: Any, **options: Any) -> Any:
            disk = find()
            return real(*args, **options) if disk is None else getattr(disk, _METHODS.get(name, name))(*args, **options)

        return ask

    for name in _REAL:
        setattr(os, name, make(name))


_METHODS = {"replace": "rename"}
ERRORS = (errno.EIO, errno.ENOSPC)
