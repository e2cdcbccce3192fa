# tested by: tests/cxone/test_statistics.py
"""Read the contacts, lists, call outcomes and call statistics of campaigns."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from reconciler.cxone import outcomes
from reconciler.cxone.errors import BadReply, NotFound
from reconciler.cxone.object_reader import Odd
from reconciler.cxone.reader import TenantReader
from reconciler.model.dialling_forecast import Statistics
from reconciler.model.errors import Interrupted, ReconcilerError
from reconciler.model.kind import Kind
from reconciler.model.notice import Notice
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.row_queries import CampaignPhones, LiveCampaign, LiveList, OutcomesOf, Rows
from reconciler.model.row_wire import Outcomes

_KIND = "Campaign"

ATTEMPTS_FOR_AN_ESTIMATE, SECONDS_FOR_AN_ESTIMATE, SECONDS_FOR_ESTIMATES = 2, 5.0, 30.0
"""A plan does not wait long for what it can do without: not for one, and not for all of them together."""


class CampaignReader(TenantReader):
    """Reads one tenant, and the contacts of its campaigns as well."""

    _looking = threading.Lock()

    def read_statistics(self, kind: Kind, names: Iterable[str]) -> Mapping[str, Statistics | Notice]:
        """What was counted of the calls of some objects, by name; none where the tenant does not offer it.

        It feeds estimates only: where it cannot be read, or is odd, there is a notice in its place that says so. The
        first 404 ends the asking, as such a tenant has it for no object, and so do the first that cannot be read, and
        the end of the time that all of them may take together.
        """
        surface = self._find_surface(kind)
        found: dict[str, Statistics | Notice] = {}
        if surface.statistics is None:
            return {}
        began, wanted = time.monotonic(), list(names)
        for place, name in enumerate(wanted):
            if time.monotonic() - began > SECONDS_FOR_ESTIMATES:
                rest = len(wanted) - place - 1
                what = f"{name!r}{f' and {rest:,} others' if rest else ''} may still abandon"
                took = f"the tenant took {SECONDS_FOR_ESTIMATES:g} s to tell it of {place:,}"
                args = {"object": name, "others": rest, "seconds": SECONDS_FOR_ESTIMATES}
                found[name] = Notice("no_estimate_in_time", f"no estimate of what {what}: {took}", args)
                break
            object_id = self._find_id(kind.name, name)
            call = surface.statistics.one(object_id)
            lane = self._find_lane(surface, object_id, write=False)
            try:
                body = self._transports[surface.name].call(
                    call.method,
                    call.path,
                    query=call.query,
                    scope=surface.read_scope,
                    lane=lane,
                    shape=surface.statistics.shape,
                    attempts=ATTEMPTS_FOR_AN_ESTIMATE,
                    within=SECONDS_FOR_AN_ESTIMATE,
                )
                with self._name_what_is_read(kind, surface, name, call.path):
                    found[name] = surface.statistics.read(body)
            except NotFound:
                break
            except Interrupted:
                raise
            except ReconcilerError as error:
                why = f"{error.message}, {error.note}" if error.note else error.message
                words = f"no estimate of what {name!r} may still abandon: {why} [{error.where}]"
                told = {"error": error.code, "status": error.status, "request_id": error.request_id}
                found[name] = Notice("no_estimate", words, {"object": name, **told})
                if not isinstance(error, Odd | BadReply) or getattr(error, "odd", True) is None:
                    break  # what failed for one, all the attempts of it, is not tried for every other
        return found

    def read_outcomes(self, query: OutcomesOf, contacts: Iterable[str], workers: int, into: Path) -> Rows:
        """Where some contacts of a campaign stand, `workers` of them at once.

        Raises:
            BadInput: the tenant has no such campaign.
        """
        campaign_id, wire = self._find_campaign(query.campaign, query.where), self._find_outcomes_wire(query.where)
        given = {*dict(query.dispositions.columns), *(["customFields"] if query.dispositions.custom else [])}
        if lost := " and ".join(f"`{each}`" for each in sorted(wire.unheld & given)):
            message = f"the surface {wire.surface} of the tenant has no {lost} of an outcome"
            raise BadInput([Problem(query.dispositions.where, "field-not-held", message, hint="leave it out")])
        return outcomes.read(
            self._transports[wire.surface], wire, campaign_id, contacts, workers, self._make_file(into)
        )

    def find_list_of(self, query: CampaignPhones) -> LiveList:
        """The list that a campaign calls.

        Raises:
            BadInput: the tenant has no such campaign, or nobody can say.
        """
        campaign_id = self._find_campaign(query.campaign, query.where)
        for each in self.read_objects(self._kinds[_KIND]):
            if each.id == campaign_id:
                return LiveList(name=str(each.fields.get("list")))
        message = f"nobody can say which list {query.campaign} calls"
        hint = "map the column `phone`, or name the campaign by its name"
        raise BadInput([Problem(query.where, "unknown-list", message, hint=hint)])

    @property
    def outcomes_at_once(self) -> int:
        """How many contacts may be read or set at the same time, of all campaigns together."""
        wire = self._outcomes
        return 1 if wire is None else self._transports[wire.surface].access.pace.workers

    @property
    def campaign_rate(self) -> int:
        """Contacts of one campaign whose outcomes can be set in a second: each is looked at before it is written."""
        if self._outcomes is None:
            return 0
        access = self._transports[self._outcomes.surface].access
        return max(1, access.campaign_rate // 2) if access.counts_reads else access.campaign_rate

    def _find_outcomes_wire(self, where: Location) -> Outcomes:
        """How outcomes are told and set; raises BadInput where no surface of the tenant does."""
        if self._outcomes is None:
            why = "outcomes of contacts are read and set through it"
            raise BadInput([self._describe_missing(where, lambda each: each.outcomes is not None, why)])
        return self._outcomes

    def _find_campaign(self, wanted: LiveCampaign, where: Location) -> str:
        """The id of a campaign that a manifest points at. An id is checked where the tenant lists its campaigns."""
        self._find_outcomes_wire(where)
        listed = self._kinds[_KIND].surface(self._transports) is not None
        if not listed and wanted.id is not None:
            return wanted.id
        if not listed:
            why = "the ids of campaigns are looked up through it"
            raise BadInput([self._describe_missing(where, lambda each: _KIND in each.wires, why)])
        with self._looking:  # several threads ask at once, and one look is enough
            if _KIND not in self._ids:
                self.read_objects(self._kinds[_KIND])
        known = self._ids[_KIND]
        several = "" if wanted.name is None else self._describe_several(_KIND, wanted.name)
        if several:
            message = f"the tenant has more than one {wanted} that cannot be told apart: {several}"
            hint = "refer to the one that is meant by its id"
            raise BadInput([Problem(where, "ambiguous-campaign", message, hint=hint)])
        found = known.get(wanted.name) if wanted.name is not None else wanted.id
        if found is None or found not in known.values():
            hint = self._suggest_nearest(_KIND, str(wanted.name), "campaigns")
            raise BadInput([Problem(where, "unknown-campaign", f"the tenant has no {wanted}", hint=hint)])
        return found
