"""Can what a tenant said be recorded, and heard again without it?"""

from __future__ import annotations

from pathlib import Path

import vcr

from reconciler.cxone.transport import Transport
from reconciler.model.tenant import Pace
from tests.cxone.conftest import CLIENT_SECRET, FakeTime, access_to
from tests.cxone.scripted import RESET, Answer, ScriptedTenant


def run(url: str) -> list[object]:
    time = FakeTime()
    access = access_to(url, pace=Pace(rate=1e6, burst=1000, workers=1))
    with Transport(access, clock=time.clock, sleep=time.sleep) as transport:
        return [
            transport.call("GET", "/lists", query={"pageSize": 2}),
            transport.call("POST", "/lists", body={"name": "x"}, expect_id="id"),
            transport.call("POST", "/lists/1/contacts", body=[]),
            transport.call("DELETE", "/lists/1"),
        ]


def test_a_run_with_one_worker_is_recorded_and_replayed_without_the_tenant(tmp_path: Path) -> None:
    recorder = vcr.VCR(
        match_on=("method", "uri", "body"),
        filter_headers=["authorization"],
        filter_post_data_parameters=["client_secret"],
        cassette_library_dir=str(tmp_path),
    )
    tenant = ScriptedTenant()
    tenant.answers += [
        Answer(503),
        Answer(200, {"data": []}),
        Answer(201, {"id": "1"}),
        Answer(200, b""),
        Answer(204),
    ]
    try:
        with recorder.use_cassette("run.yaml", record_mode="once"):
            heard = run(tenant.url)
    finally:
        tenant.close()
    assert heard == [{"data": []}, {"id": "1"}, None, None]

    with recorder.use_cassette("run.yaml", record_mode="none") as cassette:
        assert run(tenant.url) == heard
        assert cassette.all_played
    assert CLIENT_SECRET not in (tmp_path / "run.yaml").read_text()
    assert "Bearer" not in (tmp_path / "run.yaml").read_text()


def test_a_reset_leaves_nothing_in_the_cassette(tmp_path: Path) -> None:
    tenant = ScriptedTenant()
    tenant.answers += [RESET]
    try:
        with vcr.use_cassette(str(tmp_path / "run.yaml"), record_mode="once") as cassette:
            run(tenant.url)
    finally:
        tenant.close()
    assert [response["status"]["code"] for response in cassette.responses] == [200] * 5
