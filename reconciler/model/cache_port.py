# tested by: tests/properties/test_keeping.py
"""Define the interface of the interaction cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from reconciler.model.row_queries import Rows


@dataclass(frozen=True, slots=True)
class Cache:
    """What a workspace wants to be kept of the interactions that were read.

    Attributes:
        keep: whether anything is kept at all.
        overlap: how much of what is kept is asked for again, from the watermark back: interactions arrive late.
        refresh_after: the age at which a contact's interactions are read again from the start of their window.
    """

    keep: bool = True
    overlap: timedelta = timedelta(days=1)
    refresh_after: timedelta = timedelta(days=7)


class Untrusted(Exception):
    """Why what was kept cannot be used: a code, and words for a person."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class CachePort(Protocol):
    """Where it is kept: relations by name, under a key that says what they are of. Losing one loses no truth."""

    def fetch(self, key: Mapping[str, Any], into: Path) -> Mapping[str, Rows] | None:
        """The relations under a key, copied into the folder `into`; None where nothing is kept.

        Raises:
            Untrusted: they are not whole, or not of this key.
        """

    def store(self, key: Mapping[str, Any], parts: Mapping[str, Rows]) -> None:
        """Keep relations under a key in the place of what was there: all of them, or none.

        Raises:
            LedgerError: they cannot be written.
        """

    def drop(self, key: Mapping[str, Any]) -> None:
        """Forget what is kept under a key."""

    def sweep(self, older: timedelta) -> None:
        """Forget what was kept longer ago than that."""


class CompiledPort(Protocol):
    """Where compiled queries are kept from one run to the next, under a key. Losing them costs time alone."""

    def fetch(self, versions: str) -> Mapping[str, str]:
        """What is kept for these versions: queries by what they are compiled from."""

    def store(self, versions: str, queries: Mapping[str, str]) -> None:
        """Keep queries in the place of what was there."""


@dataclass(frozen=True, slots=True)
class CacheContext:
    """What one run may make of what was kept.

    Attributes:
        shelf: where it is; None: nothing is kept.
        tenant: the surfaces of the tenant that is read, and their base URLs.
        now: the moment of this run. refresh: whether everything is read again, whatever is kept.
    """

    shelf: CachePort | None
    tenant: Mapping[str, str]
    cache: Cache
    now: datetime
    refresh: bool = False
