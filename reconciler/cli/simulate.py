# tested by: tests/simulator/test_simulate_command.py
"""`reconciler simulate`: run the embedded tenant."""

from __future__ import annotations

import errno
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.model.errors import ReconcilerError

if TYPE_CHECKING:
    from reconciler.simulator import Simulator


class PortRefused(ReconcilerError):
    """Nothing can be served at the port."""

    code = "port-refused"


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _aware(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime:
    if value is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter("must be an ISO 8601 time with a zone, such as 2026-01-31T08:00:00Z")
    return moment.astimezone(UTC)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="0 picks a free one.")
@click.option("--demo", is_flag=True, help="Load the demonstration tenant: 20,000 contacts, lists, a campaign.")
@click.option(
    "--as-of",
    metavar="TIME",
    callback=_aware,
    help="The moment for which the demonstration tenant is made. [default: now]",
)
@click.option(
    "--nice", is_flag=True, help="Answer as NICE's published API alone: lists, skills, campaigns, do-not-call."
)
@click.option(
    "--as-host",
    is_flag=True,
    help="With --nice: stand in for the vendor's hosts, too, over TLS behind a proxy, for any client of theirs.",
)
@click.option(
    "--proxy-port",
    type=click.IntRange(0, 65535),
    default=8643,
    show_default=True,
    help="Of the proxy of --as-host; 0 picks a free one.",
)
@click.option("--contacts", type=_FILE, help="CSV or Parquet: id,engagementScore,status,phoneNumber,…")
@click.option("--interactions", type=_FILE, help="CSV or Parquet: id,startTime,contactId[,type].")
@click.option("--list-of-all", metavar="NAME", help="Make a list of all contacts.")
@click.option("--salesforce", type=_FILE, help="JSON: {object: [records]}, of the Salesforce organisation beside it.")
@click.option("--latency", type=float, default=0.0, metavar="MS", help="Latency of every call, in milliseconds.")
@click.option("--jitter", type=float, default=0.0, metavar="MS", help="Jitter of the latency, in milliseconds.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Calls a second, per surface.")
@click.option("--burst", type=click.IntRange(min=1), default=10, show_default=True, help="Calls at once.")
@click.option(
    "--campaign-rate",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    metavar="N",
    help="Dispositions a second, per campaign; 0 is no limit.",
)
@click.option("--token-lifetime", type=float, default=3600.0, show_default=True, metavar="SECONDS")
@click.option(
    "--job-seconds", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="How long a job takes."
)
@click.option("--forget-rows", is_flag=True, help="Count bulk rows and do not keep them.")
@click.option("--client-id", default="demo-client", show_default=True)
@click.option("--client-secret", default="not-a-secret", show_default=True)
@click.option(
    "--deny-scope", multiple=True, metavar="SCOPE", help="A scope that the client is not granted; repeatable."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything random.")
def simulate(
    *,
    port: int,
    demo: bool,
    as_of: datetime,
    nice: bool,
    as_host: bool,
    proxy_port: int,
    contacts: Path | None,
    interactions: Path | None,
    list_of_all: str | None,
    salesforce: Path | None,
    latency: float,
    jitter: float,
    rate: float | None,
    burst: int,
    campaign_rate: float,
    token_lifetime: float,
    job_seconds: float,
    forget_rows: bool,
    client_id: str,
    client_secret: str,
    deny_scope: tuple[str, ...],
    seed: int,
) -> None:
    """Serve an embedded CXone tenant on 127.0.0.1 until Ctrl-C.

    It refuses what the contract refuses, and keeps everything in memory.
    """
    from reconciler.simulator import DispositionLimits, JobPace, Options, Simulator

    if as_host and not nice:
        raise click.UsageError("--as-host needs --nice: only that API's hosts are stood in for")
    options = Options(
        latency_ms=latency,
        jitter_ms=jitter,
        rate=rate,
        burst=burst,
        token_lifetime=token_lifetime,
        jobs=JobPace(seconds=job_seconds),
        dispositions=DispositionLimits(rate=campaign_rate or None),
        forget_rows=forget_rows,
        client_id=client_id,
        client_secret=client_secret,
        denied_scopes=frozenset(deny_scope),
        port=port,
        seed=seed,
        surfaces=frozenset({"nice"}) if nice else frozenset(),
        as_host=as_host,
        proxy_port=proxy_port,
    )
    tenant = Simulator(options)
    try:
        _fill(
            tenant,
            demo=as_of if demo else None,
            contacts=contacts,
            interactions=interactions,
            all_=list_of_all,
            salesforce=salesforce,
        )
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    try:
        tenant.start()
    except OSError as error:
        raise _describe_unserved(error, port, proxy_port) from None
    try:
        click.echo(_greet(tenant))
        sys.stdout.flush()
        tenant.wait()
    except KeyboardInterrupt:
        pass
    finally:
        tenant.stop()
    click.echo(f"Stopped after {len(tenant.requests()):,} requests; nothing was saved.")


def _describe_unserved(error: OSError, port: int, proxy_port: int) -> ReconcilerError:
    """That nothing can listen at a port, in our words: those of the system name no way out."""
    taken = error.errno == errno.EADDRINUSE
    option = "--proxy-port" if getattr(error, "port", port) != port else "--port"
    port = proxy_port if option == "--proxy-port" else port
    return PortRefused(
        f"port {port} of this machine is {'in use' if taken else 'not available'}",
        where=f"127.0.0.1:{port}",
        note=os.strerror(error.errno).lower() if error.errno else None,
        hint=f"{'stop what listens there, perhaps another `reconciler simulate`, or ' if taken else ''}"
        f"choose another with {option}; 0 picks a free one",
    )


def _fill(
    tenant: Simulator,
    *,
    demo: datetime | None,
    contacts: Path | None,
    interactions: Path | None,
    all_: str | None,
    salesforce: Path | None,
) -> None:
    if demo is not None:
        from reconciler.simulator.demo_tenant import populate

        populate(tenant.store, demo, seed=tenant.options.seed)
    if contacts is not None:
        tenant.store.load_contacts(contacts)
    if interactions is not None:
        tenant.store.load_interactions(interactions, create_contacts=contacts is None)
    if all_ is not None:
        tenant.store.add_list_of_all(all_)
    if salesforce is not None:
        tenant.store.load_salesforce(salesforce)


def _greet(tenant: Simulator) -> str:
    store = tenant.store
    lines = [
        f"An embedded CXone tenant at {tenant.url}, with {len(store.contacts):,} contacts, "
        f"{len(store.history):,} interactions; lists: {len(store.lists)}, campaigns: {len(store.campaigns)}.",
        "",
        *(f"  {name:<13} {tenant.base_url(name)}" for name in tenant.surfaces),
        *([f"  {'events':<13} {tenant.events_url}"] if "bulk" in tenant.surfaces else _list_nice(tenant)),
        f"  {'webhooks':<13} {tenant.webhook_url('any-name')}",
        f"  {'control':<13} {tenant.url}/_control/state",
        "",
        "A client needs:",
        "",
        *(f"  export {name}={value}" for name, value in tenant.environment().items() if name != "CXONE_URL"),
        "",
        *_list_host(tenant),
        *(
            ["The starter manifests take its address with", "", f"  --var cxone={tenant.url}", ""]
            if "lists" in tenant.surfaces
            else []
        ),
        "Ctrl-C ends it.",
    ]
    return "\n".join(lines)


def _list_host(tenant: Simulator) -> list[str]:
    """By what a client of the vendor's own hosts comes here, and what it is told to log in with."""
    if not tenant.proxy_url:
        return []
    from reconciler.simulator.surfaces.nice.login import APPLICATION, AREA, CLUSTER

    return [
        "A client of the vendor's hosts comes here, and nowhere else, with",
        "",
        *(f"  export {name}={value}" for name, value in tenant.proxy_environment().items()),
        "",
        f"  area {AREA}, cluster {CLUSTER}; by OpenID: application {APPLICATION[0]}, its secret {APPLICATION[1]}",
        "",
    ]


def _list_nice(tenant: Simulator) -> list[str]:
    """Where an access key is good, and where it is said where the API is: `tokenUrl` and `issuer` of a Tenant."""
    return [f"  {'tokenUrl':<13} {tenant.token_url('nice')}", f"  {'issuer':<13} {tenant.url}/nice"]
