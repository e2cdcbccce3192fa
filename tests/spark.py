"""A Spark cluster for one test run: a standalone master and a worker, each a process of its own, on the loopback."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

_SECONDS = 120

_DEFAULTS = """
# small rows and many questions: what is compiled for the one is thrown away at the next
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1
spark.executor.extraJavaOptions -XX:TieredStopAtLevel=1
spark.sql.codegen.wholeStage false
spark.sql.shuffle.partitions 2
"""


def missing() -> str | None:
    """Why Spark cannot be started here, or None."""
    if find_spec("pyspark") is None:
        return "PySpark is not installed: `pip install 'cxone-reconciler[spark]'`"
    if shutil.which("java") is None:
        return "Java is not installed: `apt-get install openjdk-17-jre-headless`"
    return None


@contextmanager
def cluster(patch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a master that has a worker with two cores; both are gone afterwards, and their folder."""
    folder = Path(tempfile.mkdtemp(prefix="spark-cluster-"))
    (folder / "spark-defaults.conf").write_text(_DEFAULTS)
    patch.setenv("SPARK_CONF_DIR", str(folder))
    started: list[subprocess.Popen[bytes]] = []
    try:
        where = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
        master = "org.apache.spark.deploy.master.Master"
        started.append(_process(folder, "master", [master, *where]))
        url = _said(folder / "master", started[-1], r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")
        worker = "org.apache.spark.deploy.worker.Worker"
        size = ["--cores", "2", "--memory", "1G", "--work-dir", str(folder / "work")]
        started.append(_process(folder, "worker", [worker, *where, *size, url]))
        _said(folder / "worker", started[-1], r"(Successfully registered) with master")
        yield url
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _process(folder: Path, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_LOCAL_DIRS": str(folder / "spill"),
        "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
    }
    with (folder / name).open("wb") as log:
        # it becomes the Java process itself, so that its id is the one to end
        return subprocess.Popen(
            [home / "bin" / "spark-class", *arguments], stdout=log, stderr=log, env=environment, cwd=folder
        )


def _said(log: Path, process: subprocess.Popen[bytes], words: str) -> str:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        found = re.search(words, log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found[1]
        assert process.poll() is None, f"it ended: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}"
        time.sleep(0.1)
    raise AssertionError(f"nothing of {words!r} within {_SECONDS} seconds")
