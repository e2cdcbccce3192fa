"""Contacts from files and databases, do-not-call numbers from files: what a plan says of every one of them."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from reconciler.simulator import Simulator
from tests.conftest import Ended, Folder, manifest
from tests.delivery import JOBS, PACE, TENANT
from tests.s3 import S3

Run = Callable[..., Ended]

TODAY = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
CUSTOMERS = """id,mobile,country,optin,score
C00001,+1 (415) 555-0101,US,yes,95
C00002,415.555.0102,US,yes,90
C00003,4155550103,US,no,90
C00004,nobody,US,yes,90
C00005,+14155550105,US,yes,10
C00006,(415) 555-0106,,yes,85
C00006,(415) 555-0107,,yes,85
C00007,4155550106,US,yes,80
"""
FILES = """
files:
  paths: [customers.csv]
  format: csv
  columns: {contactId: id, phone: mobile, region: country, engagementScore: score}
  optedIn: "optin = 'yes'"
"""
REGISTRY = """
files: {paths: [registry.csv], format: csv, columns: {contactId: number, phone: number}}
region: US
"""
SEGMENT = """
source: crm
score: engaged
suppress: [registry]
phones: {region: US}
lists: {engaged: callers}
delivery: {method: contactIds}
"""


@pytest.fixture(autouse=True)
def scene(tenant: Simulator, folder: Folder) -> None:
    """A CRM's export, a registry's export, and a list to fill."""
    tenant.store.add_contacts([f"C0000{n}" for n in range(1, 8)])
    folder.write("customers.csv", CUSTOMERS)
    folder.write("registry.csv", "number\n415-555-0102\n")
    declare(folder, FILES, f"{REGISTRY}asOf: {TODAY}")


def declare(folder: Folder, source: str, registry: str) -> None:
    texts = [
        manifest("ContactSource", "crm", source),
        manifest("SuppressionList", "registry", registry),
        manifest("ScoreModel", "engaged", "engagement: {threshold: 75}"),
        manifest("ContactList", "callers", "name: Callers"),
        manifest("Segment", "callers", SEGMENT),
    ]
    folder.write("segments.yaml", "---\n".join(texts))


def members(tenant: Simulator) -> set[str]:
    return set(tenant.store.list_named("Callers").members)


def test_every_row_of_an_export_is_accounted_for_and_the_right_ones_are_put_on_the_list(
    tenant: Simulator, run: Run
) -> None:
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    assert "8 contacts in the source = 2 in + 6 out" in ended.out
    for words in (
        "no consent 1",
        "suppressed by registry 1",
        "no valid phone 1",
        "score below 75 1",
        "duplicate of another row with its id 1",
        "duplicate of another contact with its phone 1",
    ):
        assert words in ended.out
    assert members(tenant) == {"C00001", "C00006"}
    assert "No changes." in run("plan").out


@pytest.mark.matrix(
    instead="tests/audience/staging/test_region_to_country.py::test_whose_region_is_unknown_is_not_called_and_the_word_is_told"
)
def test_countries_are_read_as_people_write_them_and_another_word_is_told(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    rows = ["C00001,4155550101,United States,yes,95", "C00002,4155550103,usa,yes,95", "C00003,4155550104,US ,yes,95"]
    rows += ["C00004,020 7946 0018,UK,yes,95", "C00005,4155550105,Atlantis,yes,95", "C00006,+14155550106,XX,yes,95"]
    folder.write("customers.csv", "\n".join(["id,mobile,country,optin,score", *rows, ""]))
    declare(folder, FILES, f"{REGISTRY}asOf: {TODAY}")
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    assert "out: unknown region 'Atlantis' 1 · unknown region 'XX' 1" in ended.out
    assert members(tenant) == {"C00001", "C00002", "C00003", "C00004"}
    explained = run("explain", "contact", "C00005", "--segment", "callers").out
    assert "verdict" in explained
    assert "out: unknown region 'Atlantis'" in explained


def test_a_do_not_call_list_reads_its_numbers_in_the_country_that_it_names(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    folder.write("customers.csv", "id,mobile,country,optin,score\nC00001,020 7946 0018,UK,yes,95\n")
    folder.write("registry.csv", "number\n020 7946 0018\n")
    declare(folder, FILES, f"{REGISTRY.replace('region: US', 'region: United Kingdom')}asOf: {TODAY}")
    ended = run("plan")
    assert "suppressed by registry 1" in ended.out, ended.err


NUMBERS = """id,mobile,home,work,optin,score
C00001,4155550101,,,yes,95
C00002,withheld,4155550103,,yes,95
C00003,4155550104,,415-555-0102,yes,95
C00004,,,4155550105,yes,95
C00005,4155550106,x,4155550105,yes,95
C00006,,,,yes,95
"""


def test_a_person_with_several_numbers_is_called_by_the_first_that_is_good_and_by_none_that_is_suppressed(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    folder.write("customers.csv", NUMBERS)
    source = FILES.replace("phone: mobile, region: country", "phone: [mobile, home, work]")
    declare(folder, source, f"{REGISTRY}asOf: {TODAY}")
    text = (folder.root / "segments.yaml").read_text().replace("contactIds", "contactBatch")
    folder.write("segments.yaml", text)
    folder.write("tenant.yaml", manifest("Tenant", "embedded", TENANT.format(url=tenant.url, pace=PACE, jobs=JOBS)))
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    assert "out: no valid phone 1 · suppressed by registry 1" in ended.out
    assert members(tenant) == {"C00001", "C00002", "C00004", "C00005"}
    assert {name: tenant.store.contacts[name].phone_number for name in members(tenant)} == {
        "C00001": "+14155550101",
        "C00002": "+14155550103",
        "C00004": "+14155550105",
        "C00005": "+14155550106",
    }
    explained = run("explain", "contact", "C00002", "--segment", "callers").out
    assert "`mobile`: cannot be called: not a number" in explained
    assert "`home`: called" in explained
    assert "`work`: blank" in explained


UNCLEAR = """id,mobile,country,optin,score
C00001,4155550101,US,yes,95
C00002,4155550103,US,,95
C00003,4155550104,US,no,95
C00004,4155550105,US,maybe,95
"""


@pytest.mark.matrix(
    instead="tests/audience/decision/test_suppression.py::test_who_is_not_known_to_have_given_consent_is_not_called"
)
def test_who_is_not_known_to_have_given_consent_is_not_called(tenant: Simulator, folder: Folder, run: Run) -> None:
    folder.write("customers.csv", UNCLEAR)
    declare(folder, FILES.replace("optin = 'yes'", "optin"), f"{REGISTRY}asOf: {TODAY}")
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    assert "out: no consent recorded 2 · no consent 1" in ended.out
    assert members(tenant) == {"C00001"}
    explained = run("explain", "contact", "C00004", "--segment", "callers").out
    assert "no consent recorded" in explained
    (account,) = json.loads(run("plan", "--format", "json").out)["audiences"]
    assert account["left_out_codes"] == {"no_consent_recorded": 2, "no_consent": 1}
    assert account["left_out_codes"] == {"no_consent_recorded": 2, "no_consent": 1}
    assert "called_without_recorded_consent" not in account


@pytest.mark.matrix(
    instead="tests/audience/decision/test_suppression.py::test_who_is_not_known_to_have_given_consent_is_called_and_counted_where_the_manifest_says_so"
)
def test_a_source_that_calls_people_without_recorded_consent_says_so_in_every_plan(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    folder.write("customers.csv", UNCLEAR)
    source = FILES.replace("\"optin = 'yes'\"", "optin\n  unknownConsent: in")
    declare(folder, source, f"{REGISTRY}asOf: {TODAY}")
    words = "2 of those in have no recorded consent: the source says unknownConsent: in"
    applied = run("apply", "--yes")
    assert applied.code == 0, applied.err
    assert words in applied.out
    assert members(tenant) == {"C00001", "C00002", "C00004"}
    planned = run("plan")
    assert "No changes." in planned.out
    assert words in planned.out
    (account,) = json.loads(run("plan", "--format", "json").out)["audiences"]
    assert account["called_without_recorded_consent"] == 2
    explained = run("explain", "contact", "C00002", "--segment", "callers").out
    assert "no consent recorded, called anyway (unknownConsent: in at segments.yaml:" in explained
    folder.write("customers.csv", UNCLEAR.replace(",,95", ",yes,95").replace("maybe", "yes"))
    assert "0 of those in have no recorded consent" in run("plan").out


@pytest.mark.matrix(
    instead="tests/oracle/test_nobody_is_called.py::test_nobody_on_a_list_in_an_object_store_is_put_on_a_list"
)
def test_contacts_and_the_registry_may_be_in_an_object_store(
    folder: Folder, tenant: Simulator, run: Run, s3_here: S3
) -> None:
    bucket = s3_here.bucket()
    s3_here.put(bucket, "crm/day=1/customers.csv.gz", gzip.compress(CUSTOMERS.encode()))
    s3_here.put(bucket, "registry.csv", b"number\n415-555-0102\n")
    source = FILES.replace("[customers.csv]", f'["s3://{bucket}/crm/*/customers.csv.gz"]')
    registry = REGISTRY.replace("[registry.csv]", f'["s3://{bucket}/registry.csv"]')
    declare(folder, source, f"{registry}asOf: {TODAY}")
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    assert members(tenant) == {"C00001", "C00006"}
    declare(folder, source, f"{registry}asOf: 2020-01-01T00:00:00Z")
    assert "DNC-STALE" in run("plan").out
    s3_here.put(bucket, "registry.csv", b"number\n")
    s3_here.put(bucket, "crm/day=2/customers.csv.gz", b"no gzip")
    ended = run("plan")
    assert ended.code == 64
    assert f"where: s3://{bucket}/crm/day=2/customers.csv.gz\n" in ended.err


@pytest.mark.matrix(
    instead="tests/audience/decision/test_suppression.py::test_a_suppressed_member_is_taken_off_even_by_upsert"
)
def test_a_number_added_to_the_registry_takes_its_contact_off_the_list_even_in_upsert_mode(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    assert run("apply", "--yes").code == 0
    folder.write("registry.csv", "number\n415-555-0102\ntel:+1-415-555-0101\n(415) 555 01 01\n")
    folder.write("workspace.yaml", manifest("Workspace", "test", "limits: {removals: 60}"))
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    assert "remove: suppressed by registry" in ended.out
    assert members(tenant) == {"C00006"}


@pytest.mark.matrix(instead="test_a_saved_plan_is_stale_once_the_registry_it_was_judged_by_is_too_old")
def test_an_old_registry_is_refused_or_warned_of_as_the_manifest_says(folder: Folder, run: Run) -> None:
    declare(folder, FILES, f"{REGISTRY}asOf: 2026-01-01T00:00:00Z")
    planned = run("plan")
    assert "DNC-STALE" in planned.out
    assert "31 are allowed" in planned.out
    assert run("apply", "--yes").code == 3
    declare(folder, FILES, f"{REGISTRY}asOf: 2026-01-01T00:00:00Z\nonStale: warn")
    assert run("apply", "--yes").code == 0


def test_a_saved_plan_is_stale_once_the_registry_it_was_judged_by_is_too_old(
    folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(folder.root / "a.plan")
    declare(folder, FILES, f"{REGISTRY}asOf: {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\nmaxAge: 30d")
    assert run("plan", "--out", path).code == 0

    monkeypatch.setattr("reconciler.model.instants.read_clock", lambda: datetime(2999, 1, 1, tzinfo=UTC))
    ended = run("apply", path)
    assert ended.code == 4
    assert "is older than it may be" in ended.err


@pytest.mark.parametrize(
    ("registry", "code", "told"),
    [
        (None, 64, "registry.csv"),
        ("number\n", 1, "has no numbers"),
        ("nummer\n4155550102\n", 64, "number"),
        ("number\nwithheld\nC00002\n", 1, "none of whose numbers is a phone"),
    ],
)
@pytest.mark.thin(1)
def test_a_registry_that_cannot_be_read_or_is_empty_stops_the_plan(
    tenant: Simulator, folder: Folder, run: Run, registry: str | None, code: int, told: str
) -> None:
    if registry is None:
        (folder.root / "registry.csv").unlink()
    else:
        folder.write("registry.csv", registry)
    override = "{rule: DNC-UNREADABLE, object: Segment/callers, reason: The registry marks withheld numbers so.}"
    folder.write("workspace.yaml", manifest("Workspace", "test", f"overrides: [{override}]"))
    ended = run("plan")
    assert ended.code == code, ended.out
    assert told in ended.err
    assert not tenant.requests().writes()


def test_numbers_that_nobody_can_read_make_apply_refuse_until_somebody_says_why_that_is_right(
    folder: Folder, run: Run
) -> None:
    folder.write("registry.csv", "number\n415-555-0102\nwithheld\n")
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert "DNC-UNREADABLE" in refused.err
    override = "{rule: DNC-UNREADABLE, object: Segment/callers, reason: The registry marks withheld numbers so.}"
    folder.write("workspace.yaml", manifest("Workspace", "test", f"overrides: [{override}]"))
    assert run("apply", "--yes").code == 0


def test_a_row_that_cannot_be_used_stops_the_plan_at_its_line_or_is_counted(folder: Folder, run: Run) -> None:
    folder.write("customers.csv", CUSTOMERS.replace(",90\nC00004", ",ninety\nC00004"))
    ended = run("plan")
    assert ended.code == 64
    assert "customers.csv:4" in ended.err
    declare(folder, f"{FILES.rstrip()}\n  onInvalid: skip", f"{REGISTRY}asOf: {TODAY}")
    assert "cannot be used: engagementScore is not a number 1" in run("plan").out


@pytest.mark.matrix(instead="test_every_row_of_an_export_is_accounted_for_and_the_right_ones_are_put_on_the_list")
def test_a_query_is_a_source_like_any_other(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(folder.root / "crm.db") as database:
        database.execute("create table customers (id text, mobile text, score real)")
        database.executemany(
            "insert into customers values (?, ?, ?)", [("C00001", "4155550101", 95), ("C00002", "4155550102", 95)]
        )
    database.close()
    monkeypatch.setenv("CXONE_CRM_URL", "sqlite:///crm.db")
    query = "select id, mobile, score from customers"
    columns = "{contactId: id, phone: mobile, engagementScore: score}"
    declare(
        folder,
        f"sql: {{url: {{env: CXONE_CRM_URL}}, query: '{query}', columns: {columns}}}",
        f"{REGISTRY}asOf: {TODAY}",
    )
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    assert members(tenant) == {"C00001"}


def test_a_database_whose_url_is_nowhere_is_told_at_its_place(folder: Folder, run: Run) -> None:
    source = "sql: {url: {env: CXONE_NOWHERE_URL}, query: 'select 1', columns: {contactId: id}}"
    declare(folder, source, f"{REGISTRY}asOf: {TODAY}")
    ended = run("plan")
    assert ended.code == 64
    assert "CXONE_NOWHERE_URL is not set" in ended.err
    assert "segments.yaml:" in ended.err


@pytest.mark.matrix(instead="test_a_row_that_cannot_be_used_stops_the_plan_at_its_line_or_is_counted")
def test_interactions_that_cannot_be_used_are_counted_and_the_plan_says_so(folder: Folder, run: Run) -> None:
    folder.write(
        "calls.csv", "contact,at\nC00001,2026-06-30T10:00:00Z\nC00006,2026-06-30T10:00:00Z\nC00007,yesterday\n"
    )
    calls = "{paths: [calls.csv], format: csv, columns: {contactId: contact, startTime: at}, onInvalid: skip}"
    declare(folder, f"{FILES}interactions: {{types: [voice], files: {calls}}}", f"{REGISTRY}asOf: {TODAY}")
    text = (folder.root / "segments.yaml").read_text()
    text = text.replace("engagement: {threshold: 75}", "recencyFrequency: {}").replace(
        "{engaged: callers}", "{high: callers}"
    )
    folder.write("segments.yaml", text)
    ended = run("plan")
    assert "1 interactions of files calls.csv cannot be used and do not count: startTime is not a time" in ended.out


@pytest.mark.parametrize("columns", [1_100])
@pytest.mark.matrix(instead="test_every_row_of_an_export_is_accounted_for_and_the_right_ones_are_put_on_the_list")
def test_a_file_of_thousands_of_columns_is_read_by_those_that_are_mapped(
    folder: Folder, run: Run, columns: int
) -> None:
    header, values = ",".join(f"c{n}" for n in range(columns)), ",".join("x" * columns)
    rows = "".join(f"{line},{values}\n" for line in CUSTOMERS.splitlines()[1:])
    folder.write("customers.csv", f"{CUSTOMERS.splitlines()[0]},{header}\n{rows}")
    planned = run("plan", "--format", "json")
    assert planned.code == 0, planned.err
    (change,) = json.loads(planned.out)["row_changes"]
    assert change["adds"] > 0
