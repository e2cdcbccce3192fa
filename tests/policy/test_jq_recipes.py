"""Every block of docs/policy.md runs on a plan, and prints what the page says; `--write-golden` writes the page anew."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from reconciler.views import json_view, terraform
from tests.policy.plans import shows_all
from tests.policy.tools import ROOT, find_tool

PAGE = ROOT / "docs" / "policy.md"
BLOCK = re.compile(r"```console\n\$ (?P<command>[^\n]+)\n(?P<out>.*?)```\n", re.DOTALL)
BLOCKS = [each.group("command") for each in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plan in both documents."""
    where = tmp_path_factory.mktemp("plan")
    (where / "plan.json").write_text(json_view.plan(shows_all()), encoding="utf-8")
    (where / "plan.tf.json").write_text(terraform.plan(shows_all()), encoding="utf-8")
    return where


def run_block(command: str, where: Path) -> str:
    """What a line for a shell prints, and that it ends well."""
    environment = {"PATH": f"{find_tool('jq').parent}{os.pathsep}{os.environ['PATH']}", "LANG": "C.UTF-8"}
    told = ["bash", "-euo", "pipefail", "-c", command]
    ended = subprocess.run(told, cwd=where, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    return ended.stdout


def test_each_block_prints_what_the_page_says(folder: Path, request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = {each.group("command"): each.group("out") for each in BLOCK.finditer(page)}
    found = {command: run_block(command, folder) for command in shown}
    if request.config.getoption("--write-golden"):
        written = BLOCK.sub(lambda each: f"```console\n$ {each['command']}\n{found[each['command']]}```\n", page)
        PAGE.write_text(written, encoding="utf-8")
        shown = found
    assert found == shown
    assert all(found.values())


def test_there_are_ten_of_terraforms_recipes_and_ten_of_ours() -> None:
    theirs, ours = PAGE.read_text(encoding="utf-8").split("## jq: ")[1:]
    assert min(len(BLOCK.findall(part)) for part in (theirs, ours)) >= 10
    assert len(set(BLOCKS)) == PAGE.read_text(encoding="utf-8").count("```console")
