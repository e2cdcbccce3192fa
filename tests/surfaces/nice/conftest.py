"""A workspace on the embedded tenant as NICE's published API: contacts of a file, a list, a segment."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from reconciler.simulator import Simulator
from tests.conftest import Folder, manifest
from tests.delivery import NICE, write_contacts

SETTINGS = "rate: 5000, burst: 500, attempts: 3, pollEvery: 1s"


def declare_tenant(folder: Folder, url: str, settings: str = SETTINGS) -> None:
    """The Tenant's manifest."""
    folder.write("tenant.yaml", manifest("Tenant", "embedded", NICE.format(url=url, settings=settings)))


def declare_segment(folder: Folder, *, chunk: int = 10, attributes: Iterable[str] = ("priority", "tier")) -> None:
    """Manifests of a segment on one list, delivered by uploads."""
    columns = "{contactId: id, phone: phone, name: name, email: email, engagementScore: score}"
    files = f"files: {{paths: [crm.csv], format: csv, columns: {columns}, attributes: {{tier: tier}}}}"
    folder.write("source.yaml", manifest("ContactSource", "crm", files))
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 75}"))
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
    folder.write(
        "segment.yaml",
        manifest(
            "Segment",
            "chosen",
            f"""
source: crm
score: engaged
lists: {{engaged: chosen}}
membership: mirror
phones: {{rule: valid}}
delivery: {{method: auto, chunkSize: {chunk}, attributes: {list(attributes)}}}
""",
        ),
    )


@pytest.fixture
def nice(folder: Folder, tenant: Simulator) -> Folder:
    """A workspace of twenty-five contacts and one list."""
    declare_tenant(folder, tenant.url)
    declare_segment(folder)
    write_contacts(folder, range(25))
    return folder
