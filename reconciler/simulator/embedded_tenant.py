"""Run a tenant inside another program."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from reconciler.simulator.dispositions import Dispositions
from reconciler.simulator.fault_plan import Faults
from reconciler.simulator.jobs import Jobs
from reconciler.simulator.request_log import RequestList
from reconciler.simulator.routing import Surface
from reconciler.simulator.server import Served, serve_tenant
from reconciler.simulator.store import Store
from reconciler.simulator.tenant import Tenant
from reconciler.simulator.tenant_options import Options
from reconciler.simulator.webhooks import PREFIX, Delivery, Webhooks


class Simulator:
    """A tenant served from a thread of this process.

    >>> with Simulator(Options(rate=100)) as tenant:
    ...     tenant.store.add_contacts(["C1", "C2"])
    ...     tenant.store.add_list("All", ["C1", "C2"])
    ...     run_client(tenant.base_url("outbound"))
    ...     assert tenant.requests().writes() == []

    Attributes:
        url: the origin all surfaces are served under, once it is started.
        proxy_url: the proxy by which clients of the vendor's hosts come to it, where it stands in for them.
        authority: the file of the authority that these have to trust, while it runs.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.url = ""
        self.proxy_url = ""
        self.authority: Path | None = None
        self._tenant = Tenant(self.options)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: Thread | None = None
        # after an interruption `Thread.join` may take a running thread for ended (CPython 3.11, 3.12)
        self._ended = Event()

    @property
    def store(self) -> Store:
        """The tenant's state, to look into or to change."""
        return self._tenant.store

    @property
    def jobs(self) -> Jobs:
        """The asynchronous jobs."""
        return self._tenant.jobs

    @property
    def dispositions(self) -> Dispositions:
        """The outcomes of contacts in campaigns, and the dialler that holds some of them."""
        return self._tenant.dispositions

    def behave(self, **manners: Any) -> None:
        """Answer, from now on, as lawfully and otherwise as `Manners` says."""
        self._tenant.behave(**manners)

    @property
    def faults(self) -> Faults:
        """What is to go wrong."""
        return self._tenant.faults

    @property
    def surfaces(self) -> dict[str, Surface]:
        """The surfaces by name."""
        return self._tenant.router.surfaces

    def base_url(self, surface: str) -> str:
        """What the endpoints of a surface stand under, such as `http://127.0.0.1:8080/lists/api/v1`."""
        return self.url + self.surfaces[surface].base_path

    @property
    def events_url(self) -> str:
        """Where the events of bulk jobs are listened to: `ws://…/bulk/api/v2/events`."""
        return f"{self.base_url('bulk').replace('http', 'ws', 1)}/events"

    def webhook_url(self, name: str) -> str:
        """A receiver of callbacks."""
        return f"{self.url}{PREFIX}{name}"

    def webhooks(self, name: str | None = None) -> list[Delivery]:
        """The callbacks that came to one receiver, or to all."""
        with self.store.lock:
            return self.store.part(Webhooks).to(name)

    def token_url(self, surface: str) -> str:
        """Where a surface hands out its tokens."""
        return self.url + self.surfaces[surface].full_token_path

    def environment(self) -> dict[str, str]:
        """The variables a client needs: `CXONE_URL`, `CXONE_CLIENT_ID` and `CXONE_CLIENT_SECRET`."""
        return {
            "CXONE_URL": self.url,
            "CXONE_CLIENT_ID": self.options.client_id,
            "CXONE_CLIENT_SECRET": self.options.client_secret,
        }

    def proxy_environment(self) -> dict[str, str]:
        """The variables by which clients that ask the vendor's hosts come here instead; none if it is not as a host."""
        if self.authority is None:
            return {}
        trusted = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
        return {"HTTPS_PROXY": self.proxy_url, **dict.fromkeys(trusted, str(self.authority))}

    def requests(self) -> RequestList:
        """The requests received since the log was last cleared."""
        return self._tenant.log.all()

    def clear_requests(self) -> None:
        """Forget the requests received."""
        self._tenant.log.clear()

    def revoke_tokens(self) -> int:
        """Make every token invalid; how many there were."""
        return self._tenant.tokens.revoke()

    def reset(self) -> None:
        """As new: no data, requests, faults or tokens."""
        self._tenant.reset()

    def start(self) -> Self:
        """Serve until `stop`. Raises OSError where the port is taken, RuntimeError if it is running."""
        if self._thread is not None:
            raise RuntimeError("the simulator is running already")
        started: Future[Served] = Future()
        self._ended.clear()
        thread = Thread(target=self._run, args=(started,), name="simulator", daemon=True)
        self._thread = thread
        thread.start()
        try:
            served = started.result()
        except BaseException:
            # interrupted: a tenant that is up by now is stopped, and one that is not will never be
            if not started.cancel() and started.exception() is None:
                self.stop()
            self._ended.wait()
            thread.join()
            self._thread = None
            raise
        self.url, self.proxy_url, self.authority = served.origin, served.proxy, served.authority
        return self

    def stop(self) -> None:
        """Stop serving; replies still held are dropped. The state stays and may be looked into."""
        if self._thread is None or self._loop is None or self._stop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._ended.wait()
        self._thread.join()
        self._thread = None

    def wait(self) -> None:
        """Return when it has been stopped, by another thread or by an interruption (KeyboardInterrupt)."""
        while self._thread is not None and not self._ended.wait(0.5):
            pass

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _run(self, started: Future[Served]) -> None:
        try:
            asyncio.run(self._serve(started))
        finally:
            self._ended.set()

    async def _serve(self, started: Future[Served]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with serve_tenant(self._tenant) as served:
                if started.set_running_or_notify_cancel():
                    started.set_result(served)
                    await self._stop.wait()
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)
