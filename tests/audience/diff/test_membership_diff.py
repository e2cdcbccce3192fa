"""What changes on a list, contact by contact, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.audience.decision import eligibility, must_remove
from reconciler.audience.delivery import wire_rows
from reconciler.audience.diff import list_change_files, membership_diff
from reconciler.audience.relations import batches, engine
from reconciler.audience.relations.reasons import ReasonCell
from reconciler.model.list_change import Accounting
from reconciler.model.problem import Location
from reconciler.model.reason import Counted, Reason
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import ContactsOf, LiveList, MembersOf, RowQuery, Rows
from reconciler.model.score_model import Band, Engagement, Score
from reconciler.model.segment import Delivery, Phones, Segment, Target
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.tables import MEMBER_CHANGES
from tests.audience.conftest import Written, described

EVERYBODY = ContactsOf(LiveList(name="Everybody"), Location("segments.yaml", 1, 1))
INVITED = ContactsOf(LiveList(name="Invited"), Location("segments.yaml", 2, 1))
BANDS = (Band("high", 8000, None, 1), Band("low", 5000, 8000, 2))
CONTACTS = {"contactId": "VARCHAR", "engagementScore": "VARCHAR", "status": "VARCHAR", "phone": "VARCHAR"}
MEMBERS = {"contactId": "VARCHAR", "priority": "BIGINT", "score": "DOUBLE"}
AS_OF = datetime(2026, 7, 1, tzinfo=UTC)


def segment(
    *, mirror: bool = True, attributes: tuple[str, ...] = ("priority", "score"), invited: bool = False
) -> Segment:
    return Segment(
        address=Address("Segment", "s"),
        contacts=EVERYBODY,
        interactions={},
        score=Score(Engagement(), BANDS),
        intersect=(INVITED,) if invited else (),
        targets=tuple(
            Target(band.name, Address("ContactList", band.name), band.name, MembersOf(band.name, attributes))
            for band in BANDS
        ),
        mirror=mirror,
        delivery=Delivery("listContacts", 500, attributes, whole=False),
    )


class Case:
    """A source, the lists as they are, and what is to be done."""

    def __init__(self, backend: Any, written: Written, folder: Path) -> None:
        self.backend, self.written, self.folder = backend, written, folder

    def standing(self, declared: Segment, contacts: Sequence[Mapping[str, Any]], invited: Sequence[str] = ()) -> Rows:
        read: dict[RowQuery, Rows] = {EVERYBODY: self.written(contacts, CONTACTS)}
        read[INVITED] = self.written([{"contactId": each, "status": "ACTIVE"} for each in invited], CONTACTS)
        into = self.folder / "standing.parquet"
        return eligibility.decide_membership(self.backend, declared, read, {}, AS_OF, into)

    def changes(
        self, declared: Segment, contacts: Sequence[Mapping[str, Any]], live: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> dict[str, list[tuple[str, str, str]]]:
        """Contact, action and why, by band."""
        rows = self.standing(declared, contacts)
        barred = must_remove.find_must_remove(self.backend, declared, rows, {}, self.folder / "barred.parquet")
        standing = MembershipDecision(declared, rows, barred, Accounting(declared.address, 0, (), ()))
        members = {band.name: self.written(live.get(band.name, ()), MEMBERS) for band in BANDS}
        into = {band: self.folder / f"{band}.parquet" for band in members}
        found = {}
        for band, compared in membership_diff.compare_members(self.backend, standing, members, into).items():
            table = engine.read_rows(self.backend, compared.rows)
            found[band] = described(self.backend, table)
        return found


@pytest.fixture
def case(backend: Any, written: Written, tmp_path: Path) -> Case:
    return Case(backend, written, tmp_path)


def contact(name: str, score: float, status: str = "ACTIVE") -> dict[str, Any]:
    return {"contactId": name, "engagementScore": score, "status": status}


def member(name: str, priority: int, score: float) -> dict[str, Any]:
    return {"contactId": name, "priority": priority, "score": score}


def test_a_contact_that_belongs_is_added_with_its_score(case: Case) -> None:
    found = case.changes(segment(), [contact("a", 90)], {})
    assert found == {"high": [("a", "add", "score 90.0 puts it in high")], "low": []}


def test_a_contact_that_crosses_an_edge_is_told_as_a_move_on_both_lists(case: Case) -> None:
    found = case.changes(segment(), [contact("a", 82)], {"low": [member("a", 2, 61.5)]})
    assert found == {
        "high": [("a", "add", "score 61.5 → 82.0 moves it from low to high")],
        "low": [("a", "remove", "score 61.5 → 82.0 moves it from low to high")],
    }


@pytest.mark.parametrize(("method", "number"), [("listContacts", None), ("contactBatch", "+14155550102")])
@pytest.mark.thin(1)
def test_a_number_is_kept_with_a_change_only_where_it_may_be_written(
    case: Case, method: str, number: str | None
) -> None:
    declared = replace(
        segment(attributes=()),
        phones=Phones("possible", "US"),
        delivery=Delivery(method, 500, (), whole=method == "contactBatch"),
    )
    case.changes(declared, [{**contact("a", 90), "phone": "415 555 0102"}], {})
    rows = Rows(case.folder / "high.parquet", "parquet", MEMBER_CHANGES.types, 1)
    assert list(batches.iter_file_batches(rows, ("contactId", "action", "e164"), 10)) == [[("a", "add", number)]]


def test_a_new_score_in_the_same_band_is_an_update(case: Case) -> None:
    found = case.changes(segment(), [contact("a", 82.25)], {"high": [member("a", 1, 81)]})
    assert found["high"] == [("a", "update", "its score changed (score 81.0 → 82.25)")]


def test_a_contact_as_it_should_be_is_no_change(case: Case) -> None:
    assert case.changes(segment(), [contact("a", 82)], {"high": [member("a", 1, 82.0)]}) == {"high": [], "low": []}


def test_without_attributes_only_belonging_counts(case: Case) -> None:
    found = case.changes(segment(attributes=()), [contact("a", 82)], {"high": [member("a", 7, 1)]})
    assert found == {"high": [], "low": []}


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ([contact("a", 90, "ARCHIVED"), contact("z", 90)], "archived (score 90.0)"),
        ([contact("a", 12), contact("z", 90)], "score below 50 (score 12.0)"),
        ([contact("z", 90)], "no longer in the source"),
    ],
)
@pytest.mark.thin(1)
def test_mirror_takes_off_who_no_longer_belongs_and_says_why(case: Case, source: Any, why: str) -> None:
    found = case.changes(segment(), source, {"high": [member("a", 1, 90), member("z", 1, 90)]})
    assert found["high"] == [("a", "remove", why)]


def test_upsert_never_takes_anybody_off(case: Case) -> None:
    live = {"high": [member("a", 1, 90)], "low": [member("b", 2, 60)]}
    found = case.changes(segment(mirror=False), [contact("a", 1), contact("b", 95)], live)
    assert found == {"high": [("b", "add", "score 60.0 → 95.0 moves it from low to high")], "low": []}


def test_upsert_counts_who_no_longer_belongs_and_stays(case: Case) -> None:
    declared = segment(mirror=False)
    rows = case.standing(declared, [contact("a", 1), contact("b", 95)])
    barred = must_remove.find_must_remove(case.backend, declared, rows, {}, case.folder / "barred.parquet")
    standing = MembershipDecision(declared, rows, barred, Accounting(declared.address, 0, (), ()))
    live = {
        "high": case.written([member("a", 1, 90), member("gone", 1, 90)], MEMBERS),
        "low": case.written([member("b", 2, 60)], MEMBERS),
    }
    into = {band: case.folder / f"{band}.parquet" for band in live}
    compared = membership_diff.compare_members(case.backend, standing, live, into)
    assert {band: [(each.reason.code, each.count) for each in one.stays] for band, one in compared.items()} == {
        "high": [("below_threshold", 1), ("not_in_source", 1)],
        "low": [("belongs_elsewhere", 1)],
    }


def test_every_contact_of_the_source_is_in_or_out_for_one_reason(case: Case) -> None:
    declared = segment(invited=True)
    people = [contact("a", 90), contact("b", 60), contact("c", 10), contact("d", 90, "ARCHIVED"), contact("e", 90)]
    standing = case.standing(declared, people, invited=["a", "b", "c", "d"])
    included, left_out = eligibility.count_decisions(case.backend, standing)
    assert included == {"high": 1, "low": 1}
    assert left_out == [
        Counted(Reason("archived"), 1),
        Counted(Reason("below_threshold", ("50",)), 1),
        Counted(Reason("not_on_list", ("list 'Invited'",)), 1),
    ]


def test_a_digest_is_of_the_content_and_not_of_the_order_it_was_read_in(case: Case) -> None:
    one, two = member("a", 1, 90), member("b", 1, 80)
    first, again = case.written([one, two], MEMBERS), case.written([two, one, one], MEMBERS)
    other = case.written([one, member("b", 1, 80.01)], MEMBERS)
    digests = [wire_rows.digest_members(case.backend, rows) for rows in (first, again, other)]
    assert digests[0] == digests[1] != digests[2]


def test_who_is_archived_on_a_list_to_intersect_with_is_out_and_it_says_so(case: Case) -> None:
    read: dict[RowQuery, Rows] = {
        EVERYBODY: case.written([contact(name, 90) for name in "abc"], CONTACTS),
        INVITED: case.written([contact("a", 0), contact("b", 0, "archived")], CONTACTS),
    }
    rows = eligibility.decide_membership(
        case.backend, segment(invited=True), read, {}, AS_OF, case.folder / "s.parquet"
    )
    table = engine.read_rows(case.backend, rows).order_by("contactId").select("contactId", "reason")
    found = {
        who: why and why["code"] for who, why in engine.list_rows(case.backend, table, tuple[str, ReasonCell | None])
    }
    assert found == {"a": None, "b": "archived_on_list", "c": "not_on_list"}


def test_a_comparison_that_would_change_a_row_of_a_list_twice_plans_nothing(backend: Any, written: Written) -> None:
    shape = dict.fromkeys(("on", "action", "member", "contactId"), "VARCHAR")

    def check(*rows: tuple[str, str, str | None, str]) -> None:
        told = written([dict(zip(shape, row, strict=True)) for row in rows], shape)
        list_change_files._check_once(backend, engine.read_rows(backend, told))

    off, on = ("high", "remove", "C1", "C1"), ("high", "add", None, "C1")
    # a row that goes and its contact that comes by another one, and one contact on two lists, are each once
    check(off, on, ("low", "add", None, "C1"), ("high", "keep", "C2", "C2"), ("high", "keep", "C2", "C2"))
    for rows in ((off, off), (on, on), (off, ("high", "update", "C1", "C1"))):
        with pytest.raises(RuntimeError, match="change a row of it twice"):
            check(*rows)
