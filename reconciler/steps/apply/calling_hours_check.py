# tested by: tests/steps/apply/test_campaign_faults.py
"""Check, when a campaign is about to be activated, that its contacts may be called.

A plan is judged when it is applied. Until a campaign is created and set to work its lists are filled, which may take
hours, and a run may be resumed a day later: so it is asked again, by what the tenant then holds of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from reconciler.model.apply_options import ApplyOptions
from reconciler.model.changes import Changes
from reconciler.model.errors import ReconcilerError
from reconciler.model.instants import format_instant
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.plan import Plan
from reconciler.model.plan_expiry import writes_window
from reconciler.model.rule_input import Planned, Situation
from reconciler.model.waiver_matching import waive
from reconciler.rules import collect_findings
from reconciler.rules.calling_hours_by_place import load_allowed_hours


class OutOfHours(ReconcilerError):
    """What would be set to work would call people at hours at which they may not be called."""

    code = "out-of-hours"


class Calling:
    """The hours of whom one object of a plan calls.

    Args:
        change: that of the object. An object that is no campaign calls nobody.
    """

    def __init__(self, plan: Plan, change: ObjectChange, terms: ApplyOptions) -> None:
        self._plan, self._terms, self._change = plan, terms, change
        self._planned = next((each for each in plan.campaigns if each.change.address == change.address), None)

    def fix_times(self, moment: datetime) -> Mapping[str, str]:
        """The fields that are counted from the moment at which the object is created, as they are then.

        A draft gets the minute that its plan told as well: it may be activated before that comes. Where there is none,
        it is made all the same, as it calls nobody.

        Raises:
            OutOfHours: it waits for a minute that all its contacts allow, and there is none.
        """
        planned = self._planned
        if planned is None or not planned.campaign.within_hours:
            return {}
        campaign = planned.schedule_at(moment, load_allowed_hours())
        if campaign.starts is None or campaign.ends is None:
            if not planned.campaign.active:
                return {}
            self._refuse(planned, moment)
            raise OutOfHours(
                f"no minute is known from which all contacts of {self._change.name!r} may be called",
                hint="name its times, or make it shorter; then plan again",
            )
        return {"startTime": format_instant(campaign.starts), "endTime": format_instant(campaign.ends)}

    def check(self, fields: Mapping[str, Any]) -> None:
        """Ask whether people may be called by an object that holds these fields, from now on.

        Raises:
            OutOfHours: they may not, and that cannot be waived; it was not set to work.
        """
        if self._planned is not None:
            held = replace(self._change, action=Action.NO_OP, before=dict(fields), after=dict(fields))
            self._refuse(replace(self._planned, change=held), self._terms.clock())
            self._refuse_over(self._planned, self._terms.clock())

    def _refuse_over(self, planned: Planned, moment: datetime) -> None:
        """Set nothing to work in a window of a calendar that has passed while its list was filled."""
        ends, until = planned.campaign.ends, self._plan.good_until
        since = ends is not None and until is not None and until <= ends <= moment
        if planned.campaign.repeats and ends is not None and since and writes_window(planned):
            raise OutOfHours(
                f"{self._change.name!r} is not activated: the window of its calendar ended at {format_instant(ends)}",
                hint="plan again, and apply that",
            )

    def _refuse(self, planned: Planned, moment: datetime) -> None:
        situation = Situation(
            changes=Changes((), (), ()),
            now=moment,
            as_of=moment,
            workspace=self._plan.workspace,
            campaigns=(planned,),
            hours=load_allowed_hours(),
            applying=True,
        )
        settings = self._terms.settings
        found = waive(collect_findings(situation, settings.severities, starting=True), settings, moment.date())
        words = [f"{each.rule}: {each.message}" for each in found if each.refuses]
        if words:
            raise OutOfHours(
                f"{self._change.name!r} is not activated at {format_instant(moment)}: {'; '.join(words)}",
                hint="give it times that all its contacts allow, plan again, and apply that",
            )
