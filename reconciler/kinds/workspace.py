"""Workspace: its name, where the ledger is, the engine, safety limits and overrides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from reconciler.model.kind import Kind
from reconciler.model.moment import parse_instant
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.settings import Engine, Limits, Override, Settings


def settings(resource: Resource | None) -> Settings:
    """The settings that a valid manifest declares; what is left out has a default that serves."""
    if resource is None:
        return Settings()
    spec = resource.spec
    limits, default = spec.get("limits", {}), Settings()
    return Settings(
        name=resource.address.name,
        tenant=spec.get("tenant"),
        ledger=spec.get("ledger", {}).get("url", default.ledger),
        engine=_engine(spec.get("engine", {})),
        as_of=parse_instant(spec["asOf"]) if "asOf" in spec else None,
        limits=Limits(limits.get("removals", default.limits.removals), limits.get("updates", default.limits.updates)),
        overrides=tuple(
            Override(
                item["rule"],
                item["object"],
                item["reason"],
                date.fromisoformat(item["until"]) if "until" in item else None,
            )
            for item in spec.get("overrides", ())
        ),
    )


def _engine(said: str | Mapping[str, Any]) -> Engine:
    if isinstance(said, str):
        said = {"name": said}
    default = Engine()
    return Engine(
        said.get("name", default.name),
        said.get("memoryLimit", default.memory_limit),
        said.get("threads", default.threads),
        Path(said["spillFolder"]) if "spillFolder" in said else None,
        said.get("master"),
    )


_LEAST_OF_SPARK = 512
"""Megabytes. Spark refuses to start with less than 450 MiB."""


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """A master of no cluster, and a folder that is no part of the workspace."""
    engine = _engine(resource.spec.get("engine", {}))
    if engine.master is not None and engine.name != "spark":
        message = f"the engine {engine.name} computes in this process and has no master"
        yield Problem(resource.where("spec", "engine", "master"), "no-master", message, hint="say `name: spark`")
    megabytes = int(engine.memory_limit[:-2]) * (1000 if engine.memory_limit.endswith("GB") else 1)
    if engine.name == "spark" and megabytes < _LEAST_OF_SPARK:
        message = f"`memoryLimit` is {engine.memory_limit}; a process of Spark needs at least {_LEAST_OF_SPARK}MB"
        yield Problem(resource.where("spec", "engine", "memoryLimit"), "out-of-range", message)
    folder = engine.spill_folder
    if folder is not None and (folder.is_absolute() or ".." in folder.parts or "\0" in str(folder)):
        yield outside(resource, folder)


def outside(resource: Resource, folder: Path) -> Problem:
    """A manifest names no folder out of its workspace: whoever runs it may."""
    message = f"`{folder}` is no folder inside the workspace"
    hint = "to spill elsewhere, leave `spillFolder` out and set TMPDIR"
    return Problem(resource.where("spec", "engine", "spillFolder"), "outside-the-workspace", message, hint=hint)


KIND = Kind(name="Workspace", says="how this workspace is run", check=check, single=True)
