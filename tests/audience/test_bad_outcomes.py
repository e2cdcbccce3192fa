"""Is every outcome that cannot be set told with its place before anything is read of the tenant or written?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator

import duckdb
import pytest

from reconciler.model.reason_json import read_named
from reconciler.simulator import DispositionLimits, Options, Simulator
from reconciler.views.reasons import describe_reason
from tests.conftest import Ended, Folder, manifest
from tests.outcomes import HEADER, campaign, contact, declare, patched, row, write_outcomes

Run = Callable[..., Ended]
AT = "2026-06-30T12:00:00Z"

FAULTS = {
    "an outcome that is not in the matrix": (f"{contact(1)},SOLD,A1,,{AT}", "outcome is not in the matrix"),
    "a lower-case outcome": (f"{contact(1)},busy,A1,,{AT}", "outcome is not in capitals"),
    "no outcome": (f"{contact(1)},,A1,,{AT}", "outcome is empty"),
    "no agent": (f"{contact(1)},BUSY,,,{AT}", "agent is empty"),
    "no contact": (f",BUSY,A1,,{AT}", "contactId is empty"),
    "a contact that is no id": (f"..,BUSY,A1,,{AT}", "contactId is not an id"),
    "a moment in the future": (f"{contact(1)},BUSY,A1,,2999-01-01T00:00:00Z", "timestamp is in the future"),
    "a moment without a zone": (f"{contact(1)},BUSY,A1,,2026-06-30T12:00:00", "timestamp has no time zone"),
    "no moment": (f"{contact(1)},BUSY,A1,,", "timestamp is empty"),
    "a moment that is none": (f"{contact(1)},BUSY,A1,,yesterday", "timestamp is not a time in ISO 8601"),
    "notes with a bell": (f"{contact(1)},BUSY,A1,ring\x07ring,{AT}", "notes have control characters"),
    "notes with a character of C1": (f"{contact(1)},BUSY,A1,next\x85line,{AT}", "notes have control characters"),
    "notes of 100 kB": (f"{contact(1)},BUSY,A1,{'a' * 100_000},{AT}", "notes have more than 10,000 characters"),
    "too few fields": (f"{contact(1)},BUSY", "the row has too few fields"),
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Simulator]:
    """One tenant for all cases: none of them writes to it."""
    with Simulator(Options(dispositions=DispositionLimits(rate=None))) as started:
        campaign(started, range(4))
        yield started


@pytest.fixture
def tenant(shared: Simulator) -> Simulator:
    shared.clear_requests()
    return shared


@pytest.mark.parametrize("case", FAULTS)
def test_a_row_that_cannot_be_used_is_told_with_its_line(
    case: str, tenant: Simulator, folder: Folder, run: Run
) -> None:
    line, words = FAULTS[case]
    declare(folder, tenant)
    write_outcomes(folder, [row(0), line, row(2)])
    ended = run("apply", "--yes")
    assert ended.code == 64
    assert words in ended.err
    assert "outcomes.csv:3" in ended.err
    assert "1 of 3 rows cannot be used" in ended.err
    assert not tenant.requests().to("/contacts/")


@pytest.mark.thin(4)
@pytest.mark.parametrize("case", FAULTS)
def test_a_row_that_cannot_be_used_is_counted_where_it_is_skipped(
    case: str, tenant: Simulator, folder: Folder, run: Run
) -> None:
    line, words = FAULTS[case]
    declare(folder, tenant, source=", onInvalid: skip")
    write_outcomes(folder, [row(0), line, row(2)])
    planned = run("plan", "--format", "json")
    assert planned.code == 0, planned.err
    (change,) = json.loads(planned.out)["row_changes"]
    assert [each["count"] for each in change["left"] if words in describe_reason(read_named(each))] == [1]
    assert [each["where"] for each in change["places"]] == ["outcomes.csv:3"]
    assert (change["source"], change["sets"]) == (3, 2)


def test_notes_may_have_tabs_and_line_breaks(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, tenant)
    write_outcomes(folder, [f'{contact(1)},BUSY,A1,"first\n\tsecond",{AT}'])
    assert run("plan").code == 0


@pytest.mark.parametrize("name", ["outcomeCode", "OUTCOMECODE", "agentId", "notes", "customFields"])
def test_a_custom_field_is_not_named_like_a_field_of_every_disposition(
    name: str, tenant: Simulator, folder: Folder, run: Run
) -> None:
    declare(folder, tenant, source=f", customFields: {{{name}: notes}}")
    write_outcomes(folder, [row(0)])
    ended = run("validate")
    assert ended.code == 64
    assert f"the custom field '{name}' is a field of every disposition" in ended.err
    assert "calls.yaml:" in ended.err


def test_an_outcome_of_ones_own_is_in_the_matrix(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, tenant, extra="outcomes: {APPOINTMENT: {category: positive, final: true}}")
    write_outcomes(folder, [row(0, "APPOINTMENT")])
    assert "(none) → APPOINTMENT" in run("plan").out


def test_one_bad_row_among_many_is_found_before_anything_is_asked(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, tenant)
    lines = [f"C{n:06d},BUSY,A1,note,{AT}" for n in range(100_000)]
    lines[77_776] = f"C077776,busy,A1,note,{AT}"
    write_outcomes(folder, lines)
    ended = run("plan")
    assert ended.code == 64
    assert "1 of 100,000 rows cannot be used" in ended.err
    assert "outcomes.csv:77778" in ended.err
    assert not tenant.requests().to("/contacts/")


def test_of_many_bad_rows_the_first_are_shown_and_all_are_counted(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, tenant)
    write_outcomes(
        folder, [*(f"C{n:04d},SOLD,A1,,{AT}" for n in range(900)), *(f"C{n},BUSY,,,{AT}" for n in range(100))]
    )
    ended = run("plan")
    assert ended.code == 64
    assert "1,000 of 1,000 rows cannot be used" in ended.err
    assert "900: outcome is not in the matrix; 100: agent is empty" in ended.err
    assert ended.err.count("bad-row") == 20


def test_contacts_that_the_campaign_does_not_have_are_told_with_their_lines(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    declare(folder, tenant)
    write_outcomes(folder, [row(0), row(900), row(1), row(901)])
    planned = run("plan")
    assert planned.code == 0
    assert "the campaign has no such contact 2" in planned.out
    for line in (3, 5):
        assert f"outcomes.csv:{line}: the campaign has no such contact" in planned.out
    assert contact(900) not in planned.out


def test_a_campaign_that_is_not_there_is_told_with_the_nearest(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, tenant, campaign="Evenings")
    write_outcomes(folder, [row(0)])
    ended = run("plan")
    assert ended.code == 64
    assert "the tenant has no campaign 'Evenings'" in ended.err
    assert "did you mean 'Evening'?" in ended.err


def test_outcomes_come_from_json_lines_and_from_parquet(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, tenant)
    told = {"contact": contact(1), "outcome": "BUSY", "agent": 17, "notes": None, "at": AT}
    folder.write("outcomes.jsonl", json.dumps(told) + "\n")
    duckdb.sql(f"COPY (SELECT * FROM '{folder.root}/outcomes.jsonl') TO '{folder.root}/outcomes.parquet'")
    for name in ("jsonl", "parquet"):
        text = (folder.root / "calls.yaml").read_text(encoding="utf-8")
        for old in ("csv", "jsonl"):
            text = text.replace(f"outcomes.{old}", f"outcomes.{name}").replace(f"format: {old}", f"format: {name}")
        folder.write("calls.yaml", text)
        planned = run("plan")
        assert planned.code == 0, planned.err
        assert "by agent: 17 1" in planned.out


def test_outcomes_come_from_a_query(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(folder, tenant)
    database = sqlite3.connect(folder.root / "calls.db")
    database.execute("create table calls (contact text, outcome text, agent integer, at text)")
    database.executemany(
        "insert into calls values (?, ?, ?, ?)",
        [(contact(0), "BUSY", 7, AT), (contact(1), "busy", 7, AT)],
    )
    database.commit()
    database.close()
    monkeypatch.setenv("CXONE_CALLS_URL", "sqlite:///calls.db")
    columns = "{contactId: contact, outcome: outcome, agent: agent, timestamp: at}"
    query = "select contact, outcome, agent, at from calls order by contact"
    spec = f"campaign: {{name: Evening}}\nsql:\n  url: {{env: CXONE_CALLS_URL}}\n  query: {query}\n  columns: {columns}"
    folder.write("calls.yaml", manifest("DispositionSet", "calls", spec))
    refused = run("plan")
    assert refused.code == 64
    assert "row 2" in refused.err
    assert "outcome is not in capitals" in refused.err
    folder.write("calls.yaml", manifest("DispositionSet", "calls", spec + "\n  onInvalid: skip"))
    assert "(none) → BUSY" in run("plan").out


def test_nothing_is_set_of_a_file_without_rows(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, tenant)
    folder.write("outcomes.csv", HEADER + "\n")
    planned = run("plan")
    assert planned.code == 0, planned.err
    assert "No changes." in planned.out
    assert patched(tenant) == []


def test_a_list_that_outcomes_feed_has_a_store(tenant: Simulator, folder: Folder, run: Run) -> None:
    folder.write("asked.yaml", manifest("SuppressionList", "asked", "contactList: {name: Evening list}"))
    declare(folder, tenant, extra="feedback: [{suppressionList: asked, outcomes: [DO_NOT_CALL, SOLD]}]")
    write_outcomes(folder, [row(0)])
    ended = run("validate")
    assert ended.code == 64
    assert "has no place for numbers that are added to it" in ended.err
    assert "there is no outcome 'SOLD'" in ended.err


@pytest.mark.parametrize("store", ["../elsewhere", "/tmp/elsewhere", "data/*"])
def test_a_store_stays_in_the_workspace(store: str, tenant: Simulator, folder: Folder, run: Run) -> None:
    folder.write("asked.yaml", manifest("SuppressionList", "asked", f"store: '{store}'"))
    ended = run("validate")
    assert ended.code == 64
    assert "asked.yaml:" in ended.err
