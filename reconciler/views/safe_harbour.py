"""Show the legs of the abandonment safe harbour of each campaign; those that are alike on one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rich.text import Text

from reconciler.model.rule_input import Planned
from reconciler.model.safe_harbour import CampaignLeg, Leg, LegState
from reconciler.model.text_enumerations import count_shown
from reconciler.views.plain_text import plain
from reconciler.views.section_text import Cell, Section, Span, name, quote, say, stress

MOST, NAMED = 8, 3
"""Lines of campaigns at most, and campaigns that one names: the whole of it is in the plan's document."""

LEGS: Mapping[Leg, str] = {
    Leg.RATE: "rate",
    Leg.CONNECT: "connected within",
    Leg.MESSAGE: "recorded message",
    Leg.RINGING: "ringing",
    Leg.HOURS: "hours",
    Leg.ATTEMPTS: "attempts",
    Leg.DO_NOT_CALL: "do-not-call scrub",
    Leg.HOLIDAYS: "holidays",
}
"""What each leg is called."""

STATES: Mapping[LegState, str] = {
    LegState.SET: "set",
    LegState.UNSET: "unset",
    LegState.NOT_SETTABLE: "not settable here",
    LegState.UNPUBLISHED: "range not published",
}
"""What a plan says of a leg: its surface has no field for it, or its vendor does not publish in what it is counted."""

_STYLES = {LegState.UNSET: "yellow", LegState.UNPUBLISHED: "yellow", LegState.NOT_SETTABLE: "dim"}


def _describe_window(value: Mapping[str, Any]) -> str:
    minutes = value["minutes"]
    lengths = ((1_440, "days"), (60, "h"), (1, "min"))
    unit, letter = next(each for each in lengths if minutes % each[0] == 0 and (each[0] < minutes or each[0] == 1))
    return f"{value['most']:,} in {minutes // unit:,} {letter}"


_VALUES: Mapping[Leg, Callable[[Mapping[str, Any]], str]] = {
    Leg.RATE: lambda value: f"{value['percent']:g} %",
    Leg.CONNECT: lambda value: f"{value['seconds']:g} s",
    Leg.MESSAGE: lambda value: str(value["path"]),
    Leg.RINGING: lambda value: f"{value['seconds']:g} s" if "seconds" in value else f"{value['rings']:g} rings",
    Leg.HOURS: lambda value: f"{value['opens']}–{value['closes']}" if "opens" in value else "",
    Leg.ATTEMPTS: _describe_window,
}


def describe_value(leg: Leg, value: Mapping[str, Any]) -> str:
    """What a leg is set to, in words; empty where it is only set."""
    return _VALUES[leg](value) if value and leg in _VALUES else ""


def _describe_leg(each: CampaignLeg) -> str:
    return describe_value(each.leg, each.value) or STATES[each.state]


def _group(campaigns: Iterable[Planned]) -> list[tuple[tuple[CampaignLeg, ...], list[Planned]]]:
    """Campaigns whose legs read alike, those of which most is unset first."""
    groups: dict[tuple[tuple[str, str], ...], list[Planned]] = defaultdict(list)
    for each in campaigns:
        if each.legs:
            groups[tuple((leg.state.value, _describe_leg(leg)) for leg in each.legs)].append(each)
    found = [(mine[0].legs, mine) for mine in groups.values()]
    return sorted(found, key=lambda pair: -sum(leg.state is LegState.UNSET for leg in pair[0]))


def describe_legs(campaigns: Iterable[Planned]) -> Iterator[Text]:
    """Each leg of each campaign; nothing where nobody looked."""
    groups = _group(campaigns)
    if not groups:
        return
    yield Text("Safe harbour, leg by leg (docs/safe-harbour.md):", "bold")
    shown = count_shown(len(groups), MOST)
    for legs, mine in groups[:shown]:
        names = ", ".join(plain(str(each.campaign.address)) for each in mine[:NAMED])
        rest = f" and {len(mine) - NAMED:,} more" if len(mine) > NAMED else ""
        line = Text.assemble("  ", (f"{names}{rest}", "bold"), " ")
        for state in LegState:
            told = [leg for leg in legs if leg.state is state]
            if told:
                words = ", ".join(plain(_name_leg(leg)) for leg in told)
                line.append(f" {STATES[state]}: {words};", _STYLES.get(state, ""))
        line.right_crop(1)
        yield line
    if groups[shown:]:
        left = sum(len(mine) for _, mine in groups[shown:])
        yield Text(f"  and {left:,} more in the plan's JSON", "dim")


def _name_leg(leg: CampaignLeg) -> str:
    value = describe_value(leg.leg, leg.value)
    needs = f" ({leg.needs})" if leg.needs is not None else ""
    return f"{LEGS[leg.leg]}{f' {value}' if value else ''}{needs}"


def list_legs(campaigns: Iterable[Planned]) -> Section:
    """A line for the campaigns that are alike, and a column for each leg."""
    rows = []
    for legs, mine in _group(campaigns):
        names: list[Span] = []
        for number, each in enumerate(mine[:NAMED]):
            names += [*(say(", ") if number else ()), *name(each.campaign.address)]
        names += say(f" and {len(mine) - NAMED:,} more") if len(mine) > NAMED else ()
        rows.append((tuple(names), *map(_show, legs)))
    columns = ("campaigns", *LEGS.values())
    return Section("legs", "Safe harbour, leg by leg", columns, tuple(rows), folded=True)


def _show(leg: CampaignLeg) -> Cell:
    words = _describe_leg(leg)
    if leg.state is not LegState.SET:
        return stress(words) if leg.state is LegState.UNSET else say(words)
    return quote(words) if leg.leg is Leg.MESSAGE else say(words)
