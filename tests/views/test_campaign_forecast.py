"""Does a reviewer read in a few lines what the campaigns will probably take, and is it called an estimate?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from reconciler.model.campaign import Campaign, Staffing
from reconciler.model.dialling_forecast import Statistics, make_forecast
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.resource_address import Address
from reconciler.model.rule_input import Planned
from reconciler.views.campaign_forecast import MOST, describe_forecast

NOW = datetime(2026, 7, 2, 8, 30, tzinfo=UTC)
SINCE = NOW - timedelta(days=30)
DAY = ((NOW, NOW + timedelta(hours=8)),)
STAFFING = Staffing(agents=6, answer_rate=0.3, handle_time=timedelta(minutes=3), attempts=3)


def planned(
    name: str,
    contacts: int | None = 1_089,
    *,
    staffing: Staffing | None = STAFFING,
    counted: Statistics | None = None,
    status: str = "active",
    windows: tuple[tuple[datetime, datetime], ...] = DAY,
    repeats: bool = False,
) -> Planned:
    campaign = Campaign(
        address=Address("Campaign", name),
        name=name,
        list=name,
        list_address=Address("ContactList", name),
        dial_type="predictive",
        status=status,
        threshold=3,
        policy="by-band",
        band="high",
        starts=None,
        ends=None,
        windows=windows,
        staffing=staffing,
        predictive={"maxCallsInProgress": 15},
        repeats=repeats,
    )
    expected = make_forecast(campaign, contacts, NOW, statistics=counted, ceiling=3)
    change = ObjectChange(campaign.address, name, Action.CREATE, None, {"name": name})
    return Planned(campaign, change, contacts, statistics=counted, forecast=expected)


def told(*campaigns: Planned) -> list[str]:
    return [line.plain for line in describe_forecast(campaigns)]


HEADING = "Forecast, an estimate (docs/forecast.md):"


def test_each_campaign_has_a_line_and_a_second_where_calls_were_counted() -> None:
    assert told(planned("high", counted=Statistics(12_650, 4_210, 88, SINCE, NOW))) == [
        HEADING,
        "  Campaign/high  1,089 contacts: about 2,385 attempts, 715 answered, 6.0 h of dialling;"
        " done about 2026-07-02T14:27:00Z",
        "     abandoned 2.09 % of 4,210 answered since 2026-06-02T08:30:00Z, ceiling 3 %: 0.91 points left, or 39 calls;"
        " the rest at most 8.36 %",
    ]


def test_those_that_lack_something_come_first() -> None:
    over = Statistics(900, 200, 9, SINCE, NOW)
    lines = told(planned("calm"), planned("short", 2_000), planned("hot", None, staffing=None, counted=over))
    assert lines[1:3] == [
        "  Campaign/short  2,000 contacts: about 4,380 attempts, 1,314 answered, 10.9 h of dialling;"
        " 8.0 h are scheduled, 2.9 h too few",
        "  Campaign/hot  abandoned 4.5 % of 200 answered since 2026-06-02T08:30:00Z, ceiling 3 %: 1.5 points above",
    ]
    assert lines[3].startswith("  Campaign/calm  ")


def test_what_is_not_dialled_yet_says_so() -> None:
    assert told(planned("low", status="paused"))[1].startswith("  Campaign/low (paused)  1,089 contacts: about")
    assert told(planned("low", windows=()))[1].endswith("h of dialling; its schedule has no end")
    long = told(planned("low", 2_000, repeats=True))[1]
    assert long.endswith("h of dialling; more than one window of its calendar")


def test_a_live_figure_without_a_ceiling_stands_alone() -> None:
    value = planned("high", counted=Statistics(12_650, 4_210, 88, SINCE, NOW))
    assert value.forecast is not None
    alone = replace(value, forecast=replace(value.forecast, headroom=None))
    assert told(alone)[2] == "     abandoned 2.09 % of 4,210 answered since 2026-06-02T08:30:00Z"


def test_where_nothing_can_be_said_nothing_is() -> None:
    nobody = Statistics(40, 0, 0, SINCE, NOW)
    assert told(planned("high", staffing=None), planned("low", None), planned("new", None, counted=nobody)) == []


def test_a_reviewer_reads_twelve_lines_and_how_many_more_there_are() -> None:
    many = [planned(f"band-{number}", counted=Statistics(900, 200, 1, SINCE, NOW)) for number in range(9)]
    lines = told(*many)
    assert len(lines) == MOST == 12
    assert lines[-1] == "  and 4 more in the plan's JSON"
    assert len(told(*(planned(f"band-{number}") for number in range(11)))) == MOST


def test_a_name_gives_no_orders_to_a_terminal() -> None:
    assert "\x1b" not in "".join(told(planned("\x1b[31mred")))
