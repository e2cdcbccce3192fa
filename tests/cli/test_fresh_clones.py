"""Jobs of a pipeline, each with a fresh clone, come to rest; and a ledger that remembers nothing is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import run as run_program
from reconciler.simulator import Simulator
from tests import delivery
from tests.conftest import AS_OF, Ended, Folder, manifest
from tests.operator import VARIABLE, bounds_file
from tests.s3 import S3
from tests.words import described

Clone = Callable[..., Ended]
NEW = "Notice: the ledger file://.reconciler is new, and a key for contacts' tokens was made in it."


@pytest.fixture
def clones(tenant: Simulator, folder: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Clone:
    """Ten contacts of a file, two of whom the tenant does not take; a command on a fresh clone of the workspace."""
    delivery.known(tenant, "listContacts", range(8))
    delivery.write_contacts(folder, range(10))
    delivery.declare(folder, tenant, "listContacts")
    count = iter(range(99))

    def run(*words: str) -> Ended:
        clone = tmp_path / f"clone-{next(count)}"
        shutil.copytree(folder.root, clone)
        capsys.readouterr()
        code = run_program([*words, "-w", str(clone)])
        printed = capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    return run


@pytest.fixture
def shared(folder: Folder, s3_here: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger is one that all clones share, and the operator allows it."""
    url = f"s3://{s3_here.bucket()}/team"
    monkeypatch.setenv(VARIABLE, str(bounds_file(tmp_path, hosts=["127.0.0.1"], places=[url])))
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\nledger: {{url: '{url}'}}"))


def document(ended: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended.out)
    return found


def change(ended: Ended) -> dict[str, Any]:
    (found,) = document(ended)["row_changes"]
    return dict(found)


@pytest.mark.usefixtures("shared")
@pytest.mark.matrix(instead="test_a_contact_is_offered_again_after_a_while_where_the_workspace_says_so")
def test_rejected_rows_are_pending_for_every_clone_until_their_rows_change(
    tenant: Simulator, folder: Folder, clones: Clone
) -> None:
    first = clones("apply", "--yes")
    assert first.code == 5
    assert "is new" not in first.err
    planned = clones("plan", "--detailed-exitcode", "--format", "json")
    assert planned.code == 0
    assert (change(planned)["adds"], change(planned)["pending"]) == (0, 2)
    assert document(planned)["verdict"]["counts"]["contacts_pending"] == 2
    assert document(planned)["ledger"]["new"] is False
    (words,) = [described(each) for each in change(planned)["pending_retry"]]
    assert words.startswith("rejected once, pending until its row changes: ")
    tenant.clear_requests()
    assert clones("apply", "--yes").code == 0
    assert not tenant.requests().writes()

    delivery.write_contacts(folder, range(10), silver={8})
    again = clones("plan", "--detailed-exitcode", "--format", "json")
    assert again.code == 2
    assert (change(again)["adds"], change(again)["pending"]) == (1, 1)
    assert [each["args"]["next"] for each in change(again)["pending_retry"]] == [
        "now_its_row_has_changed",
        "when_its_row_changes",
    ]
    assert clones("apply", "--yes").code in (1, 5)  # nothing else was to be written
    assert clones("plan", "--detailed-exitcode").code == 0

    delivery.known(tenant, "listContacts", range(10))
    delivery.write_contacts(folder, range(10), silver={9})
    taken = clones("apply", "--yes")
    assert taken.code == 0, taken.err
    assert len(delivery.on_list(tenant)) == 10
    assert clones("plan", "--detailed-exitcode").code == 0


@pytest.mark.usefixtures("shared")
def test_a_shared_ledger_names_contacts_by_the_same_tokens(clones: Clone) -> None:
    first, second = (clones("plan", "--format", "json") for _ in range(2))
    assert change(first)["samples"] == change(second)["samples"] != []
    made, known = (document(each)["ledger"]["made_key"] for each in (first, second))
    assert (made, known) == (True, False)
    assert "a key for contacts' tokens was made in the ledger s3://" in first.err
    assert "token" not in second.err


def test_a_clone_whose_ledger_is_new_says_what_that_means(clones: Clone) -> None:
    assert clones("apply", "--yes").code == 5
    second = clones("plan", "--detailed-exitcode", "--format", "json")
    assert second.code == 2
    assert change(second)["adds"] == 2
    assert NEW in second.err
    assert "keep it where all jobs find it (`ledger: {url: s3://…}`)" in second.err
    assert document(second)["ledger"] == {"url": "file://.reconciler", "new": True, "made_key": True}
    applied = clones("apply", "--yes", "--format", "json")
    assert applied.code in (1, 5)
    assert NEW in applied.err
    assert document(applied)["ledger"]["new"] is True


@pytest.mark.matrix(instead="test_a_clone_whose_ledger_is_new_says_what_that_means")
def test_a_key_of_the_environment_is_named_no_more(clones: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_TOKEN_KEY", "a" * 64)
    first, second = (clones("plan", "--format", "json") for _ in range(2))
    assert change(first)["samples"] == change(second)["samples"]
    assert "Notice: the ledger file://.reconciler is new. A pipeline" in first.err
    assert "RECONCILER_TOKEN_KEY" not in first.err
    assert document(first)["ledger"] == {"url": "file://.reconciler", "new": True, "made_key": False}


@pytest.mark.matrix(instead="test_a_clone_whose_ledger_is_new_says_what_that_means")
def test_a_folder_that_is_gone_on_with_is_not_new(folder: Folder, clones: Clone, run: Callable[..., Ended]) -> None:
    assert NEW in run("plan").err
    assert "is new" not in run("plan").err
    assert run("apply", "--yes").code == 5
    assert "is new" not in run("plan").err


def test_a_contact_is_offered_again_after_a_while_where_the_workspace_says_so(
    folder: Folder, clones: Clone, run: Callable[..., Ended]
) -> None:
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\nrejected: {{wait: 0s}}"))
    assert run("apply", "--yes").code == 5
    assert run("plan", "--detailed-exitcode").code == 2
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}"))
    assert run("plan", "--detailed-exitcode").code == 0
