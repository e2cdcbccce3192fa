# tested by: tests/steps/load/test_operator_bounds_check.py
"""Define the external references of manifests: the secrets, hosts, places and objects that they name.

Each kind says it of its manifests (`Kind.names`); `model/operator_bounds.py` says which of it may be named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.model.problem import Location


@dataclass(frozen=True, slots=True)
class SecretName:
    """A secret, by where it is kept.

    Attributes:
        kept: in an environment variable, or in a file. name: of the variable or file.
        goes: the URLs it is sent to, or another secret that holds one; none where it is only used.
        holds: what it is: a `url` is called itself, and a `database` is where rows are read.
    """

    kept: Literal["env", "file"]
    name: str
    where: Location
    goes: tuple[str | SecretName, ...] = ()
    holds: Literal["secret", "url", "database"] = "secret"


@dataclass(frozen=True, slots=True)
class HostName:
    """A host that is spoken to, by a URL there.

    Attributes:
        beside: the URL of the host that it belongs with: what is secret of the one is sent to the other.
    """

    url: str
    where: Location
    what: str
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class PrivateName:
    """A host, address or network that may be private and called all the same."""

    entry: str
    where: Location


@dataclass(frozen=True, slots=True)
class ClearName:
    """A host that may be called without TLS."""

    host: str
    where: Location


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A folder, or a place in an object store, that is written: of a ledger, or of numbers that outcomes add."""

    url: str
    where: Location
    what: str


@dataclass(frozen=True, slots=True)
class ObjectName:
    """Objects of an object store that are read."""

    url: str
    where: Location


Named = SecretName | HostName | PrivateName | ClearName | PlaceName | ObjectName


def make_secret_name(
    reference: dict[str, str],
    where: Location,
    *goes: str | SecretName,
    holds: Literal["secret", "url", "database"] = "secret",
) -> SecretName:
    """The secret that a `{env: …}` or `{file: …}` of a manifest means."""
    ((kept, name),) = reference.items()
    return SecretName("env" if kept == "env" else "file", name, where, goes, holds)
