"""How does a tenant's Reader read the contacts of a campaign: their outcomes, and the list that they are on?"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from reconciler.cxone import dispositions
from reconciler.cxone.reader import DISPOSITIONS, TenantReader, missing
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.rows import CampaignPhones, LiveCampaign, LiveList, OutcomesOf, Rows

_KIND = "Campaign"


class CampaignReader(TenantReader):
    """Reads one tenant, and the contacts of its campaigns as well."""

    _looking = threading.Lock()

    def outcomes(self, query: OutcomesOf, contacts: Iterable[str], workers: int, into: Path) -> Rows:
        """Where some contacts of a campaign stand, `workers` of them at once.

        Raises:
            BadInput: the tenant has no such campaign.
        """
        campaign_id = self._campaign(query.campaign, query.where)
        return dispositions.read(self._transports[DISPOSITIONS], campaign_id, contacts, workers, self._file(into))

    def list_of(self, query: CampaignPhones) -> LiveList:
        """The list that a campaign calls.

        Raises:
            BadInput: the tenant has no such campaign, or nobody can say.
        """
        campaign_id = self._campaign(query.campaign, query.where)
        for each in self.objects(self._kinds[_KIND]):
            if each.id == campaign_id:
                return LiveList(name=str(each.fields.get("list")))
        message = f"nobody can say which list {query.campaign} calls"
        hint = "map the column `phone`, or name the campaign by its name"
        raise BadInput([Problem(query.where, "unknown-list", message, hint=hint)])

    @property
    def outcomes_at_once(self) -> int:
        """How many contacts may be read or set at the same time, of all campaigns together."""
        return self._transports[DISPOSITIONS].access.pace.workers if DISPOSITIONS in self._transports else 1

    @property
    def campaign_rate(self) -> int:
        """Contacts of one campaign whose outcomes can be set in a second: each is looked at before it is written."""
        if DISPOSITIONS not in self._transports:
            return 0
        access = self._transports[DISPOSITIONS].access
        return max(1, access.campaign_rate // 2) if access.counts_reads else access.campaign_rate

    def _campaign(self, wanted: LiveCampaign, where: Location) -> str:
        """The id of a campaign that a manifest points at. An id is checked where the tenant lists its campaigns."""
        if DISPOSITIONS not in self._transports:
            raise BadInput([missing(where, DISPOSITIONS, "outcomes of contacts are read and set through it")])
        listed = self._kinds[_KIND].surface(self._transports) is not None
        if not listed and wanted.id is not None:
            return wanted.id
        if not listed:
            raise BadInput([missing(where, "lists", "the ids of campaigns are looked up through it")])
        with self._looking:  # several threads ask at once, and one look is enough
            if _KIND not in self._ids:
                self.objects(self._kinds[_KIND])
        known = self._ids[_KIND]
        several = "" if wanted.name is None else self._several(_KIND, wanted.name)
        if several:
            message = f"the tenant has more than one {wanted} that nobody can tell apart: {several}"
            hint = "refer to the one that is meant by its id"
            raise BadInput([Problem(where, "ambiguous-campaign", message, hint=hint)])
        found = known.get(wanted.name) if wanted.name is not None else wanted.id
        if found is None or found not in known.values():
            hint = self._nearest(_KIND, str(wanted.name), "campaigns")
            raise BadInput([Problem(where, "unknown-campaign", f"the tenant has no {wanted}", hint=hint)])
        return found
