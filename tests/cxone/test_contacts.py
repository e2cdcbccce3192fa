"""Is a batch of contacts made once, and read as the tenant tells of it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.cxone.errors import BadReply, Invalid, NotFound, Unknown
from reconciler.cxone.transport import Transport
from reconciler.model.jobs import Job
from reconciler.simulator import Options, Simulator
from tests.cxone.conftest import Connect
from tests.cxone.jobs import batch, batch_job, transport_to
from tests.cxone.scripted import Answer, ScriptedTenant


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(Options()) as started:
        yield started


@pytest.fixture
def surface(simulator: Simulator) -> Iterator[Transport]:
    with transport_to(simulator, "contacts") as transport:
        yield transport


def people(count: int) -> list[dict[str, Any]]:
    return [{"external_id": f"C{n}", "name": f"Name {n}"} for n in range(count)]


def test_a_batch_writes_its_contacts(simulator: Simulator, surface: Transport) -> None:
    job_id = batch(surface, people(3))
    assert batch_job(surface, job_id) == Job(job_id, "COMPLETED", 1.0, 0)
    assert set(simulator.store.contacts) == {"C0", "C1", "C2"}


def test_a_batch_under_way_says_how_far_it_is(simulator: Simulator, surface: Transport) -> None:
    simulator.faults.add("slow-job", polls=4, gradually=True)
    job_id = batch(surface, people(4))
    told = [batch_job(surface, job_id) for _ in range(4)]
    assert [(job.status, job.progress, job.over) for job in told] == [
        ("PROCESSING", 0.25, False),
        ("PROCESSING", 0.5, False),
        ("PROCESSING", 0.75, False),
        ("COMPLETED", 1.0, True),
    ]


def test_which_rows_failed_is_never_said(simulator: Simulator, surface: Transport) -> None:
    simulator.faults.add("reject-rows", index=[1])
    job = batch_job(surface, batch(surface, people(3)))
    assert (job.status, job.failed, job.errors, job.unnamed) == ("COMPLETED", 1, (), True)


@pytest.mark.parametrize("detail", [True, False])
def test_a_batch_that_failed(simulator: Simulator, surface: Transport, detail: bool) -> None:
    simulator.faults.add("fail-job", took=1, detail=detail)
    job = batch_job(surface, batch(surface, people(3)))
    assert (job.status, job.over, job.failed, job.unnamed) == ("FAILED", True, 2, True)


def test_a_batch_whose_202_is_lost_is_not_sent_again(simulator: Simulator, surface: Transport) -> None:
    simulator.faults.add("slow-job", held=True, wire="cut-headers")
    with pytest.raises(Unknown):
        batch(surface, people(2))
    assert len(simulator.requests().to("/contacts/batch$")) == 1


def test_what_the_tenant_refuses(surface: Transport) -> None:
    with pytest.raises(Invalid):
        batch(surface, people(1) * 2)
    with pytest.raises(NotFound):
        batch_job(surface, "no such/job")


@pytest.mark.parametrize("reply", [[], {}, {"status": None}, "COMPLETED"])
def test_a_reply_without_a_status_is_no_job(tenant: ScriptedTenant, connect: Connect, reply: Any) -> None:
    tenant.answers.append(Answer(200, reply))
    with pytest.raises(BadReply, match=r"\$(\.status)? must be"):
        batch_job(connect(), "J")


def test_progress_that_is_not_told_is_not_made_up(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers.append(Answer(200, {"status": "PROCESSING", "total_records": 0, "processed_records": 0}))
    assert batch_job(connect(), "J") == Job("J", "PROCESSING")
