# tested by: tests/ledger/test_promises.py
"""Record whom do-not-call lists have suppressed since a plan was made."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.contact_tokens import Tokens
from reconciler.model.resource_address import Address

EVENT = "suppressed since the plan"
TAKEN_BACK = "suppressed"
"""The code of a contact that is owed because it was taken off its list again."""
_AT_ONCE = 1_000
"""Contacts on one line of a record."""


class LeftOut:
    """The contacts of one run, by step. May be used from several threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held: dict[str, dict[str, str]] = {}

    def remember(self, entry: Mapping[str, Any]) -> None:
        """Take what a line of the record says."""
        with self._guard:
            self._held.setdefault(entry["address"], {}).update(dict.fromkeys(entry["contacts"], entry["by"]))

    def list_of_step(self, address: Address) -> Mapping[str, str]:
        """The contacts of a step, each with the address of the list that has it."""
        with self._guard:
            return dict(self._held.get(str(address), {}))


def make_entries(address: Address, found: Mapping[str, str]) -> list[dict[str, Any]]:
    """What is written down of some contacts of a step, a line each: `by` a list, so many contacts of it."""
    return [{"address": str(address), "by": by, "contacts": part} for by, part in _iter_parts(found)]


def make_audit_entries(
    address: Address, name: str, found: Mapping[str, str], tokens: Tokens | None
) -> list[dict[str, Any]]:
    """The same for the audit record, of the list `name`: contacts go by tokens there, or are counted only."""
    told: dict[str, Any] = {"address": str(address), "list": name}
    return [
        {**told, "by": by, "count": len(part), "contacts": [tokens.token(each) for each in part] if tokens else []}
        for by, part in _iter_parts(found)
    ]


def _iter_parts(found: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    by_list: dict[str, list[str]] = {}
    for contact, by in sorted(found.items()):
        by_list.setdefault(by, []).append(contact)
    for by, each in by_list.items():
        for start in range(0, len(each), _AT_ONCE):
            yield by, each[start : start + _AT_ONCE]
