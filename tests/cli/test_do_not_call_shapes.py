"""Do-not-call lists in the shapes that people have them: whoever stands on one is not called; what is missing stops."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from reconciler.simulator import Simulator
from tests.conftest import Ended, Folder, manifest
from tests.workbooks import workbook

Run = Callable[..., Ended]

TODAY = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
SEGMENT = """
source: crm
score: engaged
suppress: [{lists}]
phones: {{region: US}}
lists: {{engaged: callers}}
membership: mirror
delivery: {{method: contactIds}}
"""
CRM = "files: {paths: [crm.csv], format: csv, columns: {contactId: id, phone: phone, engagementScore: score}}"
REGISTRY = "files: {paths: [registry.zip], format: csv, header: false, columns: {phone: {join: [1, 2]}}}"
ANSWERS = """files:
  paths: [answers.csv]
  format: csv
  columns: {phone: TN}
  answers: {column: RESULT, suppress: ["yes", no data], skip: ["no"]}"""
COMPANY = """files:
  paths: [company.xlsx]
  format: xlsx
  columns: {phone: [home, cell], expires: until}
  separator: ";"
  where: channel <> 'mail'"""


def phone(number: int) -> str:
    return f"415555{100 + number:04d}"


@pytest.fixture(autouse=True)
def scene(tenant: Simulator, folder: Folder) -> None:
    """A CRM's export of nine people, and a list to fill."""
    tenant.store.add_contacts([f"C{n}" for n in range(1, 10)])
    folder.write("crm.csv", "id,phone,score\n" + "".join(f"C{n},{phone(n)},90\n" for n in range(1, 10)))


def declare(folder: Folder, **lists: str) -> None:
    dated = {name: f"{said}\nasOf: {TODAY}" if "files" in said else said for name, said in lists.items()}
    texts = [
        manifest("ContactSource", "crm", CRM),
        manifest("ScoreModel", "engaged", "engagement: {threshold: 75}"),
        manifest("ContactList", "callers", "name: Callers"),
        *(manifest("SuppressionList", name, f"{said}\nregion: US") for name, said in dated.items()),
        manifest("Segment", "callers", SEGMENT.format(lists=", ".join(lists))),
    ]
    folder.write("segments.yaml", "---\n".join(texts))


def test_nobody_is_called_who_stands_on_a_list_of_any_shape(tenant: Simulator, folder: Folder, run: Run) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("415.txt", f"415,{phone(1)[3:]}\r\n415,{phone(2)[3:]}\r\n")
    (folder.root / "registry.zip").write_bytes(packed.getvalue())
    rows = ((3, "yes"), (4, "no"), (5, "No data"))
    folder.write("answers.csv", "TN,DATE,RESULT\n" + "".join(f"{phone(n)},2026-01-01,{said}\n" for n, said in rows))
    (folder.root / "company.xlsx").write_bytes(
        workbook(
            '["home", "cell", "until", "channel"]\n'
            f'["{phone(6)};{phone(7)}", null, null, "phone"]\n'
            f'[null, {phone(8)}.0, "2020-01-01", null]\n'
            f'[{phone(9)}, null, null, "mail"]\n'
        )
    )
    declare(folder, registry=REGISTRY, answers=ANSWERS, company=COMPANY)
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    assert set(tenant.store.list_named("Callers").members) == {"C4", "C8", "C9"}


def test_an_answer_that_nobody_named_stops_the_plan(folder: Folder, run: Run) -> None:
    folder.write("answers.csv", f"TN,DATE,RESULT\n{phone(1)},2026-01-01,unknown\n")
    declare(folder, answers=ANSWERS)
    ended = run("plan")
    assert ended.code == 64
    assert "answers.csv:2" in ended.err
    assert phone(1) not in ended.err


def test_a_store_that_is_missing_stops_the_plan_unless_it_may_begin_empty(folder: Folder, run: Run) -> None:
    declare(folder, asked="store: data/asked")
    ended = run("apply", "--yes")
    assert ended.code == 64
    assert "there is no folder `data/asked`" in ended.err
    declare(folder, asked="store: data/asked\nmayBeginEmpty: true")
    assert run("plan").code == 0


def test_a_moment_that_cannot_be_computed_with_is_no_internal_error(folder: Folder, run: Run) -> None:
    declare(folder, asked="store: data/asked\nmayBeginEmpty: true\nasOf: 9999-12-31T23:59:59Z")
    ended = run("plan")
    assert (ended.code, "it must be in the years 1900 to 2999" in ended.err) == (64, True)
    declare(folder, asked="store: data/asked\nmayBeginEmpty: true")
    for moment in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"):
        assert run("plan", "--as-of", moment).code == 64
