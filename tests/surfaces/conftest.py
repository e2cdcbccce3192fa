"""A tenant that speaks another API, and the file that says how: nothing else is told to the program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import reconciler.surfaces
from reconciler import kinds
from reconciler.cli import run as run_program
from reconciler.surfaces import load_methods, load_surfaces
from tests.conftest import AS_OF, Ended, manifest
from tests.surfaces.desk import Desk, serve

APIS = Path(__file__).parent / "apis"

TENANT = """
credentials: {{clientId: {{env: CXONE_CLIENT_ID}}, clientSecret: {{env: CXONE_CLIENT_SECRET}}}}
surfaces:
  deskapi: {{baseUrl: "{url}", tokenUrl: "{url}/token", rate: 5000, burst: 500, attempts: 2}}
"""


def _forget() -> None:
    for cached in (load_surfaces, load_methods, kinds._load_modules, kinds.load_kinds):
        cached.cache_clear()


@contextmanager
def added(folder: Path) -> Iterator[None]:
    """The surfaces of a folder beside the product's: their files, their block of the Tenant's schema, their methods."""
    declared = kinds.load_schema("Tenant")["properties"]["spec"]["properties"]["surfaces"]["properties"]
    names, path = [each.stem for each in folder.glob("[!_]*.py")], list(reconciler.surfaces.__path__)
    reconciler.surfaces.__path__.append(str(folder))
    declared |= dict.fromkeys(names, declared["lists"])
    _forget()
    ways = kinds.load_schema("Segment")["properties"]["spec"]["properties"]["delivery"]["properties"]["method"]["enum"]
    offered, ways[:] = list(ways), sorted({*ways, *load_methods()})
    try:
        yield
    finally:
        ways[:] = offered
        reconciler.surfaces.__path__[:] = path
        for name in names:
            del declared[name]
            sys.modules.pop(f"reconciler.surfaces.{name}", None)
        _forget()


@pytest.fixture
def desk() -> Iterator[Desk]:
    """An empty tenant of the other API."""
    with serve() as started, added(APIS):
        yield started


class Workspace:
    """A workspace of manifests for it; `run` is the program's door."""

    def __init__(self, root: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys
        root.mkdir()
        self.write("Tenant", "desk", TENANT.format(url=url))
        self.write("Workspace", "test", f"asOf: {AS_OF}")

    def write(self, kind: str, name: str, spec: str) -> None:
        """Write a manifest."""
        self._file(kind, name).write_text(manifest(kind, name, spec), encoding="utf-8")

    def remove(self, kind: str, name: str) -> None:
        """Take a manifest out."""
        self._file(kind, name).unlink()

    def _file(self, kind: str, name: str) -> Path:
        return self.root / f"{kind}-{name}.yaml".lower()

    def run(self, command: str, *arguments: str) -> Ended:
        """Run a command line on it."""
        self._capsys.readouterr()
        code = run_program([command, *arguments, "-w", str(self.root)])
        captured = self._capsys.readouterr()
        return Ended(code, captured.out, captured.err)


Make = Callable[[], Workspace]


@pytest.fixture
def workspace(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Workspace:
    """A workspace with nothing but its tenant."""
    monkeypatch.setenv("CXONE_CLIENT_ID", "client")
    monkeypatch.setenv("CXONE_CLIENT_SECRET", "not-a-secret")
    return Workspace(tmp_path / "workspace", desk.url, capsys)
