"""What a loaded workspace holds besides its resources, and what loading it does not need."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.model.nearest_name import list_names, suggest
from reconciler.model.problem import BadInput, Location
from reconciler.model.text_enumerations import MOST
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.load import load, yaml_nodes
from reconciler.steps.load.template_filters import OUTPUT, Refused
from reconciler.steps.load.templates import evaluate
from reconciler.steps.load.yaml_nodes import read, read_scalar

TENANT = """
apiVersion: cxone.reconciler/v1
kind: Tenant
metadata: {name: production}
spec:
  surfaces: {lists: {tenant: acme-1.cxone.com}}
"""
SETTINGS = """
---
apiVersion: cxone.reconciler/v1
kind: Workspace
metadata: {name: starter}
spec: {asOf: 2026-06-30T22:00:00-02:00, limits: {removals: 20}}
"""
NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


def workspace(root: Path, text: str, **given: Any) -> Workspace:
    (root / "all.yaml").write_text(text)
    return replace(Workspace(root=root, scratch=root / "scratch", now=NOW), **given)


def test_without_a_workspace_manifest_every_default_serves(tmp_path: Path) -> None:
    desired = load(workspace(tmp_path, TENANT))
    assert desired.settings.name == "default"
    assert desired.tenant.address.name == "production"
    assert desired.as_of == datetime(2026, 7, 1, tzinfo=UTC)
    assert (desired.root, desired.scratch, desired.prune) == (tmp_path, tmp_path / "scratch", False)


def test_the_workspace_manifest_gives_the_settings(tmp_path: Path) -> None:
    desired = load(workspace(tmp_path, TENANT + SETTINGS, prune=True))
    assert (desired.settings.name, desired.settings.limits.removals, desired.prune) == ("starter", 20, True)
    assert desired.as_of == datetime(2026, 7, 1, tzinfo=UTC)


def test_the_moment_of_the_command_line_wins_and_is_utc(tmp_path: Path) -> None:
    chosen = datetime(2026, 5, 1, tzinfo=timezone(timedelta(hours=-5)))
    desired = load(workspace(tmp_path, TENANT + SETTINGS, as_of=chosen))
    assert desired.as_of == chosen
    assert desired.as_of.tzinfo is UTC


def test_a_resource_knows_where_each_part_was_written(tmp_path: Path) -> None:
    desired = load(workspace(tmp_path, TENANT))
    assert desired.tenant.where("metadata", "name") == Location("all.yaml", 4, 18)
    assert desired.tenant.where("spec", "surfaces", "lists", "nothing") == Location("all.yaml", 6, 14)


def test_a_variable_of_the_environment_is_no_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SURFACE", "acme-1.cxone.com")
    text = TENANT.replace("acme-1.cxone.com", '"{{ SURFACE }}"')
    with pytest.raises(BadInput) as error:
        load(workspace(tmp_path, text, environ={"SURFACE": "acme-1.cxone.com"}))
    assert [problem.code for problem in error.value.problems] == ["missing-variable"]


def test_a_value_from_a_variable_is_never_printed(tmp_path: Path) -> None:
    text = TENANT.replace("acme-1.cxone.com", '"{{ secret }}", rate: "{{ secret }}", workers: "{{ secret|int }}"')
    with pytest.raises(BadInput) as error:
        load(workspace(tmp_path, text, variables={"secret": "wood and water"}))
    assert len(error.value.problems) == 3
    assert "wood" not in repr(error.value.problems)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{{ long }}{{ long }}", "template-too-large"),
        ("{{ [long, long] }}", "template-too-large"),
        ("{{ a }}" + "x" * OUTPUT, "template-too-large"),
        ("{{ 'inf'|float }}", "template-value"),
        ("{{ [1, 'nan'|float] }}", "template-value"),
        ("{{ big + big }}", "template-value"),
        ("{{ [map.b]|join }}", "missing-part"),
        ("{{ map.b + 1 }}", "missing-part"),
        ("{{ map.items }}", "missing-part"),
        ("{{ long.upper }}", "missing-part"),
        ("{{ [1][1] }}", "missing-part"),
        ("{{ [1]['a'] }}", "missing-part"),
        ("{{ map[['a']] }}", "missing-part"),
        ("{{ [1][0:1] }}", "template-not-allowed"),
        ("{{ {'a': 1} }}", "template-not-allowed"),
        ("{% set a = 1 %}", "template-not-allowed"),
    ],
)
def test_a_template_is_refused_when_it_is_too_much(text: str, code: str) -> None:
    values = {"long": "x" * 60_000, "big": 1.5e308, "map": {"a": 1}}
    with pytest.raises(Refused) as error:
        evaluate(text, values)
    assert error.value.told[0] == code


def test_importing_the_verb_imports_no_library() -> None:
    script = (
        "import sys, reconciler.steps.load\n"
        "print(sorted({'yaml', 'jsonschema', 'jinja2', 'rapidfuzz', 'referencing'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("75", 75),
        ("-0.5e1", -5.0),
        ("true", True),
        ("null", None),
        ("", None),
        ("no", "no"),
        ("007", "007"),
        ('"75"', "75"),
        ("'a''b'", "a'b"),
        ("'a' or 'b'", "'a' or 'b'"),
        ("a: b", "a: b"),
        ("9" * 500, "9" * 500),
    ],
)
def test_a_text_of_the_command_line_is_a_yaml_scalar(text: str, value: object) -> None:
    assert read_scalar(text) == value
    assert type(read_scalar(text)) is type(value)


def test_the_slow_reader_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [TENANT + SETTINGS, "a: [1, 'x', ! 2, !!str 3]\nb: |\n  text\n", "a: *b", "a: 1\na: 2", "a: {{ b }}"]
    fast = [read("a.yaml", text) for text in texts]
    monkeypatch.setattr(yaml_nodes, "_LOADER", yaml.SafeLoader)
    assert [read("a.yaml", text) for text in texts] == fast


def test_the_slow_reader_refuses_half_a_character_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_nodes, "_LOADER", yaml.SafeLoader)
    _, problems, _ = read("a.yaml", 'a: "\\ud800"')
    assert [problem.code for problem in problems] == ["yaml-syntax"]


def test_many_names_are_not_all_listed() -> None:
    names = [f"n{at:02}" for at in range(MOST + 2)]
    assert list_names(names) == ", ".join(f"`{name}`" for name in names[:MOST]) + " and 2 more"
    assert suggest("zzz", []) is None
    assert suggest("zzz", ["aaa"]) == "there is `aaa`"
