"""The records of Salesforce as contacts: what becomes of each field, and of a reading that is not whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.audience.relations import engine
from reconciler.audience.relations.reasons import FAULT_SQL, write_fault
from reconciler.audience.sources import salesforce_contacts
from reconciler.audience.staging import consistent_read
from reconciler.model.errors import ReconcilerError
from reconciler.model.problem import BadInput, Location
from reconciler.model.reason import Counted, Reason
from reconciler.model.row_queries import Rows
from reconciler.model.source_specs import SalesforceFeed

HERE = Location("sources.yaml", 7, 3)
FEED = SalesforceFeed(
    instance="https://acme-1.cxone.com",
    version="v58.0",
    client_id="env ID",
    client_secret="env SECRET",
    object="Contact",
    columns=(("contactId", "Id"), ("phone", "Phone")),
    attributes=(("sf_source", "attributes.type"), ("sf_status", "Status")),
    opted_in="DoNotCall = false",
    region="US",
    where=HERE,
    condition_at=HERE,
    credentials_at=HERE,
)
FIELDS = ("DoNotCall", "Id", "Phone", "Status", "attributes.type")


class Told:
    """Hands out readings, the last of them again and again."""

    def __init__(self, *readings: list[tuple[Any, ...]], total: int | None = None, shifted: bool = False) -> None:
        self.readings, self.total, self.shifted = list(readings), total, shifted
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, fields: Sequence[str], into: Path) -> Rows:
        self.asked.append(tuple(fields))
        held = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        at = fields.index("Id")
        rows = [
            {
                "id": row[at],
                "row": number,
                "fault": None if row[at] else write_fault("no_record_id"),
                **{f"{kind}{n}": v for n, v in enumerate(row) for kind in ("c", "value")},
            }
            for number, row in enumerate(held, 1)
        ]
        into.write_bytes(orjson.dumps(rows))
        columns = {**dict.fromkeys(("id", *(f"c{n}" for n in range(len(fields)))), "VARCHAR"), "row": "BIGINT"}
        columns["fault"] = FAULT_SQL
        columns |= dict.fromkeys((f"value{n}" for n in range(len(fields))), "JSON")
        return Rows(into, "json", columns, len(rows), total=self.total or len(rows), shifted=self.shifted)


def contact(number: int | None, phone: str | None = "4155550102", stop: str = "false") -> tuple[str | None, ...]:
    return (stop, str(number) if number else None, phone, "Open", "Contact")


def rows(backend: Any, told: Told, into: Path, feed: SalesforceFeed = FEED) -> list[dict[str, Any]]:
    read = salesforce_contacts.read_contacts(backend, feed, told, into)
    names = list(read.columns)
    table = engine.read_rows(backend, read).select(*names).order_by("place")
    assert read.path.stat().st_mode & 0o777 == 0o600
    return [dict(zip(names, row, strict=True)) for chunk in engine.stream_rows(backend, table, 1000) for row in chunk]


def test_the_mapped_fields_become_a_contact_and_no_others_are_asked_for(backend: Any, tmp_path: Path) -> None:
    told = Told([contact(1), contact(2, None, "true"), contact(None)])
    first, second, third = rows(backend, told, tmp_path / "rows")
    assert told.asked == [FIELDS]
    assert {name: value for name, value in first.items() if value is not None} == {
        "contactId": "1",
        "phone": "4155550102",
        "phones": ["4155550102"],
        "region": "US",
        "optedIn": True,
        "status": "ACTIVE",
        "attributes": r'{"sf_source":"\"Contact\"","sf_status":"\"Open\""}',
        "place": "sources.yaml:7:3 record 1",
    }
    assert (second["optedIn"], second["phone"], second["fault"]) == (False, None, None)
    assert (third["contactId"], third["fault"]) == (None, write_fault("no_record_id"))


@pytest.mark.parametrize(
    ("value", "as_json"),
    [(True, "true"), (85, "85"), (42.5, "42.5"), ("85", '"85"'), ("true", '"true"'), ("", '""'), (None, None)],
)
def test_the_value_of_a_field_keeps_its_type(backend: Any, tmp_path: Path, value: Any, as_json: str | None) -> None:
    told = Told([("false", "1", "4155550102", value, "Contact")])
    (found,) = rows(backend, told, tmp_path / "rows")
    assert orjson.loads(found["attributes"]) == {"sf_source": '"Contact"', "sf_status": as_json}


def test_several_fields_with_phones_are_asked_for_and_keep_their_order(backend: Any, tmp_path: Path) -> None:
    feed = replace(FEED, columns=(("contactId", "Id"),), phones=(("Phone",), ("MobilePhone",)), opted_in=None)
    told = Told([("1", "+14155550101", None, "Open", "Contact"), ("2", " ", "4155550102", "Open", "Contact")])
    first, second = rows(backend, told, tmp_path / "rows", feed)
    assert told.asked == [("Id", "MobilePhone", "Phone", "Status", "attributes.type")]
    assert first["phones"] == [None, "+14155550101"]
    assert second["phones"] == ["4155550102", None]


@pytest.mark.parametrize("stop", [None, "", "unknown"])
def test_a_record_that_does_not_say_whether_it_may_be_called_says_neither_yes_nor_no(
    backend: Any, tmp_path: Path, stop: str | None
) -> None:
    (row,) = rows(backend, Told([(stop, "1", "4155550102", "Open", "Contact")]), tmp_path / "rows")
    assert row["optedIn"] is None


def test_records_without_an_id_stop_the_plan_where_the_manifest_asks_for_it(backend: Any, tmp_path: Path) -> None:
    refuse = replace(FEED, on_invalid="refuse")
    with pytest.raises(BadInput) as raised:
        rows(backend, Told([contact(1), contact(None)]), tmp_path / "rows", refuse)
    assert [(str(each.where), each.message) for each in raised.value.problems] == [
        ("sources.yaml:7:3", "1 of 2 rows cannot be used"),
        ("sources.yaml:7:3 record 2", "this row cannot be used"),
    ]
    why = (Counted(Reason("no_record_id"), 1),)
    assert [each.faults for each in raised.value.problems] == [why, why]


@pytest.mark.parametrize(
    "told",
    [
        Told([contact(1)], total=2),
        Told([contact(1), contact(1)]),
        Told([contact(1), contact(2)], shifted=True),
    ],
    ids=["one is missing", "one came twice", "the total changed"],
)
def test_a_reading_that_is_never_whole_is_an_error_and_leaves_nothing(backend: Any, tmp_path: Path, told: Told) -> None:
    with pytest.raises(ReconcilerError, match="never held as many records as Salesforce says"):
        rows(backend, told, tmp_path / "rows")
    assert len(told.asked) == consistent_read.MOST_READS
    assert list((tmp_path / "rows").iterdir()) == []


def test_a_reading_that_is_not_whole_is_made_again(backend: Any, tmp_path: Path) -> None:
    told = Told([contact(1)], [contact(1), contact(2)], total=2)
    assert len(rows(backend, told, tmp_path / "rows")) == 2
    assert len(told.asked) == 2


@pytest.mark.parametrize("condition", ["\"Id FROM User\" = 'x'", "\"a,b\" = 'x'", '"x\'" is null'])
def test_a_condition_for_consent_cannot_change_the_query(backend: Any, tmp_path: Path, condition: str) -> None:
    sly = replace(FEED, opted_in=condition)
    told = Told([contact(1)])
    with pytest.raises(BadInput, match="1 problem"):
        rows(backend, told, tmp_path / "rows", sly)
    assert told.asked == []
