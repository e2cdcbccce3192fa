# tested by: tests/model/test_callback_hosts.py
"""Take a URL apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PRINTABLE = re.compile(r"[!-~]+")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?|[0-9a-f:.]+")
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The parts of a URL. `target` is its path with the query, which may hold a secret: it is printed nowhere."""

    tls: bool
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The host as a request names it: with the port, unless that is the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == _PORTS["https" if self.tls else "http"]
        return host if usual else f"{host}:{self.port}"


def parse_endpoint(url: str) -> Endpoint:
    """Take a URL apart.

    Raises:
        ValueError: what is wrong with it, in words that do not quote it.
    """
    if not _PRINTABLE.fullmatch(url):
        raise ValueError("it holds a space or a character that is not ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("it cannot be taken apart") from None
    if parts.scheme not in _PORTS:
        raise ValueError("it starts neither with https:// nor with http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it holds a user name or a password")
    if parts.fragment:
        raise ValueError("it holds a fragment (`#…`), which is never sent")
    host = (parts.hostname or "").lower()
    if not _HOST.fullmatch(host) or port == 0:
        raise ValueError("it names no host that can be reached")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(parts.scheme == "https", host.rstrip("."), port or _PORTS[parts.scheme], target)
