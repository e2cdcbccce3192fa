"""Workspace: its name, where the ledger is, the engine, safety limits and overrides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from reconciler.bucket.addresses import SCHEMES, NotAnAddress, parsed, scheme_of
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
    engine, limits, default = spec.get("engine", {}), spec.get("limits", {}), Settings()
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
    )


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """A ledger's place holds no secret, and means one place."""
    url = resource.spec.get("ledger", {}).get("url", "")
    if scheme_of(url) not in SCHEMES:
        return
    where, hint = resource.where("spec", "ledger", "url"), "for example `s3://bucket/reconciler`"
    try:
        key = parsed(url).key
    except NotAnAddress as error:
        yield Problem(where, "ledger-url", str(error), hint=hint)
        return
    if re.search(r"[*?\[\]#%\\]|//", key):
        yield Problem(where, "ledger-url", "the ledger is kept in one place, and its URL is no pattern", hint=hint)


KIND = Kind(name="Workspace", says="how this workspace is run", single=True, check=check)
