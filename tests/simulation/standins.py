"""Put what a seed drives in the place of Python's own time, chance, threads and disk, for the whole of this process.

The program's ports to the machine are those of the standard library. They are replaced before the program is imported,
so that nothing of it, not even a default argument, keeps the real ones. Libraries are imported before that and keep
theirs: they compute, and decide nothing.
"""

from __future__ import annotations

import datetime as dates
import importlib
import os
import pkgutil
import random
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.simulation import threads
from tests.simulation.scheduler import find_task

_LIBRARIES = (
    "aiohttp.web", "click", "cryptography.hazmat.primitives.ciphers.aead", "duckdb", "ibis", "ibis.backends.duckdb",
    "jinja2.sandbox", "jsonschema", "numpy", "orjson", "phonenumbers", "pyarrow.compute", "pyarrow.dataset",
    "pyarrow.parquet", "requests", "rich.console", "rich.progress", "sqlite3", "websockets.sync.client", "yaml",
)  # fmt: skip

_here: dict[str, Any] = {"world": None}
_Real = dates.datetime
REAL_DATETIME: type[dates.datetime] = dates.datetime
REAL_TIME = time.time


def set_world(world: Any) -> None:
    """From now on, time and chance are those of a world; None: the machine's."""
    _here["world"] = world


def find_world() -> Any:
    """The world of this process."""
    return _here["world"]


class _Meta(type):
    def __instancecheck__(cls, found: object) -> bool:
        return isinstance(found, _Real)

    def __subclasscheck__(cls, found: type) -> bool:
        return issubclass(found, _Real)


class Datetime(_Real, metaclass=_Meta):
    """`datetime`, of which nothing but what time it is differs: what it makes are real ones."""

    def __new__(cls, *args: Any, **options: Any) -> Any:
        return _Real(*args, **options)

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        """What time it is."""
        return _Real.fromtimestamp(time.time(), tz)

    fromisoformat = _Real.fromisoformat  # type: ignore[assignment]
    fromtimestamp = _Real.fromtimestamp  # type: ignore[assignment]
    combine = _Real.combine  # type: ignore[assignment]
    strptime = _Real.strptime  # type: ignore[assignment]
    min, max = _Real.min, _Real.max


def _in_world(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def ask(*args: Any, **options: Any) -> Any:
        world = _here["world"]
        if world is None:
            return real(*args, **options)
        return getattr(world, name)(*args, **options)

    return ask


def _for_program(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    """What libraries draw is no part of a world: the engine names relations so, and computes each of them once a process."""
    in_world = _in_world(name, real)

    def ask(*args: Any, **options: Any) -> Any:
        by = str(sys._getframe(1).f_globals.get("__name__", ""))
        return (in_world if by.startswith(("reconciler.", "tests.")) else real)(*args, **options)

    return ask


def install() -> None:
    """Do it; once, before the program is imported."""
    if "reconciler" in sys.modules:
        raise RuntimeError("the program was imported before its world was made")
    for name in _LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    time.time = _in_world("time", time.time)
    time.monotonic = _in_world("monotonic", time.monotonic)
    time.clock_gettime = _in_world("clock_gettime", time.clock_gettime)
    time.sleep = _in_world("sleep", time.sleep)
    dates.datetime = Datetime  # type: ignore[misc]
    random.random = _in_world("chance", random.random)
    secrets.token_bytes = _for_program("token_bytes", secrets.token_bytes)
    secrets.token_hex = _for_program("token_hex", secrets.token_hex)
    secrets.token_urlsafe = _for_program("token_urlsafe", secrets.token_urlsafe)
    os.getpid = _in_world("getpid", os.getpid)
    os.kill = _in_world("kill", os.kill)
    socket.gethostname = _in_world("gethostname", socket.gethostname)
    real = {name: getattr(threading, name) for name in ("Lock", "RLock", "Event", "Condition", "Thread")}
    for name in real:
        setattr(threading, name, getattr(threads, name))
    import reconciler

    for found in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if found.name.rpartition(".")[2] not in ("__main__", "pyspark", "spark_session"):
            importlib.import_module(found.name)
    for name, each in real.items():
        setattr(threading, name, each)
    stand_in = threads.make_threading(threading)
    for name, module in list(sys.modules.items()):
        if name.startswith("reconciler") and getattr(module, "threading", None) is threading:
            module.threading = stand_in  # type: ignore[attr-defined]
    from reconciler.model import worker_pool

    worker_pool.ThreadPoolExecutor = threads.Pool  # type: ignore[attr-defined,assignment]
    worker_pool.wait = threads.wait  # type: ignore[attr-defined,assignment]


def is_in_world() -> bool:
    """Whether this thread is a task of a world."""
    return find_task() is not None
