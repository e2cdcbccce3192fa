"""Define the operator's bounds: what manifests may name of the world outside.

A manifest is untrusted: whoever can open a pull request can write one, and a plan is made of it with secrets at hand.
So what is secret goes only to hosts, and what is written goes only to places, that stand outside of the manifests.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.model.callback_hosts import parse_network
from reconciler.model.url_destination import Destination, HostPattern, is_local, parse_host_pattern
from reconciler.model.well_known_names import NEVER, OWN_PREFIXES, find_tenant_prefix, load_vendor_domains


@dataclass(frozen=True, slots=True)
class HostGrant:
    """Hosts that may be named, and the secrets that may be sent there.

    Attributes:
        text: as it was written.
        secrets: patterns of variables and files; None: whichever may be named at all.
    """

    text: str
    pattern: HostPattern
    secrets: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the operator says that manifests may name; of what is None the defaults hold.

    Attributes:
        variables, files: patterns of environment variables, and of files that hold secrets.
        hosts: those that may be spoken to.
        private: hosts, addresses and networks that a Tenant may allow for webhooks although they are private.
        places: where a ledger, and numbers that outcomes add, may be written besides folders of the workspace.
        objects: where objects may be read; None: wherever the environment's credentials may.
        tenant: the one that is meant: its variables may be named by default.
        local: whether this machine is among the hosts by default.
        ledger: the folders of the ledger, resolved: no secret is read from there.
    """

    variables: tuple[str, ...] | None = None
    files: tuple[str, ...] | None = None
    hosts: tuple[HostGrant, ...] | None = None
    private: tuple[str, ...] | None = None
    places: tuple[str, ...] | None = None
    objects: tuple[str, ...] | None = None
    tenant: str = ""
    local: bool = False
    ledger: tuple[Path, ...] = field(default=(), repr=False)

    def allows_host(self, there: Destination) -> bool:
        """Whether a host may be spoken to."""
        if self.hosts is not None:
            return any(grant.pattern.means(there) for grant in self.hosts)
        return there.is_below(load_vendor_domains()) or (self.local and there.local)

    def allows_beside(self, one: Destination, other: Destination) -> bool:
        """Whether what is secret of one host may be sent to another: where they are one, or the operator named both."""
        if (one.host, one.port) == (other.host, other.port):
            return True
        if self.hosts is not None:
            return self.allows_host(one) and self.allows_host(other)
        return one.is_below(load_vendor_domains()) and other.is_below(load_vendor_domains())

    def allows_variable(self, name: str) -> bool:
        """Whether a variable may be named at all."""
        return any(_matches(pattern, name) for pattern in self.variables_in_force)

    @property
    def variables_in_force(self) -> tuple[str, ...]:
        """The patterns of variables, by default those of this tool and of the tenant that is meant."""
        if self.variables is not None:
            return self.variables
        prefix = find_tenant_prefix(self.tenant) if self.tenant else None
        return tuple(f"{each}*" for each in (*OWN_PREFIXES, *([prefix] if prefix else [])))

    def allows_file(self, found: Path, inside: Path) -> bool:
        """Whether a file may hold a secret: `found` is where its name leads, `inside` the workspace, both resolved."""
        if self.files is None:
            # by default no hidden file: they are other programs', such as the access token in .git/config
            return found.is_relative_to(inside) and not any(
                part.startswith(".") for part in found.relative_to(inside).parts
            )
        return any(_matches(pattern, name) for pattern in self.files for name in list_names_of_file(found, inside))

    def allows_sending(self, name: str, there: Destination) -> bool:
        """Whether the operator says of a host that this secret, a variable or file, may be sent there."""
        return any(
            grant.pattern.means(there) and any(_matches(pattern, name) for pattern in grant.secrets or ())
            for grant in self.hosts or ()
        )

    def forbids_sending(self, name: str, there: Destination) -> bool:
        """Whether a secret that may be named may not be sent to a host, though that may be spoken to."""
        grants = [grant for grant in self.hosts or () if grant.pattern.means(there)]
        return bool(grants) and not any(
            grant.secrets is None or any(_matches(pattern, name) for pattern in grant.secrets) for grant in grants
        )

    def allows_private(self, entry: str) -> bool:
        """Whether a Tenant may allow a private host, address or network to webhooks."""
        if self.private is None:
            return self.local and _is_this_machine(entry)
        return any(_within(entry, each) for each in self.private)

    def allows_clear(self, host: str) -> bool:
        """Whether a host may be spoken to without TLS."""
        if self.hosts is None:
            return self.local and is_local(host)
        return any(
            each.pattern.host == host.lower().rstrip(".") and (each.pattern.clear or is_local(host))
            for each in self.hosts
        )

    def allows_place(self, place: str) -> bool:
        """Whether something may be written to a place out of the workspace: a URL of an object store, or a path."""
        return any(_beneath(place, each) for each in self.places or ())

    def allows_objects(self, place: str) -> bool:
        """Whether objects may be read."""
        return self.objects is None or any(_beneath(place, each) for each in self.objects)


def make_bounds(spec: Mapping[str, Any]) -> Bounds:
    """What the `bounds` of a valid Floor say.

    Raises:
        ValueError: a host that is none; the place in the list is the second argument.
    """
    return Bounds(
        variables=_read_list(spec, "variables"),
        files=_read_list(spec, "secretFiles"),
        hosts=tuple(_make_grant(each, number) for number, each in enumerate(spec["hosts"]))
        if "hosts" in spec
        else None,
        private=_read_list(spec, "privateAddresses"),
        places=_read_list(spec, "places"),
        objects=_read_list(spec, "objects"),
    )


def _read_list(spec: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    return tuple(spec[name]) if name in spec else None


def _make_grant(entry: str | Mapping[str, Any], number: int) -> HostGrant:
    text, secrets = (entry, None) if isinstance(entry, str) else (entry["host"], entry.get("secrets"))
    try:
        return HostGrant(text, parse_host_pattern(text), None if secrets is None else tuple(secrets))
    except ValueError as error:
        raise ValueError(str(error), number) from None


def _matches(pattern: str, name: str) -> bool:
    """Whether a name is one of a pattern's: `*` stands for anything but a slash, `**` for anything."""
    parts = re.split(r"(\*\*|\*)", pattern)
    text = "".join({"**": ".*", "*": "[^/]*"}.get(part) or re.escape(part) for part in parts)
    return re.fullmatch(text, name, re.DOTALL) is not None


def list_names_of_file(found: Path, inside: Path) -> Collection[str]:
    """What patterns may call a file: its path from the workspace, and its whole path."""
    relative = [found.relative_to(inside).as_posix()] if found.is_relative_to(inside) else []
    return [*relative, found.as_posix()]


def _is_this_machine(entry: str) -> bool:
    try:
        found = parse_network(entry)
    except ValueError:
        return False
    return is_local(entry.lower()) if found is None else found.is_loopback


def _within(entry: str, allowed: str) -> bool:
    """Whether a host is the allowed one, or an address or network is inside the allowed one."""
    try:
        one, other = parse_network(entry), parse_network(allowed)
    except ValueError:
        return False
    if one is None or other is None:
        return one is other and entry.lower().rstrip(".") == allowed.lower().rstrip(".")
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]


def _beneath(place: str, allowed: str) -> bool:
    """Whether a place is the allowed one or below it: object stores by their keys, folders by their paths."""
    if "://" in place:
        return (place.rstrip("/") + "/").startswith(allowed.rstrip("/") + "/")
    folder = allowed.removeprefix("file://")
    return folder.startswith("/") and Path(place).is_relative_to(Path(folder).resolve())


@dataclass(frozen=True, slots=True)
class Held:
    """The bounds of every file of the operator's: what one of them says nothing of is left to the others.

    Attributes:
        default: what holds where none says anything.
    """

    default: Bounds = field(default_factory=Bounds)
    each: tuple[Bounds, ...] = ()

    def list_saying(self, name: str) -> tuple[Bounds, ...]:
        """Those that say something of one thing, by its attribute; the default where none does."""
        return tuple(each for each in self.each if getattr(each, name) is not None) or (self.default,)

    def allows_host(self, there: Destination) -> bool:
        """Whether a host may be spoken to."""
        return all(each.allows_host(there) for each in self.list_saying("hosts"))

    def allows_beside(self, one: Destination, other: Destination) -> bool:
        """Whether what is secret of one host may be sent to another."""
        return all(each.allows_beside(one, other) for each in self.list_saying("hosts"))

    def allows_clear(self, host: str) -> bool:
        """Whether a host may be spoken to without TLS."""
        return all(each.allows_clear(host) for each in self.list_saying("hosts"))

    def allows_private(self, entry: str) -> bool:
        """Whether a Tenant may allow something private to webhooks."""
        return all(each.allows_private(entry) for each in self.list_saying("private"))

    def allows_place(self, place: str) -> bool:
        """Whether something may be written to a place out of the workspace."""
        return all(each.allows_place(place) for each in self.list_saying("places"))

    def allows_objects(self, place: str) -> bool:
        """Whether objects may be read."""
        return all(each.allows_objects(place) for each in self.list_saying("objects"))

    def allows_variable(self, name: str, goes: Collection[Destination] = ()) -> bool:
        """Whether a variable may be named, at all or as one that is sent to these hosts."""
        listed = all(each.allows_variable(name) for each in self.list_saying("variables"))
        return name not in NEVER and (listed or self._is_granted((name,), goes))

    def allows_file(self, found: Path, inside: Path, goes: Collection[Destination] = ()) -> bool:
        """Whether a file may be named, likewise; both paths are resolved."""
        if self.is_of_ledger(found):
            return False
        listed = all(each.allows_file(found, inside) for each in self.list_saying("files"))
        return listed or self._is_granted(list_names_of_file(found, inside), goes)

    def is_of_ledger(self, found: Path) -> bool:
        """Whether a file is one of the ledger's: no secret is read from there."""
        return any(found.is_relative_to(each) for each in self.default.ledger)

    def trusts_file(self, found: Path, inside: Path) -> bool:
        """Whether the operator has named a file: what is in it is the operator's word, as a variable's value is."""
        names = list_names_of_file(found, inside)
        said = [each for each in self.each if each.files is not None]
        granted = [pattern for each in self.each for grant in each.hosts or () for pattern in grant.secrets or ()]
        named = bool(said) and all(each.allows_file(found, inside) for each in said)
        return named or any(_matches(pattern, name) for pattern in granted for name in names)

    def forbids_sending(self, names: Collection[str], there: Destination) -> bool:
        """Whether something that may be named may not be sent to a host, though that may be spoken to."""
        return any(all(each.forbids_sending(name, there) for name in names) for each in self.list_saying("hosts"))

    def _is_granted(self, names: Collection[str], goes: Collection[Destination]) -> bool:
        said = self.list_saying("hosts")
        return bool(goes) and all(
            any(each.allows_sending(name, there) for name in names) for each in said for there in goes
        )
