"""Tell which host a URL leads to, and match hosts by patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from reconciler.model.url_parts import parse_endpoint

_SCHEMES = ("https", "wss", "http", "ws", "spark")
_TLS_PORT, _CLEAR_PORT = 443, 80
_CLEAR = frozenset({"http", "ws"})
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATTERN = re.compile(r"(?:(https?)://)?(\*\.)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}|\*))?/?")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request goes: the host in one way of writing, the port, and whether it goes there in the clear."""

    host: str
    port: int
    clear: bool = False

    @property
    def local(self) -> bool:
        """Whether it is this machine."""
        return is_local(self.host)

    def is_below(self, domains: tuple[str, ...]) -> bool:
        """Whether the host is below one of some domains, spoken to as the vendor does: by TLS, at its usual port."""
        return not self.clear and self.port == _TLS_PORT and any(self.host.endswith(f".{domain}") for domain in domains)

    def __str__(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        text = shown if self.port == (_CLEAR_PORT if self.clear else _TLS_PORT) else f"{shown}:{self.port}"
        return f"http://{text}" if self.clear else text


def parse_destination(url: str) -> Destination:
    """Where a URL leads.

    Raises:
        ValueError: what is wrong with it, in words that do not quote it.
    """
    scheme, colon, rest = url.partition("://")
    scheme = scheme.lower()
    if not colon or scheme not in _SCHEMES:
        raise ValueError("it has no scheme that is known")
    if "\\" in rest:
        raise ValueError("it holds a backslash, which readers of URLs do not agree on")
    found = parse_endpoint(f"{'http' if scheme in _CLEAR else 'https'}://{rest}")
    return Destination(_normalise_host(found.host), found.port, scheme in _CLEAR)


def is_local(host: str) -> bool:
    """Whether a host is this machine: `localhost`, or a loopback address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _normalise_host(host: str) -> str:
    """A host as it is compared.

    Raises:
        ValueError: it is a number that readers take for an address in several ways, such as 2130706433 or 0x7f.1.
    """
    host = host.lower().rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            raise ValueError("its host is an address that is not written as four numbers with dots") from None
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


@dataclass(frozen=True, slots=True)
class HostPattern:
    """The hosts that an entry of the operator's file means.

    Attributes:
        below: whether the hosts below `host` are meant, and not itself.
        port: None: the usual one of the scheme, of this machine any; 0: any.
        clear: whether they may be spoken to without TLS.
    """

    host: str
    below: bool = False
    port: int | None = None
    clear: bool = False

    def means(self, there: Destination) -> bool:
        """Whether a destination is one of them."""
        same = there.host.endswith(f".{self.host}") if self.below else there.host == self.host
        local = is_local(self.host)
        usual = there.port == (_CLEAR_PORT if there.clear else _TLS_PORT) or local
        port = usual if self.port is None else self.port in (0, there.port)
        return same and port and (local or self.clear == there.clear)


def parse_host_pattern(text: str) -> HostPattern:
    """What an entry means.

    Raises:
        ValueError: it is no host, in words for people.
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ValueError("write a host, such as acme.example.com, *.example.com, or http://hooks.internal:8080")
    scheme, below, host, port = match.groups()
    found = _normalise_host(host.strip("[]"))
    if below and "." not in found:
        raise ValueError("that would be every host of a whole domain of the first level")
    return HostPattern(found, bool(below), None if port is None else 0 if port == "*" else int(port), scheme == "http")
