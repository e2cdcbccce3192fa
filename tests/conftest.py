"""What every test may ask for: an embedded tenant, a workspace of manifests, and the program's door."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from reconciler.cli import run as run_program
from reconciler.model.well_known_names import load_pipeline_variables
from reconciler.simulator import Options, Simulator
from tests import nice_document, s3, slices

# an expression is thousands of small objects that live as long as it does: looking through them all again and again
# takes a tenth of the time of the suite
gc.set_threshold(100_000, 50, 100)

# what differs is told, there as well
pytest.register_assert_rewrite("tests.kinds.cycle")

# how long an example takes says how busy the machine is
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

AS_OF = "2026-07-01T00:00:00Z"

TENANT = """
apiVersion: cxone.reconciler/v1
kind: Tenant
metadata: {{name: embedded}}
spec:
  credentials: {{clientId: {{env: CXONE_CLIENT_ID}}, clientSecret: {{env: CXONE_CLIENT_SECRET}}}}
  surfaces:
    outbound: {{baseUrl: {url}/outbound/api/v2, tokenUrl: {url}/outbound/oauth/token, rate: 5000, burst: 500, attempts: 3}}
    lists: {{baseUrl: {url}/lists/api/v1, tokenUrl: {url}/lists/oauth/token, rate: 5000, burst: 500, attempts: 3}}
"""


@dataclass(frozen=True)
class Ended:
    """How a command line ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All that a person at a terminal reads."""
        return self.out + self.err


class Folder:
    """A workspace's folder; `Workspace/test` is its name, `embedded` its tenant."""

    def __init__(self, root: Path, url: str) -> None:
        self.root = root
        self.write("tenant.yaml", TENANT.format(url=url))
        self.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}"))

    def write(self, name: str, text: str) -> Path:
        """Write a file of the workspace."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


def manifest(kind: str, name: str, spec: str) -> str:
    """A manifest; `spec` is YAML, its lines not indented."""
    indented = "\n".join(f"  {line}" for line in spec.strip().splitlines())
    return f"apiVersion: cxone.reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{indented}\n"


@pytest.fixture
def tenant() -> Iterator[Simulator]:
    """An empty embedded tenant."""
    with Simulator(Options()) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path, tenant: Simulator, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A workspace with a Tenant manifest for the embedded tenant and the credentials in the environment."""
    for name, value in tenant.environment().items():
        monkeypatch.setenv(name, value)
    return Folder(tmp_path / "workspace", tenant.url)


@pytest.fixture
def run(folder: Folder, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run a command line on the workspace: `run("plan", "--out", "x")`."""

    def run_on_folder(command: str, *arguments: str) -> Ended:
        capsys.readouterr()
        code = run_program([command, *arguments, "-w", str(folder.root)])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run_on_folder


@pytest.fixture(scope="session")
def s3_server() -> Iterator[s3.S3]:
    """An S3 server of this test run alone, on the loopback."""
    with s3.served() as server:
        yield server


@pytest.fixture
def s3_here(s3_server: s3.S3, monkeypatch: pytest.MonkeyPatch) -> s3.S3:
    """The S3 server without faults, and the environment that leads to it."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    s3_server.faults.clear()
    s3_server.asked.clear()
    return s3_server


def pytest_configure() -> None:
    """Hear SIGINT, and let children hear it: a job in the background of a script is started deaf to it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # a pipeline that runs this suite is none that runs the program: there this machine would be no host by default
    for name in (*load_pipeline_variables(), "RECONCILER_FLOOR"):
        os.environ.pop(name, None)
    if nice_document.DOCUMENT:
        nice_document.WATCH.begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Hold what a test asked of NICE's API, and what it was answered, to the vendor's document."""
    try:
        yield
    finally:
        # of a test that failed, too: the next one has not asked for it
        faults, asked = nice_document.WATCH.drain()
    if asked:
        item.user_properties.append((nice_document.OPERATIONS, sorted(asked)))
    assert not faults, faults


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what `make test` leaves out, before marks choose."""
    slices.mark(items)
    if part := config.getoption("--part"):
        items[:], others = slices.take_part(items, part)
        config.hook.pytest_deselected(items=others)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of this suite."""
    parser.addoption("--write-golden", action="store_true", help="write the golden files of the views anew")
    parser.addoption("--part", metavar="K/N", help="run the K-th of N parts of the tests")
    parser.addoption("--record", action="store_true", help="record the cassettes anew, from the embedded tenant")


KILLED = "places at which a run was killed, and resumed"
PAIRS = "pairs of a do-not-call entry and a contact, none called"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was tried; the workers of pytest-xdist cannot print it themselves."""
    reports = [each for word in ("passed", "failed") for each in terminalreporter.stats.get(word, ())]
    for what in (KILLED, PAIRS):
        counts = [value for each in reports for name, value in each.user_properties if name == what]
        if counts:
            terminalreporter.write_line(f"{sum(counts):,} {what}, in {len(counts)} tests")
    asked = [set(value) for each in reports for name, value in each.user_properties if name == nice_document.OPERATIONS]
    if asked:
        terminalreporter.write_line(f"{len(set().union(*asked))} {nice_document.OPERATIONS}, in {len(asked)} tests")
