"""Is a number that must not be called told apart as the tenant does, and held by it in the end, whatever was there?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler.audience.diff import number_diff
from reconciler.audience.relations import engine
from reconciler.audience.staging import stage
from reconciler.model.contact_tokens import Tokens
from reconciler.model.held_numbers import HeldChange, NumberSet
from reconciler.model.problem import Location
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import ContactsOf, LiveList, NumbersOf, RowQuery
from reconciler.model.secret import Secret
from reconciler.model.segment import Phones, Suppression
from tests.audience.conftest import Written

NOW = datetime(2026, 7, 1, tzinfo=UTC)
HERE = Location("x.yaml")
GROUP = NumbersOf("DncGroup", "Company", (("DncGroup", "Company"),))
QUERIES = tuple(ContactsOf(LiveList(name=name), HERE) for name in ("ours", "registry"))
LISTS = tuple(
    Suppression(Address("SuppressionList", name), query, Phones("reachable", "US"))
    for name, query in zip(("ours", "registry"), QUERIES, strict=True)
)


class World:
    """Two do-not-call lists, and a group that holds the numbers of both."""

    def __init__(self, backend: Any, written: Written, folder: Path) -> None:
        self.backend, self.written, self.folder = backend, written, folder
        self.mirrors, self.lists = True, LISTS

    def plan(self, there: Mapping[str, str | None], *lists: Sequence[str]) -> dict[str, HeldChange]:
        """What changes, by what is done; `there`: when each number of the group expires."""
        phones = {"contactId": "VARCHAR", "phone": "VARCHAR"}
        read: dict[RowQuery, Any] = {
            query: self.written([{"contactId": str(n), "phone": each} for n, each in enumerate(told)], phones)
            for query, told in zip(QUERIES, lists, strict=True)
        }
        held = [
            {"contactId": str(n), "phone": each, "expires": ends} for n, (each, ends) in enumerate(there.items(), 1)
        ]
        raw = self.written(held, {**phones, "expires": "VARCHAR"})
        read[GROUP] = stage.stage_rows(self.backend, GROUP, raw, self.folder)
        wanted = NumberSet(Address("DncGroup", "company"), HERE, GROUP, self.lists, self.mirrors)
        tokens = Tokens(Secret("key"))
        found = number_diff.plan_numbers(self.backend, wanted, read, tokens, self.folder, NOW, 100)
        return {change.act: change for change in found}

    def numbers(self, change: HeldChange) -> list[tuple[str, str]]:
        """The numbers of a change, and the first argument of why."""
        rows = engine.read_rows(self.backend, change.rows)
        told = rows.select("contactId", why=rows["reason"]["args"][0])
        return engine.list_rows(self.backend, told.order_by("contactId"), tuple[str, str])


def test_a_number_is_one_however_it_is_written_and_is_added_once(
    backend: Any, written: Written, tmp_path: Path
) -> None:
    world = World(backend, written, tmp_path)
    there = {"(212) 555-0101": None, "+1 212 555 0102": "", "12125550103": None, "442071838750": None}
    found = world.plan(
        there,
        ["212-555-0101", "+12125550102", "2125550103", "2125550104"],
        ["+44 20 7183 8750", "1 (212) 555-0104", "212 555 0105"],
    )
    assert world.numbers(found["add"]) == [("2125550104", "ours"), ("2125550105", "registry")]
    assert world.numbers(found["expire"]) == []
    assert (found["add"].live, found["add"].total, found["add"].requests) == (4, 2, 1)


def test_what_has_expired_or_ends_within_a_day_is_added_again_and_expires_no_more(
    backend: Any, written: Written, tmp_path: Path
) -> None:
    ends = ["2026-06-30", "2026-07-01T12:00:00Z", "2026-07-01T12:00:00", "07/30/2026", "2026-08-01", "", None]
    there = {f"212555010{n}": each for n, each in enumerate(ends)}
    wanted = list(there)
    found = World(backend, written, tmp_path).plan(there, wanted, ["2125550199"])
    assert found["add"].total == 5  # and the one of the second list
    world = World(backend, written, tmp_path)
    found = world.plan(there, ["2125550198"], ["2125550199"])
    assert [number for number, _ in world.numbers(found["expire"])] == wanted[4:]


def test_nothing_expires_while_a_list_cannot_be_read_whole_or_is_old_or_nobody_asked_for_it(
    backend: Any, written: Written, tmp_path: Path
) -> None:
    world, there = World(backend, written, tmp_path), {"2125550101": None, "2125550102": None}
    found = world.plan(there, ["2125550101"], ["ask for Ada"])
    assert ("expire" in found, found["add"].kept, found["add"].unread) == (False, 1, 1)
    old = World(backend, written, tmp_path)
    old.lists = (replace(LISTS[0], taken=NOW - timedelta(days=32)), LISTS[1])
    found = old.plan(there, ["2125550101"], ["2125550103"])
    assert ("expire" in found, found["add"].kept, found["add"].unread) == (False, 1, 0)
    world.mirrors = False
    found = world.plan(there, ["2125550101"], ["2125550103"])
    assert ("expire" in found, found["add"].kept, found["add"].unread) == (False, 1, 0)


def test_examples_are_tokens_and_no_number(backend: Any, written: Written, tmp_path: Path) -> None:
    found = World(backend, written, tmp_path).plan({"2125550102": None}, ["2125550101"], ["2125550103"])
    told = [repr(sample) for change in found.values() for sample in change.samples]
    assert len(told) == 3
    assert not any("2125550" in each or "0101" in each for each in told)
