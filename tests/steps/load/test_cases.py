"""Each case is a workspace in one text, and what `load` says of it.

`tests/cases/load/NAME.case`: the files, each after a line `# file: PATH`; a line `# options: …` gives what was said
on the command line, `floor=../operator.yaml` among it, a file outside the folder; after a line `# expected`, every
problem as text, or every resource where nothing is wrong.
`RECONCILER_WRITE_CASES=1` writes that part.
"""

from __future__ import annotations

import json
import os
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import load_kinds, load_shared_schema
from reconciler.model.problem import BadInput, Problem
from reconciler.model.resource import Resource
from reconciler.model.text_enumerations import shorten_list
from reconciler.model.workspace_settings import Workspace
from reconciler.rules import load_rules
from reconciler.steps.load import load
from reconciler.steps.load.schema_fault import MEANT_FOR

CASES = sorted((Path(__file__).parents[2] / "cases" / "load").glob("*.case"))
MARK = "# expected\n"
STAND_INS = {
    shorten_list([f"`{name}`" for name in sorted(load_kinds())]): "(every kind)",
    shorten_list([f"`{name}`" for name in sorted(load_rules())]): "(every rule)",
    **{
        f"it is for {' and '.join(each[MEANT_FOR])}": "it is for (its formats)"
        for each in load_shared_schema()["$defs"].values()
        if MEANT_FOR in each
    },
}
"""What cases tell otherwise, so that a kind, a rule or a format that is added changes none."""


def stand_in(text: str) -> str:
    # the longest first: the words for one format begin those for several
    for words, told in sorted(STAND_INS.items(), key=lambda each: -len(each[0])):
        text = text.replace(words, told)
    return text


def told(problem: Problem) -> str:
    lines = [f"{problem.where}: {problem.code}: {problem.message}"]
    lines += [f"  value: {', '.join(map(str, problem.origins))}"] if problem.origins else []
    lines += [f"  note: {problem.note}"] if problem.note else []
    lines += [f"  hint: {problem.hint}"] if problem.hint else []
    return "\n".join(lines) + "\n"


def held(resource: Resource) -> str:
    """What a resource says, as its case expects it when nothing is wrong."""
    labels = f" {json.dumps(dict(resource.labels))}" if resource.labels else ""
    return f"{resource.address}{labels} {json.dumps(dict(resource.spec))}\n"


def lay_out(text: str, root: Path) -> dict[str, Any]:
    options: dict[str, Any] = {"variables": {}}
    lines: list[str] = []
    file = root / "manifests.yaml"
    for line in text.splitlines(keepends=True):
        if line.startswith("# options: "):
            for word in shlex.split(line.removeprefix("# options: ")):
                name, _, value = word.partition("=")
                if name in {"tenant", "environment"}:
                    options[name] = value
                elif name == "floor":
                    options["floors"] = (root / value,)
                elif name == "vars":
                    options["variable_files"] = (*options.get("variable_files", ()), root / value)
                else:
                    options["variables"][name] = value
        elif line.startswith("# file: "):
            write(file, lines)
            file, lines = root / line.removeprefix("# file: ").strip(), []
        else:
            lines.append(line)
    write(file, lines)
    return options


def write(file: Path, lines: list[str]) -> None:
    if lines:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(lines), encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_case_is_told_as_written(case: Path, tmp_path: Path) -> None:
    text, mark, expected = case.read_text(encoding="utf-8").partition(MARK)
    root = tmp_path / "workspace"
    root.mkdir()
    options = lay_out(text, root)
    now = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
    try:
        desired = load(Workspace(root=root, scratch=tmp_path, now=now, **options))
    except BadInput as error:
        found = stand_in("".join(map(told, error.problems)))
    else:
        found = "".join(map(held, desired.catalogue.resources.values()))
    if os.environ.get("RECONCILER_WRITE_CASES"):
        case.write_text(text + MARK + found, encoding="utf-8")
    else:
        assert mark
        assert found == expected
