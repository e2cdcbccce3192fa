# tested by: tests/simulator/test_control_api.py
"""Assemble a running tenant."""

from __future__ import annotations

from typing import Any

from reconciler.simulator.dispositions import Dispositions
from reconciler.simulator.fault_plan import Faults
from reconciler.simulator.jobs import Jobs
from reconciler.simulator.oauth import TokenOffice
from reconciler.simulator.paging import PageTokens
from reconciler.simulator.rate_limiter import Pace
from reconciler.simulator.reply_variations import Manners
from reconciler.simulator.request_log import RequestLog
from reconciler.simulator.routing import Router
from reconciler.simulator.store import Store
from reconciler.simulator.surfaces import discover
from reconciler.simulator.tenant_options import Options


class Tenant:
    """The state and the rules behind the server."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.store = Store()
        surfaces, routes = discover()
        served = options.surfaces or {each.name for each in surfaces}
        self.router = Router(
            (each for each in surfaces if each.name in served), (each for each in routes if each.surface in served)
        )
        self.log = RequestLog()
        self.faults = Faults()
        self.tokens = TokenOffice(options)
        self.pages = PageTokens(options.seed)
        self.pace = Pace(options.rate, options.burst)

    @property
    def jobs(self) -> Jobs:
        """The asynchronous jobs of the store."""
        return self.store.part(Jobs)

    @property
    def dispositions(self) -> Dispositions:
        """The dispositions of the store, limited as the options say unless they were told otherwise."""
        found = self.store.part(Dispositions)
        if not found.is_limited:
            found.limits = self.options.dispositions
        return found

    def behave(self, **manners: Any) -> Manners:
        """Take on these manners, and drop those of before; TypeError for what is unknown."""
        with self.store.lock:
            found, new = self.store.part(Manners), Manners(**manners)
            for name in Manners.__slots__:
                setattr(found, name, getattr(new, name))
            found.counts = {each.id: each.count for each in self.store.lists.values()}
            self.pages.longest = found.longest_page
            self.store.plain_ids = found.number_ids
            return found

    def reset(self) -> None:
        """As new: no data, requests, faults or tokens."""
        self.store.reset()
        self.log.clear()
        self.faults.clear()
        self.tokens.revoke()
        self.pages = PageTokens(self.options.seed)
        self.pace = Pace(self.options.rate, self.options.burst)
