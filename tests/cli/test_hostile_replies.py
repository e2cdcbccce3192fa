"""Whatever a tenant answers: no internal error, no write after a refusal, an end, and nobody's data in what is printed.

A reply of one endpoint is changed, once or each time, while a plan is made and applied; which endpoint and how is drawn
by a number. `RECONCILER_FUZZ=2000` tries so many, or `1000-2000` those, prints how they ended and how long the slowest
took; without it some are tried. Where much else runs, `RECONCILER_SLOWER=6` allows six times as long.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.salesforce_org import Organisation
from tests import hostile, outcomes, scene
from tests.conftest import Ended, Folder, manifest
from tests.delivery import declare, known, write_contacts
from tests.proxy import Answer, Proxy, Rule
from tests.sample import examples

ASKED = os.environ.get("RECONCILER_FUZZ", str(max(examples(24), 8))).split("-")
SEEDS = range(int(ASKED[0]) if len(ASKED) == 2 else 0, int(ASKED[-1]))
LONGEST = 10.0

Run = Callable[..., Ended]


@dataclass(frozen=True)
class World:
    """A workspace, and the endpoints that a plan and an apply of it ask: method and pattern of the path."""

    build: Callable[[Simulator, Folder, str], None]
    endpoints: tuple[tuple[str, str], ...]


def surfaces(folder: Folder, url: str) -> None:
    """The tenant's manifest, through the proxy, with little patience."""
    pace = "rate: 5000, burst: 500, attempts: 2, connectTimeout: 2s, readTimeout: 2s, replyTimeout: 2s"
    parts = {
        "outbound": ("/outbound/api/v2", "/outbound/oauth/token", ""),
        "lists": ("/lists/api/v1", "/lists/oauth/token", ""),
        "bulk": ("/bulk/api/v2", "/bulk/api/v2/oauth2/token", ", pollEvery: 1s, watch: poll, jobTimeout: 3s"),
        "contacts": ("/contacts/v2/contact-center", "/contacts/oauth2/token", ", pollEvery: 1s, jobTimeout: 3s"),
        "dispositions": ("/dispositions/api/v1/outbound", "/dispositions/api/v1/oauth2/token", ", campaignRate: 1000"),
    }
    lines = [
        f"  {name}: {{baseUrl: {url}{base}, tokenUrl: {url}{token}, {pace}{more}}}"
        for name, (base, token, more) in parts.items()
    ]
    spec = "credentials: {clientId: {env: CXONE_CLIENT_ID}, clientSecret: {env: CXONE_CLIENT_SECRET}}\nsurfaces:\n"
    folder.write("tenant.yaml", manifest("Tenant", "embedded", spec + "\n".join(lines)))


def engaged(tenant: Simulator, folder: Folder, url: str) -> None:
    """Contacts of a list onto two others, and two campaigns."""
    scene.whole(tenant, folder)
    surfaces(folder, url)


def recent(tenant: Simulator, folder: Folder, url: str) -> None:
    """Contacts by their interactions."""
    ids = scene.people(tenant, 12)
    tenant.store.add_interactions(
        {"id": f"I{n}", "contactId": each, "startTime": f"2026-06-{n + 10:02d}T09:00:00Z", "type": "voice"}
        for n, each in enumerate(ids)
    )
    folder.write("source.yaml", manifest("ContactSource", "all", "contactList: {name: All customers}"))
    folder.write("score.yaml", manifest("ScoreModel", "recent", "recencyFrequency: {}"))
    names = ("high", "medium", "low")
    folder.write("lists.yaml", "---\n".join(manifest("ContactList", name, f"name: {name.title()}") for name in names))
    lists = ", ".join(f"{name}: {name}" for name in names)
    delivery = "{method: listContacts, attributes: [priority, score], chunkSize: 5}"
    folder.write(
        "segment.yaml",
        manifest(
            "Segment",
            "recent",
            f"source: all\nscore: recent\nlists: {{{lists}}}\nmembership: mirror\ndelivery: {delivery}",
        ),
    )
    surfaces(folder, url)


def delivered(method: str) -> Callable[[Simulator, Folder, str], None]:
    """Contacts of a file onto a list that has some."""

    def build(tenant: Simulator, folder: Folder, url: str) -> None:
        known(tenant, method, range(30))
        tenant.store.add_contacts([{"id": f"OTHER{n}", "phoneNumber": f"+1415555010{n}"} for n in range(3)])
        tenant.store.add_list("Chosen", [f"OTHER{n}" for n in range(3)], description=scene.MARK)
        write_contacts(folder, range(9))
        declare(folder, tenant, method, chunk=4)
        folder.write(
            "workspace.yaml", manifest("Workspace", "test", "asOf: 2026-07-01T00:00:00Z\nlimits: {removals: 100}")
        )
        surfaces(folder, url)

    return build


def settled(tenant: Simulator, folder: Folder, url: str) -> None:
    """Outcomes of some contacts."""
    outcomes.campaign(tenant, range(6))
    outcomes.declare(folder, tenant)
    outcomes.write_outcomes(folder, map(outcomes.row, range(6)))
    surfaces(folder, url)


def of_salesforce(tenant: Simulator, folder: Folder, url: str) -> None:
    """Contacts that are records of Salesforce, two on a page."""
    organisation = tenant.store.part(Organisation)
    rows = [
        {"Id": f"00Q{n:015d}", "Phone": f"(415) 555-01{n:02d}", "Score__c": 90.0, "Status": "Open"} for n in range(6)
    ]
    organisation.load("Lead", rows)
    organisation.page_size = 2
    tenant.store.add_contacts([str(each["Id"]) for each in rows])
    credentials = "{clientId: {env: CXONE_CLIENT_ID}, clientSecret: {env: CXONE_CLIENT_SECRET}}"
    columns = "{contactId: Id, phone: Phone, engagementScore: Score__c}"
    spec = f"salesforce: {{instance: '{url}', credentials: {credentials}, object: Lead, columns: {columns}, attributes: {{sf_status: Status}}, region: US}}"
    folder.write("source.yaml", manifest("ContactSource", "crm", spec))
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 75}"))
    folder.write("list.yaml", manifest("ContactList", "callers", "name: Callers"))
    segment = (
        "source: crm\nscore: engaged\nlists: {engaged: callers}\nmembership: mirror\ndelivery: {method: contactIds}"
    )
    folder.write("segment.yaml", manifest("Segment", "callers", segment))
    surfaces(folder, url)


LISTS, CAMPAIGNS = r"^/lists/api/v1/lists$", r"^/lists/api/v1/campaigns$"
OUTBOUND = r"^/outbound/api/v2/outbound/contactlists"
OBJECTS = (("POST", "^/lists/oauth/token"), ("GET", LISTS), ("GET", CAMPAIGNS))
WORLDS: dict[str, World] = {
    "engaged": World(
        engaged,
        (
            *OBJECTS,
            *OBJECTS[1:],
            ("POST", "^/outbound/oauth/token"),
            ("GET", OUTBOUND + "/[^/]+/contacts$"),
            ("GET", OUTBOUND + "/[^/]+/contacts$"),
            ("GET", r"/lists/[^/]+/contacts$"),
            ("GET", r"/lists/[^/]+/contacts$"),
            ("GET", r"/statistics$"),
            ("POST", OUTBOUND + "/[^/]+/contacts$"),
            ("POST", r"/lists/[^/]+/contacts$"),
            ("DELETE", r"/lists/[^/]+/contacts$"),
            ("POST", LISTS),
            ("POST", CAMPAIGNS),
            ("PATCH", r"/campaigns/[^/]+$"),
        ),
    ),
    "recent": World(recent, (("POST", "/interactions/search$"), ("POST", LISTS), ("GET", OUTBOUND + "/[^/]+/contacts$"))),
    "bulk": World(
        delivered("bulkInsert"),
        (
            ("POST", "/bulkinsert$"),
            ("POST", "/bulkinsert$"),
            ("GET", "/outbound/jobs/"),
            ("GET", "/outbound/jobs/"),
            ("GET", "/outbound/jobs$"),
            ("GET", OUTBOUND + "/[^/]+/contacts$"),
            ("POST", "^/bulk/api/v2/oauth2/token"),
        ),
    ),
    "batch": World(
        delivered("contactBatch"),
        (("POST", "/contacts/batch$"), ("GET", "/contacts/batch/"), ("GET", "/contacts/batch/"), ("POST", "^/contacts/oauth2/token"), ("POST", r"/lists/[^/]+/contacts$")),
    ),
    "outcomes": World(
        settled,
        (("GET", "/campaigns/[^/]+/contacts/"), ("GET", "/campaigns/[^/]+/contacts/"), ("PATCH", "/campaigns/[^/]+/contacts/"), ("POST", "^/dispositions/api/v1/oauth2/token")),
    ),
    "salesforce": World(
        of_salesforce,
        (("POST", "^/services/oauth2/token"), ("GET", "/services/data/[^/]+/query/"), ("GET", "/services/data/[^/]+/query/")),
    ),
}  # fmt: skip
SHARES = {"engaged": 40, "recent": 8, "bulk": 16, "batch": 12, "outcomes": 12, "salesforce": 12}

_ended: Counter[str] = Counter()
_slowest: list[tuple[float, int]] = []


@pytest.fixture(scope="module", autouse=True)
def count(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "RECONCILER_FUZZ" in os.environ:
        slow = [f"{seconds:.1f} s of {seed}" for seconds, seed in sorted(_slowest, reverse=True)[:5]]
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            sys.stdout.write(
                f"\n{sum(_ended.values())} replies changed: {dict(_ended)}; the slowest {', '.join(slow)}\n"
            )


@pytest.fixture
def proxy(tenant: Simulator) -> Iterator[Proxy]:
    standing = Proxy(tenant.url)
    yield standing
    standing.close()


@pytest.mark.thin(2)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_hostile_reply_is_refused_or_taken_and_is_nobodys_end(
    seed: int, tenant: Simulator, folder: Folder, run: Run, proxy: Proxy
) -> None:
    draw = random.Random(seed)
    world = WORLDS[draw.choices(list(SHARES), list(SHARES.values()))[0]]
    method, path = draw.choice(world.endpoints)
    way, salt = hostile.way(draw), draw.random()

    def change(answer: Answer, number: int) -> Answer:
        return way(answer, random.Random(f"{seed} {salt} {number if draw_anew else 0}"))

    draw_anew, times = draw.random() < 0.5, draw.choice([1, 1, None, None, 2])
    world.build(tenant, folder, proxy.url)
    proxy.rule = Rule(method, path, change, times, skip=draw.choice([0, 0, 0, 1]))
    if path.endswith("/outbound/jobs$"):  # it is asked only where a reply was lost
        tenant.faults.add("reset-after", path="bulkinsert$")
    tenant.clear_requests()
    began = time.monotonic()
    ended = run("apply", "--yes")
    took = time.monotonic() - began
    if proxy.rule.hit:
        _ended[f"exit {ended.code}"] += 1
        _slowest.append((took, seed))
    printed = ended.out + ended.err
    words = f"{seed}: {method} {path} {way.__name__}\n{printed}"
    assert "error[internal]" not in printed, words
    assert "Traceback" not in printed, words
    assert ended.code in (0, 1, 3, 4, 5, 64), words
    for canary in hostile.CANARIES:
        assert canary not in printed, words
    if "Applied:" not in printed:
        assert ended.code != 0 or "No changes" in printed, words
        assert not tenant.requests().writes(), words
    if ended.code in (1, 64):
        assert "error[" in printed or "✗" in printed, words
    if "RECONCILER_FUZZ" in os.environ:
        assert took < LONGEST * float(os.environ.get("RECONCILER_SLOWER", "1")), words
