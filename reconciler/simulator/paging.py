# tested by: tests/simulator/test_lists.py
"""Cut rows into pages."""

from __future__ import annotations

import hashlib
import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from reconciler.simulator.error_replies import bad_request


@dataclass(frozen=True, slots=True)
class Window:
    """Rows `start` to `start + size`."""

    start: int
    size: int

    @property
    def end(self) -> int:
        """The first row after the window."""
        return self.start + self.size


def _whole(query: Mapping[str, str], name: str, default: int, low: int, high: int | None) -> int:
    written = query.get(name)
    if written is None:
        return default
    if not (written.isascii() and written.isdecimal()) or len(written) > 12:
        raise bad_request(f"{name}: must be a whole number, and {written!r} is none")
    value = int(written)
    if value < low or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"from {low} to {high}"
        raise bad_request(f"{name}: must be {bounds}")
    return value


def offset_window(query: Mapping[str, str], maximum: int = 1000, longest: int | None = None) -> Window:
    """`count` and `start` of an `outbound` page, of at most `longest` rows; 400 where they are no such numbers."""
    size = _whole(query, "count", maximum, 1, maximum)
    return Window(_whole(query, "start", 0, 0, None), min(size, longest or size))


def name_filter(query: Mapping[str, str]) -> str | None:
    """The exact `name` asked for, or None for all; 400 for an empty one."""
    name = query.get("name")
    if name == "":
        raise bad_request("name: must not be empty")
    return name


class Named(Protocol):
    """What has a name and is written as a row."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def to_wire(self) -> dict[str, Any]:
        """Its row."""
        ...


class PageTokens:
    """Opaque page tokens. Each is good for one read only, and no two are alike."""

    def __init__(self, seed: int) -> None:
        self.longest: int | None = None
        self._random = random.Random(seed)  # noqa: S311 - opaque, not secret, and the same in every run
        self._key = self._random.randbytes(16)
        self._stale: set[str] = set()

    def issue(self, read: str, position: int) -> str:
        """A token that says `position` to the read it was made for, and nothing to anybody else."""
        nonce = self._random.randbytes(6)
        body = nonce + (position ^ self._mask(nonce)).to_bytes(8, "big")
        return urlsafe_b64encode(body + self._seal(read, body)).decode()

    def position(self, read: str, token: str) -> int:
        """Where the token says to go on; 400 if it is stale, malformed or of another read."""
        if token in self._stale:
            raise bad_request("pageToken: is stale, begin again with the first page")
        try:
            content = urlsafe_b64decode(token.encode("ascii"))
        except ValueError:
            raise bad_request("pageToken: is not one of this tenant's") from None
        body, seal = content[:14], content[14:]
        if len(content) != 24 or seal != self._seal(read, body):
            raise bad_request("pageToken: is not one of this read's")
        return int.from_bytes(body[6:], "big") ^ self._mask(body[:6])

    def spoil(self, token: str) -> None:
        """From now on this token is stale."""
        self._stale.add(token)

    def window(self, read: str, token: str | None, size: int) -> Window:
        """The window a token opens; without one, the first."""
        return Window(0 if token is None else self.position(read, token), min(size, self.longest or size))

    def query_window(self, read: str, query: Mapping[str, str], maximum: int = 1000) -> Window:
        """`pageSize` and `pageToken` of a `lists` page by GET; 400 where they are wrong."""
        return self.window(read, query.get("pageToken"), _whole(query, "pageSize", maximum, 1, maximum))

    def make_page(self, read: str, window: Window, rows: list[dict[str, Any]], total: int) -> dict[str, Any]:
        """The body of a token-paged read. `total` is this project's addition to the contract."""
        following = self.issue(read, window.end) if window.end < total else None
        return {"data": rows, "pagination": {"nextPageToken": following, "total": total}}

    def make_named_page(self, kind: str, query: Mapping[str, str], items: Iterable[Named]) -> dict[str, Any]:
        """The body of `GET /{kind}?name=&pageSize=&pageToken=`."""
        name = name_filter(query)
        read = f"{kind} {name}"
        window = self.query_window(read, query)
        found = [item for item in items if name in (None, item.name)]
        page = [item.to_wire() for item in found[window.start : window.end]]
        return self.make_page(read, window, page, len(found))

    def _mask(self, nonce: bytes) -> int:
        return int.from_bytes(hashlib.blake2b(nonce, key=self._key, digest_size=5).digest(), "big")

    def _seal(self, read: str, body: bytes) -> bytes:
        return hashlib.blake2b(body + read.encode(), key=self._key, digest_size=10).digest()
