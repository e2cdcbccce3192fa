"""Does the dialler take contacts and let them go as it was told, and is nobody else let at them meanwhile?"""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.simulator import Dispositions, Simulator, Stage
from reconciler.simulator.dialler import HELD, Script
from tests.simulator.conftest import Client, Connect, refused

BODY = {"outcomeCode": "INTERESTED", "agentId": "A7"}
CALL = (Stage("DIALING", seconds=2), Stage("RINGING", seconds=3), Stage("CONNECTED", seconds=5), Stage("COMPLETED"))
CAMPAIGN = "CA-1001"


class Clock:
    """A clock that goes when it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dialled(clock: Clock) -> Dispositions:
    made = Dispositions()
    made.clock = clock
    return made


@pytest.fixture
def client(tenant: Simulator, connect: Connect) -> Client:
    tenant.store.add_campaign("Calls", "All", status="active")
    return connect(tenant, "dispositions")


def _state(dialled: Dispositions, contact_id: str = "C1") -> str:
    return dialled.of(CAMPAIGN, contact_id).state


def _path(contact_id: str) -> str:
    return f"/campaigns/{CAMPAIGN}/contacts/{contact_id}"


# -- scripts --------------------------------------------------------------------------------------------


def test_states_change_as_time_goes(dialled: Dispositions, clock: Clock) -> None:
    dialled.script(CAMPAIGN, *CALL, contacts=["C1"])
    seen = []
    for _ in range(12):
        seen.append(_state(dialled))
        clock.now += 1
    assert seen == ["DIALING"] * 2 + ["RINGING"] * 3 + ["CONNECTED"] * 5 + ["COMPLETED"] * 2
    assert _state(dialled, "C2") == "READY"


def test_time_goes_on_for_a_contact_nobody_looked_at(dialled: Dispositions, clock: Clock) -> None:
    dialled.script(CAMPAIGN, *CALL)
    clock.now += 4
    assert _state(dialled) == "RINGING"


def test_a_stage_ends_when_it_was_read_so_often(dialled: Dispositions) -> None:
    dialled.script(CAMPAIGN, Stage("READY", reads=2), Stage("DIALING", reads=1), Stage("COMPLETED"))
    assert [dialled.read(CAMPAIGN, "C1")["state"] for _ in range(5)] == [
        *("READY", "READY", "DIALING", "COMPLETED", "COMPLETED"),
    ]
    assert _state(dialled, "C2") == "READY"


def test_time_after_reads_begins_with_the_last_of_them(dialled: Dispositions, clock: Clock) -> None:
    dialled.script(CAMPAIGN, Stage("READY", reads=1), Stage("DIALING", seconds=2), Stage("COMPLETED"))
    clock.now += 100
    dialled.read(CAMPAIGN, "C1")
    clock.now += 1
    assert _state(dialled) == "DIALING"
    clock.now += 1
    assert _state(dialled) == "COMPLETED"


def test_looking_on_is_no_read(dialled: Dispositions) -> None:
    dialled.script(CAMPAIGN, Stage("READY", reads=1), Stage("DIALING"))
    assert [_state(dialled) for _ in range(3)] == ["READY"] * 3


def test_a_stage_without_an_end_lasts_until_it_is_moved_on(dialled: Dispositions) -> None:
    dialled.script(CAMPAIGN, Stage("READY"), Stage("CONNECTED"), Stage("COMPLETED"))
    _state(dialled)
    dialled.advance(CAMPAIGN)
    assert [_state(dialled), _state(dialled, "C2")] == ["CONNECTED", "CONNECTED"]
    dialled.advance(CAMPAIGN, ["C2"])
    dialled.advance("CA-9")
    assert [_state(dialled), _state(dialled, "C2")] == ["CONNECTED", "COMPLETED"]
    dialled.advance(CAMPAIGN, ["C2"])
    assert _state(dialled, "C2") == "COMPLETED"


def test_who_goes_through_a_script_of_their_own_is_moved_once(dialled: Dispositions) -> None:
    dialled.script(CAMPAIGN, Stage("READY"), Stage("DIALING"), Stage("COMPLETED"), contacts=["C1", "C2"])
    dialled.advance(CAMPAIGN)
    assert [_state(dialled, each) for each in ("C1", "C2", "C3")] == ["DIALING", "DIALING", "READY"]


def test_a_round_begins_again(dialled: Dispositions, clock: Clock) -> None:
    dialled.script(CAMPAIGN, Stage("READY", seconds=9), Stage("DIALING", seconds=1), repeats=True)
    seen = []
    for wait in (9.5, 1, 10 * 1_000_000, 9):
        seen.append(_state(dialled))
        clock.now += wait
    assert seen == ["READY", "DIALING", "READY", "READY"]
    assert _state(dialled) == "DIALING"


def test_in_a_spread_round_some_are_held_at_any_time(dialled: Dispositions, clock: Clock) -> None:
    contacts = [f"C{n}" for n in range(500)]
    dialled.script(CAMPAIGN, Stage("READY", seconds=90), Stage("DIALING", seconds=10), repeats=True, spread=True)
    shares = []
    for _ in range(3):
        shares.append({each for each in contacts if _state(dialled, each) in HELD})
        clock.now += 33
    assert all(25 <= len(held) <= 80 for held in shares)
    assert not shares[0] & shares[1]


def test_a_share_is_always_the_same_for_a_seed(clock: Clock) -> None:
    held = []
    for seed in (1, 1, 2):
        dialled = Dispositions()
        dialled.script(CAMPAIGN, Stage("DIALING"), share=0.2, seed=seed)
        held.append({f"C{n}" for n in range(1000) if _state(dialled, f"C{n}") == "DIALING"})
    assert held[0] == held[1] != held[2]
    assert 150 < len(held[0]) < 250


def test_a_share_of_some_contacts_is_taken_of_these(dialled: Dispositions) -> None:
    dialled.script(CAMPAIGN, Stage("DIALING"), contacts=[f"C{n}" for n in range(100)], share=0.5)
    held = {n for n in range(200) if _state(dialled, f"C{n}") == "DIALING"}
    assert 25 < len(held) < 75
    assert max(held) < 100


def test_the_script_of_a_contact_goes_before_that_of_all_and_the_later_before_the_earlier(
    dialled: Dispositions,
) -> None:
    dialled.hold(CAMPAIGN, "C1", "RINGING")
    dialled.script(CAMPAIGN, Stage("DIALING"))
    assert [_state(dialled), _state(dialled, "C2")] == ["RINGING", "DIALING"]
    dialled.script(CAMPAIGN, Stage("WRAP_UP"))
    dialled.hold(CAMPAIGN, "C1", "READY")
    assert [_state(dialled), _state(dialled, "C2")] == ["READY", "WRAP_UP"]


def test_the_outcome_of_a_call_is_set_as_its_stage_begins(dialled: Dispositions, clock: Clock) -> None:
    ends = Stage("COMPLETED", outcome="NO_ANSWER", agent="A1")
    dialled.script(CAMPAIGN, Stage("DIALING", seconds=5), ends, contacts=["C1"])
    assert dialled.of(CAMPAIGN, "C1").outcome is None
    clock.now += 60
    assert dialled.of(CAMPAIGN, "C1").outcome == "NO_ANSWER"
    assert [(each.agent_id, each.request_id) for each in dialled.history(CAMPAIGN, "C1")] == [("A1", None)]
    assert dialled.list_repeated() == []


def test_every_round_sets_its_outcome(dialled: Dispositions, clock: Clock) -> None:
    dialled.script(CAMPAIGN, Stage("DIALING", seconds=1), Stage("READY", seconds=1, outcome="BUSY"), repeats=True)
    _state(dialled)
    clock.now += 8
    assert len(dialled.of(CAMPAIGN, "C1").history) == 4


def test_outcomes_and_scripts_are_forgotten_and_limits_stay(dialled: Dispositions) -> None:
    dialled.outcomes = frozenset({"SOLD"})
    dialled.hold(CAMPAIGN, "C1", "DIALING")
    dialled.write(CAMPAIGN, "C1", "SOLD", agent_id="A1")
    dialled.forget()
    assert dialled.all() == []
    assert _state(dialled) == "READY"
    assert dialled.outcomes == {"SOLD"}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Stage(""),
        lambda: Stage("READY", reads=0),
        lambda: Stage("READY", seconds=0),
        lambda: Stage("READY", seconds=float("nan")),
        lambda: Stage("READY", reads=1, seconds=1),
        lambda: Script(()),
        lambda: Script((Stage("READY"),), share=1.1),
        lambda: Script((Stage("READY", seconds=1),), spread=True),
        lambda: Script((Stage("READY", reads=1),), repeats=True, spread=True),
    ],
)
def test_a_script_that_nobody_can_go_through_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"stage|share|script"):
        wrong()


# -- over the wire --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(HELD))
def test_a_contact_the_dialler_holds_is_not_written(tenant: Simulator, client: Client, state: str) -> None:
    tenant.dispositions.hold(CAMPAIGN, "C1", state)
    assert client.get(_path("C1")).json()["state"] == state
    refused(client.patch(_path("C1"), BODY), 409, "C1", state)
    assert tenant.dispositions.history(CAMPAIGN, "C1") == []
    assert tenant.dispositions.list_refused() == [(CAMPAIGN, "C1")]
    tenant.dispositions.hold(CAMPAIGN, "C1", "COMPLETED")
    assert client.patch(_path("C1"), BODY).json()["state"] == "COMPLETED"


def test_a_wrong_body_is_refused_before_the_state_is_looked_at(tenant: Simulator, client: Client) -> None:
    tenant.dispositions.hold(CAMPAIGN, "C1", "DIALING")
    refused(client.patch(_path("C1"), {**BODY, "outcomeCode": "no"}), 400, "outcomeCode")
    assert tenant.dispositions.list_refused() == []


def test_a_contact_becomes_held_between_the_plan_and_the_apply(tenant: Simulator, client: Client) -> None:
    tenant.dispositions.script(CAMPAIGN, Stage("READY", reads=1), Stage("DIALING"), contacts=["C1"])
    assert [client.get(_path("C1")).json()["state"] for _ in range(2)] == ["READY", "DIALING"]


def test_a_contact_becomes_held_between_the_last_look_and_the_write(tenant: Simulator, client: Client) -> None:
    tenant.dispositions.script(CAMPAIGN, Stage("READY", reads=2), Stage("DIALING"), contacts=["C1"])
    assert [client.get(_path("C1")).json()["state"] for _ in range(2)] == ["READY", "READY"]
    refused(client.patch(_path("C1"), BODY), 409, "DIALING")


def test_a_lost_reply_counts_as_a_read_and_a_lost_request_does_not(tenant: Simulator, client: Client) -> None:
    tenant.dispositions.script(CAMPAIGN, Stage("READY", reads=1), Stage("DIALING"))
    tenant.faults.add("status", status=503, path="/contacts/C1$")
    tenant.faults.add("status", status=503, after=True, path="/contacts/C2$")
    assert [client.get(_path(each)).status_code for each in ("C1", "C2")] == [503, 503]
    assert [client.get(_path(each)).json()["state"] for each in ("C1", "C2")] == ["READY", "DIALING"]


def test_the_dialler_may_take_a_contact_just_before_a_call(tenant: Simulator, client: Client) -> None:
    tenant.faults.add("taken-contact", method="PATCH", path="/contacts/C1$", state="RINGING", reads=1)
    assert client.get(_path("C1")).json()["state"] == "READY"
    refused(client.patch(_path("C1"), BODY), 409, "RINGING")
    assert client.get(_path("C1")).json()["state"] == "RINGING"
    assert client.patch(_path("C1"), BODY).status_code == 200
    assert tenant.requests().to("C1$", "PATCH")[0].fault == "taken-contact"


def test_somebody_may_set_an_outcome_just_before_a_call(tenant: Simulator, client: Client) -> None:
    tenant.faults.add("other-outcome", method="GET", outcome="DO_NOT_CALL", agent="A9")
    row = client.get(_path("C1")).json()
    assert (row["outcomeCode"], row["agentId"]) == ("DO_NOT_CALL", "A9")


def test_what_befalls_contacts_befalls_calls_of_contacts_alone(tenant: Simulator, client: Client) -> None:
    rule = tenant.faults.add("taken-contact", times=None)
    client.log_in()
    client.get("/campaigns")
    assert rule.matched == 0


def test_faults_befall_this_surface_as_any_other(tenant: Simulator, client: Client) -> None:
    tenant.faults.add("rate-limited", method="PATCH", seconds=3)
    tenant.faults.add("empty-body", method="PATCH")
    tenant.faults.add("revoked-token", method="PATCH")
    limited = client.patch(_path("C1"), BODY)
    refused(limited, 429)
    assert limited.headers["Retry-After"] == "3"
    assert client.patch(_path("C1"), BODY).content == b""
    refused(client.patch(_path("C1"), BODY), 401)
    assert len(tenant.dispositions.history(CAMPAIGN, "C1")) == 1
