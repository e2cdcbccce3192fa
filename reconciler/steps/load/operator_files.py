# tested by: tests/steps/load/test_operator_bounds_check.py
"""Read the operator's bounds from files outside the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.kinds import floor
from reconciler.model.operator_bounds import Bounds, Held, make_bounds
from reconciler.model.problem import Problem, Problems
from reconciler.model.resource import Resource
from reconciler.model.well_known_names import is_in_pipeline
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.load import ledger_symlinks
from reconciler.steps.load.ledger_symlinks import resolve_path


def read_bounds(floors: Iterable[Resource], workspace: Workspace, tenant: str, ledger: str) -> tuple[Held, Problems]:
    """What the operator's floors say, and which of their hosts are none.

    Args:
        tenant: the name of the one that is meant. ledger: the URL of the ledger.
    """
    problems = Problems()
    said = []
    for resource in floors:
        if "bounds" not in resource.spec:
            continue
        try:
            said.append(make_bounds(resource.spec["bounds"]))
        except ValueError as error:
            words, number = error.args
            where = resource.where("spec", "bounds", "hosts", number)
            problems.append(Problem(where, "bad-host", f"this is not a host: {words}"))
    inside = workspace.root.resolve()
    folders = {resolve_path(inside, name) for name in (ledger_symlinks.HERE, ledger_symlinks.find_folder(ledger))} - {
        inside
    }
    default = Bounds(
        tenant=tenant,
        local=not said and not is_in_pipeline(workspace.environ),
        ledger=tuple(sorted(folders)),
    )
    return Held(default, tuple(replace(each, tenant=tenant) for each in said)), problems


def find_misplaced(resources: Iterable[Resource]) -> Iterator[Problem]:
    """Bounds that a manifest of the workspace would set for itself."""
    for resource in resources:
        if resource.address.kind == floor.KIND.name and "bounds" in resource.spec:
            yield Problem(
                resource.where("spec", "bounds"),
                "bounds-in-manifests",
                "a file of the workspace sets no bounds: whoever changes manifests could change them",
                hint="keep it outside the workspace's folder, and name it with `--floor FILE` or RECONCILER_FLOOR",
            )


def find_reached(floors: Iterable[Resource]) -> Iterator[Problem]:
    """Bounds in files out of the workspace that git has beside its manifests."""
    for resource in floors:
        if "bounds" in resource.spec:
            yield Problem(
                resource.where("spec", "bounds"),
                "bounds-in-manifests",
                "git has this file beside the manifests: a pull request that changes them could change it",
                note="what manifests may name is said where no change of theirs reaches",
                hint="keep it out of that repository, or name the one of another checkout, of a protected branch",
            )
