"""Does a name, a phone or a mail address of anybody get out: into an output, a file of the ledger, a plan, a folder?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.cli import run as run_program
from reconciler.simulator import Simulator
from reconciler.views import list_formats
from tests import delivery
from tests.conftest import Folder

PEOPLE = 8
CANARIES = ("Ottoline", "ottoline", "Xanthippe", "5550137", "555-0137", "555 0137", "canary-mail", "CANARYID")
QUOTED = "cannot take Ottoline Xanthippe (+1 212-555-0137, ottoline@canary-mail.example): row CANARYID3 of the body"


def leaks(texts: dict[str, bytes]) -> list[str]:
    """Where a canary is found."""
    return [f"{each} in {name}" for name, text in texts.items() for each in CANARIES if each.encode() in text]


def files_below(*roots: Path) -> dict[str, bytes]:
    """Every file below some folders."""
    found = (path for root in roots for path in root.rglob("*"))
    return {str(path): path.read_bytes() for path in found if path.is_file() and not path.is_symlink()}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    path = tmp_path / "tmp"
    path.mkdir()
    monkeypatch.setenv("TMPDIR", str(path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return path


@pytest.fixture
def people(tenant: Simulator, folder: Folder) -> Iterator[Callable[[str], None]]:
    """A workspace with canaries, delivered in the way that is named."""

    def declared(method: str) -> None:
        lines = [
            f"CANARYID{n},+1{delivery._AREAS[n]}5550137,Ottoline Xanthippe,ottoline{n}@canary-mail.example,gold,80"
            for n in range(PEOPLE)
        ]
        folder.write("crm.csv", "\n".join(["id,phone,name,email,tier,score", *lines]) + "\n")
        delivery.declare(folder, tenant, method)

    yield declared


def without_sources(folder: Folder) -> dict[str, bytes]:
    """Every file of the workspace but the source itself."""
    return {name: text for name, text in files_below(folder.root).items() if not name.endswith("crm.csv")}


@pytest.mark.parametrize("method", ["bulkInsert", "contactBatch"])
@pytest.mark.thin(1)
def test_nobody_is_named_in_anything_that_a_run_prints_or_leaves(
    tenant: Simulator,
    folder: Folder,
    people: Callable[[str], None],
    temporary: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    method: str,
) -> None:
    people(method)
    root, plan = str(folder.root), str(folder.root / "a.plan")
    printed: dict[str, bytes] = {}

    def tell(*command: str) -> int:
        code = run_program([*command, *([] if "show" in command else ["-w", root])])
        printed[f"{len(printed)} {' '.join(command)}"] = "".join(capsys.readouterr()).encode()
        return code

    with caplog.at_level("DEBUG"):
        tell("--debug", "plan", "--out", plan)
        for format in list_formats("plan"):
            assert tell("show", plan, "--format", format) == 0
        assert tell("explain", "contact", "CANARYID1", "--segment", "chosen") == 0
        if method == "bulkInsert":
            tenant.faults.add("reject-rows", index=[1], code="ARCHIVED", message=QUOTED, times=None)
        else:
            tenant.faults.add(
                "other-body", method="POST", path="batch$", status=400, body={"message": QUOTED}, after=False
            )
        tell("--debug", "apply", plan, "--format", "json", "--events", str(folder.root / "events.ndjson"))
        tenant.faults.clear()
        for status, body in ((400, {"message": QUOTED}), (500, QUOTED)):
            tenant.faults.add(
                "other-body",
                method="POST",
                status=status,
                body=body,
                after=False,
                path="(bulkinsert|batch)$",
                times=None,
            )
            tell("--debug", "apply", "--resume")
            tenant.faults.clear()
        for command in (("plan",), ("plan", "--format", "json"), ("drift",), ("pending",), ("audit", "verify")):
            tell(*command)
        tell("apply", "--yes", "--format", "json")
    printed["the log"] = caplog.text.encode()
    assert any(b"1 rejected" in text or b"rejected" in text for text in printed.values())
    assert any(b"\xe2\x80\xa6" in text for text in printed.values()), "the tenant's words were shown, without names"
    assert not leaks(printed)
    assert not leaks(without_sources(folder))
    assert not [path for path in temporary.iterdir() if path.name.startswith((".reconciler", "reconciler"))]


def test_what_a_killed_apply_left_in_the_temporary_folder_goes_with_the_next_command(
    tenant: Simulator, folder: Folder, people: Callable[[str], None], temporary: Path
) -> None:
    people("bulkInsert")
    tenant.faults.add("hold-before", method="POST", path="bulkinsert$", times=None)
    command = [sys.executable, "-m", "reconciler", "apply", "--yes", "-w", str(folder.root)]
    process = subprocess.Popen(command, env={**os.environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            if any(entry.path.endswith("bulkinsert") for entry in tenant.requests()) or process.poll() is not None:
                break
            time.sleep(0.05)
        left = files_below(temporary)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert leaks(left), "while it works, rows lie there"
    assert not leaks(without_sources(folder))
    assert run_program(["validate", "-w", str(folder.root)]) == 0
    assert not leaks(files_below(temporary))


@pytest.mark.parametrize("debug", [["--debug"], []])
def test_a_library_that_quotes_a_row_is_not_quoted(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], debug: list[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        try:
            raise ValueError(f"could not convert {QUOTED}")
        except ValueError as error:
            raise LookupError(f"row: {QUOTED}") from error

    monkeypatch.setattr("reconciler.flow.propose", fail)
    assert run_program([*debug, "plan", "-w", str(folder.root)]) == 1
    said = "".join(capsys.readouterr())
    assert "error[internal]: LookupError" in said
    assert ("builtins.ValueError" in said) is bool(debug)
    assert not leaks({"what is printed": said.encode()})
