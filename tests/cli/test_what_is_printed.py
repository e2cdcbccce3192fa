"""Is everything that is printed or left behind readable by those it is meant for, and by nobody else?"""

from __future__ import annotations

import json
import re
import socket
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import run as run_program
from reconciler.model.plan_json import document_digest
from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]


@pytest.mark.matrix(instead="test_drift_tells_a_tenant_that_was_changed_by_hand")
def test_detailed_exit_codes_tell_changes_from_none(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.whole(tenant, folder)
    assert run("plan").code == 0
    assert run("plan", "--detailed-exitcode").code == 2
    assert run("apply", "--yes").code == 0
    assert run("plan", "--detailed-exitcode").code == 0


def test_drift_tells_a_tenant_that_was_changed_by_hand(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.whole(tenant, folder)
    assert run("apply", "--yes").code == 0
    tenant.clear_requests()
    still = run("drift")
    assert still.code == 0
    assert "No changes" in still.out
    tenant.store.change_campaign(tenant.store.campaign_named("Evening"), abandonThreshold=9.0)
    moved = run("drift")
    assert moved.code == 2
    assert "abandonThreshold: 9 → 3" in moved.out
    document = json.loads(run("drift", "--format", "json").out)
    assert [each["address"] for each in document["order"]] == ["Campaign/evening"]
    assert not tenant.requests().writes()


def test_drift_tells_what_is_declared_no_more(tenant: Simulator, folder: Folder, run: Run) -> None:
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    assert run("apply", "--yes").code == 0
    folder.write("list.yaml", manifest("ContactList", "gold", "name: Gold"))
    moved = run("drift")
    assert moved.code == 2
    assert 'ContactList "VIP": dials nobody' in moved.out


def test_a_plan_as_json_has_the_shape_that_policy_tools_know(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.whole(tenant, folder)
    ended = run("plan", "--format", "json")
    assert ended.code == 0
    document = json.loads(ended.out)
    assert document["format_version"] == "2.0"
    assert document["digest"] == document_digest(document)
    actions = {each["address"]: each["change"]["actions"] for each in document["resource_changes"]}
    assert actions["ContactList/chosen"] == ["create"]
    assert actions["Campaign/morning"] == ["update"]
    assert actions["ContactList/high"] == ["no-op"]
    for each in document["resource_changes"]:
        assert {"address", "mode", "type", "name", "change"} <= each.keys()
        change = each["change"]
        assert {"before", "after", "after_unknown", "before_sensitive", "after_sensitive"} <= change.keys()
        assert (change["before"] is None) == (change["actions"] == ["create"])
    (rows,) = [each for each in document["row_changes"] if each["list"] == "High"]
    assert (rows["live"], rows["adds"], rows["updates"], rows["removes"]) == (28, 6, 4, 4)


@pytest.mark.matrix(instead="test_an_apply_that_is_refused_prints_no_half_document")
def test_an_apply_as_json_is_one_document_on_standard_output(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.whole(tenant, folder)
    document = json.loads(run("apply", "--yes", "--format", "json").out)
    assert document["exit_code"] == 0
    assert {each["outcome"] for each in document["steps"]} == {"done"}
    assert document["writes"] == len(tenant.requests().writes())
    nothing = run("apply", "--yes", "--format", "json")
    assert nothing.code == 0
    assert json.loads(nothing.out)["steps"] == []


def test_an_apply_that_is_refused_prints_no_half_document(tenant: Simulator, folder: Folder, run: Run) -> None:
    tenant.store.add_list("VIP", description="(managed-by: reconciler/others)")
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    folder.write("other.yaml", manifest("ContactList", "gold", "name: Gold"))
    ended = run("apply", "--yes", "--format", "json")
    assert ended.code == 3
    assert json.loads(ended.out)["error"]["code"] == "refused"


def _texts(root: Path) -> dict[str, str]:
    """Everything below a folder that is meant to be read by people: the ledger's own records are not."""
    found = {}
    for path in root.rglob("*"):
        if path.is_file() and path.suffix not in (".yaml", ".parquet"):
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    found[str(path)] = archive.read("plan.json").decode()
            elif path.name not in ("token.key", "plan.key"):
                # what is sealed is no text: whatever of it could be read is looked at
                found[str(path)] = path.read_text(errors="replace")
    return found


def test_no_contact_no_phone_and_no_secret_is_in_anything_that_is_shown(
    tenant: Simulator, folder: Folder, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    scene.whole(tenant, folder)
    root, out = str(folder.root), str(folder.root / "a.plan")
    tenant.faults.add("rate-limited", method="POST", path="contacts$", seconds=0.01)
    tenant.faults.add("status", method="GET", path="contacts$", status=503)
    commands = [
        ["--debug", "validate", "-w", root],
        ["--debug", "plan", "-w", root, "--out", out],
        ["plan", "-w", root, "--format", "json"],
        ["show", out],
        ["show", out, "--format", "json"],
        ["--debug", "apply", out, "-w", root],
        ["apply", "--resume", "-w", root],
        ["apply", "--yes", "--format", "json", "-w", root],
        ["drift", "-w", root],
        ["audit", "verify", "-w", root],
    ]
    printed = {}
    with caplog.at_level("DEBUG"):
        for command in commands:
            run_program(command)
            printed[" ".join(command)] = "".join(capsys.readouterr())
        # and what goes wrong: rejected contacts, refused calls, a plan that went stale
        tenant.store.change_contact(scene.contact(99), status="ARCHIVED")
        tenant.store.drop_members(tenant.store.list_named("Chosen"), [scene.contact(98)])
        for status in (400, 401, 403, 404, 409, 413, 500):
            tenant.faults.add("status", path="contacts$", status=status, times=None)
            for command in (["--debug", "apply", "--yes", "-w", root], ["plan", "-w", root]):
                run_program(command)
                printed[f"{status} {command}"] = "".join(capsys.readouterr())
            tenant.faults.clear()
    printed["the log"] = caplog.text
    secrets = [tenant.options.client_secret, "Bearer ", (folder.root / ".reconciler" / "token.key").read_text()]
    texts = printed | {name: text for name, text in _texts(folder.root).items() if "journal" not in name}
    assert any("plan.json" in text or "resource_changes" in text for text in texts.values())
    for name, text in texts.items():
        assert not re.search(r"CUST\d{4}", text), f"a contact in {name}: {re.search('.*CUST.*', text)}"
        assert not re.search(r"212555\d{4}", text), f"a phone in {name}"
        for secret in secrets:
            assert secret not in text, f"a secret in {name}"


def test_everything_in_the_ledger_is_its_owners_alone(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.whole(tenant, folder)
    assert run("apply", "--yes").code == 0
    ledger = folder.root / ".reconciler"
    for path in [ledger, *ledger.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


ESCAPES = ["\x1b[2J\x1b[31mgone", "\x1b]0;title\x07", "\x9b31m", "\u202eevil", "line\rfeed", "\x1b[1A\x1b[2K"]


@pytest.mark.thin(1)
@pytest.mark.parametrize("name", ESCAPES)
def test_a_live_name_gives_no_orders_to_the_terminal(tenant: Simulator, folder: Folder, run: Run, name: str) -> None:
    scene.people(tenant, 5)
    tenant.store.add_list(f"{name} list", [scene.contact(1)], description=scene.MARK)
    tenant.store.add_list(f"Chosem{name}", description=scene.MARK)
    scene.live_campaign(tenant, f"{name} campaign", f"{name} list")
    scene.live_campaign(tenant, "Evening", f"{name} list", wrapUpCode=name, abandonThreshold=9.0)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: All customers"))
    scene.declare_campaign(folder)
    out = str(folder.root / "a.plan")
    printed = [run("plan", "--prune", "--out", out), run("apply", "--yes", "--prune"), run("drift")]
    scene.declare_source(folder, name="Chosem")
    folder.write("other.yaml", manifest("ContactList", "other", "name: Other"))
    spec = "source: all\nscore: engaged\nlists: {engaged: other}\ndelivery: {method: contactIds}"
    folder.write("segment.yaml", manifest("Segment", "chosen", spec))
    printed.append(run("plan"))
    for ended in printed:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", ended.out + ended.err), ended
    assert any("\\u" in ended.out + ended.err for ended in printed)


def test_validate_needs_no_network_and_no_credentials(
    folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.declare_segment(folder)
    scene.declare_campaign(folder)
    monkeypatch.delenv("CXONE_CLIENT_ID")
    monkeypatch.delenv("CXONE_CLIENT_SECRET")

    def blocked(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was asked for")

    monkeypatch.setattr(socket, "socket", blocked)
    monkeypatch.setattr(socket, "getaddrinfo", blocked)
    ended = run("validate")
    assert ended.code == 0
    assert "manifests are valid" in ended.out
    assert not (folder.root / ".reconciler").exists()


def test_validate_names_every_problem_and_exits_with_64(folder: Folder, run: Run) -> None:
    scene.declare_segment(folder)
    folder.write("score.yaml", manifest("ScoreModel", "engagd", "engagement: {threshold: 750}"))
    ended = run("validate")
    assert ended.code == 64
    assert "score.yaml:" in ended.err
    assert "segment.yaml:" in ended.err


def test_a_fault_of_the_program_is_told_without_a_traceback(
    folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))

    def broken(*_: Any) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("reconciler.flow.propose", broken)
    ended = run("plan")
    assert ended.code == 1
    assert "error[internal]: RuntimeError" in ended.err
    assert "secret of the house" not in ended.err
    assert "Traceback" not in ended.err
    assert sys.exc_info() == (None, None, None)
