"""A pull request is planned with secrets at hand: nothing is sent, and nothing is written, before it is known to be within bounds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder, manifest
from tests.operator import VARIABLE, bounds_file

Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def nobody_says_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.mark.parametrize(
    "command", [["validate"], ["plan"], ["drift"], ["apply", "--yes"], ["apply", "--resume"], ["pending"]]
)
def test_whatever_the_command_is_no_request_is_made_and_no_file_written(
    tenant: Simulator, folder: Folder, run: Run, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_OTHER_SECRET", "canary-1")
    scene.declare_segment(folder)
    with Simulator() as other:
        text = (folder.root / "tenant.yaml").read_text()
        text = text.replace(f"tokenUrl: {tenant.url}/lists", f"tokenUrl: {other.url}/lists")
        folder.write("tenant.yaml", text.replace("{env: CXONE_CLIENT_SECRET}", "{env: SOME_OTHER_SECRET}"))
        folder.write("workspace.yaml", manifest("Workspace", "test", "ledger: {url: 'file://../X'}"))
        ended = run(*command)
        assert ended.code == 64
        for words in ("error[hosts-apart]", "error[variable-not-allowed]", "error[place-not-allowed]"):
            assert words in ended.err
        assert "where: tenant.yaml:6:" in ended.err and "where: workspace.yaml:5:" in ended.err
        assert "canary" not in ended.err
        assert not list(tenant.requests()) and not list(other.requests())
    assert not (folder.root.parent / "X").exists()


def test_the_operators_file_lets_it_through_and_a_plan_made_without_it_is_stale(
    tenant: Simulator, folder: Folder, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    path = str(tmp_path / "a.plan")
    monkeypatch.setenv("RECONCILER_KEY", "k" * 32)  # the ledger moves, and its own key would stay behind
    assert run("plan", "--out", path).code == 0
    folder.write(
        "workspace.yaml", manifest("Workspace", "test", "asOf: 2026-07-01T00:00:00Z\nledger: {url: 'file://../X'}")
    )
    assert run("plan").code == 64
    place = f"file://{(folder.root.parent / 'X').as_posix()}"
    monkeypatch.setenv(VARIABLE, str(bounds_file(tmp_path, hosts=["127.0.0.1"], places=[place])))
    assert run("apply", path).code == 4
    assert run("apply", "--yes").code == 0
    assert (folder.root.parent / "X" / "audit.jsonl").exists()
    assert len(scene.members(tenant, "Chosen")) == 25


def test_callbacks_go_where_the_operator_says_with_the_secrets_named_there(
    tenant: Simulator, folder: Folder, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_KEY", "not-a-secret")
    text = (folder.root / "tenant.yaml").read_text()
    folder.write("tenant.yaml", f"{text}  webhooks: {{allowPrivate: [127.0.0.1], allowHttp: [127.0.0.1]}}\n")
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    spec = f"url: {tenant.webhook_url('crm')}\nevents: [apply]\nsecretHeaders: {{X-Key: {{env: CRM_KEY}}}}"
    folder.write("crm.yaml", manifest("Webhook", "crm", spec))
    assert "error[variable-not-allowed]" in run("apply", "--yes").err
    assert not tenant.webhooks("crm")
    grant = {"host": "127.0.0.1", "secrets": ["CXONE_*", "CRM_KEY"]}
    monkeypatch.setenv(VARIABLE, str(bounds_file(tmp_path, hosts=[grant], privateAddresses=["127.0.0.1"])))
    assert run("apply", "--yes").code == 0
    (delivery,) = tenant.webhooks("crm")
    assert delivery.headers["x-key"] == "not-a-secret"


def test_validate_may_leave_the_bounds_to_who_has_the_operators_file_and_no_other_command_may(
    folder: Folder, run: Callable[..., Ended]
) -> None:
    folder.write("workspace.yaml", manifest("Workspace", "test", "ledger: {url: 's3://example-ledgers/x'}"))
    assert run("validate").code == 64
    assert run("validate", "--without-bounds").code == 0
    assert run("plan", "--without-bounds").code == 64
    assert run("plan").code == 64
    folder.write("list.yaml", manifest("ContactList", "one", "nam: One"))
    assert "nam" in run("validate", "--without-bounds").err
