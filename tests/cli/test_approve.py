"""A plan is applied once the people have approved it whom the operator's file names, and not before.

The keys are real ones of `ssh-keygen`, made for the tests.
"""

from __future__ import annotations

import io
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

import pytest

from reconciler.cli.signing_key import find_signing_key
from reconciler.ledger.ssh_signatures import NoSigner, SshKeygen, read_signature
from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder
from tests.made_once import MadeOnce
from tests.ssh_keys import Keys, needs_ssh
from tests.test_output_schemas import problems

Run = Callable[..., Ended]

COMMIT = "0123456789abcdef0123456789abcdef01234567"
POLICY = """
apiVersion: cxone.reconciler/v1
kind: Floor
metadata: {name: operator}
spec:
  approvals:
    requirements:
      - {when: {kinds: [Campaign]}, needs: {count: 2, group: dialling}}
    groups: {dialling: [ana, bo, cy]}
    allowedSigners: signers
    users: {ana-k: ana, bo-h: bo}
    reviews: {trusted: true}
    notOnlyAuthor: true
"""


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeOnce]:
    """The tenant and the workspace that the tests share."""
    shared = MadeOnce(tmp_path_factory.mktemp("once"))
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def tenant(once: MadeOnce) -> Simulator:
    return once.tenant


@pytest.fixture
def folder(once: MadeOnce, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return once.empty(monkeypatch)


@pytest.fixture
def operator(tmp_path_factory: pytest.TempPathFactory, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The operator's folder, out of the workspace: its file, and whose each key is."""
    home = tmp_path_factory.getbasetemp() / "operator"
    home.mkdir(exist_ok=True)
    (home / "floor.yaml").write_text(POLICY, encoding="utf-8")
    lines = {"ana": "ana-key", "bo": "bo-key", "cy": "cy-key"}
    (home / "signers").write_text(keys.signers(**lines) + keys.signers(ana="ana-other"), encoding="utf-8")
    monkeypatch.setenv("RECONCILER_FLOOR", str(home / "floor.yaml"))
    monkeypatch.setenv("RECONCILER_COMMIT", COMMIT)
    monkeypatch.setenv("RECONCILER_AUTHOR", "ana-k")
    return home


@pytest.fixture
def saved(once: MadeOnce, tenant: Simulator, folder: Folder, operator: Path, run: Run) -> Path:
    """A saved plan of two lists and two campaigns, that two people must approve."""
    path = folder.root / "a.plan"

    def make() -> None:
        scene.whole(tenant, folder)
        planned = run("plan", "--out", str(path))
        assert planned.code == 0, planned.said
        assert "Needs 2 approvals before it is applied" in planned.out

    once.made(make)
    tenant.clear_requests()
    return path


class Terminal(io.StringIO):
    """A terminal at which somebody has typed something."""

    def isatty(self) -> bool:
        return True


def reviews(folder: Path, state: str = "APPROVED", commit: str = COMMIT, user: str = "bo-h") -> Path:
    path = folder / "reviews.json"
    path.write_text(json.dumps([{"user": {"login": user}, "state": state, "commit_id": commit}]), encoding="utf-8")
    return path


def listed(run: Run, saved: Path, *more: str) -> tuple[int, dict[str, object]]:
    ended = run("approve", "--list", str(saved), "--format", "json", *more)
    document = json.loads(ended.out)
    assert problems(document, "approvals.json") == []
    return ended.code, document


@needs_ssh
class TestApproving:
    def test_a_plan_is_applied_when_two_people_have_approved_it_and_the_audit_record_says_who(
        self, tenant: Simulator, saved: Path, run: Run, keys: Keys, tmp_path: Path
    ) -> None:
        refused = run("apply", str(saved))
        assert refused.code == 3
        assert "error[not-approved]" in refused.err
        assert "2 of group dialling must approve, 0 did; still to be asked: ana, bo, cy" in refused.err
        assert "reconciler approve FILE" in refused.err
        signed = run("approve", str(saved), "--key", str(keys.private("ana-key")), "--yes")
        assert signed.code == 0, signed.said
        assert "blast radius" in signed.out
        assert "approved by ana" in signed.out
        assert "still to be asked: bo, cy" in signed.out
        # the same person with another key is no second one
        assert run("approve", str(saved), "--key", str(keys.private("ana-other")), "--yes").code == 0
        assert listed(run, saved)[0] == 3
        assert run("apply", str(saved)).code == 3
        for state, commit, user in (
            ("CHANGES_REQUESTED", COMMIT, "bo-h"),
            ("APPROVED", "f" * 40, "bo-h"),
            ("APPROVED", COMMIT, "eve"),
        ):
            assert run("apply", str(saved), "--reviews", str(reviews(tmp_path, state, commit, user))).code == 3
        assert not tenant.requests().writes()
        code, document = listed(run, saved, "--reviews", str(reviews(tmp_path)))
        assert (code, document["approved"]) == (0, True)
        applied = run("apply", str(saved), "--reviews", str(reviews(tmp_path)))
        assert applied.code == 0, applied.err
        assert len(scene.members(tenant, "High")) == 30
        log = run("audit", "log")
        assert "needed 2 of group dialling" in log.out
        assert "approved by ana (signature of SHA256:" in log.out
        assert "approved by bo (review of bo-h)" in log.out
        document = json.loads(run("audit", "log", "--format", "json").out)
        assert problems(document, "audit-log.json") == []
        (one,) = document["runs"]
        assert [each["principals"] for each in one["approvals"]["given"]] == [["ana"], ["ana"], ["bo"]]
        assert run("audit", "verify").code == 0
        for said in (signed, applied, log, refused):
            assert str(keys.folder) not in said.said

    def test_approvals_travel_beside_the_plan_or_in_the_ledger(self, saved: Path, run: Run, keys: Keys) -> None:
        for name in ("bo-key", "cy-key"):
            assert run("approve", str(saved), "--key", str(keys.private(name)), "--yes").code == 0
        beside, kept = saved.with_name("a.plan.approvals"), saved.parent / ".reconciler" / "approvals"
        hidden = kept.rename(kept.with_name("hidden"))
        assert listed(run, saved)[0] == 0
        rmtree(beside)
        assert listed(run, saved)[0] == 3
        rmtree(kept, ignore_errors=True)
        hidden.rename(kept)
        assert run("apply", str(saved)).code == 0

    @pytest.mark.matrix(instead="test_a_plan_is_applied_when_two_people_have_approved_it_and_the_audit_record_says_who")
    def test_what_would_not_count_is_not_kept(self, saved: Path, run: Run, keys: Keys) -> None:
        refused = run("approve", str(saved), "--key", str(keys.private("eve-key")), "--as", "bo", "--yes")
        assert refused.code == 3
        assert "the allowed-signers file does not have the key" in refused.err
        assert not saved.with_name("a.plan.approvals").exists()
        assert not (saved.parent / ".reconciler" / "approvals").exists()
        missing = run("approve", str(saved), "--key", "/nowhere/a-name-of-a-key", "--yes")
        assert missing.code == 1
        assert "a-name-of-a-key" not in missing.said

    def test_whoever_is_not_there_to_be_asked_says_yes_ahead_and_whoever_is_types_the_word(
        self, saved: Path, run: Run, keys: Keys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ended = run("approve", str(saved), "--key", str(keys.private("bo-key")))
        assert ended.code == 64
        assert "pass --yes" in ended.err
        for typed, words in (("yes\n", "Nothing was signed."), ("approve\n", "approved by bo")):
            assert not saved.with_name("a.plan.approvals").exists()
            monkeypatch.setattr("sys.stdin", Terminal(typed))
            answered = run("approve", str(saved), "--key", str(keys.private("bo-key")))
            assert answered.code == 0
            assert words in answered.out
        assert saved.with_name("a.plan.approvals").exists()

    @pytest.mark.matrix(instead="test_a_plan_is_applied_when_two_people_have_approved_it_and_the_audit_record_says_who")
    def test_who_wrote_the_change_and_who_is_not_known_do_not_approve_alone(
        self, saved: Path, operator: Path, run: Run, keys: Keys, folder: Folder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = POLICY.replace("count: 2", "count: 1")
        (operator / "floor.yaml").write_text(one, encoding="utf-8")
        assert run("plan", "--out", str(saved)).code == 0
        assert run("approve", str(saved), "--key", str(keys.private("ana-key")), "--yes").code == 0
        alone = run("apply", str(saved))
        assert alone.code == 3
        assert "only the author of the change approved (ana)" in alone.err
        monkeypatch.delenv("RECONCILER_AUTHOR")
        assert run("plan", "--out", str(saved)).code == 0
        assert run("approve", str(saved), "--key", str(keys.private("bo-key")), "--yes").code == 0
        unknown = run("apply", str(saved))
        assert unknown.code == 3
        assert "it is not known who of its people wrote the change" in unknown.err
        monkeypatch.setenv("RECONCILER_AUTHOR", "ana-k")
        assert run("plan", "--out", str(saved)).code == 0
        assert run("apply", str(saved)).code == 0

    def test_without_a_saved_plan_nobody_is_asked_what_is_refused_anyway(
        self, tenant: Simulator, saved: Path, run: Run
    ) -> None:
        for words in (["--yes"], []):
            refused = run("apply", *words)
            assert refused.code == 3, refused.said
            assert "error[not-approved]" in refused.err
        assert not tenant.requests().writes()

    def test_a_plan_of_another_workspace_or_policy_and_one_that_is_blocked_or_too_old_is_not_signed(
        self, saved: Path, run: Run, keys: Keys, folder: Folder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = ["--key", str(keys.private("bo-key")), "--yes"]
        other = folder.root / "workspace.yaml"
        text = other.read_text(encoding="utf-8")
        other.write_text(text.replace("name: test", "name: other"), encoding="utf-8")
        stale = run("approve", str(saved), *key)
        assert stale.code == 4
        assert "workspace other" in stale.err
        other.write_text(text.replace("asOf", "limits: {removals: 0}\n  asOf"), encoding="utf-8")
        run("plan", "--out", str(saved))
        blocked = run("approve", str(saved), *key)
        assert blocked.code == 3
        assert "LIM-REMOVALS" in blocked.err
        other.write_text(text, encoding="utf-8")
        assert run("plan", "--out", str(saved)).code == 0
        with monkeypatch.context() as context:
            context.setattr("reconciler.cli.approve.read_clock", lambda: datetime(2027, 1, 6, tzinfo=UTC))
            late = run("approve", str(saved), *key)
        assert late.code == 4
        assert "the plan is good no longer" in late.err
        monkeypatch.delenv("RECONCILER_FLOOR")
        without = run("approve", str(saved), *key)
        assert without.code == 4
        assert "approvals of groups in Floor/operator, which is not given here" in without.err
        assert not saved.with_name("a.plan.approvals").exists()

    def test_a_run_that_is_resumed_is_checked_again(
        self, tenant: Simulator, saved: Path, operator: Path, run: Run, keys: Keys
    ) -> None:
        for name in ("bo-key", "cy-key"):
            assert run("approve", str(saved), "--key", str(keys.private(name)), "--yes").code == 0
        rmtree(saved.parent / ".reconciler" / "approvals")  # those of another machine came beside the plan
        saved.with_name("a.plan.approvals").joinpath("other.json").write_text("no approval", encoding="utf-8")
        tenant.faults.add("status", method="POST", path="contacts$", status=403, times=None)
        assert run("apply", str(saved)).code in (1, 5)
        tenant.faults.clear()
        rmtree(saved.with_name("a.plan.approvals"))
        signers = (operator / "signers").read_text(encoding="utf-8")
        left = "".join(line for line in signers.splitlines(keepends=True) if not line.startswith("cy "))
        (operator / "signers").write_text(left, encoding="utf-8")
        tenant.clear_requests()
        refused = run("apply", "--resume")
        assert refused.code == 3
        assert "1 did (bo approved); still to be asked: ana, cy" in refused.err
        assert "nothing more was written" in refused.err
        assert not tenant.requests().writes()
        (operator / "signers").write_text(signers, encoding="utf-8")
        resumed = run("apply", "--resume")
        assert resumed.code == 0, resumed.err
        assert run("audit", "log").out.count("approved by cy") == 1
        kept = saved.parent / ".reconciler" / "approvals"
        assert [len(each.read_text(encoding="utf-8").splitlines()) for each in kept.iterdir()] == [2]


@needs_ssh
def test_the_key_is_the_one_named_else_gits_else_the_only_one_of_an_agent(
    keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gitconfig"
    environ = {"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_SYSTEM": "/dev/null"}
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoSigner):
        find_signing_key(None, environ, tmp_path)
    path = keys.private("ana-key")
    assert find_signing_key(path, environ, tmp_path) == path
    config.write_text(f"[user]\n\tsigningkey = {path}\n", encoding="utf-8")
    with pytest.raises(NoSigner):  # it is the name of a key of another kind
        find_signing_key(None, environ, tmp_path)
    config.write_text(f"[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = {path}\n", encoding="utf-8")
    assert find_signing_key(None, environ, tmp_path) == path
    for literal in (keys.public("ana-key"), f"key::{keys.public('ana-key')}"):
        config.write_text(f"[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = {literal}\n", encoding="utf-8")
        found = find_signing_key(None, environ, tmp_path)
        assert found.read_text(encoding="utf-8").strip() == keys.public("ana-key")


@needs_ssh
def test_a_key_that_only_an_agent_has_signs_and_of_several_it_must_be_said_which(keys: Keys, tmp_path: Path) -> None:
    socket = tmp_path.parent / "a"  # a short path: that of a socket may have 107 characters
    environ = {
        "PATH": "/usr/bin:/bin",
        "SSH_AUTH_SOCK": str(socket),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "HOME": "/nowhere",
    }
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL) as agent:
        try:
            for _ in range(500):
                if socket.exists():
                    break
                time.sleep(0.01)
            with pytest.raises(NoSigner):
                find_signing_key(None, environ, tmp_path)
            _add_to_agent(keys.private("only-agent"), environ)
            found = find_signing_key(None, environ, tmp_path)
            signature = SshKeygen(tmp_path / "scratch", environ).sign(b"message", found)
            assert f"ssh-ed25519 {read_signature(signature).blob}" == keys.public("only-agent")
            _add_to_agent(keys.private("another"), environ)
            with pytest.raises(NoSigner, match="which key"):
                find_signing_key(None, environ, tmp_path)
        finally:
            agent.terminate()


def _add_to_agent(key: Path, environ: dict[str, str]) -> None:
    subprocess.run(["ssh-add", "-q", str(key)], check=True, env=environ, stdin=subprocess.DEVNULL)
