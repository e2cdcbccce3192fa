# tested by: tests/steps/import_live/test_import_live.py
"""Define what becomes of a live object that is imported: a draft of its manifest, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.reason import Reason
from reconciler.model.resource_address import Address

NameOf = Callable[[str, str], str | None]
"""The kind and live name of an object → the name of the manifest that declares it; None: none does."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a manifest could say of an object.

    Attributes:
        spec: as a person would write it. refused: why no manifest can declare the object; None: one may.
        left: fields of the live object that are not in it, and why.
        needs: manifests that it refers to and that hold nothing of the tenant, by address: their specs.
    """

    spec: Mapping[str, Any]
    refused: Reason | None = None
    left: tuple[tuple[str, Reason], ...] = ()
    needs: Mapping[Address, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """A place at which a manifest is not what its schema says.

    Attributes:
        path: of the place. unknown: keys there that the schema does not know. missing: keys that it asks for.
    """

    path: tuple[str | int, ...]
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedManifest:
    """A manifest that import writes.

    Attributes:
        live_name, id: of the object; None: it is of none. left: fields that it leaves out, and why.
        notes: what a reader should know of it besides.
    """

    address: Address
    spec: Mapping[str, Any]
    live_name: str | None = None
    id: str | None = None
    left: tuple[tuple[str, Reason], ...] = ()
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class LeftOut:
    """An object that import writes no manifest of, and why."""

    kind: str
    name: str
    why: Reason


@dataclass(frozen=True, slots=True)
class Imported:
    """What import found.

    Attributes:
        tenant: its name. manifests: in the order of their addresses. left: objects that no manifest can declare.
        declared: how many objects the workspace declares already. unchosen: how many were not asked for.
        adopts: whether the next plan takes the objects over.
        unseen: kinds of which nothing could be read, and why.
    """

    tenant: str
    manifests: tuple[ImportedManifest, ...]
    left: tuple[LeftOut, ...] = ()
    declared: int = 0
    unchosen: int = 0
    adopts: bool = False
    unseen: tuple[tuple[str, Reason], ...] = ()
