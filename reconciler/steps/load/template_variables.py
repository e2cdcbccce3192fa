# tested by: tests/steps/load/test_refusals.py
"""Collect the values that templates may use.

`--var NAME=VALUE` wins over the files of `--vars` (a later file wins over an earlier one), and those win over the
chosen environment's file, `environments/NAME.yaml`. A file is one YAML mapping, read as strictly as a manifest.
Nothing else is a variable: the process's environment cannot be reached. `tenant` in an environment's file names the
Tenant that the environment is of, and is a variable as well, which nothing lays another value over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from reconciler.model.nearest_name import find_nearest, list_names, suggest
from reconciler.model.problem import Location, Problem, Problems
from reconciler.model.resource import Path
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.load.manifest_document import Document
from reconciler.steps.load.manifest_files import ENVIRONMENTS, format_name, read_file
from reconciler.steps.load.yaml_nodes import read, read_scalar

TENANT = "tenant"
"""The line of an environment's file that says which Tenant it is of."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment that was chosen.

    Attributes:
        tenant: what its file says of its Tenant, whatever was written there; None: nothing.
        where: the place of that, or the file.
    """

    name: str
    tenant: Any
    where: Location


@dataclass(frozen=True, slots=True)
class Variables:
    """Values by name.

    Attributes:
        complete: false where a file could not be read, so that others may exist.
        places: where each value, and each part of one, was written; by its name and the keys and numbers that follow.
        environment: the one that was chosen; None: none was, or its file could not be read.
        offered: those that there are, where none was chosen.
    """

    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    complete: bool = True
    places: Mapping[Path, Location] = field(default_factory=dict)
    environment: Environment | None = None
    offered: tuple[str, ...] = ()

    def locate(self, path: Path) -> Location | None:
        """Where a part of a variable was written, or else what is around it."""
        return next((self.places[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.places), None)


def read_variables(workspace: Workspace) -> tuple[Variables, Problems]:
    """Every variable of a run, and what kept others from being read."""
    problems = Problems()
    values: dict[str, Any] = {}
    places: dict[Path, Location] = {}
    environment: Environment | None = None
    files = [*_choose_environment(workspace, problems), *workspace.variable_files]
    for number, file in enumerate(files):
        before = len(problems)
        found = _read_mapping(workspace.root, file, problems)
        if found is None:
            if number == 0 and workspace.environment is not None and len(problems) == before:  # it is empty
                environment = Environment(workspace.environment, None, Location(format_name(workspace.root, file)))
            continue
        if number == 0 and workspace.environment is not None:
            environment = Environment(workspace.environment, found.value.get(TENANT), found.locate(TENANT))
        elif environment is not None and TENANT in found.value:
            problems += _check_tenant(environment, found.value[TENANT], found.locate(TENANT))
        values |= found.value
        places = {path: place for path, place in places.items() if path[0] not in found.value}
        places |= {path: place for path, place in found.places.items() if path}
    if environment is not None and TENANT in workspace.variables:
        told = read_scalar(workspace.variables[TENANT])
        problems += _check_tenant(environment, told, Location(f"--var {TENANT}"))
    values |= {name: read_scalar(text) for name, text in workspace.variables.items()}
    places = {path: place for path, place in places.items() if path[0] not in workspace.variables}
    places |= {(name,): Location(f"--var {name}") for name in workspace.variables}
    offered = tuple(list_environments(workspace.root)) if workspace.environment is None else ()
    return Variables(values, not problems, places, environment, offered), problems


def _check_tenant(environment: Environment, value: Any, where: Location) -> Iterator[Problem]:
    """Templates must not mean another tenant than the one that is read."""
    if environment.tenant is not None and value != environment.tenant:
        message = f"environment `{environment.name}` says which tenant it is of, and this is another"
        hint = "leave it out, or give the variable another name"
        yield Problem(where, "tenant-conflict", message, note=f"it is set at {environment.where}", hint=hint)


def find_unused(given: Mapping[str, str], texts: Sequence[str]) -> Problems:
    """Values of `--var` that no manifest asks for: a typo there would leave a default in force in silence."""
    if not given:
        return Problems()
    asked = {word for text in texts for expression in _iter_expressions(text) for word in _WORD.findall(expression)}
    return Problems(
        Problem(
            Location("--var"),
            "unused-variable",
            f"no manifest uses the variable `{name}`",
            hint=suggest(name, asked),
        )
        for name in given
        if name not in asked
    )


def _iter_expressions(text: str) -> Iterator[str]:
    """What stands in the double braces of a text. It is read once: a pattern would begin anew at each brace."""
    end = 0
    while (start := text.find("{{", end)) >= 0 and (end := text.find("}}", start + 2)) >= 0:
        yield text[start + 2 : end]


def list_environments(root: FilePath) -> list[str]:
    """The environments that a workspace has, by name."""
    folder = root / ENVIRONMENTS
    return sorted({path.stem for suffix in ("yml", "yaml") for path in folder.glob(f"[!.]*.{suffix}")})


def _choose_environment(workspace: Workspace, problems: Problems) -> Iterator[FilePath]:
    if workspace.environment is None:
        return
    folder = workspace.root / ENVIRONMENTS
    every = [path for suffix in ("yml", "yaml") for path in sorted(folder.glob(f"[!.]*.{suffix}"))]
    known = {path.stem: path for path in every}
    # looked up among the files there are, never joined to a path: `../x` is no environment
    chosen = known.get(workspace.environment)
    if chosen is not None:
        if sum(path.stem == workspace.environment for path in every) > 1:
            message = f"two files are of the environment `{workspace.environment}`: .yaml and .yml"
            where = Location(format_name(workspace.root, chosen))
            problems.append(Problem(where, "environment-twice", message, hint="keep one of them"))
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


def _read_mapping(root: FilePath, path: FilePath, problems: Problems) -> Document | None:
    # a file of --vars was named by a person and may be anywhere; an environment's file came with the repository
    source = read_file(root, path, anywhere=path.parent != root / ENVIRONMENTS)
    if isinstance(source, Problem):
        problems.append(source)
        return None
    documents, found, _ = read(source.name, source.text)
    problems += found
    if not documents:
        return None
    value = documents[0].value
    if len(documents) > 1 or not isinstance(value, dict):
        where = documents[-1].locate() if len(documents) > 1 else documents[0].locate()
        message = "a file of variables is one mapping, with a line `name: value` for each variable"
        problems.append(Problem(where, "bad-variables", message))
        return None
    return documents[0]


def describe_missing(name: str, where: Location, names: Mapping[str, Any], offered: Sequence[str] = ()) -> Problem:
    """The problem of a template that uses a variable nobody gave; `offered` are environments, if none was chosen."""
    near = find_nearest(name, names)
    give = f"give it with `--var {name}=…`, in a file of `--vars`, or in `{ENVIRONMENTS}/`"
    if offered:
        give = f"choose an environment with `--environment NAME` ({list_names(offered)}), or {give}"
    hint = give if near is None else f"did you mean `{near}`? Otherwise {give}"
    return Problem(where, "missing-variable", f"the variable `{name}` has no value", hint=hint)
