# tested by: tests/audience/relations/test_engine.py
"""Start Spark, and explain why it cannot be started.

Starting takes seconds, so one session serves the whole process. It ends with it.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from reconciler.model.errors import ReconcilerError
from reconciler.model.workspace_settings import Engine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_HERE = re.compile(r"local(\[.+\])?|spark://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")
_WAIT_SECONDS = 60
_running: dict[Engine, SparkSession] = {}


def open_session(engine: Engine) -> SparkSession:
    """A session on the engine's master that sees no other's tables.

    Raises:
        ReconcilerError: Spark or Java is not installed, or the master cannot be reached or has no worker to spare.
    """
    if engine not in _running:
        stop()
        _refuse_missing()
        _running[engine] = _start(engine)
    with map_failures("the engine spark has ended", "look into the master's log, and run again"):
        return _running[engine].newSession()


def stop() -> None:
    """End what was started, if anything was."""
    while _running:
        _, started = _running.popitem()
        # what has ended by itself need not be ended
        with suppress(Exception):
            started.stop()


atexit.register(stop)


def _refuse_missing() -> None:
    if find_spec("pyspark") is None:
        raise ReconcilerError(
            "the workspace asks for the engine spark, and PySpark is not installed",
            hint="install it with `pip install 'cxone-reconciler[spark]'`, or say `engine: duckdb`",
        )
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        raise ReconcilerError(
            "the engine spark needs Java, and there is none",
            note=f"JAVA_HOME is {home}, which has no bin/java" if home else "no `java` is on the PATH",
            hint="install Java 17 or later, for example `apt-get install openjdk-17-jre-headless`",
        )


def _start(engine: Engine) -> SparkSession:
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    master = engine.master or f"local[{engine.threads}]"
    configured = SparkConf().setAll([*_make_settings(engine, master).items()])
    # Spark's log repeats values that it cannot read, a phone for example: nobody is to see it here
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with _leave_undisturbed(master), map_failures(f"the engine spark cannot start on {master}", _NOT_STARTED):
        # one process of Java for this one's whole life, as PySpark would have it
        gateway = SparkContext._gateway or launch_gateway(configured, silent)
        context = SparkContext(conf=configured, gateway=gateway)
        started = SparkSession(context)
    if not master.startswith("local"):
        try:
            _wait_for_a_worker(started, engine, master)
        except ReconcilerError:
            started.stop()
            raise
    return started


_NOT_STARTED = "check that a standalone master of the same Spark version answers there, and that Java is 17 or later"


def _make_settings(engine: Engine, master: str) -> dict[str, str]:
    # 2GB is written 2g in Java
    memory = engine.memory_limit.removesuffix("B").lower()
    settings = {
        "spark.master": master,
        "spark.app.name": "reconciler",
        "spark.driver.memory": memory,
        "spark.executor.memory": memory,
        "spark.cores.max": str(engine.threads),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.caseSensitive": "true",
        "spark.sql.ansi.enabled": "true",
        # else a folder is made wherever the person stands
        "spark.sql.warehouse.dir": f"file://{tempfile.gettempdir()}",
    }
    if engine.spill_folder is not None:
        engine.spill_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings["spark.local.dir"] = str(engine.spill_folder)
    if _HERE.fullmatch(master):
        settings |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    return settings


@contextmanager
def _leave_undisturbed(master: str) -> Iterator[None]:
    """Keep the process as it was: Spark would catch the interrupt that lets an apply finish what is in flight."""
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    address = os.environ.get("SPARK_LOCAL_IP")
    if _HERE.fullmatch(master) and address is None:
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    try:
        yield
    finally:
        if address is None:
            os.environ.pop("SPARK_LOCAL_IP", None)
        if main:
            signal.signal(signal.SIGINT, before)


def _wait_for_a_worker(started: SparkSession, engine: Engine, master: str) -> None:
    """Without one, the first question would wait for ever."""
    context = started.sparkContext._jsc.sc()
    until = time.monotonic() + _WAIT_SECONDS
    # the driver itself is one of those counted
    while context.getExecutorMemoryStatus().size() < 2:
        if time.monotonic() > until:
            raise ReconcilerError(
                f"no worker of {master} took the work within {_WAIT_SECONDS} seconds",
                note=f"a worker must have {engine.memory_limit} of memory and a core to spare",
                hint="start a worker, or ask for less with `memoryLimit`",
            )
        time.sleep(0.05)


@contextmanager
def map_failures(message: str, hint: str | None = None) -> Iterator[None]:
    """Tell a person of a failure of Spark's, without its words: they may hold a contact's data.

    Raises:
        ReconcilerError: Spark failed.
    """
    from py4j.protocol import Py4JError, Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        note = error.getCondition() or type(error).__name__
        raise ReconcilerError(message, note=f"Spark says {note}", hint=hint) from None
    except Py4JJavaError as error:
        note = error.java_exception.getClass().getName()
        raise ReconcilerError(message, note=f"Spark says {note}", hint=hint) from None
    except (Py4JError, OSError) as error:
        raise ReconcilerError(message, note=f"Spark's process ended ({type(error).__name__})", hint=hint) from None
