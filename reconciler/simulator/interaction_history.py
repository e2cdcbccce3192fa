# tested by: tests/simulator/test_interactions.py
"""Keep interactions, indexed by contact and time."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import itemgetter
from sys import intern
from typing import Any

Interaction = tuple[int, str, str]
"""Start in microseconds since 1970, interaction id, type. A bare tuple: two million of them must fit."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_start = itemgetter(0)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (moment - _EPOCH) // _MICROSECOND


def start_text(start: int) -> str:
    """ISO 8601 UTC with Z; whole seconds are written without a fraction."""
    return (_EPOCH + start * _MICROSECOND).isoformat().replace("+00:00", "Z")


class History:
    """All interactions of the tenant."""

    def __init__(self) -> None:
        self._by_contact: dict[str, list[Interaction]] = {}
        self._total = 0

    def __len__(self) -> int:
        return self._total

    def add(self, contact_id: str, interaction_id: str, start: int, kind: str = "voice") -> None:
        """Put one interaction in; `start` is in microseconds since 1970."""
        row = (start, interaction_id, intern(kind))
        rows = self._by_contact.get(contact_id)
        if not rows:
            self._by_contact[contact_id] = [row]
        elif row >= rows[-1]:
            rows.append(row)
        else:
            insort(rows, row)
        self._total += 1

    def remove(self, contact_id: str, interaction_id: str) -> bool:
        """Take one interaction out; whether it was there."""
        rows = self._by_contact.get(contact_id, [])
        for index, row in enumerate(rows):
            if row[1] == interaction_id:
                del rows[index]
                self._total -= 1
                return True
        return False

    def forget(self, contact_id: str) -> None:
        """Take out all interactions of a contact."""
        self._total -= len(self._by_contact.pop(contact_id, []))

    def of(self, contact_id: str) -> Sequence[Interaction]:
        """A contact's interactions, oldest first."""
        return self._by_contact.get(contact_id, ())

    def search(self, contact_ids: Iterable[str], start: int, end: int, kinds: Collection[str] | None) -> Search:
        """The interactions of some contacts from `start` up to, not including, `end` (microseconds)."""
        spans = []
        for contact_id in dict.fromkeys(contact_ids):
            rows = self._by_contact.get(contact_id)
            if not rows:
                continue
            low, high = bisect_left(rows, start, key=_start), bisect_left(rows, end, key=_start)
            found = rows[low:high]
            if kinds is not None:
                found = [row for row in found if row[2] in kinds]
            if found:
                spans.append((contact_id, found))
        return Search(spans)

    def all(self) -> Search:
        """Every interaction, contact by contact."""
        return Search(list(self._by_contact.items()))


class Search:
    """What a search found, in a fixed order: contacts as asked for, each one's interactions oldest first."""

    def __init__(self, spans: list[tuple[str, list[Interaction]]]) -> None:
        self._spans = spans
        self.total = sum(len(rows) for _, rows in spans)

    def page(self, start: int, size: int) -> list[dict[str, Any]]:
        """Rows `start` to `start + size` as the wire has them."""
        return [
            {"id": row[1], "startTime": start_text(row[0]), "contactId": contact_id, "type": row[2]}
            for contact_id, row in islice(self._from(start), size)
        ]

    def _from(self, start: int) -> Iterator[tuple[str, Interaction]]:
        for contact_id, rows in self._spans:
            if start >= len(rows):
                start -= len(rows)
                continue
            for row in islice(rows, start, None):
                yield contact_id, row
            start = 0
