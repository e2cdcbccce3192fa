# tested by: tests/simulator/test_embedded_tenant.py
"""Serve the tenant over HTTP on 127.0.0.1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import web

from reconciler.simulator.jobs import resume
from reconciler.simulator.request_handling import Exchange
from reconciler.simulator.tenant import Tenant

HOST = "127.0.0.1"
LARGEST_BODY = 256 * 1024 * 1024


@asynccontextmanager
async def serve_tenant(tenant: Tenant) -> AsyncIterator[str]:
    """Serve the tenant while the context lasts; gives the origin, such as `http://127.0.0.1:8080`.

    Raises OSError where the port is taken.
    """
    # bodies larger than any limit of the contract must get in, to be refused by the rule they break
    requests = partial(web.BaseRequest, loop=asyncio.get_running_loop(), client_max_size=LARGEST_BODY)
    server = web.Server(Exchange(tenant), request_factory=requests, access_log=None)
    resume(tenant)
    runner = web.ServerRunner(server, shutdown_timeout=0.05)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, tenant.options.port)
        await site.start()
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
