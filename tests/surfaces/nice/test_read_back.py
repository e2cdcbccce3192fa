"""After an upload only what has changed is read back, by the tenant's own clock, and it is held against what was sent."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.cxone.page_spool import Spool, iter_pages
from reconciler.cxone.tenant_clock import TenantClock
from reconciler.simulator import Simulator
from reconciler.simulator.request_log import Received
from reconciler.simulator.surfaces.nice.call_lists import Mappings
from tests.conftest import Ended, Folder
from tests.delivery import contact, on_list, write_contacts
from tests.surfaces.nice.conftest import declare_segment

Run = Callable[..., Ended]
LONG_AGO = timedelta(hours=1)


def age(tenant: Simulator) -> None:
    """What is on the lists has been there for an hour."""
    for each in tenant.store.lists.values():
        kept = tenant.store.part(Mappings).of(each.id)
        kept.written.update({name: moment - LONG_AGO for name, moment in kept.written.items()})
        each.modified -= LONG_AGO


def readings(tenant: Simulator) -> tuple[list[Received], list[Received]]:
    """The requests for records of a list since its first file: those for all, and those for what has changed."""
    requests = tenant.requests()
    first = next(n for n, each in enumerate(requests) if each.path.endswith("/upload"))
    asked = [each for each in requests[first:] if "includeRecords" in each.query]
    changed = [each for each in asked if "updatedSince" in each.query]
    return [each for each in asked if "updatedSince" not in each.query], changed


@pytest.mark.parametrize("ahead", [timedelta(minutes=-20), timedelta(minutes=20)])
def test_what_was_written_is_read_back_alone_and_by_the_tenants_clock(
    nice: Folder, tenant: Simulator, run: Run, ahead: timedelta
) -> None:
    tenant.store.ahead = ahead
    declare_segment(nice, chunk=1000)
    assert run("apply", "--yes").code == 0
    age(tenant)
    tenant.behave(longest_page=5)
    write_contacts(nice, range(1, 26), silver={3, 4})
    tenant.clear_requests()
    # a file whose reply is lost is found among the jobs of these minutes, which are the tenant's
    tenant.faults.add("reset-after", method="POST", path="upload$")
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    files = [each for each in tenant.requests() if each.path.endswith("/upload")]
    assert len(files) == 1
    whole, changed = readings(tenant)
    # three written, by which the job is believed, then with one taken off: a page each, and an empty one behind it
    assert (len(whole), len(changed)) == (0, 4)
    since = datetime.fromisoformat(changed[-1].query["updatedSince"])
    assert timedelta(seconds=60) <= datetime.now(UTC) + ahead - since <= timedelta(seconds=180)
    assert set(on_list(tenant)) == {contact(n) for n in range(1, 26)}
    # of the bytes of what has changed little more is sent: the line of the columns
    sent = base64.b64decode(files[0].body["listFile"]).split(b"\r\n")
    assert sorted(line[:5] for line in sent[1:-1]) == [contact(n).encode() for n in (3, 4, 25)]


def test_a_list_is_read_whole_where_the_tenant_does_not_tell_who_was_taken_off(
    nice: Folder, tenant: Simulator, run: Run
) -> None:
    declare_segment(nice, chunk=1000)
    assert run("apply", "--yes").code == 0
    age(tenant)
    tenant.store.part(Mappings).tells_removed = False
    write_contacts(nice, range(1, 26))
    tenant.clear_requests()
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    whole, changed = readings(tenant)
    assert changed
    assert whole
    assert set(on_list(tenant)) == {contact(n) for n in range(1, 26)}


def test_a_row_that_is_lost_without_a_word_is_told_whoever_it_is(nice: Folder, tenant: Simulator, run: Run) -> None:
    declare_segment(nice, chunk=1000)
    tenant.faults.add("reject-rows", method="POST", path="upload$", external_id="^C0003$", code="LOST")
    ended = run("apply", "--yes")
    # the list has not grown by as many as are new to it
    assert ended.code == 5, ended.said
    assert "the tenant has no such record" in run("pending").out
    assert contact(3) not in on_list(tenant)
    age(tenant)
    write_contacts(nice, range(25), silver={3, 4, 5})
    tenant.faults.add("reject-rows", method="POST", path="upload$", external_id="^C0004$", code="LOST")
    ended = run("apply", "--yes")
    # no count is short by a row that was on it: it is not among what has changed, and the list has it as it was
    assert ended.code != 0
    assert "1 of 3 rows were accepted by the tenant but are not on the list as written" in ended.said
    assert readings(tenant)[0]


def test_a_tenants_clock_is_told_by_its_answers_and_is_never_taken_for_later_than_it_is() -> None:
    ours = datetime(2026, 7, 1, 12, 0, 0, 900_000, tzinfo=UTC)
    clock = TenantClock(lambda: ours)
    assert clock.translate(ours) is None
    for odd in ({}, {"date": ""}, {"date": "yesterday"}):
        clock.hear(odd)
        assert clock.translate(ours) is None
    clock.hear({"date": "Wed, 01 Jul 2026 11:40:00 GMT"})
    assert clock.translate(ours) == datetime(2026, 7, 1, 11, 40, tzinfo=UTC)
    clock.hear({"date": "Wed, 01 Jul 2026 13:00:00 -0000"})
    told = clock.translate(ours + timedelta(seconds=5))
    assert told == datetime(2026, 7, 1, 13, 0, 5, tzinfo=UTC)


def test_a_file_of_pages_is_read_a_page_at_a_time(tmp_path: Path) -> None:
    pages: list[list[dict[str, Any]]] = [[{"id": "a]", "n": [1]}, {"id": "b\n["}], [{"id": "c,"}]]
    with Spool(tmp_path / "pages.json") as spool:
        for page in ([], *pages, []):
            spool.add(page)
    assert list(iter_pages(tmp_path / "pages.json")) == pages
    assert orjson.loads((tmp_path / "pages.json").read_bytes()) == [row for page in pages for row in page]
    with Spool(tmp_path / "none.json"):
        pass
    assert list(iter_pages(tmp_path / "none.json")) == []
