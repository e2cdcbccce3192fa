"""Is the age of the data what something honest says, and unknown where nothing does?"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.audience.impact.data_age import MOST_FILES, list_ages
from reconciler.model.impact import DataAge
from reconciler.model.list_change import Accounting
from reconciler.model.problem import Location
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import ContactsOf, LiveList, MembersOf, Rows
from reconciler.model.score_model import Band, Engagement, Score
from reconciler.model.segment import Delivery, Phones, Segment, Suppression, Target
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.source_specs import FileFeed

JUNE, JULY, AUGUST = (datetime(2026, month, 1, 12, tzinfo=UTC) for month in (6, 7, 8))
WHERE = Location("crm.yaml", 5)


@pytest.fixture
def date(tmp_path: Path) -> Callable[..., DataAge]:
    """The age of the contacts of a feed, of files that lie in a folder."""

    def find(
        feed: Any, committed: dict[str, datetime | None] | None = None, suppress: tuple[Suppression, ...] = ()
    ) -> DataAge:
        known = committed or {}
        score = Score(Engagement(), (Band("high", 6000, None, 1),))
        target = Target("high", Address("ContactList", "high"), "High", MembersOf("High", ()))
        of, delivery = Address("Segment", "all"), Delivery("listContacts", None, ())
        segment = Segment(of, feed, {}, score, (), (target,), True, delivery, suppress=suppress)
        nobody = Rows(tmp_path / "none.parquet", "parquet", {}, 0)
        standing = MembershipDecision(segment, nobody, nobody, Accounting(of, 0, (), ()))
        backend: Any = None  # contacts are dated without one
        *_, found = list_ages(
            backend, standing, {}, tmp_path, lambda path: path.name in known, lambda path: known[path.name]
        )
        return found

    return find


def feed(*paths: str) -> FileFeed:
    return FileFeed(paths=paths, format="csv", columns=(("contactId", "id"),), where=WHERE)


def write(folder: Path, name: str, at: datetime) -> None:
    (folder / name).write_text("id\n1\n", encoding="utf-8")
    os.utime(folder / name, (at.timestamp(), at.timestamp()))


def test_files_are_as_old_as_they_were_written(tmp_path: Path, date: Callable[..., DataAge]) -> None:
    for name, at in (("a.csv", JUNE), ("b.csv", AUGUST), ("c.csv", JULY)):
        write(tmp_path, name, at)
    found = date(feed("*.csv"))
    assert (found.basis, found.oldest, found.newest) == ("modified", JUNE, AUGUST)


def test_a_file_that_git_has_is_as_old_as_its_commit_and_not_as_its_checkout(
    tmp_path: Path, date: Callable[..., DataAge]
) -> None:
    write(tmp_path, "a.csv", AUGUST)
    found = date(feed("a.csv"), {"a.csv": JUNE})
    assert (found.basis, found.oldest, found.newest) == ("committed", JUNE, JUNE)
    write(tmp_path, "b.csv", JULY)
    mixed = date(feed("a.csv", "b.csv"), {"a.csv": JUNE})
    assert (mixed.basis, mixed.oldest, mixed.newest) == ("modified", JUNE, JULY)


def test_where_one_file_says_nothing_nothing_is_said(tmp_path: Path, date: Callable[..., DataAge]) -> None:
    write(tmp_path, "a.csv", AUGUST)
    write(tmp_path, "b.csv", AUGUST)
    for found in (date(feed("*.csv"), {"a.csv": None}), date(feed("gone.csv"))):
        assert (found.basis, found.oldest, found.newest) == ("unknown", None, None)


@pytest.mark.parametrize("count", [MOST_FILES, MOST_FILES + 1])
def test_git_is_not_asked_for_a_great_many_files(tmp_path: Path, date: Callable[..., DataAge], count: int) -> None:
    names = [f"{number:03d}.csv" for number in range(count)]
    for name in names:
        write(tmp_path, name, AUGUST)
    found = date(feed("*.csv"), dict.fromkeys(names, JUNE))
    assert found.basis == ("committed" if count <= MOST_FILES else "unknown")


def test_what_was_read_when_the_plan_was_made_is_no_older(date: Callable[..., DataAge]) -> None:
    found = date(ContactsOf(LiveList(name="All"), WHERE))
    assert (found.basis, found.oldest, found.newest) == ("read", None, None)


def test_a_do_not_call_list_is_of_the_date_in_its_manifest_else_as_its_files_say(
    tmp_path: Path, date: Callable[..., DataAge]
) -> None:
    write(tmp_path, "dnc.csv", JULY)
    people = ContactsOf(LiveList(name="All"), WHERE)

    def age(numbers: Any, taken: datetime | None) -> tuple[str, datetime | None]:
        listed = Suppression(Address("SuppressionList", "dnc"), numbers, Phones(), taken)
        found = date(people, suppress=(listed,))
        assert found.what == "do-not-call"
        return found.basis, found.newest

    assert age(feed("dnc.csv"), JUNE) == ("declared", JUNE)
    assert age(feed("dnc.csv"), None) == ("modified", JULY)
    assert age(people, None) == ("read", None)
