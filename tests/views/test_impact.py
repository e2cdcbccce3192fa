"""What a plan means for people, in words."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.impact import BandMove, Impact, blast_radius
from reconciler.model.resource_address import Address
from reconciler.views.impact import MOST, describe_blast, describe_campaign, describe_impact
from tests.views.plans import impact


def lines(value: Impact) -> list[str]:
    return [each.plain for each in describe_impact(value)]


def test_nobody_is_said_where_nobody_is_called_otherwise() -> None:
    quiet = Impact(blast_radius(7, 0, 0, 0, 0))
    assert lines(quiet) == [
        "Impact (docs/impact.md): blast radius 0 %: nobody is called differently (7 called before, 7 after)"
    ]


def test_a_list_that_nobody_could_read_is_said() -> None:
    assert "a list that nobody could read" in describe_blast(Impact(blast_radius(7, 1, 0, 0, 0, known=False)))


def test_a_campaign_at_rest_says_that_it_calls_nobody_and_one_that_begins_that_it_does() -> None:
    first, second = impact().campaigns
    assert "does not dial yet" in describe_campaign(replace(first, dials_before=False, dials_after=False))
    assert describe_campaign(second).endswith("(+5,657, -0), begins to dial")
    assert describe_campaign(replace(second, before=None, after=None)).startswith("Campaign/evening: ? → ? people")


def test_what_is_long_is_cut_and_counted() -> None:
    many = tuple(BandMove(Address("Segment", f"s{number}"), None, "high", 1) for number in range(MOST + 3))
    shown = lines(replace(impact(), bands=many))
    assert sum("not called → high" in each for each in shown) == MOST
    assert "  and 3 more in the plan's JSON" in shown


def test_a_value_of_somebody_else_gives_no_orders() -> None:
    found = impact().concentration[0]
    hostile = replace(found, where=(replace(found.where[0], value="FL\n\x1b[2Jgone"),))
    assert "FL\\u000a\\u001b[2Jgone" in "\n".join(lines(replace(impact(), concentration=(hostile,))))
