"""Rows as they were read become relations with one row for each contact, member or interaction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from reconciler.audience.delivery import read_back
from reconciler.audience.relations import batches, engine
from reconciler.audience.relations.reasons import FAULT_SQL, write_fault
from reconciler.audience.staging import consistent_read, staged_contacts, staged_interactions, staged_members
from reconciler.model.errors import ReconcilerError
from reconciler.model.list_change import RowChange
from reconciler.model.reason_codes import REASON
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import SENT_AS, Rows
from reconciler.model.tables import MEMBER_CHANGES
from tests.audience.conftest import Written

CONTACTS = {"contactId": "VARCHAR", "engagementScore": "VARCHAR", "status": "VARCHAR"}
MEMBERS = {"contactId": "VARCHAR", "data": "STRUCT(priority VARCHAR, score VARCHAR)"}
TAKE = {"contactId": "contactId", "priority": "data.priority", "score": "data.score"}


def rows_of(backend: Any, relation: Any) -> list[tuple[Any, ...]]:
    return [row for chunk in engine.stream_rows(backend, relation, 2) for row in chunk]


def scored(backend: Any, rows: Rows) -> list[tuple[Any, ...]]:
    return rows_of(backend, staged_members.read_members(backend, rows).select("contactId", "priority", "score"))


def judged(backend: Any, rows: Rows) -> list[tuple[Any, ...]]:
    return sorted(
        rows_of(backend, staged_contacts.read_contacts(backend, rows).select("contactId", "engagement", "active"))
    )


def test_a_contact_seen_on_two_pages_counts_once(backend: Any, written: Written) -> None:
    seen = {"contactId": "a", "engagementScore": 80, "status": "ACTIVE"}
    assert judged(backend, written([seen, seen], CONTACTS)) == [("a", 8000, True)]


@pytest.mark.parametrize(
    ("status", "active"),
    [("ACTIVE", True), ("active", True), (" Active ", True), ("", False), (None, False), ("unknown", False)],
)
def test_a_source_that_has_statuses_has_no_active_contact_without_one(
    backend: Any, written: Written, status: str | None, active: bool
) -> None:
    columns = {**CONTACTS, "place": "VARCHAR", "fault": FAULT_SQL}
    rows = written([{"contactId": "a", "status": status, "place": "crm.csv:2"}], columns)
    assert engine.count_rows(backend, staged_contacts.list_active(backend, rows)) == int(active)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"optedIn": True}, {"optedIn": False}, (False, True)),
        ({"optedIn": False}, {"optedIn": True}, (False, True)),
        ({"optedIn": True}, {"optedIn": False, "fault": write_fault("not_a_number", "engagementScore")}, (False, True)),
        ({"optedIn": True}, {"optedIn": None}, (True, True)),
        ({"optedIn": None}, {"optedIn": True}, (None, True)),
        ({"status": "ACTIVE"}, {"status": "ARCHIVED"}, (None, False)),
        ({"status": "ACTIVE"}, {"status": None, "fault": write_fault("not_a_json_object")}, (None, True)),
    ],
)
def test_of_two_rows_of_one_contact_one_that_says_no_is_enough(
    backend: Any, written: Written, first: Any, second: Any, expected: tuple[bool | None, bool]
) -> None:
    columns = {**CONTACTS, "place": "VARCHAR", "fault": FAULT_SQL, "optedIn": "BOOLEAN"}
    both = [
        {"contactId": "a", "status": "ACTIVE", "fault": None, "place": f"crm.csv:{line}", **row}
        for line, row in enumerate((first, second), start=2)
    ]
    other = {"contactId": "b", "status": "ACTIVE", "fault": None, "place": "crm.csv:9", "optedIn": True}
    people = staged_contacts.read_contacts(backend, written([*both, other], columns))
    people = people.filter(~people["duplicate"]).order_by("contactId").select("optedIn", "active")
    assert [row for chunk in engine.stream_rows(backend, people, 10) for row in chunk] == [expected, (True, True)]


def test_a_contact_without_a_score_counts_as_zero_and_one_without_a_status_as_archived(
    backend: Any, written: Written
) -> None:
    rows = written([{"contactId": "a"}, {"contactId": "b", "status": "ACTIVE"}], CONTACTS)
    assert judged(backend, rows) == [("a", 0, False), ("b", 0, True)]


def test_a_contact_seen_archived_once_is_archived(backend: Any, written: Written) -> None:
    rows = [{"contactId": "a", "status": "ACTIVE"}, {"contactId": "a", "status": "ARCHIVED"}]
    assert judged(backend, written(rows, CONTACTS)) == [("a", 0, False)]


def test_of_rows_of_a_file_with_one_id_the_first_that_can_be_used_counts(backend: Any, written: Written) -> None:
    columns = {"contactId": "VARCHAR", "place": "VARCHAR", "fault": FAULT_SQL, "phone": "VARCHAR"}
    rows: list[dict[str, Any]] = [
        {"contactId": "a", "place": "b.csv:10", "phone": "third"},
        {"contactId": "a", "place": "b.csv:9", "phone": "second"},
        {
            "contactId": "a",
            "place": "a.csv:2",
            "fault": write_fault("not_a_number", "engagementScore"),
            "phone": "unusable",
        },
        {"contactId": "a", "place": "a.csv:3", "phone": "first"},
    ]
    everyone = staged_contacts.read_contacts(backend, written(rows, columns))
    first = everyone.filter(~everyone["duplicate"]).select("phone", "active")
    assert rows_of(backend, first) == [("first", True)]
    assert engine.count_rows(backend, everyone) == 4


@pytest.mark.parametrize(
    ("sent", "hundredths"), [(75, 7500), (75.0, 7500), (74.999, 7500), (74.99, 7499), (0.005, 1), ("high", None)]
)
def test_scores_are_whole_hundredths(backend: Any, written: Written, sent: object, hundredths: int | None) -> None:
    members = replace(written([{"contactId": "a", "data": {"score": sent}}], MEMBERS), take=TAKE)
    assert scored(backend, members) == [("a", None, hundredths)]


def test_what_somebody_else_wrote_into_an_attribute_is_no_attribute_of_ours(backend: Any, written: Written) -> None:
    rows = [{"contactId": "a", "data": {"priority": "first", "colour": "red"}}, {"contactId": "b", "data": {}}]
    members = replace(written(rows, MEMBERS), take=TAKE)
    assert sorted(scored(backend, members)) == [("a", None, None), ("b", None, None)]


def test_an_interaction_counts_once_whatever_page_it_came_on(backend: Any, written: Written) -> None:
    one = {"id": "1", "contactId": "a", "type": "voice", "startTime": "2026-06-30T10:00:00.700Z"}
    other = {**one, "id": "2", "startTime": "2026-06-30T10:00:00Z"}
    rows = written([one, one, other], dict.fromkeys(one, "VARCHAR"))
    seconds = staged_interactions.read_interactions(backend, rows)
    at = sorted(row[0] for row in rows_of(backend, seconds.select(at=seconds["at"].cast("string"))))
    assert at == ["2026-06-30 10:00:00", "2026-06-30 10:00:00"]


@pytest.mark.parametrize(
    "moment",
    [
        "2026-06-30T12:00:00+02:00",
        "2026-06-30T12:00:00",
        "2026-06-30T24:00:00Z",
        "2026-06-31T12:00:00Z",
        "T12:00:00Z",
        "yesterdayZ",
        None,
    ],
)
def test_an_interaction_whose_time_is_unclear_stops_the_plan(
    backend: Any, written: Written, moment: str | None
) -> None:
    row = {"id": "1", "contactId": "a", "type": "voice", "startTime": moment}
    rows = written([row, {**row, "id": "2", "startTime": "2026-06-30T12:00:00Z"}], dict.fromkeys(row, "VARCHAR"))
    with pytest.raises(ReconcilerError, match="1 of 2 interactions"):
        staged_interactions.refuse_unclear_times(backend, rows)


def test_only_active_contacts_are_searched_for_once_each(backend: Any, written: Written) -> None:
    rows = [{"contactId": f"c{n % 10}", "status": "ACTIVE" if n % 2 else "ARCHIVED"} for n in range(20)]
    ids = staged_contacts.list_active(backend, written(rows, CONTACTS)).order_by("contactId")
    chunks = list(engine.stream_rows(backend, ids, 2))
    assert chunks == [[("c1",), ("c3",)], [("c5",), ("c7",)], [("c9",)]]


def test_a_read_is_repeated_until_it_holds_as_many_contacts_as_the_tenant_says(backend: Any, written: Written) -> None:
    shifted = replace(written([{"contactId": "a"}, {"contactId": "a"}], CONTACTS), total=2)
    whole = replace(written([{"contactId": "a"}, {"contactId": "b"}], CONTACTS), total=2)
    answers = iter([shifted, shifted, whole])
    assert consistent_read.read_consistently(backend, lambda: next(answers)) is whole


def test_a_read_that_never_agrees_with_the_total_is_an_error(backend: Any, written: Written) -> None:
    shifted = replace(written([{"contactId": "a"}], CONTACTS), total=2)
    reads: list[Rows] = []

    def read() -> Rows:
        reads.append(shifted)
        return shifted

    with pytest.raises(ReconcilerError, match="never held as many contacts") as raised:
        consistent_read.read_consistently(backend, read)
    assert len(reads) == consistent_read.MOST_READS
    assert raised.value.note == "1 read, 2 in the tenant: the list is being changed by somebody else"


def test_shares_are_the_whole_and_those_of_two_relations_go_together(
    backend: Any, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "A_SHARE", 10)
    ids = {f"CUST{n:04d}" for n in range(100)}
    one = engine.read_rows(backend, written([{"contactId": each} for each in sorted(ids)], CONTACTS))
    other = engine.read_rows(backend, written([{"contactId": each} for each in sorted(ids, reverse=True)], CONTACTS))
    pairs = list(zip(batches.hash_partitions(one, 100), batches.hash_partitions(other, 100), strict=True))
    found = [{contact for contact, *_ in rows_of(backend, share)} for share, _ in pairs]
    assert found == [{contact for contact, *_ in rows_of(backend, share)} for _, share in pairs]
    assert len(pairs) == 16
    assert max(len(share) for share in found) < 30
    assert sum(len(share) for share in found) == 100
    assert set().union(*found) == ids


def test_a_list_that_is_read_back_in_shares_is_judged_as_one_that_is_read_back_whole(
    backend: Any, written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {"contactId": "VARCHAR", "data": "STRUCT(priority VARCHAR, score VARCHAR, contactId VARCHAR)"}
    take = {**TAKE, SENT_AS: "data.contactId"}
    # of every four: as written; made by a bulk insert under another id; an old score; still there though removed
    held: list[dict[str, Any]] = []
    for n in range(0, 100, 4):
        held += [
            {"contactId": f"c{n}", "data": {"priority": 1, "score": 50}},
            {"contactId": f"new{n}", "data": {"priority": 1, "score": 50, "contactId": f"c{n + 1}"}},
            {"contactId": f"c{n + 2}", "data": {"priority": 1, "score": 49}},
            {"contactId": f"c{n + 3}", "data": {"priority": 1, "score": 50}},
        ]
    empty: dict[str, Any] = dict.fromkeys(MEMBER_CHANGES.types)
    rows = [
        {**empty, "contactId": f"c{n}", "action": "remove" if n % 4 == 3 else "add", "priority": 1, "score": 5000}
        for n in range(101)  # and one that is not there
    ]
    types = {"string": pa.string(), "int64": pa.int64(), "map<string, string>": pa.map_(pa.string(), pa.string())}
    types["array<string>"] = pa.list_(pa.string())
    types[REASON] = pa.struct([("code", pa.string()), ("args", types["array<string>"])])
    schema = pa.schema([(name, types[kind]) for name, kind in MEMBER_CHANGES.types.items()])
    pq.write_table(pa.Table.from_pylist(rows, schema), tmp_path / "rows.parquet")
    where = Address("Segment", "s")
    change = RowChange(
        address=where,
        list_address=where,
        list="L",
        method="listContacts",
        chunk_size=500,
        attributes=("priority", "score"),
        live=0,
        adds=76,
        updates=0,
        removes=25,
        unchanged=0,
        rows=Rows(tmp_path / "rows.parquet", "parquet", MEMBER_CHANGES.types, len(rows)),
        digest="",
        precondition="",
    )

    def judged() -> int:
        read = replace(written(held, columns), take=take, total=100)
        now = consistent_read.read_consistently(backend, lambda: read)
        assert (now.format, now.count) == ("parquet" if batches.A_SHARE < 100 else "json", 100)
        return read_back.find_not_as_written(backend, change, now, {"c2"})

    assert judged() == 50
    monkeypatch.setattr(batches, "A_SHARE", 7)
    assert judged() == 50


def test_rows_come_as_they_lie_in_chunks_that_do_not_end_where_a_group_of_the_file_does(tmp_path: Path) -> None:
    notes = [{"case": str(n)} if n % 2 else None for n in range(100)]
    table = pa.table(
        {"notes": pa.array(notes, pa.map_(pa.string(), pa.string())), "contactId": [f"c{99 - n}" for n in range(100)]}
    )
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=7)
    rows = Rows(tmp_path / "rows.parquet", "parquet", {}, 100)
    chunks = list(batches.iter_file_batches(rows, ("contactId", "notes"), 30))
    assert [len(chunk) for chunk in chunks] == [30, 30, 30, 10]
    assert [row for chunk in chunks for row in chunk] == [(f"c{99 - n}", notes[n]) for n in range(100)]
