# tested by: tests/audience/relations/test_relations.py
"""Compare a list that is read back with what was written to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.diff import field_diff, row_matching
from reconciler.audience.relations import batches, engine
from reconciler.audience.staging import staged_members
from reconciler.model.list_change import RowChange
from reconciler.model.row_queries import Rows
from reconciler.model.tables import MEMBER_CHANGES

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

_STREAMED = 10_000


def find_not_as_written(backend: BaseBackend, change: RowChange, read_back: Rows, rejected: Collection[str]) -> int:
    """How many rows the list does not hold as written, those aside that the tenant rejected."""
    many = max(change.rows.count, read_back.count)
    put, gone = _split_phases(backend, change)
    key = _find_key(change)
    found = 0
    with _iter_held(backend, change, read_back, many) as held:
        now = held.rename({f"now_{name}": name for name in held.columns})
        for mine, there in _pair_shares(put, now, many, key, f"now_{_HELD_BY[key]}"):
            wrong = mine.anti_join(_select_right(change, mine, there).select(key), key).select("contactId")
            chunks = engine.stream_rows(backend, wrong, _STREAMED, tuple[str])
            found += sum(row[0] not in rejected for chunk in chunks for row in chunk)
        for mine, there in _pair_shares(gone, now, many, "listed_as", "now_member"):
            found += engine.count_rows(backend, mine.semi_join(there, mine["listed_as"] == there["now_member"]))
    return found


def find_superseded(backend: BaseBackend, change: RowChange, read_back: Rows, size: int) -> Iterator[list[str]]:
    """Rows of the list, by their ids there, whose contacts are on it by the numbers that were written with them now.

    A row whose phone is not the one that was written is found by nobody who writes by phone: a new one was made.
    Never the only row of a contact: of a row that was not written, the old one stays.
    """
    if change.key != "phone" or not change.updates:
        return
    many = max(change.rows.count, read_back.count)
    put, _ = _split_phases(backend, change)
    put = put.filter(put["action"] == "update", put["member"].notnull())
    with _iter_held(backend, change, read_back, many) as held:
        now = held.rename({f"now_{name}": name for name in held.columns})
        for mine, there in _pair_shares(put, now, many, "e164", "now_number"):
            right = _select_right(change, mine, there)
            moved = right.filter(right["now_member"] != right["member"]).select("member", "e164").distinct()
            other = held.select(old="member", old_phone="phone")
            met = moved.inner_join(other, moved["member"] == other["old"])
            old = met.filter((met["old_phone"] != met["e164"]).fill_null(True)).select("member").order_by("member")
            for chunk in engine.stream_rows(backend, old, size, tuple[str]):
                yield [row[0] for row in chunk]


_HELD_BY = {"contactId": "contactId", "e164": "number"}


def _find_key(change: RowChange) -> str:
    """By which column of a change a row that was put is found on the list."""
    return "e164" if change.key == "phone" else "contactId"


def _select_right(change: RowChange, put: Table, held: Table) -> Table:
    """Rows that were put, with those of the list that are as they were written."""
    key = _find_key(change)
    joined = put.inner_join(held, put[key] == held[f"now_{_HELD_BY[key]}"])
    written = field_diff.is_as_written(joined, change, "now_") & (joined["contactId"] == joined["now_contactId"])
    return joined.filter(written)


def _split_phases(backend: BaseBackend, change: RowChange) -> tuple[Table, Table]:
    """The rows that are put, and those that are taken off, with the ids that they have on the list."""
    import ibis

    changed = tables.read_table(backend, change.rows, MEMBER_CHANGES)
    gone = changed.filter(changed["action"] == "remove")
    listed_as = ibis.coalesce(gone["member"], gone["sent_as"], gone["contactId"])
    return changed.filter(changed["action"] != "remove"), gone.mutate(listed_as=listed_as)


@contextmanager
def _iter_held(backend: BaseBackend, change: RowChange, read_back: Rows, many: int) -> Iterator[Table]:
    """The rows of the list, with their numbers where it is written by phone; many are settled in parts."""
    import ibis

    with TemporaryDirectory(dir=engine.find_scratch(backend), prefix="held-") as folder:
        parts = []
        for number, share in enumerate(staged_members.read_member_partitions(backend, read_back, many)):
            here = row_matching.add_numbers(backend, share, change.region) if change.key == "phone" else share
            if many > batches.A_SHARE:
                target = Path(folder, f"{number}.parquet")
                engine.write_parquet(backend, here, target)
                here = engine.read_parquet(backend, target)
            parts.append(here)
        yield ibis.union(*parts) if len(parts) > 1 else parts[0]


def _pair_shares(one: Table, other: Table, many: int, by: str, other_by: str) -> Iterator[tuple[Table, Table]]:
    """The shares of two relations that go together."""
    return zip(batches.hash_partitions(one, many, by), batches.hash_partitions(other, many, other_by), strict=True)
