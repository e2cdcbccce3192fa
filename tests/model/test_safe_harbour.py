"""The legs of a safe harbour: what is declared, what a tenant holds, which of two is weaker, what a surface has a place for."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import safe_harbour
from reconciler.model.safe_harbour import FIELDS, Harbour, Leg, LegState, is_weaker, keeps_window, merge_harbours
from reconciler.surfaces import load_surfaces

WHOLE = Harbour(
    rate=3,
    connect=2,
    message="abandoned.wav",
    ringing=15,
    opens="08:00",
    closes="21:00",
    most=3,
    minutes=1440,
    do_not_call=True,
    holidays=True,
)


def test_each_leg_is_said_where_it_is_and_nothing_of_the_others() -> None:
    assert [each for each in Leg if WHOLE.says(each)] == list(Leg)
    assert [each for each in Leg if Harbour().says(each)] == []
    assert {each.name for each in fields(Harbour)} - {"sources"} == {
        *("rate", "connect", "message", "ringing", "rings", "opens", "closes", "most", "minutes"),
        *("do_not_call", "holidays"),
    }


@pytest.mark.parametrize(
    ("leg", "held", "weaker"),
    [
        (Leg.RATE, Harbour(rate=3), False),
        (Leg.RATE, Harbour(rate=3.1), True),
        (Leg.CONNECT, Harbour(connect=2.5), True),
        (Leg.CONNECT, Harbour(connect=1), False),
        (Leg.MESSAGE, Harbour(message="another.wav"), True),
        (Leg.MESSAGE, Harbour(message="abandoned.wav"), False),
        (Leg.RINGING, Harbour(ringing=14.9), True),
        (Leg.RINGING, Harbour(ringing=15), False),
        (Leg.RINGING, Harbour(rings=9), True),
        (Leg.HOURS, Harbour(opens="07:59", closes="20:00"), True),
        (Leg.HOURS, Harbour(opens="09:00", closes="21:01"), True),
        (Leg.HOURS, Harbour(opens="08:00", closes="21:00"), False),
        (Leg.ATTEMPTS, Harbour(most=4, minutes=1440), True),
        (Leg.ATTEMPTS, Harbour(most=3, minutes=1439), True),
        (Leg.ATTEMPTS, Harbour(most=3, minutes=10_080), False),
        (Leg.ATTEMPTS, Harbour(most=1, minutes=480), False),
        (Leg.DO_NOT_CALL, Harbour(), True),
        (Leg.HOLIDAYS, Harbour(), True),
        (Leg.HOLIDAYS, Harbour(holidays=True), False),
    ],
)
def test_a_leg_is_weaker_where_it_lets_through_what_the_other_does_not(leg: Leg, held: Harbour, weaker: bool) -> None:
    assert is_weaker(leg, held, WHOLE) is weaker


def test_any_message_is_enough_where_no_path_is_asked_for_and_either_way_of_ringing() -> None:
    assert not is_weaker(Leg.MESSAGE, WHOLE, Harbour(message=""))
    assert is_weaker(Leg.MESSAGE, Harbour(message=""), Harbour(message=""))
    law = Harbour(ringing=15, rings=4)
    assert not is_weaker(Leg.RINGING, Harbour(rings=4), law)
    assert not is_weaker(Leg.RINGING, Harbour(ringing=16), law)
    assert is_weaker(Leg.RINGING, Harbour(ringing=14, rings=3), law)


@given(st.integers(1, 9), st.integers(1, 30), st.integers(1, 60), st.data())
def test_a_window_is_kept_whenever_the_stricter_one_is(
    most: int, minutes: int, other: int, data: st.DataObject
) -> None:
    """Attempts that keep the one window, as many as can be: no window of the other length has more than it may."""
    bound = data.draw(st.integers(1, 40))
    if keeps_window(most, minutes, bound, other):
        attempts = [at * minutes for at in range(40) for _ in range(most)]
        assert all(sum(start <= at < start + other for at in attempts) <= bound for start in range(200))
    else:
        assert sum(0 <= at * minutes < other for at in range(100)) * most > bound


def test_several_countries_come_to_what_is_as_strict_as_each() -> None:
    other = Harbour(rate=2.5, connect=3, ringing=20, opens="09:00", closes="22:00", most=1, minutes=1440)
    merged = merge_harbours([WHOLE, other])
    assert all(not is_weaker(leg, merged, each) for each in (WHOLE, other) for leg in Leg if each.says(leg))
    assert merge_harbours([]) == Harbour()


@pytest.mark.parametrize(
    ("other", "leg"), [(Harbour(message="others.wav"), "message"), (Harbour(most=7, minutes=10_080), "attempts")]
)
def test_of_two_messages_and_two_windows_that_do_not_keep_each_other_none_is_chosen(other: Harbour, leg: str) -> None:
    with pytest.raises(ValueError, match=leg):
        merge_harbours([WHOLE, other])


def test_what_is_written_is_read_back_as_what_was_wanted() -> None:
    written = safe_harbour.make_leg_fields(WHOLE)
    assert set(written) <= {field for names in FIELDS.values() for field in names}
    told = {
        **written,
        "abandonThreshold": 3.0,
        "timeZoneSettings": {"Eastern": {"startTime": "08:00:00", "endTime": "21:00"}},
    }
    assert safe_harbour.read_harbour(told, scrubbed=True) == WHOLE
    assert safe_harbour.read_harbour({}, scrubbed=False) == Harbour()


def test_a_value_that_may_stand_for_none_is_none() -> None:
    odd = {"connectWithin": 0, "attemptWindow": {"most": 0, "minutes": 1440}, "abandonMessage": "", "ringAtLeast": True}
    assert safe_harbour.read_harbour({**odd, "holidayCalls": True}, scrubbed=False) == Harbour()


FIELDS_SET: dict[str, Any] = {
    "abandonThreshold": 3.0,
    "startTime": "2026-07-08T17:00:00Z",
    "endTime": "2026-07-08T20:00:00Z",
}


def states(surface: str, told: dict[str, Any], later: tuple[str, ...] = (), **spec: Any) -> dict[str, str]:
    """The state of each leg of a campaign on a surface."""
    wire = load_surfaces()[surface].wires["Campaign"].bind_to(spec)
    groups = "DncGroup" in load_surfaces()[surface].wires
    legs = safe_harbour.list_legs(told, later, wire, groups, False, {})
    return {each.leg.value: each.state.value for each in legs}


def test_on_the_surfaces_of_the_commission_rate_and_hours_can_be_set_and_nothing_else() -> None:
    found = states("lists", FIELDS_SET)
    assert {leg for leg, state in found.items() if state == "set"} == {"rate", "hours"}
    assert {state for leg, state in found.items() if leg not in ("rate", "hours")} == {"not_settable_here"}
    assert states("lists", {}, ("startTime", "endTime"))["hours"] == "set"
    assert states("lists", {**FIELDS_SET, "endTime": "unknown"})["hours"] == "unset"


def test_a_leg_whose_unit_nobody_has_said_has_no_place_and_says_which_setting_would_give_it_one() -> None:
    found = states("nice", FIELDS_SET)
    assert {leg for leg, state in found.items() if state == "range_not_published"} == {"connect", "message", "ringing"}
    units: dict[str, Any] = {"timeoutUnit": "seconds", "ringingUnit": "rings", "messageMode": 1}
    assert set(states("nice", {}, **units).values()) == {LegState.UNSET}
    wire = load_surfaces()["nice"].wires["Campaign"].bind_to({})
    needs = {each.leg.value: each.needs for each in safe_harbour.list_legs({}, (), wire, True, True, {}) if each.needs}
    assert needs == {"connect": "timeoutUnit", "message": "messageMode", "ringing": "ringingUnit"}
