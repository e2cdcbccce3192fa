"""The facts of every surface are sound: its name, its block of the Tenant's schema, and how it holds each kind."""

from __future__ import annotations

import pytest

from reconciler.kinds import load_kinds, load_schema
from reconciler.model.pages import OffsetPages
from reconciler.model.wire import Call
from reconciler.surfaces import surfaces, tell_phones, wires

HELD = [(name, kind) for name, surface in sorted(surfaces().items()) for kind in surface.wires]


def test_a_tenant_can_declare_every_surface_and_no_other() -> None:
    declared = load_schema("Tenant")["properties"]["spec"]["properties"]["surfaces"]["properties"]
    assert set(declared) == set(surfaces())


@pytest.mark.parametrize(("name", "kind"), HELD)
def test_a_wire_is_of_a_kind_and_goes_by_its_surfaces_name(name: str, kind: str) -> None:
    wire = surfaces()[name].wires[kind]
    assert wire.name == name
    assert wire in load_kinds()[kind].surfaces
    needed = {field for field, each in wire.shape.fields.items() if each.needed}
    assert {wire.id_field, wire.name_field} <= needed
    assert {each.kind for each in wire.references} <= {each.kind for each in load_kinds()[kind].references} | {
        "ContactList"
    }


@pytest.mark.parametrize(("name", "kind"), HELD)
def test_an_id_in_a_request_leads_nowhere_else(name: str, kind: str) -> None:
    wire, strange = surfaces()[name].wires[kind], "../a b?c=1/"
    calls = [wire.one(strange)]
    calls += [] if wire.requests.change is None else [wire.requests.change(strange, {}, {})]
    calls += [] if wire.requests.delete is None else [wire.requests.delete(strange)]
    calls += [] if wire.members is None else [wire.members.of(strange)]
    for call in calls:
        assert "%2F" in call.path
        assert not {"?", " ", ".."} & set(call.path.removeprefix(wire.path).split("/"))
        assert call.path.startswith(f"{wire.path}/..%2Fa%20b%3Fc%3D1%2F")


def test_a_surface_that_makes_objects_is_preferred_to_one_that_reads_them() -> None:
    assert [each.name for each in wires("ContactList")] == ["lists", "outbound"]
    assert [each.writable for each in wires("ContactList")] == [True, False]
    assert wires("Segment") == ()


def test_phones_are_told_by_a_surface_whose_members_have_them() -> None:
    assert tell_phones({"outbound", "lists"})
    assert not tell_phones({"lists", "bulk", "contacts", "dispositions"})


def test_the_requests_of_lists_and_campaigns_are_those_of_the_contract() -> None:
    (campaign,) = wires("Campaign")
    requests = campaign.requests
    assert requests.create is not None
    assert requests.change is not None
    assert requests.delete is not None
    assert requests.create({"name": "x"}) == Call("POST", "/campaigns", body={"name": "x"})
    assert requests.change("7", {"status": "paused"}, {}) == Call("PATCH", "/campaigns/7", body={"status": "paused"})
    assert requests.delete("7") == Call("DELETE", "/campaigns/7")
    assert (requests.named, requests.whole) == ("id", False)
    reading = wires("ContactList")[1]
    assert reading.pages == OffsetPages("contactLists", "count", "start", "total", 1000)
    assert (reading.requests.create, reading.requests.change, reading.requests.delete) == (None, None, None)
