"""Which tenant, which moment and which engine does a run mean?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from reconciler.kinds.workspace import outside
from reconciler.model.moment import last_midnight
from reconciler.model.problem import Location, Problem
from reconciler.model.resource import Catalogue
from reconciler.model.settings import Engine, Settings, Workspace
from reconciler.steps.load.files import WHOLE
from reconciler.steps.load.nearest import listed, suggest


def tenant(workspace: Workspace, settings: Settings, catalogue: Catalogue, names: Iterable[str]) -> str | Problem:
    """The name of the tenant that is meant: the command line's, else the workspace's, else the only one."""
    offered = sorted(names)
    chosen = workspace.tenant or settings.tenant
    if chosen is None:
        return offered[0] if len(offered) == 1 else _unclear(offered)
    if chosen in offered:
        return chosen
    where = Location("--tenant")
    if not workspace.tenant:
        declared = catalogue.of_kind("Workspace")
        where = next(iter(declared)).where("spec", "tenant")
    hint = suggest(chosen, offered) or "declare it with a manifest of `kind: Tenant`"
    return Problem(where, "unknown-tenant", f"no manifest declares a Tenant `{chosen}`", hint=hint)


def _unclear(offered: list[str]) -> Problem:
    if not offered:
        hint = "add a manifest of `kind: Tenant`"
        return Problem(WHOLE, "no-tenant", "no manifest says which tenant is meant", hint=hint)
    return Problem(
        WHOLE,
        "unclear-tenant",
        f"there are {len(offered)} tenants, and none is chosen: {listed(offered)}",
        hint="choose one with `--tenant NAME`, or with `tenant: NAME` in the Workspace manifest",
    )


def moment(workspace: Workspace, settings: Settings) -> datetime:
    """The instant that recency is counted from, UTC: given, else declared, else the last midnight."""
    chosen = workspace.as_of or settings.as_of
    return last_midnight(workspace.now) if chosen is None else chosen.astimezone(UTC)


def engine(workspace: Workspace, settings: Settings, catalogue: Catalogue) -> Engine | Problem:
    """The engine that is asked for, with its spill folder as an absolute path, wherever links lead."""
    said = settings.engine.spill_folder
    if said is None:
        return settings.engine
    inside = workspace.root.resolve()
    folder = (inside / said).resolve()
    resource = next(iter(catalogue.of_kind("Workspace")))
    if not folder.is_relative_to(inside):
        return outside(resource, said)
    if folder.exists() and not folder.is_dir():
        where = resource.where("spec", "engine", "spillFolder")
        return Problem(
            where, "not-a-folder", f"`{said}` is a file", hint="name a folder; it is made where it is not there"
        )
    return replace(settings.engine, spill_folder=folder)
