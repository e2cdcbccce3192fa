"""Give scripts a `reconciler` that begins at once: a process that has imported everything, and forks for each command.

What runs is the program's own door, in a process, a folder and an environment of its own. Only the imports are shared.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

_CLIENT = """#!{python} -SE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as there:
    there.connect({path!r})
    told = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(there, [len(told).to_bytes(8, "big")], [0, 1, 2])
    there.sendall(told)
    sys.exit(int(there.recv(16)))
"""


@contextmanager
def serve() -> Iterator[Path]:
    """A folder with the command, for the head of a PATH, while it is served."""
    with tempfile.TemporaryDirectory(prefix="rq") as folder:  # a short path: that of a socket may have 107 characters
        path = f"{folder}/socket"
        command = Path(folder) / "reconciler"
        command.write_text(_CLIENT.format(python=sys.executable, path=path))
        command.chmod(0o755)
        program = [sys.executable, "-m", "tests.code_hosts.quick_program", path]
        with subprocess.Popen(program, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            try:
                yield Path(folder)
            finally:
                server.terminate()


def _import_everything() -> None:
    import reconciler

    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if "__main__" not in module.name and "pyspark" not in module.name and ".simulator" not in module.name:
            import_module(module.name)
    for name in (
        "click",
        "rich.text",
        "ibis.backends.duckdb",
        "duckdb",
        "jinja2",
        "phonenumbers",
        "pycountry",
        "jsonschema",
    ):
        import_module(name)


def _run_one(there: socket.socket) -> int:
    """Run a command in a process of its own; its exit code."""
    head, fds, _, _ = socket.recv_fds(there, 8, 3)
    size, told = int.from_bytes(head, "big"), b""
    while len(told) < size:
        told += there.recv(65_536)
    arguments, folder, environment = json.loads(told)
    child = os.fork()
    if child:
        for each in fds:
            os.close(each)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        for number, each in enumerate(fds):
            os.dup2(each, number)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, mode) for n, mode in enumerate("rww"))
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        tempfile.tempdir = None
        from reconciler.cli import run

        code = int(run(arguments))
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _serve_until_stopped(path: str) -> None:
    _import_everything()
    gc.freeze()  # what is shared stays shared
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen(8)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            there, _ = door.accept()
            with there:
                there.sendall(str(_run_one(there)).encode())


if __name__ == "__main__":
    _serve_until_stopped(sys.argv[1])
