"""Keep the scenes that were planned for other processes of the same program: a plan costs as much as twenty seeds."""

from __future__ import annotations

import datetime as dates
import hashlib
import inspect
import os
import pickle
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from shutil import copytree

from tests.simulation import standins, world
from tests.simulation.scenes import Scene

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".pytest_cache" / "simulation"
MADE = ("plan", "desired", "segments", "undisturbed")
_LIBRARIES = ("duckdb", "ibis-framework", "pyarrow", "phonenumbers")


def fetch(scene: Scene) -> bool:
    """Put into a scene what was made of it before, and its files into this folder; False where nothing is kept."""
    kept = FOLDER / _digest_program() / scene.root.name
    if not kept.is_dir():
        return False
    with _real_dates():
        made = pickle.loads((kept / "made.pickle").read_bytes())
    for each in MADE:
        setattr(scene, each, made[each])
    for folder in _list_folders(scene):
        copytree(kept / folder, folder, dirs_exist_ok=True)
    scene.foresee()
    return True


def keep(scene: Scene) -> None:
    """Keep what was made of a scene; what another process has kept meanwhile stays."""
    above = FOLDER / _digest_program()
    above.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=above, prefix=".draft-"))
    with _real_dates():
        (draft / "made.pickle").write_bytes(pickle.dumps({each: getattr(scene, each) for each in MADE}))
    for folder in _list_folders(scene):
        copytree(folder, draft / folder)
    try:
        draft.rename(above / scene.root.name)
    except OSError:  # it is there
        return


def _list_folders(scene: Scene) -> tuple[Path, Path]:
    return scene.root, Path("plans") / scene.root.name


@contextmanager
def _real_dates() -> Iterator[None]:
    """While something is pickled: `datetime` is known by its name."""
    dates.datetime = standins.REAL_DATETIME  # type: ignore[misc]
    try:
        yield
    finally:
        dates.datetime = standins.Datetime  # type: ignore[misc]


@cache
def _digest_program() -> str:
    """What a plan is made by: the program, the scenes, and the libraries that compute."""
    digest = hashlib.sha256(sys.version.encode())
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)}\n".encode())
    for function in (world.prepare, world.make_runtime):
        digest.update(inspect.getsource(function).encode())
    files = [*ROOT.glob("reconciler/**/*"), *ROOT.glob("schemas/**/*"), Path(__file__).with_name("scenes.py")]
    for path in sorted(files):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{os.path.relpath(path, ROOT)}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:24]
