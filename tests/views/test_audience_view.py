"""Whom each campaign would call, as a person reads it."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.campaign_audience import Exposure, Place
from reconciler.model.rule_input import Planned
from reconciler.views.audience_view import MOST, describe_audiences
from tests.rules.cases import _planned as planned


def lines(*campaigns: Planned) -> list[str]:
    """The lines as plain text."""
    return [line.plain for line in describe_audiences(campaigns)]


ONE = planned({})
HEAD = "Called, by the country of the number (docs/calling-hours.md):"


def test_nothing_is_said_where_nobody_looked_or_nobody_is_called() -> None:
    assert lines(ONE) == []
    assert lines(replace(ONE, exposure=Exposure(0, {}, 0))) == []


def test_countries_are_counted_and_so_is_who_has_no_clock() -> None:
    places = (Place(("US-CA",), ("America/Los_Angeles",), 1_200), Place((), (), 7))
    exposure = Exposure(1_207, {"US": 1_150, "CA": 50}, 7, places)
    assert lines(replace(ONE, exposure=exposure)) == [
        HEAD,
        "  Campaign/calls  1,207: US 1,150 · CA 50 · unknown 7",
        "     7 of them with no known local time",
    ]


def test_many_countries_are_told_in_short() -> None:
    countries = {name: 10 - number for number, name in enumerate(("US", "CA", "GB", "FR", "DE", "IT", "ES"))}
    exposure = Exposure(49, countries, 0)
    assert lines(replace(ONE, exposure=exposure))[1] == (
        "  Campaign/calls  49: US 10 · CA 9 · GB 8 · FR 7 · DE 6 · 2 more 9"
    )


def test_many_campaigns_are_told_in_short() -> None:
    each = replace(ONE, exposure=Exposure(1, {"US": 1}, 0))
    told = lines(*[each] * (MOST + 3))
    assert len(told) == MOST + 2
    assert told[-1] == "  and 3 more in the plan's JSON"
