"""Does the next plan ask only for what is new, and is what was kept never believed when it is wrong?"""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from reconciler.ledger.interaction_cache_files import bind_part
from reconciler.ledger.sealing import Seal
from reconciler.model.secret import Secret
from reconciler.simulator import Simulator
from tests import scene, sealed
from tests.conftest import AS_OF, Ended, Folder, manifest

Run = Callable[..., Ended]
NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
WINDOW = ("2026-04-02T00:00:00Z", AS_OF)
LAST_DAY = ("2026-06-30T00:00:00Z", AS_OF)
EXPLAIN = ("explain", "contact", "CUST0007", "--segment", "callers")
WHAT_IF = ("what-if", "segment/callers", "--set", "score.recency.perDay=0.5")
DROPPED = "the cached voice interactions were discarded and re-read: "


@pytest.fixture(autouse=True)
def history(tenant: Simulator, folder: Folder) -> None:
    """600 contacts, one call each, from a day to sixty days ago; who called within 30 days is on a list."""
    scene.people(tenant, 600)
    tenant.store.add_interactions([call(n, NOW - timedelta(days=1 + n % 60)) for n in range(600)])
    source = "interactions: {of: {name: All customers}, types: [voice]}"
    bands = "recencyFrequency: {bands: [{name: recent, from: 37.5}, {name: rest, from: 0}]}"
    delivery = "{method: listContacts, attributes: [score]}"
    spec = f"source: history\nscore: recency\nlists: {{recent: recent}}\nmembership: mirror\ndelivery: {delivery}"
    texts = [
        manifest("ContactSource", "history", source),
        manifest("ScoreModel", "recency", bands),
        manifest("ContactList", "recent", "type: outbound"),
        manifest("Segment", "callers", spec),
    ]
    folder.write("history.yaml", "---\n".join(texts))


def call(number: int, at: datetime, name: str | None = None) -> dict[str, Any]:
    """A call of a contact."""
    return {"id": name or f"I{number:05d}", "contactId": scene.contact(number), "startTime": at, "type": "voice"}


def asked(tenant: Simulator) -> dict[tuple[str, str], int]:
    """The windows of the searches since the last look, and how many contacts each was asked for; first pages alone."""
    found: dict[tuple[str, str], int] = {}
    for request in tenant.requests().to("/interactions/search$"):
        filters = request.body["filters"]
        if request.body.get("pageToken") is None:
            window = filters["startTime"], filters["endTime"]
            found[window] = found.get(window, 0) + len(filters["contactIds"])
    tenant.clear_requests()
    return found


def planned(run: Run, *arguments: str) -> dict[str, Any]:
    """A plan as a program reads it."""
    ended = run("plan", "--format", "json", *arguments)
    assert ended.code == 0, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    return document


def kept(folder: Folder) -> Path:
    """The file of the cache."""
    (only,) = (folder.root / ".reconciler" / "cache").iterdir()
    return only


def test_the_next_plan_asks_only_for_what_is_new_and_is_the_same_plan(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    first = planned(run)
    assert asked(tenant) == {WINDOW: 600}
    second = planned(run)
    assert asked(tenant) == {LAST_DAY: 600}
    assert second["digest"] == first["digest"]
    assert second["request_budget"]["reads"] <= first["request_budget"]["reads"]
    assert second["notices"] == first["notices"] == []


@pytest.mark.matrix(instead="test_the_next_plan_asks_only_for_what_is_new_and_is_the_same_plan")
def test_a_plan_of_the_next_day_asks_from_a_day_before_where_the_last_one_ended(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    planned(run)
    tenant.store.add_interactions([call(7, NOW + timedelta(hours=3), "new")])
    asked(tenant)
    tomorrow = planned(run, "--as-of", "2026-07-02T00:00:00Z")
    assert asked(tenant) == {("2026-06-30T00:00:00Z", "2026-07-02T00:00:00Z"): 600}
    assert tomorrow["digest"] == planned(run, "--as-of", "2026-07-02T00:00:00Z", "--refresh")["digest"]


def test_a_new_contact_is_asked_for_from_the_start_of_the_window(tenant: Simulator, folder: Folder, run: Run) -> None:
    planned(run)
    scene.people(tenant, 603, name="More")
    tenant.store.put_members(tenant.store.list_named("All customers"), {scene.contact(n): {} for n in range(600, 603)})
    tenant.store.add_interactions([call(601, NOW - 40 * DAY)])
    asked(tenant)
    later = planned(run)
    assert asked(tenant) == {WINDOW: 3, LAST_DAY: 600}
    assert later["digest"] == planned(run, "--refresh")["digest"]


@pytest.mark.matrix(instead="test_a_new_contact_is_asked_for_from_the_start_of_the_window")
def test_a_window_that_begins_earlier_is_asked_for_its_beginning(tenant: Simulator, folder: Folder, run: Run) -> None:
    planned(run)
    asked(tenant)
    text = (folder.root / "history.yaml").read_text()
    folder.write("history.yaml", text.replace("recencyFrequency: {", "recencyFrequency: {window: 100d, "))
    planned(run)
    assert asked(tenant) == {("2026-03-23T00:00:00Z", WINDOW[0]): 600, LAST_DAY: 600}


@pytest.mark.matrix(instead="test_the_next_plan_asks_only_for_what_is_new_and_is_the_same_plan")
def test_a_plan_as_of_the_past_is_made_of_what_is_kept_and_leaves_the_watermark_where_it_is(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    planned(run)
    asked(tenant)
    past = planned(run, "--as-of", "2026-06-30T12:00:00Z")
    assert asked(tenant) == {
        ("2026-04-01T12:00:00Z", WINDOW[0]): 600,
        ("2026-06-30T00:00:00Z", "2026-06-30T12:00:00Z"): 600,
    }
    planned(run)
    assert asked(tenant) == {LAST_DAY: 600}
    assert past["digest"] == planned(run, "--as-of", "2026-06-30T12:00:00Z", "--refresh")["digest"]


@pytest.mark.matrix(instead="test_the_next_plan_asks_only_for_what_is_new_and_is_the_same_plan")
def test_two_segments_that_ask_for_the_same_contacts_ask_once(tenant: Simulator, folder: Folder, run: Run) -> None:
    more = [
        manifest("ScoreModel", "lately", "recencyFrequency: {window: 10d, bands: [{name: all, from: 0}]}"),
        manifest("ContactList", "lately", "type: outbound"),
        manifest(
            "Segment",
            "lately",
            "source: history\nscore: lately\nlists: {all: lately}\ndelivery: {method: listContacts}",
        ),
    ]
    folder.write("lately.yaml", "---\n".join(more))
    first = planned(run)
    assert asked(tenant) == {WINDOW: 600}
    assert [each["included"] for each in first["audiences"]] == [{"recent": 300}, {"all": 100}]
    assert planned(run)["digest"] == first["digest"]
    assert asked(tenant) == {LAST_DAY: 600}


@pytest.mark.parametrize(
    "words",
    [("plan",), ("drift",), ("apply", "--yes"), EXPLAIN, WHAT_IF],
    ids=lambda words: words[0],
)
@pytest.mark.matrix(instead="test_the_next_plan_asks_only_for_what_is_new_and_is_the_same_plan")
def test_refresh_asks_for_everything_again(tenant: Simulator, run: Run, words: tuple[str, ...]) -> None:
    assert run(*words).code in (0, 2)
    assert asked(tenant) == {WINDOW: 600}
    assert run(*words).code in (0, 2)
    assert asked(tenant) == {LAST_DAY: 600}
    assert run(*words, "--refresh").code in (0, 2)
    assert asked(tenant) == {WINDOW: 600}


def test_what_arrives_late_is_found(tenant: Simulator, run: Run) -> None:
    first = planned(run)
    tenant.store.add_interactions([call(59, NOW - timedelta(hours=20), "late")])
    second = planned(run)
    assert second["notices"] == []
    assert second["digest"] != first["digest"]
    assert second["digest"] == planned(run, "--refresh")["digest"]


def gone(tenant: Simulator) -> None:
    assert tenant.store.history.remove(scene.contact(0), "I00000")


def at_another_time(tenant: Simulator) -> None:
    gone(tenant)
    tenant.store.add_interactions([call(0, NOW - timedelta(hours=2), "I00000")])


def of_somebody_else(tenant: Simulator) -> None:
    gone(tenant)
    tenant.store.add_interactions([call(59, NOW - DAY, "I00000")])


def moved_here_from_long_ago(tenant: Simulator) -> None:
    assert tenant.store.history.remove(scene.contact(59), "I00059")
    tenant.store.add_interactions([call(59, NOW - timedelta(hours=2), "I00059")])


@pytest.mark.thin
@pytest.mark.parametrize("change", [gone, at_another_time, of_somebody_else, moved_here_from_long_ago])
def test_what_disagrees_with_the_tenant_is_dropped_and_all_is_read_in_the_same_plan(
    tenant: Simulator, run: Run, change: Callable[[Simulator], None]
) -> None:
    planned(run)
    change(tenant)
    asked(tenant)
    second = planned(run)
    assert asked(tenant) == {LAST_DAY: 600, WINDOW: 600}
    assert second["notices"] == [DROPPED + "1 of them are no longer in the tenant, or have changed there"]
    assert second["digest"] == planned(run, "--refresh")["digest"]
    again = planned(run)
    assert again["notices"] == []
    assert again["digest"] == second["digest"]


@pytest.mark.parametrize(
    "words", [("plan",), ("drift",), EXPLAIN, WHAT_IF, (*WHAT_IF, "--format", "chart")], ids=lambda words: words[0]
)
@pytest.mark.matrix(instead="test_what_disagrees_with_the_tenant_is_dropped_and_all_is_read_in_the_same_plan")
def test_a_person_and_a_program_read_the_notice_whatever_was_asked(
    tenant: Simulator, run: Run, words: tuple[str, ...]
) -> None:
    run("plan")
    gone(tenant)
    ended = run(*words)
    assert ended.code in (0, 2), ended.err
    assert f"\nNotice: {DROPPED}1 of them" in ended.out
    tenant.store.history.remove(scene.contact(60), "I00060")
    document = json.loads(run(*words, "--format", "json").out)
    assert document["notices"] == [DROPPED + "1 of them are no longer in the tenant, or have changed there"]


@pytest.mark.matrix(instead="test_what_arrives_late_is_found")
def test_what_was_deleted_before_the_overlap_is_only_seen_when_all_is_read_again(tenant: Simulator, run: Run) -> None:
    first = planned(run)
    assert tenant.store.history.remove(scene.contact(5), "I00005")
    assert planned(run)["digest"] == first["digest"]
    assert planned(run, "--refresh")["digest"] != first["digest"]


def rewritten(file: Path, change: Callable[[dict[str, bytes]], None], *, sealed_again: bool = False) -> None:
    """The file of the cache with other parts; sealed as they should be, or as by somebody who has not the key."""
    key = sealed.seal(file.parents[2])
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    head = orjson.loads(parts["head.json"])
    for name, part in head["parts"].items():
        packed = io.BytesIO(parts.pop(f"{name}.sealed"))
        parts[f"{name}.parquet"] = b"".join(key.open(packed, bind_part(head["key"], name, part)))
    change(parts)
    sealing = key if sealed_again else Seal(Secret("not the key of the ledger, but another"))
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("head.json", parts["head.json"])
        for name, part in head["parts"].items():
            if f"{name}.parquet" in parts:
                with archive.open(f"{name}.sealed", "w") as into:
                    about = bind_part(head["key"], name, part)
                    sealing.close(io.BytesIO(parts[f"{name}.parquet"]), into, about)


def altered(parts: dict[str, bytes], query: str, tmp: Path) -> None:
    """What is known, as a query of it says."""
    source, target = tmp / "source.parquet", tmp / "target.parquet"
    source.write_bytes(parts["known.parquet"])
    with duckdb.connect() as database:
        database.execute(
            f"copy ({query.format(known=f'read_parquet({str(source)!r})')}) to '{target}' (format parquet)"
        )
    parts["known.parquet"] = target.read_bytes()


def told_otherwise(parts: dict[str, bytes], **changed: Any) -> None:
    parts["head.json"] = orjson.dumps({**orjson.loads(parts["head.json"]), **changed})


def cut_short(file: Path, tmp: Path) -> None:
    file.write_bytes(file.read_bytes()[:-2000])


def empty(file: Path, tmp: Path) -> None:
    file.write_bytes(b"")


def a_folder(file: Path, tmp: Path) -> None:
    file.unlink()
    file.mkdir()


def without_a_part(file: Path, tmp: Path) -> None:
    rewritten(file, lambda parts: parts.__delitem__("known.parquet"), sealed_again=True)


def no_parquet(file: Path, tmp: Path) -> None:
    rewritten(file, lambda parts: parts.update({"history.parquet": b"PAR1"}), sealed_again=True)


def another_content(file: Path, tmp: Path) -> None:
    rewritten(file, lambda parts: altered(parts, "select * from {known} limit 10", tmp))


def fewer_rows(file: Path, tmp: Path) -> None:
    rewritten(file, lambda parts: altered(parts, "select * from {known} limit 10", tmp), sealed_again=True)


def another_format(file: Path, tmp: Path) -> None:
    rewritten(file, lambda parts: told_otherwise(parts, format_version="0.9"))


def another_tenant(file: Path, tmp: Path) -> None:
    rewritten(file, lambda parts: told_otherwise(parts, key={"tenant": {"lists": "https://other.example.com"}}))


def yet_to_come(file: Path, tmp: Path) -> None:
    query = 'select "contactId", since, 33333333333 as until, read from {known}'
    rewritten(file, lambda parts: altered(parts, query, tmp), sealed_again=True)


@pytest.mark.thin(1)
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (cut_short, "the file is cut short or damaged"),
        (empty, "the file is cut short or damaged"),
        (a_folder, "the file is cut short or damaged"),
        (without_a_part, "the file is cut short or damaged"),
        (no_parquet, "the file is cut short or damaged"),
        (another_content, "the file was altered after it was written"),
        (fewer_rows, "the file has not as many rows as it says"),
        (another_format, "the file has format version '0.9'; this program reads '1.1'"),
        (another_tenant, "they were read from another tenant, or for something else"),
        (yet_to_come, "they are said to be from 3026-04-17T11:15:33Z, which is yet to come"),
    ],
)
def test_a_file_that_is_not_what_it_was_is_dropped_and_told_and_never_an_error(
    tenant: Simulator, folder: Folder, run: Run, tmp_path: Path, spoil: Callable[[Path, Path], None], why: str
) -> None:
    first = planned(run)
    spoil(kept(folder), tmp_path)
    asked(tenant)
    second = planned(run)
    assert second["notices"][0] == DROPPED + why
    assert asked(tenant) == {WINDOW: 600}
    assert second["digest"] == first["digest"]


def test_the_file_is_whole_and_its_owners_alone_and_nothing_else_is_left(folder: Folder, run: Run) -> None:
    for _ in range(2):
        document = planned(run)
        file = kept(folder)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert "CUST" not in orjson.dumps(document).decode()
        with zipfile.ZipFile(file) as archive:
            assert sorted(archive.namelist()) == ["head.json", "history.sealed", "known.sealed"]
            assert all(b"CUST" not in archive.read(name) for name in archive.namelist())


def test_a_read_that_fails_leaves_what_was_kept_as_it_was(tenant: Simulator, folder: Folder, run: Run) -> None:
    tenant.faults.add("no-data", path="/interactions/search$", times=None)
    assert run("plan").code == 1
    assert not (folder.root / ".reconciler" / "cache").exists()
    tenant.faults.clear()
    planned(run)
    before = kept(folder).read_bytes()
    rule = tenant.faults.add("no-data", path="/interactions/search$", times=None, skip=1)
    assert run("plan").code == 1
    assert rule.hit
    assert kept(folder).read_bytes() == before


@pytest.mark.matrix(instead="test_what_disagrees_with_the_tenant_is_dropped_and_all_is_read_in_the_same_plan")
def test_a_cache_that_cannot_be_written_is_told_and_the_plan_is_made(folder: Folder, run: Run) -> None:
    first = planned(run)
    kept(folder).unlink()
    (folder.root / ".reconciler" / "cache").rmdir()
    folder.write(".reconciler/cache", "a file is in the way")
    second = planned(run)
    assert second["digest"] == first["digest"]
    (notice,) = second["notices"]
    assert notice.startswith("the interactions that were read are not kept: nothing can be kept in ")


@pytest.mark.matrix(instead="test_the_file_is_whole_and_its_owners_alone_and_nothing_else_is_left")
def test_a_workspace_that_wants_nothing_kept_has_nothing_kept_and_what_was_is_deleted(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    planned(run)
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\ncache: {{keep: false}}"))
    asked(tenant)
    for _ in range(2):
        planned(run)
        assert asked(tenant) == {WINDOW: 600}
        assert list((folder.root / ".reconciler" / "cache").iterdir()) == []


@pytest.mark.matrix(instead="test_the_next_plan_asks_only_for_what_is_new_and_is_the_same_plan")
def test_the_overlap_is_as_the_workspace_says(tenant: Simulator, folder: Folder, run: Run) -> None:
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\ncache: {{overlap: 2d12h}}"))
    planned(run)
    asked(tenant)
    planned(run)
    assert asked(tenant) == {("2026-06-28T12:00:00Z", AS_OF): 600}


def test_an_overlap_of_nothing_is_refused(folder: Folder, run: Run) -> None:
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\ncache: {{overlap: 0d}}"))
    ended = run("validate")
    assert ended.code == 64
    assert "cache-unchecked" in ended.err
