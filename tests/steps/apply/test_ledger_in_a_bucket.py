"""Is an apply as safe when its ledger is in an object store as when it is in a folder?"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import AS_OF, Ended, Folder, manifest
from tests.operator import VARIABLE, bounds_file
from tests.s3 import S3, Fault
from tests.steps.apply.killing import Stage

Run = Callable[..., Ended]


def small(tenant: Simulator, folder: Folder, url: str) -> None:
    """A list made, contacts put by both methods, changed and removed; a campaign made, one changed."""
    scene.whole(tenant, folder)
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\nledger: {{url: '{url}'}}"))


def allowed(folder: Path, bucket: str) -> Path:
    """The operator's file, without which a ledger is in the workspace."""
    return bounds_file(folder, hosts=["127.0.0.1"], places=[f"s3://{bucket}"])


@pytest.mark.thin
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("which", ["half-way", "last"])
def test_a_run_killed_between_an_intent_and_its_outcome_is_resumed_to_the_same_end(
    tmp_path: Path, s3_server: S3, which: str, after: bool
) -> None:
    bucket = s3_server.bucket()
    ledgers = (f"s3://{bucket}/run-{number}" for number in range(99))
    environment = {**s3_server.environment(), VARIABLE: str(allowed(tmp_path, bucket))}
    stage = Stage(tmp_path, lambda tenant, folder: small(tenant, folder, next(ledgers)), environment=environment)
    try:
        code, said = stage.ended("apply", "--yes")
        assert code == 0, said
        expected = scene.state(stage.tenant)
        writes = [number for number, each in enumerate(stage.tenant.requests()) if each.method in ("POST", "PUT")]
        place = {"half-way": writes[len(writes) // 2], "last": writes[-2]}[which]
        stage.reset()
        killed, said = stage.ended("apply", "--yes", at=place, after=after)
        assert killed == -signal.SIGKILL, said
        code, said = stage.ended("apply", "--resume")
        assert (code, scene.state(stage.tenant)) == (0, expected), f"{place}: {said}"
        code, said = stage.ended("audit", "verify")
        assert code == 0, said
        assert "the chain is whole" in said
        kept = {each.name for each in (stage.folder.root / ".reconciler").rglob("*")}
        assert kept <= {"lock-seen.json"}, "nothing of the ledger is kept here"
    finally:
        stage.close()


@pytest.fixture
def bucket(s3_here: S3, tenant: Simulator, folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The bucket of the workspace's ledger."""
    monkeypatch.setattr("reconciler.bucket.object_client.ATTEMPTS", 2)
    name = s3_here.bucket()
    small(tenant, folder, f"s3://{name}/team")
    monkeypatch.setenv(VARIABLE, str(allowed(tmp_path, name)))
    return name


def test_nothing_is_written_to_the_tenant_where_the_intent_cannot_be_recorded(
    tenant: Simulator, run: Run, s3_here: S3, bucket: str
) -> None:
    before = scene.state(tenant)
    s3_here.faults.append(Fault("PUT", "/journal.jsonl/", status=503, skip=1, times=999))
    ended = run("apply", "--yes")
    assert ended.code == 1
    assert "the ledger cannot be read or written: the object store did not serve" in ended.out + ended.err
    assert scene.state(tenant) == before
    s3_here.faults.clear()
    ended = run("apply", "--resume")
    assert ended.code == 0, ended.err


def test_a_ledger_that_is_away_is_told_before_anything_is_written(
    tenant: Simulator, run: Run, s3_here: S3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = scene.state(tenant)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    ended = run("apply", "--yes")
    assert ended.code == 1
    assert "hint:  is the network there" in ended.err
    assert "not-a-secret" not in ended.out + ended.err
    assert scene.state(tenant) == before


def test_two_applies_at_once_are_refused_across_machines(run: Run, s3_here: S3, bucket: str) -> None:
    s3_here.put(bucket, "team/lock.json", b'{"owner": "ann@elsewhere (process 7)", "pid": 7, "host": "elsewhere"}')
    ended = run("apply", "--yes")
    assert ended.code == 1
    assert "the workspace is locked by ann@elsewhere (process 7)" in ended.err


def test_a_url_of_a_ledger_that_holds_a_secret_is_told_with_its_place(run: Run, folder: Folder) -> None:
    for url, words in (
        ("s3://key:not-a-secret@bucket/team", "the URL holds credentials"),
        ("az://container/team?sig=not-a-secret", "the URL holds a query"),
        ("s3://bucket/team/*", "its URL is not a pattern"),
    ):
        folder.write("workspace.yaml", manifest("Workspace", "test", f"ledger: {{url: '{url}'}}"))
        ended = run("validate")
        assert ended.code == 64
        assert words in ended.err
        assert "where: workspace.yaml:5" in ended.err
        assert "not-a-secret" not in ended.err
