"""Each endpoint by itself, and whatever may come back of it: what is taken can be worked with, all else is an error that says where.

`RECONCILER_FUZZ=2000` tries so many replies, or `1000-2000` those, and prints how they ended. Whole runs are tried in
`tests/cli/test_hostile_replies.py`.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.audience.relations import engine
from reconciler.audience.staging import staged_contacts, staged_interactions, staged_members
from reconciler.cxone import list_methods, outcomes, salesforce_client
from reconciler.cxone.tenant_connection import TenantConnection
from reconciler.cxone.writer import TenantWriter
from reconciler.kinds import load_kinds
from reconciler.model.errors import ReconcilerError
from reconciler.model.problem import Location
from reconciler.model.row_queries import ContactsOf, InteractionsOf, LiveList, MembersOf, Rows
from reconciler.model.secret import Secret
from reconciler.model.source_specs import SalesforceFeed
from reconciler.model.tenant import DeclaredSurface, Pace
from reconciler.model.workspace_settings import Engine
from reconciler.simulator import Options, Simulator
from reconciler.simulator.salesforce_org import Organisation
from reconciler.surfaces import load_methods
from reconciler.surfaces.dispositions import OUTCOMES
from reconciler.views.errors import show_failure
from tests import hostile, scene
from tests.cxone.jobs import batch, batch_job, find, insert, job
from tests.proxy import Answer, Proxy, Rule

ASKED = os.environ.get("RECONCILER_FUZZ", "80").split("-")
SEEDS = range(int(ASKED[0]) if len(ASKED) == 2 else 0, int(ASKED[-1]))
HERE = Location("test")
START, END = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
IDS = [scene.contact(n) for n in range(12)]

_ended: Counter[str] = Counter()
_slowest: list[tuple[float, int, str]] = []


@dataclass
class Standing:
    """A tenant with something of everything, and the program's way to it through a proxy."""

    tenant: Simulator
    proxy: Proxy
    lists: dict[str, str]
    campaigns: dict[str, str]
    job: str = ""
    batch: str = ""


@pytest.fixture(scope="module")
def standing() -> Iterator[Standing]:
    with Simulator(Options()) as tenant:
        scene.people(tenant, 12)
        tenant.store.add_list("Chosen", IDS[:5], description=scene.MARK)
        members = {each: {"priority": 1, "score": 80.0} for each in IDS[:5]}
        tenant.store.add_list("High", members, description=scene.MARK)
        scene.live_campaign(tenant, "Evening", "Chosen")
        scene.live_campaign(tenant, "Morning", "High", status="paused")
        tenant.store.add_interactions(
            {"id": f"I{n}", "contactId": each, "startTime": f"2026-06-{n + 10:02d}T09:00:00Z", "type": "voice"}
            for n, each in enumerate(IDS)
        )
        organisation = tenant.store.part(Organisation)
        organisation.load(
            "Lead", [{"Id": f"00Q{n:015d}", "Phone": f"+1415555010{n}", "Score__c": 9.5} for n in range(6)]
        )
        organisation.page_size = 2
        proxy = Proxy(tenant.url)
        lists = {each.name: each.id for each in tenant.store.lists.values()}
        campaigns = {name: tenant.store.campaign_named(name).id for name in ("Evening", "Morning")}
        found = Standing(tenant, proxy, lists, campaigns)
        try:
            with writer(found) as reader:
                found.job = insert(reader._transports["bulk"], lists["Chosen"], [ITEM], "reference-1")
                found.batch = batch(reader._transports["contacts"], [BATCHED])
            yield found
        finally:
            proxy.close()


ITEM = {"phoneNumber": "+14155550101", "customFields": {"contactId": "C1"}}
BATCHED = {"external_id": "C1", "phone_numbers": [{"number": "+14155550101", "type": "MOBILE", "primary": True}]}
PLACES = {
    "outbound": ("/outbound/api/v2", "/outbound/oauth/token"),
    "lists": ("/lists/api/v1", "/lists/oauth/token"),
    "bulk": ("/bulk/api/v2", "/bulk/api/v2/oauth2/token"),
    "contacts": ("/contacts/v2/contact-center", "/contacts/oauth2/token"),
    "dispositions": ("/dispositions/api/v1/outbound", "/dispositions/api/v1/oauth2/token"),
}


def writer(standing: Standing) -> TenantWriter:
    url, options = standing.proxy.url, standing.tenant.options
    surfaces = [
        DeclaredSurface(
            name,
            options.client_id,
            Secret(options.client_secret),
            "env CXONE_CLIENT_SECRET",
            base_url=url + base,
            token_url=url + token,
            pace=Pace(5000, 500, 2),
            connect_timeout=2.0,
            read_timeout=1.0,
            reply_timeout=1.0,
            attempts=2,
            poll_only=True,
            campaign_rate=1000,
        )
        for name, (base, token) in PLACES.items()
    ]
    return TenantWriter(TenantConnection(surfaces, load_kinds()))


def counted(into: Path, relation: Callable[[Any, Rows], Any], rows: Rows) -> int:
    """Work with what was read: every value of it."""
    with engine.open_engine(Engine(memory_limit="512MB"), into) as backend:
        found = [row for some in engine.stream_rows(backend, relation(backend, rows), 100) for row in some]
    return len(found)


def read_contacts(reader: TenantWriter, standing: Standing, into: Path) -> object:
    query = ContactsOf(LiveList(name="All customers"), HERE, named=True)
    return counted(into, staged_contacts.read_contacts, reader.read_contacts(query, into))


def read_members(reader: TenantWriter, standing: Standing, into: Path) -> object:
    return counted(
        into,
        staged_members.read_members,
        reader.read_members(MembersOf("High", ("priority", "score"), data=True), into),
    )


def read_interactions(reader: TenantWriter, standing: Standing, into: Path) -> object:
    query = InteractionsOf(ContactsOf(LiveList(name="Chosen"), HERE), ("voice",), START, END, HERE)
    rows = reader.read_interactions(query, [IDS[:6], IDS[6:]], into)
    with engine.open_engine(Engine(memory_limit="512MB"), into) as backend:
        staged_interactions.refuse_unclear_times(backend, rows)
    return counted(into, staged_interactions.read_interactions, rows)


def read_outcomes(reader: TenantWriter, standing: Standing, into: Path) -> object:
    return outcomes.read(
        reader._transports["dispositions"], OUTCOMES, standing.campaigns["Evening"], IDS[:5], 2, into / "outcomes.json"
    ).count


def settle(reader: TenantWriter, standing: Standing, into: Path) -> object:
    row: dict[str, Any] = {
        "contactId": IDS[0],
        "outcome": "BUSY",
        "was": None,
        "agent": "A1",
        "notes": None,
        "timestamp": None,
        "custom": {},
    }
    return outcomes.settle(
        reader._transports["dispositions"], OUTCOMES, standing.campaigns["Evening"], row, again=False
    )


def read_statistics(reader: TenantWriter, standing: Standing, into: Path) -> object:
    return reader.read_statistics(load_kinds()["Campaign"], ["Evening", "Morning"])


def read_salesforce(reader: TenantWriter, standing: Standing, into: Path) -> object:
    options = standing.tenant.options
    secrets = {"env ID": options.client_id, "env SECRET": options.client_secret}
    with salesforce_client.open_records(feed(standing.proxy.url), lambda name, where: Secret(secrets[name])) as read:
        return read(["Id", "Phone", "Score__c"], into / "records.json").count


def feed(url: str) -> SalesforceFeed:
    return SalesforceFeed(
        instance=url,
        version="v58.0",
        client_id="env ID",
        client_secret="env SECRET",
        object="Lead",
        condition=None,
        columns=(("contactId", "Id"), ("engagementScore", "Score__c")),
        phones=(("Phone",),),
        attributes=(("score", "Score__c"),),
        reply_timeout=1.0,
        where=HERE,
        condition_at=HERE,
        credentials_at=HERE,
    )


def put(method: str) -> Callable[[TenantWriter, Standing, Path], object]:
    def act(reader: TenantWriter, standing: Standing, into: Path) -> object:
        row = {"contactId": IDS[6], "member": None, "sent_as": IDS[6], "phone": "+14155550101", "data": {"priority": 1}}
        row |= dict.fromkeys(("name", "firstName", "lastName", "email"))
        return list_methods.put(
            reader._transports, load_methods()[method], standing.lists["Chosen"], [row], "reference-2"
        )

    return act


def remove(method: str) -> Callable[[TenantWriter, Standing, Path], object]:
    def act(reader: TenantWriter, standing: Standing, into: Path) -> object:
        list_methods.remove(reader._transports, load_methods()[method], standing.lists["Chosen"], ["nobody"])
        return None

    return act


def create(reader: TenantWriter, standing: Standing, into: Path) -> object:
    reader.create(load_kinds()["ContactList"], {"name": f"New {time.monotonic_ns()}", "type": "outbound"}, "test")
    return None


def update(reader: TenantWriter, standing: Standing, into: Path) -> object:
    reader.update(load_kinds()["Campaign"], "Morning", {"wrapUpCode": "SOLD"}, "test")
    return None


OUTBOUND = "^/outbound/api/v2/outbound/contactlists"
Act = Callable[[TenantWriter, Standing, Path], object]
ENDPOINTS: tuple[tuple[str, str, Act], ...] = (
    ("GET", "^/lists/api/v1/lists$", lambda reader, standing, into: reader.read_objects(load_kinds()["ContactList"])),
    ("GET", "^/lists/api/v1/campaigns$", lambda reader, standing, into: reader.read_objects(load_kinds()["Campaign"])),
    ("GET", "^/lists/api/v1/campaigns$", lambda reader, standing, into: reader.read_objects(load_kinds()["Campaign"])),
    ("GET", "/statistics$", read_statistics),
    ("GET", OUTBOUND + "/[^/]+/contacts$", read_contacts),
    ("GET", OUTBOUND + "/[^/]+/contacts$", lambda reader, standing, into: reader.has_members("Chosen")),
    ("GET", "/lists/[^/]+/contacts$", read_members),
    ("POST", "/interactions/search$", read_interactions),
    ("GET", "/campaigns/[^/]+/contacts/", read_outcomes),
    ("GET", "/campaigns/[^/]+/contacts/", settle),
    ("PATCH", "/campaigns/[^/]+/contacts/", settle),
    ("GET", "/services/data/[^/]+/query/", read_salesforce),
    ("GET", "/services/data/[^/]+/query/", read_salesforce),
    ("POST", "^/services/oauth2/token", read_salesforce),
    ("GET", "/outbound/jobs/", lambda reader, standing, into: job(reader._transports["bulk"], standing.job)),
    ("GET", "/outbound/jobs$", lambda reader, standing, into: find(reader._transports["bulk"], "reference-1")),
    ("GET", "/contacts/batch/", lambda reader, standing, into: batch_job(reader._transports["contacts"], standing.batch)),
    ("POST", "/bulkinsert$", put("bulkInsert")),
    ("POST", "/contacts/batch$", put("contactBatch")),
    ("POST", "/lists/[^/]+/contacts$", put("listContacts")),
    ("POST", OUTBOUND + "/[^/]+/contacts$", put("contactIds")),
    ("DELETE", "/lists/[^/]+/contacts$", remove("listContacts")),
    ("DELETE", OUTBOUND + "/[^/]+/contacts$", remove("contactIds")),
    ("POST", "^/lists/api/v1/lists$", create),
    ("PATCH", "^/lists/api/v1/campaigns/[^/]+$", update),
    ("POST", "^/lists/oauth/token$", lambda reader, standing, into: reader.read_objects(load_kinds()["ContactList"])),
    ("POST", "^/bulk/api/v2/oauth2/token$", lambda reader, standing, into: job(reader._transports["bulk"], standing.job)),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def told(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "RECONCILER_FUZZ" in os.environ:
        slow = ", ".join(f"{seconds:.1f} s of {seed} ({what})" for seconds, seed, what in sorted(_slowest)[-5:])
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            sys.stdout.write(f"\n{sum(_ended.values())} replies changed: {dict(_ended)}; the slowest {slow}\n")


@pytest.mark.parametrize("seed", SEEDS)
def test_what_an_endpoint_answers_is_taken_or_is_an_error_that_says_where(
    seed: int, standing: Standing, tmp_path: Path
) -> None:
    draw = random.Random(f"endpoint {seed}")
    method, path, act = ENDPOINTS[seed % len(ENDPOINTS)]
    way = hostile.way(draw)
    anew, salt = draw.random() < 0.5, draw.random()

    def change(answer: Answer, number: int) -> Answer:
        return way(answer, random.Random(f"{seed} {salt} {number if anew else 0}"))

    standing.proxy.rule = rule = Rule(
        method, path, change, draw.choice([1, None, None, 2]), skip=draw.choice([0, 0, 0, 1])
    )
    began = time.monotonic()
    try:
        with writer(standing) as reader:
            ended, printed = "taken", str(act(reader, standing, tmp_path))[:0]
    except ReconcilerError as error:
        ended, printed = error.code, show_failure(error).plain + (getattr(error, "where", None) or "")
        assert error.__cause__ is None or isinstance(error.__cause__, ReconcilerError)
    finally:
        standing.proxy.rule = None
    took = time.monotonic() - began
    if rule.hit:
        _ended[ended] += 1
        _slowest.append((took, seed, f"{path} {way.__name__}"))
    for canary in hostile.CANARIES:
        assert canary not in printed, f"{seed}: {way.__name__}: {printed}"
    if ended == "bad-reply":
        assert any(each in printed for each in ("GET ", "POST ", "PATCH ", "DELETE ")), printed
