"""Which tenant and which moment does a run mean?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from reconciler.model.moment import last_midnight
from reconciler.model.problem import Location, Problem
from reconciler.model.resource import Catalogue
from reconciler.model.settings import Settings, Workspace
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
