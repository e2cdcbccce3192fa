"""The facts of every surface are sound: its name, its block of the Tenant's schema, and how it holds each kind."""

from __future__ import annotations

import pytest

from reconciler.kinds import load_kinds, load_schema
from reconciler.model.paging import OffsetPages
from reconciler.model.surface_wire import Call
from reconciler.surfaces import load_methods, load_surfaces, load_wires, tells_phones

HELD = [(name, kind) for name, surface in sorted(load_surfaces().items()) for kind in surface.wires]


def test_a_tenant_can_declare_every_surface_and_no_other() -> None:
    declared = load_schema("Tenant")["properties"]["spec"]["properties"]["surfaces"]["properties"]
    assert set(declared) == set(load_surfaces())


@pytest.mark.parametrize(("name", "kind"), HELD)
def test_a_wire_is_of_a_kind_and_goes_by_its_surfaces_name(name: str, kind: str) -> None:
    wire = load_surfaces()[name].wires[kind]
    assert wire.name == name
    assert wire in load_kinds()[kind].surfaces
    needed = {field for field, each in wire.shape.fields.items() if each.needed}
    assert {wire.id_field, wire.name_field} <= needed
    assert {each.kind for each in wire.references} <= {each.kind for each in load_kinds()[kind].references} | {
        "ContactList"
    }


@pytest.mark.parametrize(("name", "kind"), HELD)
def test_an_id_in_a_request_leads_nowhere_else(name: str, kind: str) -> None:
    wire, strange = load_surfaces()[name].wires[kind], "../a b?c=1/"
    calls = [wire.one(strange)]
    calls += [] if wire.requests.change is None else [wire.requests.change(strange, {}, {})]
    calls += [] if wire.requests.delete is None else [wire.requests.delete(strange)]
    calls += [] if wire.members is None else [wire.members.of(strange)]
    for call in calls:
        assert "%2F" in call.path
        assert not {"?", " ", ".."} & set(call.path.removeprefix(wire.path).split("/"))
        assert call.path.startswith(f"{wire.path}/..%2Fa%20b%3Fc%3D1%2F")


def test_a_surface_that_makes_objects_is_preferred_to_one_that_reads_them() -> None:
    assert [each.name for each in load_wires("ContactList")] == ["lists", "nice", "outbound"]
    assert [each.writable for each in load_wires("ContactList")] == [True, True, False]
    assert load_wires("Segment") == ()


def test_a_manifest_can_name_every_method_and_no_other() -> None:
    delivery = load_schema("Segment")["properties"]["spec"]["properties"]["delivery"]
    assert set(delivery["properties"]["method"]["enum"]) == {*load_methods(), "auto"}


@pytest.mark.parametrize("name", sorted(load_methods()))
def test_a_method_is_of_its_surface_and_whoever_it_puts_on_a_list_can_be_taken_off(name: str) -> None:
    method = load_methods()[name]
    assert method in load_surfaces()[method.surface].methods
    assert 0 < method.way.usual <= method.way.most
    off = [method, *(load_methods()[each] for each in method.beside)]
    assert any(each.remove is not None for each in off)
    # what takes people off a list reads who is on it
    for each in off:
        held = load_surfaces()[each.surface].wires.get("ContactList")
        assert each.remove is None or (held is not None and held.members is not None)
    # a put that makes no job is sent again where its reply was lost: nothing may depend on a reference then
    strange = "../a b?c=1/"
    items: list[dict[str, str]] = [{}]
    calls = [method.put(strange, items, "one"), method.put(strange, items, "other")]
    assert method.jobs is not None or calls[0] == calls[1]
    calls += [] if method.remove is None else [method.remove(strange, ["C1"])]
    assert not any({"?", " "} & set(call.path) or "/../" in call.path for call in calls)


def test_phones_are_told_by_a_surface_whose_members_have_them() -> None:
    assert tells_phones({"outbound", "lists"})
    assert not tells_phones({"lists", "bulk", "contacts", "dispositions"})


def test_the_requests_of_lists_and_campaigns_are_those_of_the_contract() -> None:
    campaign = next(each for each in load_wires("Campaign") if each.name == "lists")
    requests = campaign.requests
    assert requests.create is not None
    assert requests.change is not None
    assert requests.delete is not None
    assert requests.create({"name": "x"}) == Call("POST", "/campaigns", body={"name": "x"})
    assert requests.change("7", {"status": "paused"}, {}) == Call("PATCH", "/campaigns/7", body={"status": "paused"})
    assert requests.delete("7") == Call("DELETE", "/campaigns/7")
    assert (requests.named, requests.whole) == ("id", False)
    reading = load_wires("ContactList")[-1]
    assert reading.pages == OffsetPages("contactLists", "count", "start", "total", 1000)
    assert (reading.requests.create, reading.requests.change, reading.requests.delete) == (None, None, None)
