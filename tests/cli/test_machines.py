"""What does a program read where something went wrong, and a person whose terminal knows few signs?"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli import run as run_program
from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]


def test_bad_input_is_a_document_with_every_problem(folder: Folder, run: Run) -> None:
    folder.write("list.yaml", manifest("ContactList", "high", "nmae: High") + "---\n" + manifest("Segmnt", "x", "a: 1"))
    ended = run("plan", "--format", "json")
    assert ended.code == 64
    document = json.loads(ended.out)
    assert (document["format_version"], document["exit_code"], document["error"]["code"]) == ("1.0", 64, "bad-input")
    problems = document["error"]["problems"]
    assert len(problems) == 2
    for each in problems:
        assert each["code"]
        assert each["message"]
        assert each["where"]["file"].endswith("list.yaml")
        assert each["where"]["line"] > 0
    assert ended.err == ""


def test_a_plan_that_may_not_be_applied_is_a_document(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.whole(tenant, folder)
    ended = run("apply", "--yes", "--format=json", "--digest", "sha256:0")
    document = json.loads(ended.out)
    assert (ended.code, document["exit_code"]) == (4, 4)
    assert document["error"]["code"] == "stale-plan"
    assert "problems" not in document["error"]


@pytest.mark.parametrize("said", [("plan", "--nonsense"), ("nonsense",), ("explain", "rule", "NO-RULE")])
def test_a_mistake_on_the_command_line_is_a_document(run: Run, said: tuple[str, ...]) -> None:
    ended = run(*said, "--format", "json")
    document = json.loads(ended.out)
    assert (ended.code, document["exit_code"], document["error"]["code"]) == (64, 64, "usage")


def test_a_tenant_that_does_not_answer_is_a_document_with_the_request(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.whole(tenant, folder)
    tenant.faults.add("status", status=403, times=None, path="/campaigns")
    ended = run("plan", "--format", "json")
    document = json.loads(ended.out)
    assert (ended.code, document["error"]["code"]) == (1, "forbidden")
    assert document["error"]["where"].startswith("GET http")
    assert document["error"]["hint"]


def test_a_plan_is_a_comment_or_a_page_with_the_address_of_the_whole_and_nothing_else_has_it(
    tenant: Simulator, folder: Folder, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.whole(tenant, folder)
    saved = str(folder.root / "a.plan")
    link = "https://ci.example.com/jobs/1?a=b#c"
    ended = run("plan", "--out", saved, "--format", "markdown", "--link", link)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("## Plan: changes\n")
    assert f"[the whole plan](<{link}>)" in ended.out
    assert run_program(["show", saved, "--format", "markdown", "--link", link]) == 0
    assert capsys.readouterr().out == ended.out
    assert run_program(["show", saved, "--format", "html", "--link", link]) == 0
    page = capsys.readouterr().out
    assert page.startswith("<!DOCTYPE html>\n")
    assert f'<a href="{link}" rel="noopener noreferrer">the whole plan</a>' in page
    assert run_program(["show", saved, "--link", link]) == 64
    capsys.readouterr()
    # the saved plan says where each finding stands
    assert run_program(["show", saved, "--format", "sarif"]) == 0
    places = [
        each["locations"][0]["physicalLocation"] for each in json.loads(capsys.readouterr().out)["runs"][0]["results"]
    ]
    files = [each["artifactLocation"]["uri"] for each in places]
    assert files == ["campaign-evening.yaml", "campaign-morning.yaml"]
    assert {each["region"]["startLine"] for each in places} == {1}
    for address in (
        "ftp://example.com",
        "https://a b",
        "https://a>)![x](https://b",
        "javascript:1",
        "https://a|b",
        "x",
    ):
        assert run_program(["show", saved, "--format", "markdown", "--link", address]) == 64, address


ENCODINGS = ["ascii", "latin-1", "cp1252", "koi8-r", "shift_jis", "utf-8"]


def test_nothing_that_is_printed_fails_for_the_encoding_of_a_terminal(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.whole(tenant, folder)
    saved = folder.root / "a.plan"
    assert run("plan", "--out", str(saved)).code == 0
    for encoding in ENCODINGS:
        told = {}
        for voice in ("text", "json"):
            printed = _Kept()
            with monkeypatch.context() as terminal:
                terminal.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding=encoding))
                assert run_program(["show", str(saved), "--format", voice]) == 0, encoding
            told[voice] = printed.getvalue()
        _is_readable(told["text"], told["json"], encoding)


@pytest.mark.matrix(instead="test_nothing_that_is_printed_fails_for_the_encoding_of_a_terminal")
def test_a_process_prints_what_the_encoding_of_its_terminal_has(
    tenant: Simulator, folder: Folder, tmp_path: Path
) -> None:
    scene.whole(tenant, folder)
    environ = {**os.environ, "PYTHONIOENCODING": "koi8-r", "PYTHONUTF8": "0"}
    told = {}
    for voice in ("text", "json"):
        words = [sys.executable, "-m", "reconciler", "plan", "-w", str(folder.root), "--format", voice]
        ended = subprocess.run(words, env=environ, capture_output=True, check=False, timeout=60)
        assert ended.returncode == 0, ended.stderr
        told[voice] = ended.stdout
    _is_readable(told["text"], told["json"], "koi8-r")


class _Kept(io.BytesIO):
    """What was printed, though the program leaves its terminal closed."""

    def close(self) -> None:
        """It is looked at afterwards."""


def _is_readable(text: bytes, document: bytes, encoding: str) -> None:
    assert json.loads(document.decode("utf-8"))["format_version"]
    assert ("→" if encoding in ("utf-8", "shift_jis") else "->") in text.decode(encoding)


SLOW = [
    "ibis",
    "duckdb",
    "pyarrow",
    "sqlglot",
    "pandas",
    "numpy",
    "phonenumbers",
    "sqlalchemy",
    "obstore",
    "deepdiff",
    "holidays",
    "pyspark",
]
"""What takes a tenth of a second and more to import, or brings in what does."""


@pytest.mark.parametrize(
    ("said", "needed"),
    [("'--help',", ()), ("'validate', '-w', sys.argv[1],", ()), ("'plan', '-w', sys.argv[1],", ("ibis", "duckdb"))],
    ids=["help", "validate", "plan"],
)
@pytest.mark.thin(1)
def test_a_command_imports_what_it_needs(tenant: Simulator, folder: Folder, said: str, needed: tuple[str, ...]) -> None:
    tenant.store.add_list("High", [], description=scene.MARK)
    scene.live_campaign(tenant, "Morning", "High", abandonThreshold=5.0)
    scene.declare_campaign(folder, name="Morning", on="high")
    folder.write("high.yaml", manifest("ContactList", "high", "name: High"))
    words = (
        f"import sys\nfrom reconciler.cli import run\ncode = run([{said}])\n"
        f"print(sorted(set({SLOW!r}) & sys.modules.keys()), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", words, str(folder.root)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = set(eval(done.stderr.strip().splitlines()[-1]))
    assert found >= set(needed)
    if needed:
        assert not found & {"deepdiff", "sqlalchemy", "obstore", "pyspark"}
    else:
        assert not found
