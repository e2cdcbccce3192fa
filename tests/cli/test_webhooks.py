"""Are those who want to know told of plans and applies, whatever becomes of the telling?"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.notifications import tell_of_apply
from reconciler.cli.runtime import LocalRuntime
from reconciler.ledger.outbox import Outbox
from reconciler.model.errors import LedgerError
from reconciler.model.report import JobEnd, Report
from reconciler.model.webhook import Callback
from reconciler.model.workspace_settings import Workspace
from reconciler.simulator import Simulator
from reconciler.steps.load import load
from tests import scene, sealed
from tests.conftest import TENANT, Ended, Folder, manifest
from tests.steps.apply.killing import Stage
from tests.views.plans import plan

Run = Callable[..., Ended]

HOME = "  webhooks: {allowPrivate: [127.0.0.1], allowHttp: [127.0.0.1]}\n"


def declare(folder: Folder, tenant: Simulator, name: str = "crm", spec: str = "events: [plan, apply]") -> None:
    """A webhook to the tenant's own receiver of that name, and a list to be made."""
    folder.write("tenant.yaml", TENANT.format(url=tenant.url) + HOME)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
    folder.write(f"{name}.yaml", manifest("Webhook", name, f"url: {tenant.webhook_url(name)}\nattempts: 1\n{spec}"))


def outbox(folder: Folder) -> list[dict[str, Any]]:
    """The record of callbacks."""
    return sealed.lines(folder.root, "webhooks/outbox.jsonl")


def waiting(run: Run) -> list[dict[str, Any]]:
    """What waits to be sent again."""
    found: list[dict[str, Any]] = json.loads(run("webhooks", "list", "--format", "json").out)
    return found


def test_an_apply_is_told_of_when_it_has_ended(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, tenant)
    ended = run("apply", "--yes")
    assert ended.code == 0
    assert "Webhook/crm  apply: delivered" in ended.err
    (delivery,) = tenant.webhooks("crm")
    assert delivery.headers["x-reconciler-event"] == "apply"
    assert delivery.body["run"] in ended.out
    assert delivery.body["digest"] in ended.out
    assert delivery.body["outcomes"] == {"done": 1, "failed": 0, "interrupted": 0, "blocked": 0, "not_attempted": 0}
    assert (delivery.body["exit_code"], delivery.body["writes"]) == (0, 1)
    assert waiting(run) == []


def test_a_plan_is_told_of_only_where_that_is_asked_for(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, tenant)
    assert run("plan").code == 0
    assert tenant.webhooks() == []
    ended = run("plan", "--notify", "--format", "json")
    (delivery,) = tenant.webhooks("crm")
    assert delivery.body["event"] == "plan"
    assert delivery.body["digest"] == json.loads(ended.out)["digest"]
    nothing = dict.fromkeys(("update", "adopt", "replace", "delete", "release", "moved"), 0)
    assert delivery.body["objects"] == {"create": 1, **nothing}
    assert (delivery.body["tenant"], delivery.body["environment"]) == ("embedded", None)


def test_an_apply_that_is_refused_is_told_of(tenant: Simulator, folder: Folder, run: Run, tmp_path: Path) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    tenant.store.add_list("Chosen", [scene.contact(number) for number in range(40)], description=scene.MARK)
    declare(folder, tenant)
    saved = str(tmp_path / "a.plan")
    assert run("plan", "--out", saved).code == 0
    assert run("apply", saved).code == 3
    tenant.store.list_named("Chosen").members.clear()
    assert run("apply", saved, "--digest", "sha256:0").code == 4
    told = [(each.body["exit_code"], each.body["error"], each.body["run"]) for each in tenant.webhooks("crm")]
    assert told == [(3, "refused", None), (4, "stale-plan", None)]
    assert len({each.headers["idempotency-key"] for each in tenant.webhooks("crm")}) == 2


def test_a_webhook_hears_of_nothing_that_it_did_not_ask_for(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, tenant, spec="events: [job-completed]")
    assert run("apply", "--yes").code == 0
    assert tenant.webhooks() == []


def test_the_jobs_of_a_run_are_told_of_once_all_are_over(tenant: Simulator, folder: Folder) -> None:
    declare(folder, tenant, spec="events: [job-completed]")
    job = JobEnd("7f3c", "PROCESSING", 40, datetime(2026, 7, 1, tzinfo=UTC))
    report = Report("run-1", (), 0, jobs=(job,))
    tell(folder, report)
    assert tenant.webhooks() == []
    over = replace(job, status="COMPLETED", progress=100)
    for _ in range(2):  # a run that is resumed ends twice
        tell(folder, replace(report, jobs=(over,)))
    (delivery,) = tenant.webhooks("crm")
    assert delivery.body["jobs"] == {
        "7f3c": {"status": "COMPLETED", "progress": 100, "timestamp": "2026-07-01T00:00:00Z"}
    }
    assert delivery.body["all_completed"] is True
    tell(folder, replace(report, jobs=(over, replace(over, id="8a1b"))))
    assert len({each.headers["idempotency-key"] for each in tenant.webhooks("crm")}) == 2


def tell(folder: Folder, report: Report) -> None:
    """Tell the webhooks of a workspace how a run has ended."""
    workspace = Workspace(folder.root, folder.root / "scratch", datetime.now(UTC), environ=os.environ)
    with LocalRuntime(workspace) as world:
        tell_of_apply(plan(), report, workspace, world, load(workspace))


def test_a_run_that_is_resumed_ends_once_more_with_a_key_of_its_own(tenant: Simulator, folder: Folder) -> None:
    declare(folder, tenant)
    for _ in range(2):
        tell(folder, Report("run-1", (), 0))
    assert len({each.headers["idempotency-key"] for each in tenant.webhooks("crm")}) == 2


@pytest.mark.parametrize(("fault", "how"), [("status", {"status": 500}), ("reset-after", {})])
def test_what_is_not_delivered_fails_no_apply_and_is_sent_again_with_its_key(
    tenant: Simulator, folder: Folder, run: Run, fault: str, how: dict[str, Any]
) -> None:
    declare(folder, tenant)
    rule = tenant.faults.add(fault, path="/_webhooks/", times=None, **how)
    ended = run("apply", "--yes")
    assert ended.code == 0
    assert "Webhook/crm  apply: not delivered after 1 attempt: " in ended.err
    assert "reconciler webhooks resend" in ended.err
    (left,) = waiting(run)
    assert run("webhooks", "resend").code == 1
    assert (waiting(run)[0]["key"], waiting(run)[0]["attempts"]) == (left["key"], 2)
    assert rule.hit == 2

    tenant.faults.clear()
    ended = run("webhooks", "resend")
    assert (ended.code, ended.err) == (0, "✓ Webhook/crm  apply: delivered\n")
    assert {each.headers["idempotency-key"] for each in tenant.webhooks("crm")} == {left["key"]}
    assert tenant.webhooks("crm")[-1].raw.decode() == left["body"]
    assert waiting(run) == []
    assert "No callback waits." in run("webhooks", "resend").out


def test_a_run_that_is_killed_while_it_tells_leaves_it_to_be_sent_again(tmp_path: Path) -> None:
    def build(tenant: Simulator, folder: Folder) -> None:
        declare(folder, tenant)

    stage = Stage(tmp_path, build)
    try:
        code, said = stage.ended("apply", "--yes", at=0, path="/_webhooks/")
        assert code not in (0, 1), said
        assert stage.tenant.webhooks() == []
        assert [each["entry"] for each in outbox(stage.folder)] == ["callback"]
        code, said = stage.ended("webhooks", "list")
        assert "the program ended before it was sent" in said
        code, said = stage.ended("webhooks", "resend")
        assert code == 0, said
        (delivery,) = stage.tenant.webhooks("crm")
        assert delivery.headers["idempotency-key"] == outbox(stage.folder)[0]["key"]
    finally:
        stage.close()


def test_a_person_who_stops_the_telling_leaves_it_to_be_sent_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lambda tenant, folder: declare(folder, tenant))
    try:
        rule = stage.tenant.faults.add("hold-before", path="/_webhooks/", seconds=20)
        code, said = stage.ended("apply", "--yes", send_when=lambda: rule.hit > 0, send=[signal.SIGINT])
        assert code == 0, said
        assert "it was stopped before there was a reply; kept" in said
        assert [each["entry"] for each in outbox(stage.folder)] == ["callback", "failed"]
    finally:
        stage.close()


def test_callbacks_are_sent_again_in_their_order_and_none_passes_another(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    declare(folder, tenant, spec="events: [apply]")
    declare(folder, tenant, "chat", "events: [apply]")
    tenant.faults.add("status", path="/_webhooks/", status=503, times=None)
    for name in ("run-1", "run-2"):
        tell(folder, Report(name, (), 0))
    tenant.faults.clear()
    tenant.faults.add("status", path="/_webhooks/crm", status=503, times=None)
    ended = run("webhooks", "resend")
    assert ended.code == 1
    assert "an earlier callback to it could not be delivered" in ended.err
    assert [each.body["run"] for each in tenant.webhooks()] == ["run-1", "run-2"]
    tenant.faults.clear()
    assert run("webhooks", "resend").code == 0
    assert [each.body["run"] for each in tenant.webhooks("crm")] == ["run-1", "run-2"]


def test_a_callback_that_is_refused_holds_up_none_behind_it(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, tenant)
    tenant.faults.add("status", path="/_webhooks/", status=503, times=None)
    for name in ("run-1", "run-2"):
        tell(folder, Report(name, (), 0))
    tenant.faults.clear()
    tenant.faults.add("status", path="/_webhooks/", status=422, times=1)
    assert run("webhooks", "resend").code == 1
    assert [each.body["run"] for each in tenant.webhooks("crm")] == ["run-2"]
    assert [each["subject"] for each in waiting(run)] == ["run-1"]
    assert "1 callback given up." in run("webhooks", "forget", "--yes").out
    assert waiting(run) == []


def test_only_what_is_named_is_sent_again(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, tenant)
    declare(folder, tenant, "chat")
    tenant.faults.add("status", path="/_webhooks/", status=503, times=None)
    for name in ("run-1", "run-2"):
        tell(folder, Report(name, (), 0))
    tenant.faults.clear()
    assert run("webhooks", "resend", "--name", "crm", "--run", "run-2").code == 0
    assert [(each.name, each.body["run"]) for each in tenant.webhooks()] == [("crm", "run-2")]
    assert len(waiting(run)) == 3


def test_a_secret_is_fetched_anew_and_is_in_no_record(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(
        folder, tenant, spec="events: [apply]\nsecret: {env: CXONE_HOOK}\nsecretHeaders: {X-Key: {file: secrets/key}}"
    )
    ended = run("apply", "--yes")
    assert ended.code == 0
    assert "the environment variable CXONE_HOOK is not set, or is empty (crm.yaml:" in ended.err
    assert "secrets/key cannot be read" in ended.err
    monkeypatch.setenv("CXONE_HOOK", "not-a-secret-1")
    folder.write("secrets/key", "not-a-secret-2\n")
    tenant.faults.add("status", path="/_webhooks/", status=403, times=1)
    refused, sent = run("webhooks", "resend"), run("webhooks", "resend")
    assert (refused.code, sent.code) == (1, 0)
    (delivery,) = tenant.webhooks("crm")
    moment, _, signed = delivery.headers["x-reconciler-signature"].removeprefix("t=").partition(",v1=")
    wanted = hmac.new(b"not-a-secret-1", moment.encode() + b"." + delivery.raw, hashlib.sha256).hexdigest()
    assert (signed, delivery.headers["x-key"]) == (wanted, "not-a-secret-2")
    record = json.dumps(outbox(folder))
    assert "not-a-secret" not in record + ended.err + refused.err + sent.err


def test_a_url_that_is_a_secret_is_in_no_record(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(folder, tenant)
    folder.write("crm.yaml", manifest("Webhook", "crm", "urlFrom: {env: CXONE_HOOK_URL}\nevents: [apply]\nattempts: 1"))
    monkeypatch.setenv("CXONE_HOOK_URL", f"{tenant.webhook_url('crm')}?token=hush")
    tenant.faults.add("status", path="/_webhooks/", status=500, times=1)
    ended = run("apply", "--yes")
    assert run("webhooks", "resend").code == 0
    assert "hush" not in ended.err + json.dumps(outbox(folder))
    assert len(tenant.webhooks("crm")) == 1


def test_a_webhook_that_is_declared_no_more_keeps_what_it_did_not_get(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    declare(folder, tenant)
    tenant.faults.add("status", path="/_webhooks/", status=503, times=1)
    assert run("apply", "--yes").code == 0
    (folder.root / "crm.yaml").unlink()
    ended = run("webhooks", "resend")
    assert ended.code == 1
    assert "no manifest declares this webhook any more" in ended.err


def test_a_body_that_its_template_did_not_make_is_made_when_it_is_sent_again(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    # a case that the sample of the check does not have
    template = "body: |\n  {% if payload.writes == 6 %}{}{% else %}{{ payload.rnu | tojson }}{% endif %}"
    declare(folder, tenant, spec=f"events: [apply]\n{template}")
    ended = run("apply", "--yes")
    assert ended.code == 0
    assert "its template makes no body: there is no `rnu`" in ended.err
    assert waiting(run)[0]["body"] is None
    declare(folder, tenant, spec=f"events: [apply]\n{template.replace('rnu', 'run')}")
    assert run("webhooks", "resend").code == 0
    assert tenant.webhooks("crm")[0].body == waiting_subject(folder)


def waiting_subject(folder: Folder) -> str:
    """The run of the first callback in the record."""
    return str(outbox(folder)[0]["subject"])


@pytest.mark.parametrize(
    ("error", "said"), [(LedgerError("the disk is full"), "error[ledger]: the disk is full"), (KeyError(), "KeyError")]
)
def test_a_record_that_cannot_be_written_changes_no_exit_code(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def failing(self: Outbox, callback: Callback) -> None:
        raise error

    declare(folder, tenant)
    monkeypatch.setattr(Outbox, "keep", failing)
    ended = run("apply", "--yes")
    assert ended.code == 0
    assert said in ended.err
    assert "Not all webhooks were notified; the apply itself is not affected." in ended.err
    assert tenant.webhooks() == []


def test_nobodys_data_is_told(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.whole(tenant, folder)
    declare(folder, tenant, spec="events: [plan, apply]")
    (folder.root / "list.yaml").write_text(manifest("ContactList", "chosen", "name: Chosen"))
    assert run("plan", "--notify").code == 0
    assert run("apply", "--yes").code == 0
    told = b"".join(each.raw for each in tenant.webhooks("crm"))
    assert len(tenant.webhooks("crm")) == 2
    assert b"CUST" not in told
    assert b"+1212" not in told
    assert b'"c-' not in told
