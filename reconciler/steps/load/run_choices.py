# tested by: tests/steps/load/test_engine.py
"""Choose the tenant, the moment and the engine of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from reconciler.kinds.workspace import check_is_inside
from reconciler.model.instants import find_last_midnight
from reconciler.model.nearest_name import list_names, suggest
from reconciler.model.problem import Location, Problem
from reconciler.model.resource import Catalogue
from reconciler.model.workspace_settings import Engine, Settings, Workspace
from reconciler.steps.load.manifest_files import WHOLE
from reconciler.steps.load.template_variables import TENANT, Environment, list_environments


def choose_tenant(
    workspace: Workspace,
    settings: Settings,
    catalogue: Catalogue,
    names: Iterable[str],
    environment: Environment | None = None,
) -> str | Problem:
    """The name of the tenant that is meant: the environment's, else the command line's, else the only one.

    Where there are several, the Workspace's `tenant` is meant only in a workspace that has no environments: the values
    of one environment must not be planned against the tenant of another.
    """
    offered = sorted(names)
    if environment is not None and environment.tenant is not None:
        return _choose_of_environment(workspace, environment, offered)
    chosen, where = workspace.tenant, Location("--tenant")
    several = list_environments(workspace.root) if len(offered) > 1 else []
    if chosen is None and several:
        return _describe_unclear(offered, workspace, environment, several)
    if chosen is None and settings.tenant is not None:
        declared = catalogue.of_kind("Workspace")
        chosen, where = settings.tenant, next(iter(declared)).where("spec", "tenant")
    if chosen is None:
        return offered[0] if len(offered) == 1 else _describe_unclear(offered, workspace, environment, several)
    return chosen if chosen in offered else _describe_unknown(chosen, where, offered)


def _choose_of_environment(workspace: Workspace, environment: Environment, offered: list[str]) -> str | Problem:
    said, where = environment.tenant, environment.where
    if not isinstance(said, str):
        message = f"`{TENANT}` of environment `{environment.name}` is not the name of a Tenant"
        return Problem(where, "unknown-tenant", message, hint=suggest("", offered))
    if said not in offered:
        return _describe_unknown(said, where, offered)
    if workspace.tenant not in (None, said):
        message = f"environment `{environment.name}` uses tenant `{said}`, and `--tenant {workspace.tenant}` was given"
        hint = f"leave `--tenant` out, or choose the environment of `{workspace.tenant}`"
        return Problem(Location("--tenant"), "tenant-conflict", message, note=f"it says so at {where}", hint=hint)
    return said


def _describe_unknown(chosen: str, where: Location, offered: list[str]) -> Problem:
    hint = suggest(chosen, offered) or "declare it with a manifest of `kind: Tenant`"
    return Problem(where, "unknown-tenant", f"no manifest declares a Tenant `{chosen}`", hint=hint)


def _describe_unclear(
    offered: list[str], workspace: Workspace, environment: Environment | None, several: list[str]
) -> Problem:
    if not offered:
        hint = "add a manifest of `kind: Tenant`"
        return Problem(WHOLE, "no-tenant", "no manifest says which tenant is meant", hint=hint)
    there = f"there are {len(offered)} tenants"
    if environment is not None:
        message = (
            f"{there}, and environment `{environment.name}` does not say which of them it is of: {list_names(offered)}"
        )
        hint = f"add a line `{TENANT}: NAME` to the environment's file"
        return Problem(environment.where, "unclear-tenant", message, hint=hint)
    if several and workspace.environment is None:
        message = f"{there}, and no environment is chosen: {list_names(offered)}"
        hint = f"choose one with `--environment NAME` ({list_names(several)}), or a tenant with `--tenant NAME`"
        return Problem(WHOLE, "unclear-tenant", message, hint=hint)
    hint = "choose one with `--tenant NAME`, or with `tenant: NAME` in the Workspace manifest"
    return Problem(WHOLE, "unclear-tenant", f"{there}, and none is chosen: {list_names(offered)}", hint=hint)


def choose_moment(workspace: Workspace, settings: Settings) -> datetime:
    """The instant that recency is counted from, UTC: given, else declared, else the last midnight."""
    chosen = workspace.as_of or settings.as_of
    return find_last_midnight(workspace.now) if chosen is None else chosen.astimezone(UTC)


def choose_engine(workspace: Workspace, settings: Settings, catalogue: Catalogue) -> Engine | Problem:
    """The engine that is asked for, with its spill folder as an absolute path, wherever links lead."""
    said = settings.engine.spill_folder
    if said is None:
        return settings.engine
    inside = workspace.root.resolve()
    folder = (inside / said).resolve()
    resource = next(iter(catalogue.of_kind("Workspace")))
    if not folder.is_relative_to(inside):
        return check_is_inside(resource, said)
    if folder.exists() and not folder.is_dir():
        where = resource.where("spec", "engine", "spillFolder")
        return Problem(
            where, "not-a-folder", f"`{said}` is a file", hint="name a folder; it is made where it is not there"
        )
    return replace(settings.engine, spill_folder=folder)
