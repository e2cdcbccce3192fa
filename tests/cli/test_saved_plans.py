"""Is a saved plan applied as it was reviewed, or not at all?"""

from __future__ import annotations

import json
import os
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import run as run_program
from reconciler.model.plan_json import document_digest
from reconciler.simulator import Simulator
from tests import delivery, scene, sealed
from tests.conftest import AS_OF, Ended, Folder, manifest
from tests.made_once import MadeOnce

Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeOnce]:
    """The tenant and the workspace that the tests share."""
    shared = MadeOnce(tmp_path_factory.mktemp("once"))
    yield shared
    shared.close()


@pytest.fixture
def tenant(once: MadeOnce) -> Simulator:
    """The embedded tenant, empty when the workspace is."""
    return once.tenant


@pytest.fixture
def folder(once: MadeOnce, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The workspace, and with it the tenant, as nothing was made of it."""
    return once.empty(monkeypatch)


@pytest.fixture
def saved(once: MadeOnce, tenant: Simulator, folder: Folder, run: Run) -> Path:
    """A saved plan with two lists to fill and two campaigns."""
    path = folder.root / "a.plan"

    def make() -> None:
        scene.whole(tenant, folder)
        assert run("plan", "--out", str(path)).code == 0

    once.made(make)
    tenant.clear_requests()
    return path


def rewritten(path: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> None:
    """The same zip with other parts, and the proof that the first had."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
        proof = archive.comment
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = proof
        for name, content in change(parts).items():
            archive.writestr(name, content)


def with_document(path: Path, change: Callable[[dict[str, Any]], object], *, digest: bool = False) -> None:
    """The same plan with another document, its digest made right again or not."""

    def edit(parts: dict[str, bytes]) -> dict[str, bytes]:
        document = json.loads(parts["plan.json"])
        change(document)
        if digest:
            document["digest"] = document_digest(document)
        return {**parts, "plan.json": json.dumps(document).encode()}

    rewritten(path, edit)


def test_a_saved_plan_is_its_owners_alone_and_does_what_it_says(tenant: Simulator, saved: Path, run: Run) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    applied = run("apply", str(saved))
    assert applied.code == 0, applied.err
    assert len(scene.members(tenant, "Chosen")) == 25
    assert len(scene.members(tenant, "High")) == 30
    assert run("plan", "--detailed-exitcode").code == 0


def test_a_saved_plan_is_not_applied_twice(tenant: Simulator, saved: Path, run: Run) -> None:
    assert run("apply", str(saved)).code == 0
    tenant.clear_requests()
    again = run("apply", str(saved))
    assert again.code == 4
    assert not tenant.requests().writes()


def raised_threshold(document: dict[str, Any]) -> None:
    document["resource_changes"][0]["declared"]["abandonThreshold"] = 9


def without_findings(document: dict[str, Any]) -> None:
    document["findings"] = []
    document["workspace"] = "other"


def without_a_precondition(document: dict[str, Any]) -> None:
    document["row_changes"][0]["precondition"] = "sha256:" + "0" * 64


@pytest.mark.parametrize("edit", [raised_threshold, without_findings, without_a_precondition])
def test_an_edited_document_is_refused(
    tenant: Simulator, saved: Path, run: Run, edit: Callable[[dict[str, Any]], None]
) -> None:
    with_document(saved, edit)
    for command in (["apply", str(saved)], ["show", str(saved)]):
        refused = run(*command) if command[0] == "apply" else shown(command)
        assert refused.code == 4
        assert "error[stale-plan]: " in refused.err
        assert "hint:" in refused.err
    assert not tenant.requests()


def shown(command: list[str]) -> Ended:
    import contextlib
    import io

    from reconciler.cli import run as run_program

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_program(command)
    return Ended(code, out.getvalue(), err.getvalue())


def rows_swapped(parts: dict[str, bytes]) -> dict[str, bytes]:
    one, other = [name for name in parts if name.startswith("rows/")]
    return {**parts, one: parts[other], other: parts[one]}


def rows_edited(parts: dict[str, bytes]) -> dict[str, bytes]:
    import duckdb

    name = next(name for name in parts if "chosen" in name)
    folder = Path(os.environ["PYTEST_ROWS"])
    (folder / "in.parquet").write_bytes(parts[name])
    with duckdb.connect() as engine:
        engine.execute(
            f"COPY (SELECT * REPLACE (replace(contactId, 'CUST0075', 'CUST0001') AS contactId) "
            f"FROM '{folder}/in.parquet' ORDER BY action, contactId) TO '{folder}/out.parquet' (FORMAT parquet)"
        )
    return {**parts, name: (folder / "out.parquet").read_bytes()}


def rows_of_another_shape(parts: dict[str, bytes]) -> dict[str, bytes]:
    import duckdb

    name = next(name for name in parts if "chosen" in name)
    target = Path(os.environ["PYTEST_ROWS"]) / "other.parquet"
    with duckdb.connect() as engine:
        engine.execute(f"COPY (SELECT 1 AS x) TO '{target}' (FORMAT parquet)")
    return {**parts, name: target.read_bytes()}


def rows_of_rubbish(parts: dict[str, bytes]) -> dict[str, bytes]:
    return dict.fromkeys(parts, b"no parquet")


def rows_cut_short(parts: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content[:-20] for name, content in parts.items()}


@pytest.mark.parametrize("edit", [rows_swapped, rows_edited, rows_of_another_shape, rows_of_rubbish, rows_cut_short])
def test_edited_rows_are_refused_before_any_write(
    tenant: Simulator,
    folder: Folder,
    saved: Path,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    edit: Callable[[dict[str, bytes]], dict[str, bytes]],
) -> None:
    monkeypatch.setenv("PYTEST_ROWS", str(tmp_path))
    sealed.edit_rows(saved, folder.root, edit)
    refused = run("apply", str(saved))
    assert refused.code in (4, 64), refused.err
    assert "error[internal]" not in refused.err
    assert "rows" in refused.err or "not a saved plan" in refused.err
    assert not tenant.requests().writes()
    # it leaves nothing behind that would have to be resumed
    assert "no run to resume" in run("apply", "--resume").err or "nothing to resume" in run("apply", "--resume").out


def sealed_rows_swapped(path: Path) -> None:
    rewritten(path, rows_swapped)


def sealed_rows_cut_at_a_block(path: Path) -> None:
    def edit(parts: dict[str, bytes]) -> dict[str, bytes]:
        return {name: each[:32] if name.startswith("rows/") else each for name, each in parts.items()}

    rewritten(path, edit)


def one_bit_of_the_rows(path: Path) -> None:
    def edit(parts: dict[str, bytes]) -> dict[str, bytes]:
        name = next(name for name in parts if name.startswith("rows/"))
        content = bytearray(parts[name])
        content[-40] ^= 1
        return {**parts, name: bytes(content)}

    rewritten(path, edit)


def the_document_and_its_digest(path: Path) -> None:
    with_document(path, without_findings, digest=True)


def the_document_of_a_plan_without_rows(path: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["row_changes"], document["order"] = [], []

    with_document(path, edit, digest=True)


@pytest.mark.parametrize(
    "edit",
    [
        sealed_rows_swapped,
        sealed_rows_cut_at_a_block,
        one_bit_of_the_rows,
        the_document_and_its_digest,
        the_document_of_a_plan_without_rows,
    ],
)
def test_what_is_edited_by_somebody_without_the_key_does_not_open_whatever_digest_it_carries(
    tenant: Simulator, saved: Path, run: Run, edit: Callable[[Path], None]
) -> None:
    edit(saved)
    refused = run("apply", str(saved))
    assert refused.code == 4, refused.err
    assert "edited after it was made" in refused.err
    assert not tenant.requests()


KEYS = ("k" * 32, "another key, of more than thirty-two characters")


def test_a_plan_holds_no_contact_in_the_clear_and_neither_does_the_ledgers(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    ids = [f"SECRET{n:04d}" for n in range(5)]
    phones = [f"+1212555{100 + n:04d}" for n in range(5)]
    lines = [f"{each},{phone},Ada Example,ada@example.com,80" for each, phone in zip(ids, phones, strict=True)]
    folder.write("crm.csv", "\n".join(["id,phone,name,email,score", *lines]) + "\n")
    delivery.declare(folder, tenant, "bulkInsert", attributes=())
    source = (folder.root / "source.yaml").read_text()
    folder.write("source.yaml", source.replace(", attributes: {tier: tier}", ""))
    path = folder.root / "a.plan"
    assert run("plan", "--out", str(path)).code == 0
    assert run("apply", str(path)).code == 0
    (kept,) = (folder.root / ".reconciler" / "runs").glob("*/plan.zip")
    for file in (path, kept):
        with zipfile.ZipFile(file) as archive:
            whole = b"".join(archive.read(name) for name in archive.namelist())
        for told in (*ids, *phones, *(each[-10:] for each in phones), "Ada", "ada@example.com"):
            assert told.encode() not in whole, file


def test_a_plan_that_was_sealed_under_another_key_is_told_what_to_do(
    tenant: Simulator, saved: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_KEY", KEYS[0])
    refused = run("apply", str(saved))
    assert refused.code == 64, refused.err
    assert "error[sealed-plan]: " in refused.err
    assert "RECONCILER_KEY" in refused.err
    assert not tenant.requests()


@pytest.mark.matrix(instead="test_a_saved_plan_is_its_owners_alone_and_does_what_it_says")
def test_one_key_for_plan_and_apply_serves_jobs_that_each_have_a_ledger_of_their_own(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.whole(tenant, folder)
    path = str(folder.root / "a.plan")
    monkeypatch.setenv("RECONCILER_KEY", KEYS[0])
    assert run("plan", "--out", path).code == 0
    shutil.rmtree(folder.root / ".reconciler")
    monkeypatch.setenv("RECONCILER_KEY", KEYS[1])
    assert run("apply", path).code == 64
    monkeypatch.setenv("RECONCILER_KEY", KEYS[0] + "\n")
    assert run("apply", path).code == 0


@pytest.mark.parametrize(("key", "code"), [("k" * 31, 64), ("k" * 32, 0)])
def test_a_key_that_can_be_guessed_is_none(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch, key: str, code: int
) -> None:
    scene.people(tenant, 1)
    scene.declare_segment(folder)
    monkeypatch.setenv("RECONCILER_KEY", key)
    ended = run("plan", "--out", str(folder.root / "a.plan"))
    assert ended.code == code, ended.err
    assert ("error[key-unusable]" in ended.err) == bool(code)


def test_what_a_saved_plan_says_is_shown_without_the_key(saved: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere.plan"
    shutil.copy(saved, copy)
    assert shown(["show", str(copy)]).code == 0


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def no_zip(path: Path) -> None:
    path.write_text("apiVersion: cxone.reconciler/v1\n")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[content.find(b'"format_version"') + 20] ^= 0xFF
    path.write_bytes(bytes(content))


def another_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")


def no_json(path: Path) -> None:
    rewritten(path, lambda parts: {**parts, "plan.json": b"{"})


def a_list(path: Path) -> None:
    rewritten(path, lambda parts: {**parts, "plan.json": b"[]"})


def without_rows(path: Path) -> None:
    rewritten(path, lambda parts: {"plan.json": parts["plan.json"]})


def encrypted(path: Path) -> None:
    content = bytearray(path.read_bytes())
    start = content.find(b"PK\x01\x02")
    content[start + 8] |= 1
    content[6] |= 1
    path.write_bytes(bytes(content))


def unknown_compression(path: Path) -> None:
    content = bytearray(path.read_bytes())
    start = content.find(b"PK\x01\x02")
    content[start + 10] = 99
    path.write_bytes(bytes(content))


def gone(path: Path) -> None:
    path.unlink()


def another_part(path: Path) -> None:
    rewritten(path, lambda parts: {**parts, "rows/more.parquet.sealed": b"more"})


def a_part_twice(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("plan.json", b"{}")


def without_its_proof(path: Path) -> None:
    """As an older edition saved it."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b""
        archive.writestr("seal.json", b"{}")


@pytest.mark.parametrize(
    "spoil",
    [flipped, no_json, a_list, without_rows, encrypted, unknown_compression, another_part, a_part_twice],
)
def test_what_lies_in_a_plan_is_not_looked_at_before_all_of_it_is_proven(
    tenant: Simulator, saved: Path, run: Run, spoil: Callable[[Path], None]
) -> None:
    spoil(saved)
    refused = run("apply", str(saved))
    assert refused.code == 4, refused.err
    assert "error[stale-plan]: the plan was edited after it was made" in refused.err
    assert not tenant.requests()


@pytest.mark.parametrize("spoil", [cut, no_zip, empty, another_zip, gone, without_its_proof])
def test_what_is_no_saved_plan_is_told_as_such(
    tenant: Simulator, saved: Path, run: Run, spoil: Callable[[Path], None]
) -> None:
    spoil(saved)
    refused = run("apply", str(saved))
    assert refused.code == 64, refused.err
    assert "hint:" in refused.err or "note:" in refused.err
    assert "error[not-a-plan]: " in refused.err
    assert "a.plan" in refused.err
    assert not tenant.requests()


@pytest.mark.parametrize("trick", ["../../escaped", "/tmp/escaped", "..", "", "..\\escaped"])
def test_paths_in_a_plan_lead_nowhere_but_into_its_own_folder(
    tenant: Simulator, saved: Path, run: Run, tmp_path: Path, trick: str
) -> None:
    before = {path for path in tmp_path.rglob("*") if ".reconciler" not in str(path)}

    def point(document: dict[str, Any]) -> None:
        document["row_changes"][0]["rows"]["file"] = f"rows/{trick}"

    with_document(saved, point, digest=True)
    rewritten(saved, lambda parts: {**parts, f"rows/{trick}": b"rows", trick or "x": b"rows"})
    refused = run("apply", str(saved))
    assert refused.code in (4, 64), refused.err
    assert "error[internal]" not in refused.err
    assert not tenant.requests().writes()
    assert {path for path in tmp_path.rglob("*") if ".reconciler" not in str(path)} == before
    assert not Path("/tmp/escaped").exists()


def sums_that_do_not_add_up(document: dict[str, Any]) -> None:
    document["audiences"][0]["source"] += 1


def an_unknown_step(document: dict[str, Any]) -> None:
    document["order"].append({"address": "Campaign/nowhere", "needs": []})


def an_unknown_need(document: dict[str, Any]) -> None:
    document["order"][0]["needs"] = ["Campaign/nowhere"]


def no_findings(document: dict[str, Any]) -> None:
    del document["findings"]


@pytest.mark.parametrize(
    "edit",
    [
        sums_that_do_not_add_up,
        an_unknown_step,
        an_unknown_need,
        no_findings,
    ],
)
def test_a_document_that_was_edited_with_care_is_no_plan(
    tenant: Simulator, saved: Path, run: Run, edit: Callable[[dict[str, Any]], None]
) -> None:
    with_document(saved, edit, digest=True)
    refused = run("apply", str(saved))
    assert refused.code in (4, 64), refused.err
    assert "error[internal]" not in refused.err
    assert not tenant.requests().writes()


def threshold_moved(tenant: Simulator) -> None:
    tenant.store.change_campaign(tenant.store.campaign_named("Morning"), abandonThreshold=7.0)


def member_joined(tenant: Simulator) -> None:
    tenant.store.put_members(tenant.store.list_named("High"), [scene.contact(0)])


def member_left(tenant: Simulator) -> None:
    tenant.store.drop_members(tenant.store.list_named("High"), [scene.contact(70)])


def score_moved(tenant: Simulator) -> None:
    held = {scene.contact(70): {"priority": 1, "score": 12.0}}
    tenant.store.put_members(tenant.store.list_named("High"), held)


def campaign_deleted(tenant: Simulator) -> None:
    tenant.store.remove_campaign(tenant.store.campaign_named("Morning"))


def list_recreated(tenant: Simulator) -> None:
    held = tenant.store.list_named("High")
    tenant.store.remove_list(held)
    made = tenant.store.add_list("High", held.members, description=held.description)
    tenant.store.change_campaign(tenant.store.campaign_named("Morning"), listId=made.id)


def list_deleted(tenant: Simulator) -> None:
    tenant.store.remove_list(tenant.store.list_named("High"))


def list_made(tenant: Simulator) -> None:
    tenant.store.add_list("Chosen")


def mark_taken_off(tenant: Simulator) -> None:
    tenant.store.change_list(tenant.store.list_named("High"), description="")


@pytest.mark.parametrize(
    ("move", "words"),
    [
        (threshold_moved, "Campaign/morning: abandonThreshold of 'Morning' changed"),
        (member_joined, "Segment/high[high]: who is on list 'High'"),
        (member_left, "Segment/high[high]: who is on list 'High'"),
        (score_moved, "Segment/high[high]: who is on list 'High'"),
        (campaign_deleted, "Campaign/morning: 'Morning' is gone"),
        (list_recreated, "ContactList/high: the id or the owner of 'High' changed"),
        (list_deleted, "ContactList/high: 'High' is gone"),
        (list_made, "ContactList/chosen: 'Chosen' has been made meanwhile, by somebody else"),
        (mark_taken_off, "ContactList/high: the id or the owner of 'High' changed"),
    ],
)
def test_a_tenant_that_has_moved_makes_the_plan_stale_and_what_moved_is_named(
    tenant: Simulator, saved: Path, run: Run, move: Callable[[Simulator], None], words: str
) -> None:
    move(tenant)
    before = scene.state(tenant)
    refused = run("apply", str(saved))
    assert refused.code == 4, refused.err
    assert "error[stale-plan]: " in refused.err
    assert words in refused.err
    assert "plan again" in refused.err
    assert not tenant.requests().writes()
    assert scene.state(tenant) == before
    assert "nothing to resume" in run("apply", "--resume").out


def test_everything_that_has_moved_is_named_at_once(tenant: Simulator, saved: Path, run: Run) -> None:
    threshold_moved(tenant)
    member_joined(tenant)
    list_made(tenant)
    refused = run("apply", str(saved))
    assert refused.code == 4
    for words in ("abandonThreshold of 'Morning'", "who is on list 'High'", "'Chosen' has been made"):
        assert words in refused.err


def test_a_plan_of_other_manifests_is_stale(tenant: Simulator, folder: Folder, saved: Path, run: Run) -> None:
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 80}"))
    refused = run("apply", str(saved))
    assert refused.code == 4
    assert "the manifests, or the values given to their templates, are not those that were planned" in refused.err
    assert not tenant.requests().writes()


def test_a_plan_of_other_values_is_stale(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: '{{ floor }}'}"))
    path = str(folder.root / "a.plan")
    planned = run("plan", "--var", "floor=80", "--out", path)
    assert planned.code == 0, planned.err
    refused = run("apply", path, "--var", "floor=90")
    assert refused.code == 4
    assert "values given to their templates" in refused.err
    assert not tenant.requests().writes()
    assert run("apply", path, "--var", "floor=80").code == 0
    assert len(scene.members(tenant, "Chosen")) == 20


def test_a_plan_for_another_tenant_is_stale(folder: Folder, saved: Path, run: Run) -> None:
    with Simulator() as other:
        text = (folder.root / "tenant.yaml").read_text()
        base = text.split("baseUrl: ")[1].split("/outbound/")[0]
        folder.write("tenant.yaml", text.replace(base, other.url))
        refused = run("apply", str(saved))
        assert refused.code == 4
        assert not other.requests().writes()


def test_a_plan_keeps_its_moment_however_late_it_is_applied(
    tenant: Simulator, folder: Folder, saved: Path, run: Run
) -> None:
    applied = run("apply", str(saved), "--as-of", "2026-09-09T00:00:00Z")
    assert applied.code == 0, applied.err
    assert AS_OF in json.dumps(json.loads(zipfile.ZipFile(saved).read("plan.json")))


def test_a_copy_of_a_plan_is_shown_as_the_plan_was(folder: Folder, saved: Path, run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy.plan"
    shutil.copy(saved, copy)
    planned = run("plan")
    ended = shown(["show", str(copy)])
    assert ended.code == 0

    def lasting(text: str) -> list[str]:
        return [line for line in text.splitlines() if "Read with" not in line]

    assert lasting(ended.out) == lasting(planned.out)
    document = json.loads(shown(["show", str(copy), "--format", "json"]).out)
    assert document["digest"] == document_digest(document)


@pytest.mark.matrix(instead="test_a_saved_plan_is_its_owners_alone_and_does_what_it_says")
def test_a_saved_plan_with_a_finding_about_a_whole_segment_is_read_again(
    tenant: Simulator, folder: Folder, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder, extra="suppress: [registry]\nphones: {region: US}")
    folder.write("numbers.csv", "number\n+12125559999\n")
    columns = "{contactId: number, phone: number}"
    listed = f"files: {{paths: [numbers.csv], format: csv, columns: {columns}}}\nasOf: 2020-01-01T00:00:00Z"
    folder.write("registry.yaml", manifest("SuppressionList", "registry", listed))
    path = folder.root / "a.plan"
    assert run("plan", "--out", str(path)).code == 0
    refused = run("apply", str(path))
    assert refused.code == 3, refused.err
    assert "{rule: DNC-STALE, object: 'Segment/chosen', reason: …}" in refused.err
    capsys.readouterr()
    for prefix, wanted in (("a/b", "a/b/"), ("a/", "a/"), (".", ""), ("./", "")):
        assert run_program(["show", str(path), "--format", "sarif", "--path-prefix", prefix]) == 0
        (found,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
        uri = found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri == f"{wanted}segment.yaml"
    folder.write("registry.yaml", manifest("SuppressionList", "registry", f"{listed}\nonStale: warn"))
    assert run("plan", "--out", str(path)).code == 0
    applied = run("apply", str(path))
    assert applied.code == 0, applied.err


@pytest.mark.parametrize("name", ["Night", "Old [2025", "Old [2025]", "Old/new"])
def test_a_saved_plan_tells_of_a_campaign_of_any_name_that_calls_the_same_people(
    tenant: Simulator, folder: Folder, run: Run, name: str
) -> None:
    scene.people(tenant, 5)
    scene.live_campaign(tenant, name, "All customers", description="theirs")
    folder.write("all.yaml", manifest("ContactList", "all", "name: All customers"))
    scene.declare_campaign(folder, on="all")
    path = folder.root / "a.plan"
    assert f"5 with {name!r}" in run("plan", "--out", str(path)).out
    applied = run("apply", str(path))
    assert applied.code == 0, applied.err
