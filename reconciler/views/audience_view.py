"""Show whom each campaign would call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from reconciler.model.campaign_audience import Exposure
from reconciler.model.rule_input import Planned
from reconciler.model.text_enumerations import count_shown
from reconciler.views.plain_text import plain

MOST, COUNTRIES = 10, 5
"""Campaigns, and countries of one, at most: the whole of it is in the plan's document."""


def describe_audiences(campaigns: Iterable[Planned]) -> Iterator[Text]:
    """The people of each campaign's list by country, once the plan is applied; nothing where nobody looked."""
    told = [(each, each.exposure) for each in campaigns if each.exposure is not None and each.exposure.contacts]
    if not told:
        return
    yield Text("Called, by the country of the number (docs/calling-hours.md):", "bold")
    shown = count_shown(len(told), MOST)
    for planned, exposure in told[:shown]:
        name = plain(str(planned.campaign.address))
        state = "" if planned.campaign.active else f" ({planned.campaign.status})"
        yield Text.assemble(
            "  ", (f"{name}{state}", "bold"), f"  {exposure.contacts:,}: {_describe_countries(exposure)}"
        )
        if planned.opens is not None:
            starts = f"{planned.opens:%Y-%m-%dT%H:%M:%SZ}"
            yield Text(f"     starts in the first minute that all of them allow: {starts}, if it is applied now")
        for each in exposure.unread:
            words = ", ".join(plain(repr(word)) for word in each.words)
            yield Text(f"     {each.contacts:,} of them with a {each.column} that cannot be read ({words})", "yellow")
        if exposure.unplaced:
            yield Text(f"     {exposure.unplaced:,} of them with no known local time", "yellow")
    if told[shown:]:
        yield Text(f"  and {len(told) - shown} more in the plan's JSON", "dim")


def _describe_countries(exposure: Exposure) -> str:
    counted = [f"{country} {count:,}" for country, count in exposure.countries.items()]
    shown = count_shown(len(counted), COUNTRIES)
    rest = sum(list(exposure.countries.values())[shown:])
    words = counted[:shown]
    if rest:
        words.append(f"{len(counted) - shown} more {rest:,}")
    if exposure.unknown:
        words.append(f"unknown {exposure.unknown:,}")
    return " · ".join(words)
