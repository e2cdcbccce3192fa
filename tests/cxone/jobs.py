"""What the tests of jobs stand on: transports to an embedded tenant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reconciler.cxone import list_methods
from reconciler.cxone.auth import make_access
from reconciler.cxone.transport import Transport
from reconciler.model.jobs import Job
from reconciler.model.row_wire import ListMethod, Trace
from reconciler.model.secret import Secret
from reconciler.model.tenant import DeclaredSurface, Pace
from reconciler.simulator import Simulator
from reconciler.surfaces.bulk import BULK_INSERT
from reconciler.surfaces.contacts import CONTACT_BATCH


def transport_to(tenant: Simulator, surface: str, **settings: Any) -> Transport:
    """A transport to one surface of the embedded tenant, as fast as tests like it."""
    settings = {"pace": Pace(rate=1e4, burst=1000), "attempts": 3, **settings}
    stop, secret = settings.pop("stop", None), settings.pop("secret", tenant.options.client_secret)
    declared = DeclaredSurface(
        surface,
        tenant.options.client_id,
        Secret(secret),
        "env CXONE_CLIENT_SECRET",
        base_url=tenant.base_url(surface),
        token_url=tenant.token_url(surface),
        **settings,
    )
    return Transport(make_access(declared), stop=stop, jitter=lambda: 0.01)


def insert(transport: Transport, list_id: str, some: list[dict[str, Any]], reference: str) -> str:
    """The job of a bulk insert of some items."""
    return str(list_methods.send(transport, BULK_INSERT, list_id, some, reference))


def batch(transport: Transport, some: list[dict[str, Any]]) -> str:
    """The job of a batch of some contacts."""
    return str(list_methods.send(transport, CONTACT_BATCH, "", some, ""))


def job(transport: Transport, job_id: str, method: ListMethod = BULK_INSERT) -> Job:
    """How a bulk job, or one of another method, gets on."""
    assert method.jobs is not None
    return list_methods.ask(transport, method.jobs, job_id)


def batch_job(transport: Transport, job_id: str) -> Job:
    """How a batch gets on."""
    return job(transport, job_id, CONTACT_BATCH)


def find(transport: Transport, reference: str) -> str | None:
    """The bulk job that carries a reference."""
    assert BULK_INSERT.jobs is not None
    now = datetime.now(UTC)
    return list_methods.find(transport, BULK_INSERT.jobs, Trace("", reference, now, now))


def list_of(tenant: Simulator) -> str:
    """The id of a new, empty list."""
    tenant.store.add_list("Invited", {})
    return next(iter(tenant.store.lists))


def items(count: int) -> list[dict[str, Any]]:
    """So many items of a bulk insert, at most 90."""
    return [{"phoneNumber": f"+141555501{n:02d}", "customFields": {"priority": n}} for n in range(10, 10 + count)]


def jobs(tenant: Simulator, transport: Transport, count: int) -> list[str]:
    """The ids of so many bulk jobs of two items each."""
    target = list_of(tenant)
    return [insert(transport, target, items(2), f"chunk-{n}") for n in range(count)]
