"""Are the contacts that are pending retry counted, list by list?"""

from __future__ import annotations

import json

import click
import pytest

from reconciler.cli import reconciler
from reconciler.model.pending_count import PendingCount
from reconciler.model.run_target import Meant
from reconciler.views import pending

MEANT = Meant("calls", "eu")


def test_each_reason_is_told_with_its_count_and_how_often_it_was_tried() -> None:
    counted = [PendingCount("VIP", "rejected", 1, "BAD_PHONE", 1200), PendingCount("VIP", "deferred", 3, "BUSY", 2)]
    assert pending.text(counted, MEANT).plain.splitlines() == [
        "Tenant eu, workspace calls:",
        "    1,200  VIP: rejected once: BAD_PHONE",
        "        2  VIP: deferred 3 times: BUSY",
    ]
    document = json.loads(pending.machine(counted, MEANT))
    assert [each["contacts"] for each in document["pending"]] == [1200, 2]
    assert document["tenant"] == "eu"


def test_nobody_pending_is_said_as_that() -> None:
    assert pending.text([], MEANT).plain.endswith("No contact is pending retry.")
    assert json.loads(pending.machine([], MEANT))["pending"] == []


def test_the_command_answers_to_its_earlier_name_with_a_notice(capsys: pytest.CaptureFixture[str]) -> None:
    command = reconciler.get_command(click.Context(reconciler), "owed")
    assert command is not None
    assert command.name == "pending"
    assert capsys.readouterr().err == "Notice: `owed` is now `pending`\n"
    assert "owed" not in reconciler.list_commands(click.Context(reconciler))
