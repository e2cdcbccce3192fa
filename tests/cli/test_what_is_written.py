"""What is written with a contact: its values in their types, its names as they are, the name of its band; end to end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.simulator import Simulator
from tests import delivery
from tests.conftest import AS_OF, Ended, Folder, manifest

Run = Callable[..., Ended]

METHODS = ["listContacts", "bulkInsert", "contactBatch"]
BANDS = """
engagement: {bands: [{name: high, from: 70}, {name: low, from: 0}]}
"""
TYPED: list[dict[str, Any]] = [
    {"id": "A1", "phone": "4155550101", "lead_score": 85, "vip": True, "rate": 1.5, "note": "85", "gone": None},
    {"id": "A2", "phone": "4155550102", "lead_score": 0, "vip": False, "rate": 85.0, "note": "", "gone": ""},
    {"id": "A3", "phone": "4155550103", "lead_score": -7, "rate": 1e20, "note": 'true "q" \\ é 😀\u2028', "gone": "x"},
]
NAMES = ("lead_score", "vip", "rate", "note", "gone")


@pytest.fixture(autouse=True)
def every_surface(tenant: Simulator, folder: Folder) -> None:
    """A tenant with all its surfaces."""
    declared = delivery.TENANT.format(url=tenant.url, pace=delivery.PACE, jobs=delivery.JOBS)
    folder.write("tenant.yaml", manifest("Tenant", "embedded", declared))
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\nlimits: {{updates: 100}}"))


def declare(
    folder: Folder, source: str, method: str = "listContacts", attributes: str = "", score: str = BANDS
) -> None:
    """The segment `s` of the source `crm` fills the list `Chosen` with the contacts of the band `high`."""
    band = "high" if "bands" in score else "engaged"
    segment = f"""
source: crm
score: model
phones: {{region: US}}
lists: {{{band}: chosen}}
membership: mirror
delivery: {{method: {method}, attributes: [{attributes}]}}
"""
    texts = [
        manifest("ContactSource", "crm", source),
        manifest("ScoreModel", "model", score),
        manifest("ContactList", "chosen", "name: Chosen"),
        manifest("Segment", "s", segment),
    ]
    folder.write("segments.yaml", "---\n".join(texts))


def files(path: str, format: str, columns: str = "", attributes: str = "") -> str:
    named = f"contactId: id, phone: phone{columns}"
    return f"files: {{paths: [{path}], format: {format}, columns: {{{named}}}, attributes: {{{attributes}}}}}"


EVERYBODY = "engagement: {threshold: 0}"


def held(tenant: Simulator) -> dict[str, Mapping[str, Any]]:
    """What is on the list with each contact, by the id that it was sent under."""
    members = tenant.store.list_named("Chosen").members
    return {str(data.get("contactId", contact)): data for contact, data in members.items()}


def applied(run: Run) -> Ended:
    """Apply, and find that a plan is empty after it."""
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    after = run("plan")
    assert "No changes." in after.out, after.out
    return ended


def known(tenant: Simulator, method: str) -> None:
    if method == "listContacts":
        tenant.store.add_contacts([{"id": f"A{n}", "phoneNumber": f"+1415555010{n}"} for n in range(1, 4)])


def jsonl(folder: Folder, rows: list[dict[str, Any]]) -> str:
    folder.write("people.jsonl", b"\n".join(map(orjson.dumps, rows)).decode())
    return files("people.jsonl", "jsonl", attributes=", ".join(f"{name}: {name}" for name in NAMES))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.matrix(instead="test_values_of_parquet_arrive_in_their_types")
def test_values_of_json_lines_arrive_in_their_types_and_a_second_plan_is_empty(
    tenant: Simulator, folder: Folder, run: Run, method: str
) -> None:
    known(tenant, method)
    declare(folder, jsonl(folder, TYPED), method, ", ".join(NAMES), EVERYBODY)
    applied(run)
    found = held(tenant)
    for row in TYPED:
        for name in NAMES:
            value = found[row["id"]][name]
            assert value == row.get(name) and type(value) is type(row.get(name)), name


def test_a_value_of_another_type_on_the_list_is_a_change_and_is_named(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    known(tenant, "listContacts")
    declare(folder, jsonl(folder, TYPED), "listContacts", ", ".join(NAMES), EVERYBODY)
    applied(run)
    target = tenant.store.list_named("Chosen")
    others: dict[str, dict[str, Any]] = {
        "A1": {"lead_score": "85", "vip": "true"},
        "A2": {"vip": 0, "gone": None},
        "A3": {"rate": "1e20"},
    }
    tenant.store.put_members(target, {each: {**target.members[each], **other} for each, other in others.items()})
    planned = run("plan")
    for words in ("its lead_score and vip changed", "its gone and vip changed", "its rate changed"):
        assert f"1  update: {words}" in planned.out
    applied(run)
    assert held(tenant)["A1"]["lead_score"] == 85


def test_a_number_in_another_notation_and_a_null_that_is_not_there_are_no_change(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    known(tenant, "listContacts")
    declare(folder, jsonl(folder, TYPED), "listContacts", ", ".join(NAMES), EVERYBODY)
    applied(run)
    target = tenant.store.list_named("Chosen")
    data = {**target.members["A1"], "lead_score": 85.0}
    del data["gone"]
    tenant.store.put_members(target, {"A1": data})
    assert "No changes." in run("plan").out


def test_values_of_parquet_arrive_in_their_types(tenant: Simulator, folder: Folder, run: Run, tmp_path: Path) -> None:
    known(tenant, "listContacts")
    rows = {
        "id": ["A1", "A2"],
        "phone": ["4155550101", "4155550102"],
        "lead_score": pa.array([85, 2**53 + 1], pa.int64()),
        "vip": [True, None],
        "rate": pa.array([0.1, 2.5], pa.float32()),
        "price": pa.array([Decimal("1.50"), Decimal("12345678901234567.89")], pa.decimal128(20, 2)),
        "since": pa.array([date(2026, 7, 1), None]),
    }
    pq.write_table(pa.table(rows), folder.root / "people.parquet")
    names = ("lead_score", "vip", "rate", "price", "since")
    declare(
        folder,
        files("people.parquet", "parquet", attributes=", ".join(f"{name}: {name}" for name in names)),
        attributes=", ".join(names),
        score=EVERYBODY,
    )
    applied(run)
    first, second = held(tenant)["A1"], held(tenant)["A2"]
    assert first == {"lead_score": 85, "vip": True, "rate": 0.1, "price": 1.5, "since": "2026-07-01"}
    # what a double cannot hold to its last digit is a text
    assert second == {
        "lead_score": "9007199254740993",
        "vip": None,
        "rate": 2.5,
        "price": "12345678901234567.89",
        "since": None,
    }


@pytest.mark.matrix(instead="test_values_of_parquet_arrive_in_their_types")
def test_values_of_a_database_arrive_in_their_types(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(tenant, "listContacts")
    with sqlite3.connect(folder.root / "crm.db") as database:
        database.execute("CREATE TABLE people (id TEXT, phone TEXT, lead_score INTEGER, rate REAL, vip INTEGER)")
        database.execute(
            "INSERT INTO people VALUES ('A1', '4155550101', 85, 1.25, 1), ('A2', '4155550102', NULL, 2, 0)"
        )
    monkeypatch.setenv("CXONE_CRM", "sqlite:///crm.db")
    source = """
sql:
  url: {env: CXONE_CRM}
  query: SELECT * FROM people
  columns: {contactId: id, phone: phone}
  attributes: {lead_score: lead_score, rate: rate, vip: {column: vip, type: boolean}}
"""
    declare(folder, source, attributes="lead_score, rate, vip", score=EVERYBODY)
    applied(run)
    assert held(tenant) == {
        "A1": {"lead_score": 85, "rate": 1.25, "vip": True},
        "A2": {"lead_score": None, "rate": 2.0, "vip": False},
    }


@pytest.mark.matrix(instead="test_a_value_of_another_type_on_the_list_is_a_change_and_is_named")
def test_a_column_of_csv_has_the_type_that_the_manifest_declares_and_is_text_without_one(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    known(tenant, "listContacts")
    folder.write("people.csv", "id,phone,n,v,q\nA1,4155550101,085,Yes,085\nA2,4155550102, ,no,\n")
    typed = "n: {column: n, type: integer}, v: {column: v, type: boolean}, q: q"
    declare(folder, files("people.csv", "csv", attributes=typed), attributes="n, v, q", score=EVERYBODY)
    applied(run)
    assert held(tenant) == {"A1": {"n": 85, "v": True, "q": "085"}, "A2": {"n": None, "v": False, "q": None}}


def test_a_value_that_is_not_of_its_declared_type_is_refused_with_its_line(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    folder.write("people.csv", "id,phone,n\nA1,4155550101,8 5\nA2,4155550102,1_0\nA3,4155550103,3\n")
    source = files("people.csv", "csv", attributes="n: {column: n, type: integer}")
    declare(folder, source, attributes="n", score=EVERYBODY)
    ended = run("plan")
    assert ended.code == 64
    assert "people.csv:2" in ended.err and "people.csv:3" in ended.err and "people.csv:4" not in ended.err
    assert "`n` is not a whole number that JSON carries exactly" in ended.err
    assert "8 5" not in ended.err


def test_a_list_in_a_row_is_refused_with_its_line(tenant: Simulator, folder: Folder, run: Run) -> None:
    rows = [{"id": "A1", "phone": "4155550101", "tags": [1]}, {"id": "A2", "phone": "4155550102", "tags": "1"}]
    folder.write("people.jsonl", b"\n".join(map(orjson.dumps, rows)).decode())
    declare(folder, files("people.jsonl", "jsonl", attributes="tags: tags"), attributes="tags", score=EVERYBODY)
    ended = run("plan")
    assert ended.code == 64
    assert "people.jsonl:1" in ended.err and "is a list or an object" in ended.err


@pytest.mark.matrix(instead="test_a_number_in_another_notation_and_a_null_that_is_not_there_are_no_change")
@pytest.mark.parametrize("method", METHODS)
def test_the_name_of_the_band_is_delivered_under_the_names_that_are_wanted(
    tenant: Simulator, folder: Folder, run: Run, method: str
) -> None:
    known(tenant, method)
    folder.write("people.csv", "id,phone,points\nA1,4155550101,90\nA2,4155550102,10\n")
    source = files("people.csv", "csv", ", engagementScore: points")
    wanted = "{name: priority, value: band}, {name: rank, value: priority}, {name: points, value: score}, band"
    declare(folder, source, method, wanted)
    applied(run)
    found = dict(held(tenant)["A1"])
    found.pop("contactId", None)
    assert found == {"priority": "high", "rank": 1, "points": 90, "band": "high"}


@pytest.mark.matrix(instead="test_a_value_of_another_type_on_the_list_is_a_change_and_is_named")
def test_a_band_that_the_source_maps_is_the_source_s(tenant: Simulator, folder: Folder, run: Run) -> None:
    known(tenant, "listContacts")
    folder.write("people.csv", "id,phone,points,group\nA1,4155550101,90,brass\n")
    declare(folder, files("people.csv", "csv", ", engagementScore: points", "band: group"), attributes="band")
    applied(run)
    assert held(tenant)["A1"] == {"band": "brass"}


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ("{name: rank, value: colour}", "maps no attribute 'colour'"),
        ("score, {name: Score, value: band}", "two attributes are named 'Score'"),
        ("{name: contactId, value: band}", "'contactId' cannot be an attribute"),
        ("{name: rank}", "value"),
    ],
)
def test_an_attribute_that_cannot_be_written_is_refused_at_its_place(
    folder: Folder, run: Run, attributes: str, words: str
) -> None:
    declare(folder, files("people.csv", "csv"), attributes=attributes)
    ended = run("validate")
    assert ended.code == 64
    assert words in ended.err and "segments.yaml:" in ended.err


@pytest.mark.matrix(instead="test_a_value_of_another_type_on_the_list_is_a_change_and_is_named")
def test_a_priority_that_becomes_a_number_is_told_by_its_name_and_not_by_a_score_that_stays(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    known(tenant, "listContacts")
    folder.write("people.csv", "id,phone,points\nA1,4155550101,83.27\n")
    source = files("people.csv", "csv", ", engagementScore: points")
    declare(folder, source, attributes="{name: priority, value: band}, score")
    applied(run)
    declare(folder, source, attributes="priority, score")
    planned = run("plan")
    assert "1  update: its priority changed" in planned.out
    assert "83.27 → 83.27" not in planned.out
    folder.write("people.csv", "id,phone,points\nA1,4155550101,84.1\n")
    planned = run("plan")
    assert "1  update: its priority and score changed" in planned.out
    assert "its priority and score changed (score 83.27 → 84.1)" in planned.out
    applied(run)
    assert held(tenant)["A1"] == {"priority": 1, "score": 84.1}


@pytest.mark.thin
@pytest.mark.parametrize("method", ["bulkInsert", "contactBatch"])
def test_first_and_last_name_are_sent_as_the_source_has_them(
    tenant: Simulator, folder: Folder, run: Run, method: str
) -> None:
    rows = {
        "A1": ("", "Alice", "van der Berg"),
        "A2": ("Alice van der Berg", "", ""),
        "A3": ("Madonna", "", ""),
        "A4": ("", "", "Berg"),
        "A5": ("A. Berg", "Alice", "Berg"),
        "A6": ("", "", ""),
    }
    lines = [f"{each},415555010{number},{','.join(cells)}" for number, (each, cells) in enumerate(rows.items())]
    folder.write("people.csv", "\n".join(["id,phone,n,f,l", *lines]) + "\n")
    declare(folder, files("people.csv", "csv", ", name: n, firstName: f, lastName: l"), method, score=EVERYBODY)
    applied(run)
    told = {str(each.phone_number)[-1]: each.more or {} for each in tenant.store.contacts.values()}
    if method == "contactBatch":
        names = ["Alice van der Berg", "Alice van der Berg", "Madonna", "Berg", "A. Berg", None]
        assert [told[str(n)].get("name") for n in range(6)] == names
    else:
        parts = [("Alice", "van der Berg"), ("Alice van der", "Berg"), ("Madonna", None), (None, "Berg")]
        parts += [("Alice", "Berg"), (None, None)]
        assert [(told[str(n)].get("firstName"), told[str(n)].get("lastName")) for n in range(6)] == parts


PEOPLE = {f"A{n}": [f"415555010{n}", "Alice", f"van der Berg {n}", f"a{n}@example.com"] for n in range(1, 9)}


def write_people(folder: Folder, people: Mapping[str, list[str]]) -> None:
    lines = [",".join([each, *cells]) for each, cells in people.items()]
    folder.write("people.csv", "\n".join(["id,phone,first,last,mail", *lines]) + "\n")


def declare_people(folder: Folder, method: str, attributes: str = "") -> None:
    write_people(folder, PEOPLE)
    columns = ", firstName: first, lastName: last, email: mail"
    declare(folder, files("people.csv", "csv", columns), method, attributes, EVERYBODY)


def numbers(tenant: Simulator) -> dict[str, str | None]:
    return {each: tenant.store.contacts[each].phone_number for each in tenant.store.list_named("Chosen").members}


@pytest.mark.thin
@pytest.mark.parametrize(("method", "told"), [("bulkInsert", True), ("contactBatch", False)])
def test_a_row_that_is_repeated_in_the_source_takes_nobody_off_the_list(
    tenant: Simulator, folder: Folder, run: Run, method: str, told: bool
) -> None:
    if not told:  # what was written is known by its digests alone
        without_phones(folder)
    declare_people(folder, method)
    write_people(folder, {each: [phone, "", "", mail] for each, (phone, _, _, mail) in PEOPLE.items()})
    applied(run)
    path = folder.root / "people.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[2], lines[2], lines[3]]) + "\n", encoding="utf-8")
    applied(run)
    assert sorted(numbers(tenant).values(), key=str) == [f"+1{phone}" for phone, *_ in PEOPLE.values()]


@pytest.mark.thin
@pytest.mark.parametrize("attributes", ["", "score"])
def test_two_phones_that_are_swapped_are_two_changes_and_a_plan_is_empty_after_them(
    tenant: Simulator, folder: Folder, run: Run, attributes: str
) -> None:
    declare_people(folder, "contactBatch", attributes)
    applied(run)
    swapped = {**PEOPLE, "A2": ["4155550103", *PEOPLE["A2"][1:]], "A3": ["4155550102", *PEOPLE["A3"][1:]]}
    write_people(folder, swapped)
    planned = run("plan")
    assert "2  update: its phone changed" in planned.out
    assert "41555501" not in planned.out
    ended = applied(run)
    assert "0 to add, 2 to update, 0 to remove" in ended.out + ended.err
    assert (numbers(tenant)["A2"], numbers(tenant)["A3"]) == ("+14155550103", "+14155550102")
    assert numbers(tenant)["A1"] == "+14155550101"


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("contactBatch", ("its name changed", "its name and e-mail changed")),
        ("bulkInsert", ("its last name changed", "its first name and e-mail changed")),
    ],
)
@pytest.mark.matrix(instead="test_first_and_last_name_are_sent_as_the_source_has_them")
def test_names_and_addresses_that_change_are_changes_of_who_writes_them(
    tenant: Simulator, folder: Folder, run: Run, method: str, words: tuple[str, str]
) -> None:
    declare_people(folder, method)
    applied(run)
    changed = {**PEOPLE, "A2": [*PEOPLE["A2"][:2], "Berg", PEOPLE["A2"][3]]}
    changed["A3"] = [PEOPLE["A3"][0], "Alicia", PEOPLE["A3"][2], "alicia@example.com"]
    # what is empty is not sent, and so what is there stays
    changed["A4"] = [*PEOPLE["A4"][:3], ""]
    write_people(folder, changed)
    planned = run("plan")
    for each in words:
        assert f"1  update: {each}" in planned.out
    assert "Alicia" not in planned.out and "example.com" not in planned.out
    applied(run)


@pytest.mark.matrix(instead="test_two_phones_that_are_swapped_are_two_changes_and_a_plan_is_empty_after_them")
def test_a_number_that_somebody_changes_in_the_tenant_is_written_again(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    declare_people(folder, "contactBatch")
    applied(run)
    tenant.store.change_contact("A5", phoneNumber="+14155550199")
    assert "1  update: its phone changed" in run("plan").out
    applied(run)
    assert numbers(tenant)["A5"] == "+14155550105"


@pytest.mark.matrix(instead="test_a_number_in_another_notation_and_a_null_that_is_not_there_are_no_change")
def test_what_a_method_does_not_write_is_no_change_of_it(tenant: Simulator, folder: Folder, run: Run) -> None:
    tenant.store.add_contacts([{"id": each, "phoneNumber": f"+1{cells[0]}"} for each, cells in PEOPLE.items()])
    for method in ("listContacts", "contactIds"):
        declare_people(folder, method)
        applied(run)
        write_people(
            folder,
            {each: ["4155550199", "B", "C", "d@example.com"] for each in PEOPLE if each == "A1"}
            | {each: cells for each, cells in PEOPLE.items() if each != "A1"},
        )
        assert "No changes." in run("plan").out


def without_phones(folder: Folder) -> None:
    """A tenant that nobody can ask for phones, names and addresses: it has no surface `outbound`."""
    text = (folder.root / "tenant.yaml").read_text()
    lines = [line for line in text.splitlines() if "outbound:" not in line]
    folder.write("tenant.yaml", "\n".join(lines) + "\n")


@pytest.mark.parametrize("method", ["contactBatch", "bulkInsert"])
@pytest.mark.matrix(instead="test_two_phones_that_are_swapped_are_two_changes_and_a_plan_is_empty_after_them")
def test_what_no_tenant_tells_is_held_against_what_was_written_last(
    tenant: Simulator, folder: Folder, run: Run, method: str
) -> None:
    without_phones(folder)
    declare_people(folder, method)
    applied(run)
    write_people(folder, {**PEOPLE, "A3": [PEOPLE["A3"][0], "Alicia", *PEOPLE["A3"][2:]]})
    planned = run("plan")
    assert "1  update: its " + ("name" if method == "contactBatch" else "first name") + " changed" in planned.out
    applied(run)
    (kept,) = (folder.root / ".reconciler" / "written").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    content = kept.read_bytes()
    for text in (b"PAR1", b"Alicia", b"4155550103", b"example"):
        assert text not in content
    kept.write_bytes(kept.read_bytes()[:-20])
    altered = run("plan")
    assert altered.code == 1
    assert "cannot be trusted" in altered.err
    assert "delete the file: its contacts are written once more" in altered.err
    kept.unlink()
    words = "name and e-mail" if method == "contactBatch" else "first name, last name and e-mail"
    words = f"phone, {words}" if method == "contactBatch" else words
    assert f"8  update: the tenant does not show its current {words}" in run("plan").out
    applied(run)


@pytest.mark.matrix(instead="test_two_phones_that_are_swapped_are_two_changes_and_a_plan_is_empty_after_them")
def test_phones_that_are_swapped_are_seen_where_no_tenant_tells_them(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    without_phones(folder)
    declare_people(folder, "contactBatch", "score")
    applied(run)
    swapped = {**PEOPLE, "A2": ["4155550103", *PEOPLE["A2"][1:]], "A3": ["4155550102", *PEOPLE["A3"][1:]]}
    write_people(folder, swapped)
    assert "2  update: its phone changed" in run("plan").out
    applied(run)
    assert (numbers(tenant)["A2"], numbers(tenant)["A3"]) == ("+14155550103", "+14155550102")
