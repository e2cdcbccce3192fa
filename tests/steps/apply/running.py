"""A campaign that dials, manifests that change it, and what must be true of it at every instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.simulator import Simulator
from reconciler.simulator.error_replies import conflict
from reconciler.simulator.stored_records import Campaign
from tests import scene
from tests.conftest import Folder, manifest

BEFORE: Mapping[str, Any] = {
    "dialType": "predictive",
    "abandonThreshold": 5.0,
    "startTime": scene.START,
    "endTime": "2027-01-05T20:00:00Z",
    "wrapUpCode": "SOLD",
    "predictiveDialingSettings": {"targetAnswerRate": 0.2, "maxCallsInProgress": 40},
}
"""What the campaign `Morning` is, on the list `Old`, before anything is applied."""


def build(tenant: Simulator, folder: Folder, *, dial_type: str = "predictive", status: str = "active") -> None:
    """`Morning` dials `Old`; wanted are another list, which is filled first, threshold, pacing and end."""
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    tenant.store.add_list("Chosen", [scene.contact(n) for n in range(80, 100)], description=scene.MARK)
    tenant.store.add_list("Old", [scene.contact(n) for n in range(10)])
    tenant.store.add_campaign("Morning", "Old", **BEFORE, status="active", description=scene.MARK)
    scene.declare_campaign(folder, name="Morning", status=status)
    if dial_type != "predictive":
        path = folder.root / "campaign-morning.yaml"
        kept = [line for line in path.read_text(encoding="utf-8").splitlines() if "predictive: {" not in line]
        path.write_text("\n".join(kept).replace("dialType: predictive", f"dialType: {dial_type}"), encoding="utf-8")


def build_new(tenant: Simulator, folder: Folder) -> None:
    """Nothing but contacts: a list, who is on it, and a campaign are all to be made."""
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    scene.declare_campaign(folder, name="Morning")


def declare_policy(folder: Folder, threshold: float) -> None:
    """Another threshold."""
    folder.write("policy.yaml", manifest("AbandonmentPolicy", "strict", f"thresholds: {{all: {threshold}}}"))


Settings = tuple[tuple[str, str], ...]


class Witness:
    """Sees every campaign of a tenant whenever one is written: a campaign that dials has the old values or the new.

    Attributes:
        seen: the settings, in names, of each campaign that was at work, by its name.
    """

    def __init__(self, tenant: Simulator) -> None:
        self._tenant, self._store = tenant, tenant.store
        self.seen: set[tuple[str, Settings]] = set()
        self._change, self._add = tenant.store.change_campaign, tenant.store.add_campaign
        setattr(tenant.store, "change_campaign", self._changed)  # noqa: B010 - the type checker minds an assignment
        setattr(tenant.store, "add_campaign", self._added)  # noqa: B010
        self.takes: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]] = _whole

    def look(self) -> None:
        """Look now."""
        with self._store.lock:
            for each in self._store.campaigns.values():
                if each.fields.get("status") == "active":
                    self.seen.add((each.name, self.settings(each)))

    def settings(self, campaign: Campaign) -> Settings:
        """What a campaign is but for its name, its status and its description."""
        names = {each.id: each.name for each in self._store.lists.values()}
        held = {**campaign.fields, "listId": names.get(campaign.fields["listId"], "?")}
        left_out = ("name", "status", "description")
        return tuple((name, str(_plain(value))) for name, value in sorted(held.items()) if name not in left_out)

    def _changed(self, campaign: Campaign, **changed: Any) -> None:
        self._change(campaign, **self.takes(campaign.fields, changed))
        self.look()

    def _added(self, *words: Any, **fields: Any) -> Campaign:
        made = self._add(*words, **fields)
        self.look()
        return made


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in sorted(value.items())}
    return float(value) if isinstance(value, int | float) else value


def _whole(before: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    return dict(changed)


def half() -> Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]:
    """The tenant takes all of the first change that it is sent but the threshold, and says that it took it."""
    done: list[bool] = []

    def takes(before: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
        if "abandonThreshold" in changed and not done:
            done.append(True)
            return {name: value for name, value in changed.items() if name != "abandonThreshold"}
        return dict(changed)

    return takes


def unwilling() -> Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]:
    """The tenant will not activate the campaign the first time that it is asked to."""
    done: list[bool] = []

    def takes(before: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
        if changed.get("status") == "active" and not done:
            done.append(True)
            raise conflict("played: the campaign cannot be activated")
        return dict(changed)

    return takes
