"""The clients of NICE's API that `.ci/nice-clients` installs, and how they are run."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.surfaces.nice.login import APPLICATION, CLUSTER

ROOT = Path(__file__).parents[3]
FOLDER = Path(os.environ.get("RECONCILER_NICE_CLIENTS") or ROOT / ".nice-clients")


def find_program(name: str) -> Path:
    """Where a program of theirs is; without it the test is skipped, and in CI fails."""
    found = FOLDER / "bin" / name
    if (FOLDER / "installed.txt").exists() and found.exists():
        return found
    why = "the clients of NICE's API are not at hand: .ci/nice-clients installs them"
    if os.environ.get("RECONCILER_CI"):
        pytest.fail(why)
    pytest.skip(why)


def run_program(tenant: Simulator, name: str, *words: object, where: Path) -> subprocess.CompletedProcess[str]:
    """A program of theirs as it is, with a home of its own, and with nothing but what the tenant says a client needs."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(where), "LANG": "C.UTF-8", **tenant.proxy_environment()}
    told = [str(find_program(name)), *(str(word) for word in words)]
    ended = subprocess.run(told, cwd=where, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended


def sync_tap(tenant: Simulator, where: Path, **config: Any) -> dict[str, list[Mapping[str, Any]]]:
    """Sync all streams of tap-nice-incontact that it discovers: of each its records."""
    config = {
        "api_key": tenant.options.client_id,
        "api_secret": tenant.options.client_secret,
        "api_cluster": CLUSTER,
        "user_agent": "somebody else's",
        **config,
    }
    (where / "config.json").write_text(json.dumps(config), encoding="utf-8")
    catalog = json.loads(run_program(tenant, "tap-nice-incontact", "-c", "config.json", "-d", where=where).stdout)
    for stream in catalog["streams"]:
        next(each for each in stream["metadata"] if not each["breadcrumb"])["metadata"]["selected"] = True
    (where / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
    told = ("-c", "config.json", "--catalog", "catalog.json")
    lines = run_program(tenant, "tap-nice-incontact", *told, where=where).stdout.splitlines()
    found: dict[str, list[Mapping[str, Any]]] = {}
    for line in map(json.loads, lines):
        if line["type"] == "SCHEMA":
            found.setdefault(line["stream"], [])
        if line["type"] == "RECORD":
            found[line["stream"]].append(line["record"])
    return found


CALLS = """
import json, sys
from NicePy import Adherence, Agents, Contacts, Dispositions
start, end, contact = sys.argv[1:]
agents = Agents.GetAgents()
told = {
    "agents": agents,
    "inactive": Agents.GetInactiveAgents(),
    "by login": Agents.AgentByLogin(agents, "ben@example.com"),
    "by id": Agents.AgentByUUID(agents, agents[0]["userId"]),
    "assignments": Agents.GetAgentSkillAssignments(),
    "states": Agents.GetAgentStates(),
    "dispositions": Dispositions.GetDispositions(),
    "completed": list(Contacts.GetCompletedContacts(start, end, MaxIteration=2, MediaTypeId=4)),
    "details": Contacts.GetContactDetails(contact),
    "many details": Contacts.GetMultiContactDetails([contact, contact], threadCount=2),
    "contact states": Contacts.GetContactStates(contact),
    "many states": Contacts.GetMultiContactStateHistory([contact], threadCount=1),
    "final": Contacts.IsFinalContact(contact),
    "recording": Contacts.GetRecordingURL(contact),
    "fetched": Contacts.Fetch_Recording(contact).hex(),
    "adherence": Adherence.GetAdherenceData(),
}
try:
    Contacts.GetRecordingURL("1")
except Exception as error:
    told["no recording"] = str(error)
print(json.dumps(told, default=str))
"""
"""All of nicepy's calls. What it makes of a recording with ffmpeg is no call."""


def call_nicepy(tenant: Simulator, where: Path, start: str, end: str, contact: int) -> dict[str, Any]:
    """Make all of nicepy's calls: what each gives."""
    config = {
        "client_id": APPLICATION[0],
        "client_secret": APPLICATION[1],
        "username": tenant.options.client_id,
        "password": tenant.options.client_secret,
    }
    (where / "nicepy_config.json").write_text(json.dumps(config), encoding="utf-8")
    ended = run_program(tenant, "python", "-c", CALLS, start, end, contact, where=where)
    told: dict[str, Any] = json.loads(ended.stdout)
    return told
