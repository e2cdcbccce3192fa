"""Does watching for drift tell each difference once, and stop cleanly?"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from reconciler.cli import drift, drift_watch
from reconciler.model.errors import ReconcilerError
from reconciler.model.plan import Plan
from reconciler.model.selection import EVERYTHING
from reconciler.simulator import Simulator
from tests.conftest import Ended, Folder, manifest
from tests.test_output_schemas import problems

Run = Callable[..., Ended]


def test_each_round_tells_what_is_new_and_counts_what_stands(
    tenant: Simulator, folder: Folder, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.write("a.yaml", manifest("ContactList", "a", "name: A\ndescription: mine"))
    assert run("apply", "--yes").code == 0
    (held,) = tenant.store.lists.values()
    stop = threading.Event()
    rounds: list[Callable[[], Any]] = [
        lambda: None,
        lambda: setattr(held, "description", "theirs (managed-by: reconciler/test)"),
        lambda: folder.write("b.yaml", manifest("ContactList", "b", "name: B")),
        lambda: (_ for _ in ()).throw(ReconcilerError("the tenant is away")),
        lambda: [setattr(held, "description", "mine (managed-by: reconciler/test)"), stop.set()],  # type: ignore[func-returns-value]
    ]
    chosen: dict[str, Any] = {"root": folder.root, "variables": {}, "variable_files": (), "environment": None}
    chosen |= {"floors": (), "tenant": None, "as_of": None}

    def look() -> Plan:
        rounds.pop(0)()
        return drift._look(chosen, refresh=False, selection=EVERYTHING)

    capsys.readouterr()
    assert drift_watch.watch(timedelta(milliseconds=1), look, "json", stop) == 2
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [problems(each, "drift-round.json") for each in lines] == [[]] * 5
    assert problems({**lines[0], "error": "both"}, "drift-round.json")
    changed = {"address": "ContactList/a", "field": "description", "what": "update", "cause": "tenant"}
    made = {"address": "ContactList/b", "field": None, "what": "create", "cause": "manifest"}
    assert [(each.get("new"), each.get("standing"), each.get("gone"), each.get("error")) for each in lines] == [
        ([], 0, 0, None),
        ([changed], 0, 0, None),
        ([made], 1, 0, None),
        (None, None, None, "error"),
        ([], 1, 1, None),
    ]
    for wrong in (
        ("--watch", "now"),
        ("--watch", "0s"),
        ("--watch", "1h", "--adopt"),
        ("--watch", "1h", "--format", "html"),
    ):
        assert run("drift", *wrong).code == 64, wrong


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("during", ["a round", "the wait"])
def test_a_signal_ends_it_after_the_round_and_the_exit_code_is_that_rounds(
    tenant: Simulator, folder: Folder, capsys: pytest.CaptureFixture[str], number: signal.Signals, during: str
) -> None:
    folder.write("a.yaml", manifest("ContactList", "a", "name: A"))
    chosen: dict[str, Any] = {"root": folder.root, "variables": {}, "variable_files": (), "environment": None}
    chosen |= {"floors": (), "tenant": None, "as_of": None}
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    waits = threading.Timer(0.3, os.kill, (os.getpid(), number))
    looked = []

    def look() -> Plan:
        looked.append(1)
        if during == "a round":
            os.kill(os.getpid(), number)  # what it found is told all the same
        found = drift._look(chosen, refresh=False, selection=EVERYTHING)
        if during == "the wait":
            waits.start()
        return found

    assert drift_watch.watch(timedelta(days=1), look, "json") == 2
    captured = capsys.readouterr()
    (line,) = [json.loads(each) for each in captured.out.splitlines()]
    assert ([each["what"] for each in line["new"]], len(looked)) == (["create"], 1)
    assert "Stopping" in captured.err
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_a_value_that_the_tenant_filled_in_is_told_from_one_that_somebody_changed(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    folder.write("a.yaml", manifest("ContactList", "a", "name: A"))
    assert run("apply", "--yes").code == 0
    (held,) = tenant.store.lists.values()
    held.description = "filled in (managed-by: reconciler/test)"
    folder.write("a.yaml", manifest("ContactList", "a", "name: A\ndescription: said now"))
    causes = json.loads(run("drift", "--format", "json").out)["causes"]["objects"]["ContactList/a"]
    assert causes == {"cause": "vendor_default", "fields": {"description": "vendor_default"}}
    assert "the tenant filled it in, no apply has set it" in run("drift").out
