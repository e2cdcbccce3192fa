"""What a plan, a report and a resumption count is what the tenant's own log shows, whatever goes wrong meanwhile.

Seeded courses: a way of delivery, how many contacts, how large chunks, which faults, and whether the run is resumed.
`RECONCILER_FUZZ=100` tries so many of them; without it a few are tried.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.request_log import Received
from tests.conftest import Ended, Folder
from tests.delivery import JOBS, METHODS, contact, declare, known, on_list, phone, write_contacts

MANY = int(os.environ.get("RECONCILER_FUZZ", "8"))
MESSAGES = {"SUBSCRIBE", "PING", "EVENT"}
"""What goes over an open socket: no requests."""

Run = Callable[..., Ended]

# what each way of delivery may meet; of some the tenant takes the rows later or in parts, of others never
FAULTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "any": [
        ("rate-limited", {"method": "POST", "seconds": 0.01}),
        ("status", {"method": "POST", "status": 503}),
        ("reset-after", {"method": "POST", "path": "contacts$"}),
        ("cut-body", {"method": "GET"}),
        ("revoked-token", {"method": "POST"}),
    ],
    "contactIds": [("status", {"method": "POST", "path": "contacts$", "status": 413, "times": 2})],
    "listContacts": [("status", {"method": "POST", "path": "contacts$", "status": 400, "times": 3})],
    "bulkInsert": [
        ("fail-job", {"path": "bulkinsert"}),
        ("abort-job", {"path": "bulkinsert"}),
        ("reject-rows", {"path": "bulkinsert", "phone": r"0\d$", "times": None}),
        ("reset-after", {"path": "bulkinsert"}),
    ],
    "contactBatch": [
        ("fail-job", {"path": "batch$"}),
        ("reset-after", {"path": "batch$"}),
        ("reject-rows", {"path": "batch$", "external_id": r"C000[12]", "times": None}),
        ("status", {"method": "POST", "path": "/lists/.*/contacts$", "status": 413, "times": 2}),
    ],
}


@dataclass(frozen=True)
class Course:
    """One course.

    Attributes:
        stuck: whether the tenant fails altogether after a while, and the run is resumed.
        listens: whether jobs are told of over the event socket, whose handshake is a request.
    """

    method: str
    before: int
    after: int
    chunk: int
    faults: tuple[tuple[str, dict[str, Any]], ...]
    stuck: bool
    listens: bool

    def __str__(self) -> str:
        faults = "+".join(name for name, _ in self.faults) or "none"
        return f"{self.method}-{self.before}-{self.after}-by-{self.chunk}-{faults}{'-resumed' if self.stuck else ''}"


def course(seed: int) -> Course:
    """A course by its number; the first of each way are without faults."""
    draw = random.Random(seed)
    method = METHODS[seed % len(METHODS)]
    plain = seed < len(METHODS)
    possible = FAULTS["any"] + FAULTS[method]
    faults = () if plain else tuple(draw.sample(possible, draw.randint(1, 3)))
    before, after = draw.randint(0, 25), draw.randint(5, 40)
    stuck, listens = not plain and draw.random() < 0.5, draw.random() < 0.5
    return Course(method, before, after, draw.choice((3, 7, 10)), faults, stuck, listens)


@pytest.mark.thin(1)
@pytest.mark.parametrize("asked", [course(seed) for seed in range(MANY)], ids=str)
def test_what_is_counted_is_what_the_tenants_log_shows(
    asked: Course, tenant: Simulator, folder: Folder, run: Run
) -> None:
    people = range(40)
    known(tenant, asked.method, people)
    members = {contact(n): {"priority": 1, "contactId": contact(n)} for n in range(asked.before)}
    if asked.method not in ("contactIds", "listContacts"):
        tenant.store.add_contacts([{"id": contact(n), "phoneNumber": phone(n)} for n in range(asked.before)])
    mark = "(managed-by: reconciler/test)"
    tenant.store.add_list("Chosen", members, description=mark)
    shift = asked.before // 2  # some leave, some stay, some come
    write_contacts(folder, [n % 40 for n in range(shift, shift + asked.after)][:40])
    declare(folder, tenant, asked.method, chunk=asked.chunk, jobs="pollEvery: 1s" if asked.listens else JOBS)
    folder.write("workspace.yaml", WORKSPACE)

    saved = str(folder.root.parent / "x.plan")
    planned = run("plan", "--out", saved, "--format", "json")
    assert planned.code == 0, planned.err
    document = json.loads(planned.out)
    sent = requests(tenant)
    assert document["request_budget"]["reads"] == len(sent)
    assert not [each for each in sent if each.is_write]

    for name, settings in asked.faults:
        tenant.faults.add(name, **settings)
    if asked.stuck:
        tenant.faults.add("status", method="POST", path="(contacts|bulkinsert|batch)$", status=500, skip=1, times=None)
    tenant.clear_requests()
    first = json.loads(run("apply", saved, "--yes", "--format", "json").out)
    assert_counted(first, requests(tenant))
    if not asked.faults:
        assert first["writes"] == document["request_budget"]["writes"], "without faults the plan's count is exact"
    if asked.stuck and first["exit_code"] != 0:
        tenant.faults.clear()
        tenant.clear_requests()
        resumed = json.loads(run("apply", "--resume", "--yes", "--format", "json").out)
        assert_counted(resumed, requests(tenant))
        assert resumed["exit_code"] in (0, 5)
    if first["exit_code"] == 0:
        assert len(on_list(tenant)) == len({n % 40 for n in range(shift, shift + asked.after)})


WORKSPACE = """
apiVersion: cxone.reconciler/v1
kind: Workspace
metadata: {name: test}
spec: {asOf: 2026-07-01T00:00:00Z, limits: {removals: 100, updates: 100}}
"""


def requests(tenant: Simulator) -> list[Received]:
    """What arrived, without what goes over an open socket."""
    return [each for each in tenant.requests() if each.method not in MESSAGES]


def assert_counted(report: dict[str, Any], sent: list[Received]) -> None:
    """Whether a report counts what arrived."""
    assert report["writes"] == sum(each.is_write for each in sent)
    assert report["requests"] == len(sent)
