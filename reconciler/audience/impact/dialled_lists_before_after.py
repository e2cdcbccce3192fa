# tested by: tests/steps/test_impact.py
"""Find the lists that each campaign dials before a plan and after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.model.before_after_states import CAMPAIGN, LIST, CampaignState, make_campaign_state
from reconciler.model.changes import Changes
from reconciler.model.list_change import RowChange
from reconciler.model.live_state import Live
from reconciler.model.object_change import Action, FieldChange, ObjectChange
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import MemberPhones, MembersOf, Rows
from reconciler.model.rule_input import Planned

_ALIKE = frozenset({"name", "description", "list", "status"})
"""Fields of a campaign that change nothing of how a call is made."""


@dataclass(frozen=True, slots=True)
class Dialling:
    """A campaign of a manifest, with all its bands, or one that nothing declares.

    Attributes:
        lists: the live names of its lists, each with whether it is dialled before and after. Of a campaign that is at
            rest before and after: whether it would be.
        dials_before, dials_after: whether it may be calling people. treated: whether its calls are made otherwise.
    """

    address: Address
    lists: Mapping[str, tuple[bool, bool]]
    dials_before: bool
    dials_after: bool
    treated: bool = False

    @property
    def at_rest(self) -> bool:
        """Whether it calls nobody, neither before nor after."""
        return not (self.dials_before or self.dials_after)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list that matters to whom campaigns call.

    Attributes:
        rows: who is on it now; None: nobody could read that. size: how many they are; None: nobody knows.
        change: what becomes of its rows. whole: whether all of its people may start or stop being called at once.
    """

    name: str
    rows: Rows | None
    size: int | None
    change: RowChange | None = None
    whole: bool = False

    @property
    def changes(self) -> bool:
        """Whether anybody's row on it changes."""
        return self.change is not None and self.change.total > 0


@dataclass(slots=True)
class _Parts:
    """What is gathered of the bands of one manifest."""

    parts: list[tuple[CampaignState | None, CampaignState | None]] = field(default_factory=list)
    treated: bool = False


def list_dialling(campaigns: Iterable[Planned], others: Iterable[Planned], changes: Changes) -> tuple[Dialling, ...]:
    """Every campaign that calls, would call or called somebody, in the order of addresses."""
    found: dict[Address, _Parts] = {}
    gone = (each for each in changes.objects if each.address.kind == CAMPAIGN and each.action is Action.DELETE)
    every = [(each.change, each.was, each.becomes) for each in (*campaigns, *others)]
    every += [(change, make_campaign_state(change.before), None) for change in gone]
    for change, was, becomes in every:
        mine = found.setdefault(Address(change.address.kind, change.address.name), _Parts())
        mine.parts.append((was, becomes))
        mine.treated = mine.treated or _is_treated(change)
    return tuple(_make_dialling(address, found[address]) for address in sorted(found))


def _is_treated(change: ObjectChange) -> bool:
    """Whether calls are made otherwise from now on, or what was tried before is forgotten."""
    return change.action is Action.REPLACE or (
        change.action is Action.UPDATE and any(_name_field(each) not in _ALIKE for each in change.fields)
    )


def _name_field(change: FieldChange) -> str:
    return change.path.partition(".")[0]


def _make_dialling(address: Address, gathered: _Parts) -> Dialling:
    states = gathered.parts
    before, after = (any(part[side] is not None and part[side].may_dial for part in states) for side in (0, 1))  # type: ignore[union-attr]
    rests = not (before or after)
    lists: dict[str, tuple[bool, bool]] = {}
    for part in states:
        for side, state in enumerate(part):
            if state is not None and state.list and (rests or state.may_dial):
                b, a = lists.get(state.list, (False, False))
                lists[state.list] = (b or side == 0, a or side == 1)
    return Dialling(address, dict(sorted(lists.items())), before, after, gathered.treated)


def find_lists(dialling: Iterable[Dialling], changes: Changes, live: Live) -> tuple[Listed, ...]:
    """The lists that campaigns dial or that change, in the order of their names."""
    changed = {each.list: each for each in changes.rows}
    names = set(changed)
    whole = set()
    for each in dialling:
        names |= each.lists.keys()
        whole |= {name for name, (before, after) in each.lists.items() if before != after}
    held = dict(_read_lists(live))
    found = (_make_listed(name, held.get(name), changed.get(name), live) for name in sorted(names))
    return tuple(replace(each, whole=each.name in whole) for each in found)


def _read_lists(live: Live) -> Iterator[tuple[str, Rows]]:
    """Who is on which list, as far as somebody asked: by the members where both were read."""
    yield from ((query.list, rows) for query, rows in live.rows.items() if isinstance(query, MemberPhones))
    yield from ((query.list, rows) for query, rows in live.rows.items() if isinstance(query, MembersOf))


def _make_listed(name: str, rows: Rows | None, change: RowChange | None, live: Live) -> Listed:
    found = live.find(LIST, name)
    if change is not None:
        return Listed(name, live.rows[change.members], change.live, change)
    if rows is not None:
        return Listed(name, rows, rows.count)
    return Listed(name, None, 0 if found is None else found.size)
