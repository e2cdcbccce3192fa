"""Which values may templates use?

`--var NAME=VALUE` wins over the files of `--vars` (a later file wins over an earlier one), and those win over the
chosen environment's file, `environments/NAME.yaml`. A file is one YAML mapping, read as strictly as a manifest.
Nothing else is a variable: the process's environment cannot be reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.model.problem import Location, Problem
from reconciler.model.settings import Workspace
from reconciler.steps.load.files import ENVIRONMENTS, read_file
from reconciler.steps.load.nearest import nearest, suggest
from reconciler.steps.load.yaml_nodes import read, read_scalar

_TEMPLATE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Variables:
    """Values by name; `complete` is false where a file could not be read, so that others may exist."""

    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    complete: bool = True


def variables(workspace: Workspace) -> tuple[Variables, list[Problem]]:
    """Every variable of a run, and what kept others from being read."""
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for path in (*_environment(workspace, problems), *workspace.variable_files):
        values |= _mapping(workspace.root, path, problems)
    values |= {name: read_scalar(text) for name, text in workspace.variables.items()}
    return Variables(values, complete=not problems), problems


def unused(given: Mapping[str, str], texts: Sequence[str]) -> list[Problem]:
    """Values of `--var` that no manifest asks for: a typo there would leave a default in force in silence."""
    asked = {word for text in texts for expression in _TEMPLATE.findall(text) for word in _WORD.findall(expression)}
    return [
        Problem(
            Location("--var"),
            "unused-variable",
            f"no manifest uses the variable `{name}`",
            hint=suggest(name, asked),
        )
        for name in given
        if name not in asked
    ]


def _environment(workspace: Workspace, problems: list[Problem]) -> Iterator[Path]:
    if workspace.environment is None:
        return
    folder = workspace.root / ENVIRONMENTS
    known = {path.stem: path for suffix in ("yml", "yaml") for path in sorted(folder.glob(f"[!.]*.{suffix}"))}
    # looked up among the files there are, never joined to a path: `../x` is no environment
    chosen = known.get(workspace.environment)
    if chosen is not None:
        yield chosen
        return
    problems.append(
        Problem(
            Location("--environment"),
            "unknown-environment",
            f"there is no file {ENVIRONMENTS}/{workspace.environment}.yaml",
            hint=suggest(workspace.environment, known) or "write it, with a line `name: value` for each variable",
        )
    )


def _mapping(root: Path, path: Path, problems: list[Problem]) -> dict[str, Any]:
    # a file of --vars was named by a person and may be anywhere; an environment's file came with the repository
    source = read_file(root, path, anywhere=path.parent != root / ENVIRONMENTS)
    if isinstance(source, Problem):
        problems.append(source)
        return {}
    documents, found, _ = read(source.name, source.text)
    problems += found
    if not documents:
        return {}
    value = documents[0].value
    if len(documents) > 1 or not isinstance(value, dict):
        where = documents[-1].where() if len(documents) > 1 else documents[0].where()
        message = "a file of variables is one mapping, with a line `name: value` for each variable"
        problems.append(Problem(where, "bad-variables", message))
        return {}
    return value


def missing(name: str, where: Location, names: Mapping[str, Any]) -> Problem:
    """The problem of a template that uses a variable nobody gave."""
    near = nearest(name, names)
    give = f"give it with `--var {name}=…`, in a file of `--vars`, or in `{ENVIRONMENTS}/`"
    hint = give if near is None else f"did you mean `{near}`? Otherwise {give}"
    return Problem(where, "missing-variable", f"the variable `{name}` has no value", hint=hint)
