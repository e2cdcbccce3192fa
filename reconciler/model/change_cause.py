# tested by: tests/steps/test_causes.py
"""Define where a change comes from: the manifests, or the tenant behind our back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Cause(StrEnum):
    """What has changed since the last apply: what is declared, what the tenant holds, both, or nobody knows.

    VENDOR: the tenant has a value of its own, which no apply set and no manifest said, and now one says another.
    """

    MANIFEST = "manifest"
    TENANT = "tenant"
    BOTH = "both"
    VENDOR = "vendor_default"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AppliedList:
    """How an apply left a list of contacts.

    Attributes:
        contacts: how many were on it; None: nobody knows, as some were refused or left out.
        definition: digests of the manifests that said who belongs on it, by address.
    """

    contacts: int | None
    definition: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Applied:
    """How the last apply left the tenant, as the ledger has it.

    Attributes:
        run: its name; empty: there was none, and only what is protected is known. at: when it ended.
        objects: the fields of each object that was declared, by its address; None: nobody knows, as its step did not
            end well. lists: the same of lists of contacts, by the address of the segment's band.
        protected: by kind and live name (`Campaign/Evening`), where a manifest said that an object is protected; it may
            be gone since.
        sources: how many contacts the source of each segment had, by its address.
    """

    run: str
    at: datetime
    objects: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    lists: Mapping[str, AppliedList | None] = field(default_factory=dict)
    protected: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectCause:
    """Where the change of an object comes from, and that of each of its fields, by path."""

    cause: Cause
    fields: Mapping[str, Cause] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowsCause:
    """What has changed about a list of contacts.

    Attributes:
        manifests: addresses of the manifests that say who belongs on it and that have changed, are new or are gone.
        left: how many contacts the last apply left on it; None: nobody knows. How many are there now, the change says.
    """

    manifests: tuple[str, ...] = ()
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Causes:
    """Where the changes of a plan come from, against the last apply: its run, and when it ended.

    Attributes:
        objects: by address, of each that changes. lists: by the address of the segment's band, of each whose contacts
            change and that the last apply knew.
    """

    run: str
    at: datetime
    objects: Mapping[str, ObjectCause] = field(default_factory=dict)
    lists: Mapping[str, RowsCause] = field(default_factory=dict)

    def count(self, cause: Cause) -> int:
        """How many objects change for what has changed there."""
        return sum(each.cause is cause for each in self.objects.values())
