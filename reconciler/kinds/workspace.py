"""Workspace: its name, where the ledger is, the engine, safety limits and overrides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from reconciler.model.kept import Cache
from reconciler.model.kind import Kind
from reconciler.model.moment import parse_duration, parse_instant
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.settings import Engine, Limits, Override, Settings


def settings(resource: Resource | None) -> Settings:
    """The settings that a valid manifest declares; what is left out has a default that serves."""
    if resource is None:
        return Settings()
    spec = resource.spec
    engine, limits, cache, default = (*(spec.get(name, {}) for name in ("engine", "limits", "cache")), Settings())
    return Settings(
        name=resource.address.name,
        tenant=spec.get("tenant"),
        ledger=spec.get("ledger", {}).get("url", default.ledger),
        engine=Engine(
            engine.get("name", default.engine.name),
            engine.get("memoryLimit", default.engine.memory_limit),
            engine.get("threads", default.engine.threads),
        ),
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
        cache=Cache(
            cache.get("keep", default.cache.keep),
            parse_duration(cache["overlap"]) if "overlap" in cache else default.cache.overlap,
            parse_duration(cache["refreshAfter"]) if "refreshAfter" in cache else default.cache.refresh_after,
        ),
    )


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """What is kept must be held against the tenant."""
    overlap = resource.spec.get("cache", {}).get("overlap")
    if overlap is not None and not parse_duration(overlap):
        message = "without an overlap, what is kept is never held against the tenant, and what arrives late is missed"
        hint = "leave it out for a day, or keep nothing: `keep: false`"
        yield Problem(resource.where("spec", "cache", "overlap"), "cache-unchecked", message, hint=hint)


KIND = Kind(name="Workspace", says="how this workspace is run", single=True, check=check)
