# each tested by: tests/kinds/test_cycle.py
"""Find the kinds and their schemas.

A kind is a module of this package that sets `KIND`; its schema is `schemas/<module>.json`. Nothing lists them.
Kinds are facts and pure functions: they never touch the network, and import no kind but those they refer to.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from reconciler.model.kind import Kind
from reconciler.model.resource import Catalogue
from reconciler.surfaces import load_wires


@cache
def _load_modules() -> Mapping[str, tuple[Kind, str]]:
    found = {}
    for module in pkgutil.iter_modules(__path__):
        kind = getattr(import_module(f"{__name__}.{module.name}"), "KIND", None)
        if isinstance(kind, Kind):
            found[kind.name] = (replace(kind, surfaces=load_wires(kind.name)), module.name)
    return MappingProxyType(found)


@cache
def load_kinds() -> Mapping[str, Kind]:
    """Every kind, by the name that manifests use."""
    return MappingProxyType({name: kind for name, (kind, _) in _load_modules().items()})


def collect_earlier_names(catalogue: Catalogue) -> dict[str, dict[str, tuple[str, ...]]]:
    """By kind, of each live name that is declared, those that its object may have had before."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for resource in catalogue.resources.values():
        kind = load_kinds()[resource.address.kind]
        if kind.surfaces and (names := kind.earlier_names(resource)):
            found.setdefault(kind.name, {})[kind.live_name(resource)] = names
    return found


def collect_names(catalogue: Catalogue) -> dict[str, frozenset[str]]:
    """By kind, the live names that are declared, those that an object may have had before among them."""
    found: dict[str, set[str]] = {name: set() for name, kind in load_kinds().items() if kind.surfaces}
    for resource in catalogue.resources.values():
        kind = load_kinds()[resource.address.kind]
        if kind.surfaces:
            found[kind.name] |= {kind.live_name(resource), *kind.earlier_names(resource)}
    return {name: frozenset(names) for name, names in found.items()}


def find_schema_folder() -> Traversable:
    """Where the schemas are: inside an installed package, or beside it in a checkout."""
    packaged = files("reconciler") / "schemas"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "schemas"


def load_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a kind, by the kind's name."""
    return _read(_load_modules()[name][1])


def load_shared_schema() -> dict[str, Any]:
    """The definitions that the schemas of all kinds refer to, as `manifest.json`."""
    return _read("manifest")


@cache
def _read(stem: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((find_schema_folder() / f"{stem}.json").read_text(encoding="utf-8"))
    return document
