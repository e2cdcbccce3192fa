"""Is a bulk job made once, found again, and read as the tenant tells of it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.cxone.errors import BadReply, Forbidden, Invalid, NotFound, Unknown
from reconciler.cxone.transport import Transport
from reconciler.model.jobs import Job, RowError
from reconciler.simulator import JobPace, Options, Simulator
from reconciler.surfaces.bulk import READ_SCOPE, WRITE_SCOPE
from tests.cxone.conftest import Connect
from tests.cxone.jobs import find, insert, items, job, list_of, transport_to
from tests.cxone.scripted import Answer, ScriptedTenant


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(Options()) as started:
        yield started


@pytest.fixture
def surface(simulator: Simulator) -> Iterator[Transport]:
    with transport_to(simulator, "bulk") as transport:
        yield transport


def test_a_job_puts_its_items_on_the_list(simulator: Simulator, surface: Transport) -> None:
    target = list_of(simulator)
    job_id = insert(surface, target, items(3), "chunk-1")
    assert job(surface, job_id) == Job(job_id, "COMPLETED", 1.0, 0)
    assert len(simulator.store.lists[target].members) == 3
    assert find(surface, "chunk-1") == job_id


def test_progress_is_a_share(simulator: Simulator, surface: Transport) -> None:
    simulator.faults.add("slow-job", polls=4)
    job_id = insert(surface, list_of(simulator), items(4), "chunk-1")
    assert [job(surface, job_id).progress for _ in range(4)] == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("wire", ["reset", "cut-headers", "cut-body"])
def test_a_job_whose_202_is_lost_is_found_by_its_reference(simulator: Simulator, surface: Transport, wire: str) -> None:
    target = list_of(simulator)
    simulator.faults.add("slow-job", held=True, wire=wire)
    with pytest.raises(Unknown):
        insert(surface, target, items(2), "chunk-7")
    assert len(simulator.requests().to("/bulkinsert$")) == 1, "it was sent again"
    found = find(surface, "chunk-7")
    assert found is not None
    assert (job(surface, found).status, job(surface, found).over) == ("QUEUED", False)
    assert find(surface, "chunk-8") is None


def test_of_two_jobs_with_one_reference_the_newest_is_found(simulator: Simulator, surface: Transport) -> None:
    target = list_of(simulator)
    simulator.faults.add("fail-job", times=1)
    first, second = (insert(surface, target, items(2), "chunk-1") for _ in range(2))
    assert job(surface, first).status == "FAILED"
    assert find(surface, "chunk-1") == second


def test_rows_that_were_refused_are_named(simulator: Simulator, surface: Transport) -> None:
    simulator.faults.add("reject-rows", index=[0, 2], code="BLOCKED", message="the number is blocked")
    told = job(surface, insert(surface, list_of(simulator), items(4), "chunk-1"))
    blocked = [RowError(index, "BLOCKED", "the number is blocked") for index in (0, 2)]
    assert (told.status, told.failed, list(told.errors), told.unnamed) == ("COMPLETED", 2, blocked, False)


@pytest.mark.parametrize(
    ("fault", "settings", "status", "failed", "named"),
    [
        ("fail-job", {"detail": True, "took": 1}, "FAILED", 3, 3),
        ("fail-job", {"took": 1}, "FAILED", 3, 0),
        ("abort-job", {"took": 1}, "ABORTED", 3, 0),
    ],
)
def test_a_job_that_did_not_complete_says_how_far_it_came(
    simulator: Simulator,
    surface: Transport,
    fault: str,
    settings: dict[str, Any],
    status: str,
    failed: int,
    named: int,
) -> None:
    simulator.faults.add(fault, **settings)
    told = job(surface, insert(surface, list_of(simulator), items(4), "chunk-1"))
    assert (told.status, told.over, told.failed, len(told.errors)) == (status, True, failed, named)
    assert told.unnamed is (named == 0)


def test_what_the_tenant_refuses_as_a_whole(simulator: Simulator, surface: Transport) -> None:
    target = list_of(simulator)
    with pytest.raises(Invalid):
        insert(surface, target, [{"phoneNumber": "555"}], "chunk-1")
    with pytest.raises(NotFound):
        insert(surface, "no-such-list", items(1), "chunk-1")
    with pytest.raises(NotFound):
        job(surface, "no such/job")


def test_a_missing_scope_is_named() -> None:
    options = Options(denied_scopes=frozenset({WRITE_SCOPE, READ_SCOPE}), jobs=JobPace(held=True))
    with Simulator(options) as tenant, transport_to(tenant, "bulk") as surface:
        with pytest.raises(Forbidden, match=WRITE_SCOPE):
            insert(surface, list_of(tenant), items(1), "chunk-1")
        with pytest.raises(Forbidden, match=READ_SCOPE):
            find(surface, "chunk-1")


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ([], r"\$ must be an object, and is a list"),
        ({}, r"\$\.status must be text or a number, and is not there"),
        ({"id": "J"}, r"\$\.status must be"),
        ({"id": "J", "status": None}, r"\$\.status must be text or a number, and is null"),
        ({"id": "J", "status": ["COMPLETED"]}, r"\$\.status must be text or a number, and is a list"),
        ({"id": {"of": 7}, "status": "RUNNING"}, r"\$\.id must be an id: .* and is an object"),
        ({"id": True, "status": "RUNNING"}, r"\$\.id must be an id: .* and is true or false"),
        ({"id": 7.5, "status": "RUNNING"}, r"\$\.id must be an id"),
        ({"id": "J", "status": "COMPLETED", "failed": "many"}, r"\$\.failed must be a whole number"),
        ({"id": "J", "status": "COMPLETED", "failed": -1}, r"\$\.failed must be a whole number"),
        ({"id": "J", "status": "COMPLETED", "errors": {}}, r"\$\.errors must be a list, and is an object"),
        ({"id": "J", "status": "COMPLETED", "errors": ["row 3"]}, r"\$\.errors\[0\] must be an object, and is text"),
        ({"id": "J", "status": "COMPLETED", "errors": [{}]}, r"\$\.errors\[0\]\.index must be .* and is not there"),
        ({"id": "J", "status": "COMPLETED", "errors": [{"index": 1}, {"index": -1}]}, r"\$\.errors\[1\]\.index"),
    ],
)
def test_a_reply_that_is_no_job_is_no_job(tenant: ScriptedTenant, connect: Connect, reply: Any, says: str) -> None:
    tenant.answers.append(Answer(200, reply))
    with pytest.raises(BadReply, match=says) as caught:
        job(connect(), "J")
    assert "/outbound/jobs/J" in str(caught.value.where)


@pytest.mark.parametrize("job_id", [7, "7"])
def test_a_job_is_known_by_its_id_whether_that_is_a_number_or_text(
    tenant: ScriptedTenant, connect: Connect, job_id: object
) -> None:
    tenant.answers.append(Answer(202, {"id": job_id}))
    tenant.answers.append(Answer(200, {"jobs": [{"id": job_id, "status": "RUNNING"}]}))
    tenant.answers.append(Answer(200, {"id": job_id, "status": "COMPLETED"}))
    surface = connect()
    assert insert(surface, "L", items(1), "chunk-1") == "7"
    found = find(surface, "chunk-1")
    assert found == "7"
    assert job(surface, "7") == Job("7", "COMPLETED")


@pytest.mark.parametrize(
    ("word", "status", "over"),
    [
        ("Completed", "COMPLETED", True),
        ("completed", "COMPLETED", True),
        (" FAILED ", "FAILED", True),
        ("aborted", "ABORTED", True),
        ("processing", "PROCESSING", False),
        ("DONE", "DONE", False),
        ("cancelled", "cancelled", False),
        (7, "7", False),
        ("", "unknown", False),
    ],
)
def test_a_job_is_over_only_by_a_word_that_says_so(
    tenant: ScriptedTenant, connect: Connect, word: object, status: str, over: bool
) -> None:
    tenant.answers.append(Answer(200, {"id": "J", "status": word, "progress": 100}))
    told = job(connect(), "J")
    assert (told.status, told.over) == (status, over)


def test_what_a_tenant_quotes_of_a_row_is_not_kept(tenant: ScriptedTenant, connect: Connect) -> None:
    errors = [{"index": 0, "code": "BAD", "message": "+14155550102 of o@example.com is no number"}]
    tenant.answers.append(
        Answer(200, {"id": "J", "status": "COMPLETED", "progress": "all", "failed": 1, "errors": errors})
    )
    assert job(connect(), "J") == Job("J", "COMPLETED", None, 1, (RowError(0, "BAD", "*** of *** is no number"),))


def test_a_reply_without_jobs_is_not_taken_for_none(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers.append(Answer(200, {"data": []}))
    with pytest.raises(BadReply, match=r"\$\.jobs must be a list, and is not there"):
        find(connect(), "chunk-1")
