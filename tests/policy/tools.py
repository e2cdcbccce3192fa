"""The policy tools that `.ci/policy-tools` installs, and how they are run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "docs" / "policies"
FOLDER = Path(os.environ.get("RECONCILER_POLICY_TOOLS") or ROOT / ".policy-tools")


def find_tool(name: str) -> Path:
    """Where a tool is; without it the test is skipped, and in CI fails."""
    found = shutil.which(name) if name == "jq" else FOLDER / name / "bin" / ("python" if name == "opa-eval" else name)
    if found is not None and Path(found).exists():
        return Path(found)
    why = f"{name} is not at hand: .ci/policy-tools installs it"
    if os.environ.get("RECONCILER_CI"):
        pytest.fail(why)
    pytest.skip(why)


@dataclass(frozen=True)
class Verdict:
    """How a tool ended, and what it says of each policy: which objects break it, and how many keep to it."""

    code: int
    broken: dict[str, set[str]]
    kept: dict[str, int]
    out: str


def run_tool(name: str, *words: object, where: Path) -> subprocess.CompletedProcess[str]:
    """A tool with a home of its own, and with nothing but what it is given."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(where), "LANG": "C.UTF-8", "TMPDIR": str(where)}
    told = [str(find_tool(name)), *(str(word) for word in words)]
    return subprocess.run(told, cwd=where, env=environment, capture_output=True, text=True, check=False, timeout=120)


def run_checkov(plan: Path, where: Path) -> Verdict:
    """Our policies alone, without its own for clouds, and without a look outside."""
    where.mkdir(exist_ok=True)
    ended = run_tool(
        "checkov",
        *("--file", plan, "--framework", "terraform_plan", "--external-checks-dir", POLICIES / "checkov"),
        *("--check", "CKV2_DIAL_*", "--skip-download", "--output", "json"),
        where=where,
    )
    document = json.loads(ended.stdout)
    assert document["summary"]["parsing_errors"] == 0, ended.stderr
    broken: dict[str, set[str]] = {}
    kept: dict[str, int] = {}
    for each in document["results"]["failed_checks"]:
        broken.setdefault(each["check_name"], set()).add(each["resource"])
    for each in document["results"]["passed_checks"]:
        kept[each["check_name"]] = kept.get(each["check_name"], 0) + 1
    return Verdict(ended.returncode, broken, kept, ended.stdout)


def run_compliance(plan: Path, where: Path) -> Verdict:
    """All our features; what it found, from the report that it writes beside what it prints."""
    where.mkdir(exist_ok=True)
    report = where / "report.json"
    report.unlink(missing_ok=True)
    features = POLICIES / "terraform-compliance"
    ended = run_tool(
        "terraform-compliance",
        *("--planfile", plan, "--features", features, "--no-ansi", f"--cucumber-json={report}"),
        where=where,
    )
    assert report.exists(), ended.stdout + ended.stderr
    told: list[Any] = json.loads(report.read_text(encoding="utf-8"))
    addresses = _list_addresses(plan)
    failures = dict(_find_failures(ended.stdout))
    broken: dict[str, set[str]] = {}
    kept: dict[str, int] = {}
    for scenario in (each for feature in told for each in feature["elements"]):
        results = [step["result"]["status"] for step in scenario["steps"]]
        if "failed" in results:
            said = failures[scenario["name"]]
            broken[scenario["name"]] = {each for each in addresses if any(f" {each} " in line for line in said)}
        elif set(results) == {"passed"}:
            kept[scenario["name"]] = 1
    return Verdict(ended.returncode, broken, kept, ended.stdout)


def _list_addresses(plan: Path) -> list[str]:
    resources = json.loads(plan.read_text(encoding="utf-8"))["planned_values"]["root_module"]["resources"]
    return [each["address"] for each in resources]


def _find_failures(out: str) -> Iterator[tuple[str, list[str]]]:
    """Each scenario, and what it says of the objects that break it."""
    for part in out.split("Scenario: ")[1:]:
        name, *lines = part.splitlines()
        yield name, [line for line in lines if line.strip().startswith("Failure: ")]
