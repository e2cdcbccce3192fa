"""A run that suppresses numbers is killed or fails at any request: each is suppressed in the end, and once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from reconciler.simulator import Options, Simulator
from reconciler.simulator.surfaces.nice.suppressed_contacts import SuppressedContacts
from tests.conftest import KILLED, Folder, manifest
from tests.delivery import contact, phone
from tests.sample import tried
from tests.steps.apply import course
from tests.steps.apply.killing import Stage
from tests.surfaces.nice.conftest import declare_tenant
from tests.surfaces.nice.test_campaigns import declare_campaign
from tests.surfaces.nice.test_group_numbers import declare_list, digits
from tests.surfaces.nice.test_killed import FAULTS, ONCE, SHORT
from tests.surfaces.nice.test_suppressed_contacts import declare_set

EXPECTED = sorted(digits(number) for number in range(40, 43))


def build(tenant: Simulator, folder: Folder, settings: str = ONCE) -> None:
    """A campaign that rests, is there, and is now not to call three numbers."""
    tenant.store.add_contacts([{"id": contact(0), "phoneNumber": phone(0)}])
    tenant.store.add_list("Chosen", [contact(0)])
    declare_tenant(folder, tenant.url, settings)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
    declare_campaign(folder, status="draft")
    for name in ("registry", "summer"):
        (folder.root / f"{name}.yaml").unlink(missing_ok=True)
    with course.environment(tenant.environment()):
        ended = course.go(folder, "apply", "--yes")
    assert ended.code == 0, ended
    declare_list(folder, "registry", range(40, 43))
    declare_set(folder)
    tenant.clear_requests()


def state(tenant: Simulator) -> list[str]:
    """The numbers that are suppressed, one as often as it is."""
    return sorted(each.value for each in tenant.store.part(SuppressedContacts).held.values())


@pytest.mark.thin
def test_a_run_killed_at_any_request_suppresses_each_number_once(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    stage = Stage(tmp_path / "stage", build)
    wrong: list[tuple[object, ...]] = []
    try:
        code, said = stage.ended("apply", "--yes")
        assert (code, state(stage.tenant)) == (0, EXPECTED), said
        requests = stage.tenant.requests()
        places = tried([(n, after) for n, each in enumerate(requests) if each.is_write for after in (False, True)])
        for place, after in places:
            stage.reset()
            killed, said = stage.ended("apply", "--yes", at=place, after=after)
            assert killed == -signal.SIGKILL, f"request {place}: ended with {killed}: {said}"
            code, said = stage.ended("apply", "--resume")
            if code != 0 or state(stage.tenant) != EXPECTED:
                wrong.append((place, after, code, said))
    finally:
        stage.close()
    record_property(KILLED, len(places))
    assert not wrong, f"{len(wrong)} of {len(places)}: {wrong[0]}"


@pytest.mark.matrix(instead="test_a_run_killed_at_any_request_suppresses_each_number_once")
def test_a_write_that_fails_in_any_way_leaves_what_a_further_run_brings_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.cxone.backoff.FIRST", 0.01)
    wrong: list[tuple[object, ...]] = []
    with Simulator(Options()) as tenant, course.environment(tenant.environment()):
        folder = Folder(tmp_path / "workspace", tenant.url)
        for number, (kind, times) in tried([(n, (k, t)) for n in range(3) for k in FAULTS for t in (1, None)]):
            tenant.reset()
            rmtree(folder.root / ".reconciler", ignore_errors=True)
            build(tenant, folder, SHORT)
            place: dict[str, Any] = {"method": "POST", "path": "suppressed-contact$", "skip": number, "times": times}
            tenant.faults.add(kind, **FAULTS[kind], **place)
            ended = course.go(folder, "apply", "--yes")
            tenant.faults.clear()
            if ended.code != 0:
                ended = course.go(folder, "apply", "--resume")
            if ended.code != 0:
                ended = course.go(folder, "apply", "--yes")
            if ended.code != 0 or state(tenant) != EXPECTED:
                wrong.append((kind, number, times, ended))
    assert not wrong, f"{len(wrong)}: {wrong[:3]}"
