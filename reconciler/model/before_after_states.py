# tested by: tests/rules/test_rules.py
"""Describe campaigns and lists before and after a plan, typed for rules.

The fields of an object are a mapping, as each kind has its own; here they are what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.campaign_state import RunState, read_state
from reconciler.model.object_change import ObjectChange

CAMPAIGN, LIST = "Campaign", "ContactList"
"""The kinds that dial, and that are dialled."""


@dataclass(frozen=True, slots=True)
class CampaignState:
    """A campaign as the tenant holds it, or would.

    Attributes:
        status: the tenant's word; None where it tells none. tells_status: whether it tells one at all.
        state: what the word means. threshold: abandoned calls allowed, in percent. dial_type: the tenant's word.
        list: the name of the list that it dials. predictive: settings of its dialler that are numbers.
    """

    status: str | None
    tells_status: bool
    state: RunState
    threshold: float | None
    dial_type: str | None
    list: str | None
    predictive: Mapping[str, float]

    @property
    def may_dial(self) -> bool:
        """Whether it may be calling people: whatever is not known to rest may."""
        return self.state.may_dial


@dataclass(frozen=True, slots=True)
class ListState:
    """A list as the tenant holds it, or would. `type`: the tenant's word; None where it tells none."""

    type: str | None


@dataclass(frozen=True, slots=True)
class CampaignChange:
    """What becomes of a campaign. `was`: None where it is made; `becomes`: None where it is deleted."""

    change: ObjectChange
    was: CampaignState | None
    becomes: CampaignState | None


@dataclass(frozen=True, slots=True)
class ListChange:
    """What becomes of a list. `was`: None where it is made; `becomes`: None where it is deleted."""

    change: ObjectChange
    was: ListState | None
    becomes: ListState | None


def iter_campaign_changes(changes: tuple[ObjectChange, ...]) -> Iterator[CampaignChange]:
    """Those of campaigns, in their order."""
    for each in changes:
        if each.address.kind == CAMPAIGN:
            yield CampaignChange(each, make_campaign_state(each.before), make_campaign_state(each.after))


def iter_list_changes(changes: tuple[ObjectChange, ...]) -> Iterator[ListChange]:
    """Those of lists, in their order."""
    for each in changes:
        if each.address.kind == LIST:
            yield ListChange(each, _make_list_state(each.before), _make_list_state(each.after))


def make_campaign_state(fields: Mapping[str, Any] | None) -> CampaignState | None:
    """A campaign by its fields; None where there is none."""
    if fields is None:
        return None
    settings = fields.get("predictive") or {}
    return CampaignState(
        _as_word(fields.get("status")),
        "status" in fields,
        read_state(fields),
        _as_number(fields.get("abandonThreshold")),
        _as_word(fields.get("dialType")),
        _as_word(fields.get("list")),
        {name: found for name, value in settings.items() if (found := _as_number(value)) is not None},
    )


def _make_list_state(fields: Mapping[str, Any] | None) -> ListState | None:
    return None if fields is None else ListState(_as_word(fields.get("type")))


def _as_word(value: object) -> str | None:
    return None if value is None else str(value)


def _as_number(value: Any) -> float | None:
    return None if value is None or isinstance(value, str | bool) else float(value)
