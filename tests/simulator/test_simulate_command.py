"""Does `reconciler simulate` run a tenant until it is told to stop?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reconciler.cli.simulate import simulate
from reconciler.simulator import Simulator
from reconciler.simulator.salesforce_org import Organisation

ROOT = Path(__file__).parents[2]


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> list[Simulator]:
    """The tenants that ran; each is interrupted as soon as it is up."""
    ran: list[Simulator] = []

    def wait(tenant: Simulator) -> None:
        ran.append(tenant)
        raise KeyboardInterrupt

    monkeypatch.setattr(Simulator, "wait", wait)
    return ran


def _run(*arguments: Any) -> Any:
    return CliRunner().invoke(simulate, ["--port", "0", *map(str, arguments)])


def test_it_says_where_it_is_and_what_a_client_needs(interrupted: list[Simulator]) -> None:
    result = _run("--client-id", "me", "--rate", "5", "--deny-scope", "lists:write", "--job-seconds", "2")
    assert result.exit_code == 0
    assert f"{interrupted[0].url}/outbound/api/v2" in result.output
    assert "export CXONE_CLIENT_ID=me" in result.output
    assert result.output.splitlines()[-1].startswith("Stopped after 0 requests")
    assert interrupted[0].options.denied_scopes == {"lists:write"}
    assert (interrupted[0].options.rate, interrupted[0].options.jobs.seconds) == (5, 2)
    assert f"ws{interrupted[0].url[4:]}/bulk/api/v2/events" in result.output


def test_the_pace_of_dispositions_is_told(interrupted: list[Simulator]) -> None:
    assert "  dispositions  http" in _run("--campaign-rate", "100").output
    _run("--campaign-rate", "0")
    _run()
    assert [tenant.options.dispositions.rate for tenant in interrupted] == [100, None, 10]


def test_it_loads_the_demonstration_tenant(interrupted: list[Simulator]) -> None:
    assert "20,000 contacts" in _run("--demo", "--as-of", "2026-03-01T08:00:00Z").output
    assert interrupted[0].store.campaign_named("History - high")


def test_it_loads_files_and_lists_everybody(interrupted: list[Simulator], tmp_path: Path) -> None:
    contacts, interactions = tmp_path / "contacts.csv", tmp_path / "interactions.csv"
    contacts.write_text("id\n01\n02\n", encoding="utf-8")
    interactions.write_text("id,startTime,contactId\nI1,2026-01-01T00:00:00Z,03\n", encoding="utf-8")
    _run("--contacts", contacts, "--interactions", interactions, "--list-of-all", "All")
    assert list(interrupted[0].store.list_named("All").members) == ["01", "02"]
    _run("--interactions", interactions, "--list-of-all", "All")
    assert list(interrupted[1].store.list_named("All").members) == ["03"]


@pytest.mark.parametrize("moment", ["yesterday", "2026-03-01T08:00:00"])
def test_a_time_without_a_zone_is_a_usage_error(moment: str) -> None:
    result = _run("--demo", "--as-of", moment)
    assert result.exit_code == 2
    assert "with a zone" in result.output


def test_a_file_that_cannot_be_read_is_an_error_of_one_line(tmp_path: Path) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text("name\nAnn\n", encoding="utf-8")
    result = _run("--contacts", file)
    assert (result.exit_code, result.output) == (1, "Error: contacts.csv: has no column id, only name\n")


def test_ctrl_c_ends_it_with_one_line() -> None:
    command = [sys.executable, "-W", "error", "-c", "from reconciler.cli.simulate import simulate; simulate()"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*command, "--port", "0"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        while "Ctrl-C" not in (line := running.stdout.readline()):
            assert line
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=5)
    assert (running.returncode, errors) == (0, "")
    assert output == "Stopped after 0 requests; nothing was saved.\n"


def test_it_loads_records_of_salesforce(interrupted: list[Simulator], tmp_path: Path) -> None:
    records = tmp_path / "records.json"
    records.write_text('{"Lead": [{"Id": "1"}, {"Id": "2"}]}', encoding="utf-8")
    result = _run("--salesforce", records)
    assert result.exit_code == 0, result.output
    assert f"{interrupted[0].url}/services/data/v58.0" in result.output
    assert len(interrupted[0].store.part(Organisation).objects["Lead"]) == 2


@pytest.mark.parametrize("content", ["[]", '{"Lead": {}}', '{"Lead": ["x"]}', "{"])
def test_it_refuses_records_that_are_none(interrupted: list[Simulator], tmp_path: Path, content: str) -> None:
    records = tmp_path / "records.json"
    records.write_text(content, encoding="utf-8")
    result = _run("--salesforce", records)
    assert result.exit_code == 1
    assert "records.json: " in result.output
    assert not interrupted


def test_it_answers_as_nices_published_api_alone(interrupted: list[Simulator]) -> None:
    output = _run("--nice").output
    (tenant,) = interrupted
    assert set(tenant.surfaces) == {"nice"}
    assert f"{tenant.url}/nice/authentication/v1/token/access-key" in output
    assert "/outbound/" not in output
    assert "--var" not in output
