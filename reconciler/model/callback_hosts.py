"""Decide which addresses a callback may go to.

A manifest is untrusted: a webhook must not become a way to reach the machine that runs the tool, its neighbours or
its cloud's metadata service. Only public addresses are let through, and those that the tenant's manifest names.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network

_SHARED = ip_network("100.64.0.0/10")
_NAT64 = ip_network("64:ff9b::/96")
_WIDEST = {4: 8, 6: 7}
"""The shortest prefix that an exception may have: 10.0.0.0/8 and fc00::/7 are the widest private networks."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The exceptions of one tenant: hosts and networks that may be private, hosts that may be spoken to without TLS."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[_Network, ...] = ()
    plain: frozenset[str] = frozenset()

    def find_refused(self, host: str, address: str) -> str | None:
        """The kind of address, such as `private`, for which nothing is sent to a host there; None where it may be.

        Raises:
            ValueError: it is no IP address.
        """
        found = _unwrap_ipv4(ip_address(address.partition("%")[0]))
        kind = _classify_not_public(found)
        allowed = host in self.hosts or any(found in network for network in self.networks)
        return None if allowed else kind


def make_allowance(spec: Mapping[str, Any]) -> Allowance:
    """The exceptions that the `spec.webhooks` of a Tenant declares; an entry that is not valid allows nothing."""
    hosts: set[str] = set()
    networks: list[_Network] = []
    for entry in spec.get("allowPrivate", ()):
        with suppress(ValueError):
            found = parse_network(entry)
            if found is None:
                hosts.add(entry.lower())
            else:
                networks.append(found)
    return Allowance(frozenset(hosts), tuple(networks), frozenset(host.lower() for host in spec.get("allowHttp", ())))


def parse_network(entry: str) -> _Network | None:
    """The network or single address that an entry means; None where it is the name of a host.

    Raises:
        ValueError: it is written as a network and is none, or is wider than any private network.
    """
    named = "/" not in entry and ":" not in entry and not entry.replace(".", "").isdigit()
    if named:
        return None
    found = ip_network(entry)
    if found.prefixlen < _WIDEST[found.version]:
        raise ValueError("it is wider than any private network")
    return found


def _unwrap_ipv4(address: _Address) -> _Address:
    """The IPv4 address inside an IPv6 one, where there is one: it is where the packets go."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _classify_not_public(address: _Address) -> str | None:
    tunnelled = isinstance(address, IPv6Address) and (address.sixtofour is not None or address.teredo is not None)
    kinds = (
        ("unspecified", address.is_unspecified),
        ("loopback", address.is_loopback),
        ("link-local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("shared", address in _SHARED),
        ("tunnelled", tunnelled),
        ("private", address.is_private),
        ("reserved", address.is_reserved or not address.is_global),
    )
    return next((kind for kind, holds in kinds if holds), None)
