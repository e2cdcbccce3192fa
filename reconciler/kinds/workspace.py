"""Workspace: its name, where the ledger is, the engine, safety limits and overrides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from reconciler.bucket.object_urls import SCHEMES, NotAnAddress, parse_url, scheme_of
from reconciler.model.cache_port import Cache
from reconciler.model.external_references import HostName, Named, PlaceName
from reconciler.model.finding import Severity
from reconciler.model.instants import parse_duration, parse_instant
from reconciler.model.kind import Kind
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.workspace_settings import Engine, Limits, Override, RetryPolicy, Settings


def make_settings(resource: Resource | None) -> Settings:
    """The settings that a valid manifest declares; what is left out has a default that serves."""
    if resource is None:
        return Settings()
    spec = resource.spec
    limits, default = spec.get("limits", {}), Settings()
    cache = spec.get("cache", {})
    return Settings(
        name=resource.address.name,
        tenant=spec.get("tenant"),
        ledger=spec.get("ledger", {}).get("url", default.ledger),
        engine=_make_engine(spec.get("engine", {})),
        as_of=parse_instant(spec["asOf"]) if "asOf" in spec else None,
        limits=Limits.from_manifest(limits, default.limits),
        severities={rule: Severity(said) for rule, said in spec.get("severities", {}).items()},
        overrides=tuple(
            Override(
                item["rule"],
                item["object"],
                item["reason"],
                date.fromisoformat(item["until"]) if "until" in item else None,
                str(resource.address),
            )
            for item in spec.get("overrides", ())
        ),
        cache=Cache(
            cache.get("keep", default.cache.keep),
            parse_duration(cache["overlap"]) if "overlap" in cache else default.cache.overlap,
            parse_duration(cache["refreshAfter"]) if "refreshAfter" in cache else default.cache.refresh_after,
        ),
        rejected=_make_retry_policy(spec.get("rejected", {})),
        reread_after=(
            parse_duration(spec["doNotCall"]["readAgainEvery"]) if "doNotCall" in spec else default.reread_after
        ),
    )


def _make_retry_policy(spec: Mapping[str, Any]) -> RetryPolicy:
    default = RetryPolicy()
    wait, forget = (parse_duration(spec[name]) if name in spec else None for name in ("wait", "forget"))
    wait = default.wait if wait is None else wait
    most, longest = spec.get("most", default.max_attempts), max(wait, default.max_wait)
    return RetryPolicy(wait, longest, most, forget or default.forget_after, by_time="wait" in spec)


def _make_engine(said: str | Mapping[str, Any]) -> Engine:
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


def names(resource: Resource) -> Iterator[Named]:
    """Where the ledger is written, and the machines that rows are sent to."""
    ledger = resource.spec.get("ledger", {}).get("url")
    if ledger is not None:
        yield PlaceName(ledger, resource.where("spec", "ledger", "url"), "the ledger")
    master = _make_engine(resource.spec.get("engine", {})).master
    for host in (master or "").removeprefix("spark://").split(","):
        if host:
            yield HostName(f"spark://{host}", resource.where("spec", "engine", "master"), "the engine's master")


_LEAST_OF_SPARK = 512
"""Megabytes. Spark refuses to start with less than 450 MiB."""


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """A master of no cluster, a folder or ledger that is no place, and what is kept and never checked."""
    engine = _make_engine(resource.spec.get("engine", {}))
    if engine.master is not None and engine.name != "spark":
        message = f"the engine {engine.name} computes in this process and has no master"
        yield Problem(resource.where("spec", "engine", "master"), "no-master", message, hint="say `name: spark`")
    megabytes = int(engine.memory_limit[:-2]) * (1000 if engine.memory_limit.endswith("GB") else 1)
    if engine.name == "spark" and megabytes < _LEAST_OF_SPARK:
        message = f"`memoryLimit` is {engine.memory_limit}; a process of Spark needs at least {_LEAST_OF_SPARK}MB"
        yield Problem(resource.where("spec", "engine", "memoryLimit"), "out-of-range", message)
    folder = engine.spill_folder
    if folder is not None and (folder.is_absolute() or ".." in folder.parts or "\0" in str(folder)):
        yield check_is_inside(resource, folder)
    overlap = resource.spec.get("cache", {}).get("overlap")
    if overlap is not None and not parse_duration(overlap):
        message = "without an overlap, what is kept is never held against the tenant, and what arrives late is missed"
        hint = "leave it out for a day, or keep nothing: `keep: false`"
        yield Problem(resource.where("spec", "cache", "overlap"), "cache-unchecked", message, hint=hint)
    for name in ("overlap", "refreshAfter"):
        if name in resource.spec.get("cache", {}) and resource.spec["cache"].get("keep") is False:
            message = f"`{name}` means nothing where nothing is kept"
            yield Problem(resource.where("spec", "cache", name), "without-effect", message, hint="leave it out")
    yield from _check_ledger_place(resource)


def _check_ledger_place(resource: Resource) -> Iterable[Problem]:
    """A ledger's place holds no secret, and means one place."""
    url = resource.spec.get("ledger", {}).get("url", "")
    if scheme_of(url) not in SCHEMES:
        return
    where, hint = resource.where("spec", "ledger", "url"), "for example `s3://bucket/reconciler`"
    try:
        key = parse_url(url).key
    except NotAnAddress as error:
        yield Problem(where, "ledger-url", str(error), hint=hint)
        return
    if re.search(r"[*?\[\]#%\\]|//", key):
        yield Problem(where, "ledger-url", "the ledger is kept in one place, and its URL is not a pattern", hint=hint)


def check_is_inside(resource: Resource, folder: Path) -> Problem:
    """A manifest names no folder out of its workspace: whoever runs it may."""
    message = f"`{folder}` is not a folder inside the workspace"
    hint = "to spill elsewhere, leave `spillFolder` out and set TMPDIR"
    return Problem(resource.where("spec", "engine", "spillFolder"), "outside-the-workspace", message, hint=hint)


KIND = Kind(name="Workspace", summary="how this workspace is run", names=names, check=check, single=True)
