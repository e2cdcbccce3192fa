"""Whoever reads the output may go, or be slow, or have no room: what has begun is finished all the same."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import pytest

from reconciler.simulator import Simulator
from tests.conftest import Folder, manifest

LISTS = 4


def apply_to(tenant: Simulator, folder: Folder, out: Any, err: Any, *more: str) -> subprocess.CompletedProcess[bytes]:
    """Run an apply of four lists as a process of its own, with these as its output and its errors."""
    texts = [manifest("ContactList", f"list-{number}", "type: outbound") for number in range(LISTS)]
    folder.write("lists.yaml", "---\n".join(texts))
    return subprocess.run(
        [sys.executable, "-m", "reconciler", "apply", "--yes", "-w", str(folder.root), *more],
        stdout=out,
        stderr=err,
        env={**os.environ, **tenant.environment()},
        check=False,
        timeout=60,
    )


def is_whole(tenant: Simulator) -> bool:
    return all(tenant.store.find_list(f"list-{number}") for number in range(LISTS))


@pytest.fixture
def nobody() -> Any:
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.thin(1)
@pytest.mark.parametrize("voice", ["text", "json"])
@pytest.mark.parametrize("deaf", ["both", "output", "errors"])
def test_an_apply_whose_reader_has_gone_is_finished(
    tenant: Simulator, folder: Folder, nobody: int, deaf: str, voice: str
) -> None:
    out = subprocess.PIPE if deaf == "errors" else nobody
    err = subprocess.PIPE if deaf == "output" else nobody
    ended = apply_to(tenant, folder, out, err, "--format", voice)
    assert ended.returncode == 0
    assert is_whole(tenant)


@pytest.mark.matrix(instead="test_an_apply_whose_reader_has_gone_is_finished")
def test_an_apply_without_any_output_at_all_is_finished(tenant: Simulator, folder: Folder) -> None:
    folder.write("lists.yaml", manifest("ContactList", "list-0", "type: outbound"))
    command = f"{sys.executable} -m reconciler apply --yes -w {folder.root} >&- 2>&-"
    ended = subprocess.run(command, shell=True, env={**os.environ, **tenant.environment()}, check=False, timeout=60)
    assert ended.returncode == 0
    assert tenant.store.find_list("list-0")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_an_apply_whose_output_has_no_room_is_finished_and_says_so(tenant: Simulator, folder: Folder) -> None:
    with Path("/dev/full").open("w") as full:
        ended = apply_to(tenant, folder, full, subprocess.PIPE)
    assert ended.returncode == 1
    assert "error[output]: not all output of this command could be printed: No space left" in ended.stderr.decode()
    assert "Traceback" not in ended.stderr.decode()
    assert is_whole(tenant)


@pytest.mark.matrix(instead="test_an_apply_whose_reader_has_gone_is_finished")
def test_a_reader_that_is_slow_on_a_pipe_that_does_not_wait_gets_all_of_it(tenant: Simulator, folder: Folder) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    size = os.write(writer, b" " * (1 << 20))  # full before the program begins
    heard: list[bytes] = []

    def listen(pipe: IO[bytes]) -> None:
        heard.append(pipe.read())

    with os.fdopen(reader, "rb") as pipe:
        thread = threading.Timer(3.0, listen, [pipe])
        thread.start()
        ended = apply_to(tenant, folder, writer, subprocess.PIPE, "--format", "json")
        os.close(writer)
        thread.join()
    assert ended.returncode == 0
    assert heard[0][size:].decode().strip().endswith("}")
    assert is_whole(tenant)
