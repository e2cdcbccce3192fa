# tested by: tests/simulator/test_embedded_tenant.py
"""Serve the tenant over HTTP on 127.0.0.1, and as the hosts that it stands in for over TLS behind a proxy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aiohttp import web

from reconciler.simulator.connect_proxy import ConnectProxy, serve_proxy
from reconciler.simulator.jobs import resume
from reconciler.simulator.request_handling import Exchange
from reconciler.simulator.tenant import Tenant

HOST = "127.0.0.1"
LARGEST_BODY = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Served:
    """Where a tenant is served.

    Attributes:
        origin: such as `http://127.0.0.1:8080`.
        proxy: the URL of the proxy by which clients of its vendor's hosts come to it, where it stands in for them.
        authority: the file of the authority that these clients have to trust.
    """

    origin: str
    proxy: str = ""
    authority: Path | None = None


class PortUnserved(OSError):
    """Nothing can be served at `port`."""

    def __init__(self, port: int, error: OSError) -> None:
        super().__init__(error.errno, error.strerror or str(error))
        self.port = port


@asynccontextmanager
async def serve_tenant(tenant: Tenant) -> AsyncIterator[Served]:
    """Serve the tenant while the context lasts. Raises PortUnserved where a port is taken."""
    # bodies larger than any limit of the contract must get in, to be refused by the rule they break
    requests = partial(web.BaseRequest, loop=asyncio.get_running_loop(), client_max_size=LARGEST_BODY)
    server = web.Server(Exchange(tenant), request_factory=requests, access_log=None)
    resume(tenant)
    runner = web.ServerRunner(server, shutdown_timeout=0.05)
    await runner.setup()
    try:
        with _naming(tenant.options.port):
            await web.TCPSite(runner, HOST, tenant.options.port).start()
        origin = f"http://{HOST}:{runner.addresses[0][1]}"
        if tenant.options.as_host:
            async with _serve_as_host(tenant, runner, origin) as served:
                yield served
        else:
            yield Served(origin)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _serve_as_host(tenant: Tenant, runner: web.ServerRunner, origin: str) -> AsyncIterator[Served]:
    """The same tenant over TLS, and the proxy by which its clients come to it."""
    # a tenant that stands in for nobody needs no keys, and does not wait for the library
    from reconciler.simulator.host_certificates import certify_hosts

    with certify_hosts(tenant.router.hosts) as certified:
        await web.TCPSite(runner, HOST, 0, ssl_context=certified.server).start()
        proxy = ConnectProxy(lambda host: tenant.router.root_of_host(host) is not None, HOST, runner.addresses[1][1])
        async with AsyncExitStack() as stack:
            with _naming(tenant.options.proxy_port):
                port = await stack.enter_async_context(serve_proxy(proxy, HOST, tenant.options.proxy_port))
            yield Served(origin, f"http://{HOST}:{port}", certified.authority)


@contextmanager
def _naming(port: int) -> Iterator[None]:
    """Say which port it was that nothing can be served at."""
    try:
        yield
    except OSError as error:
        raise PortUnserved(port, error) from None
