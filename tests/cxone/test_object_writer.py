"""Objects are written as their wire says; what nobody knows the owner of is not deleted, whoever asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.cxone.tenant_connection import TenantConnection
from reconciler.cxone.writer import TenantWriter
from reconciler.kinds import load_kinds
from reconciler.model.errors import ReconcilerError
from reconciler.model.secret import Secret
from reconciler.model.tenant import DeclaredSurface, Pace
from tests.surfaces.conftest import desk
from tests.surfaces.desk import Desk

__all__ = ["desk"]


class Kept:
    """A registry that forgets with the test."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], str] = {}

    def find_owner(self, collection: str, object_id: str) -> str | None:
        return self.known.get((collection, object_id))

    def claim(self, collection: str, object_id: str, called: str, workspace: str) -> None:
        self.known[collection, object_id] = workspace

    def release(self, collection: str, object_id: str, called: str, workspace: str) -> None:
        self.known.pop((collection, object_id), None)


@pytest.fixture
def registry() -> Kept:
    return Kept()


@pytest.fixture
def writer(desk: Desk, registry: Kept) -> Iterator[TenantWriter]:
    declared = DeclaredSurface(
        "deskapi",
        "client",
        Secret("not-a-secret"),
        "env CXONE_CLIENT_SECRET",
        base_url=desk.url,
        token_url=f"{desk.url}/token",
        pace=Pace(5000, 500, 2),
        attempts=2,
    )
    with TenantWriter(TenantConnection([declared], load_kinds(), owner="test", owners=lambda: registry)) as opened:
        yield opened


LIST = {"name": "Gold", "type": "outbound"}
CAMPAIGN = {
    "name": "Evening",
    "dialType": "predictive",
    "status": "paused",
    "list": "Gold",
    "abandonThreshold": 3.0,
    "startTime": "2026-08-03T14:00:00Z",
    "endTime": "2026-08-03T22:00:00Z",
}


def test_an_object_is_known_by_the_id_that_the_answer_names(desk: Desk, writer: TenantWriter, registry: Kept) -> None:
    kind = load_kinds()["ContactList"]
    writer.create(kind, LIST, "test")
    assert registry.known == {(f"{desk.url}/groups", "1"): "test"}
    found = writer.read_named(kind, "Gold")
    assert found is not None
    assert (found.id, found.owner, found.size) == ("1", "test", 0)
    writer.delete(kind, "Gold")
    assert (desk.groups, registry.known) == ({}, {})


def test_what_nobody_knows_the_owner_of_is_not_deleted(desk: Desk, writer: TenantWriter) -> None:
    desk.add_group("Somebody's")
    with pytest.raises(ReconcilerError, match=r"the owner of the ContactList .Somebody.s. is unknown"):
        writer.delete(load_kinds()["ContactList"], "Somebody's")
    assert (desk.titles(), desk.writes) == (["Somebody's"], [])


def test_an_object_of_the_name_that_nobody_owns_is_not_taken_over(desk: Desk, writer: TenantWriter) -> None:
    desk.add_group("Gold")
    with pytest.raises(ReconcilerError, match="its owner is unknown"):
        writer.create(load_kinds()["ContactList"], LIST, "test")
    assert desk.writes == []


def test_a_change_that_carries_the_whole_object_carries_it_as_it_is_now(desk: Desk, writer: TenantWriter) -> None:
    kind = load_kinds()["Campaign"]
    writer.create(load_kinds()["ContactList"], LIST, "test")
    writer.create(kind, CAMPAIGN, "test")
    writer.read_objects(kind)
    (held,) = desk.efforts.values()
    held |= {"cap": 4.5, "music": "waltz"}  # somebody changes it in between, and sets what we know nothing of
    writer.update(kind, "Evening", {"wrapUpCode": "SOLD"}, "test")
    now = desk.called("Evening", "efforts")
    assert (now["cap"], now["music"], now["code"], now["keeper"]) == (4.5, "waltz", "SOLD", "reconciler/test")
    writer.release(kind, "Evening", "test")
    assert desk.called("Evening", "efforts") == {**now, "keeper": ""}
    found = writer.read_named(kind, "Evening")
    assert found is not None
    assert found.owner is None


def test_settings_inside_a_setting_that_we_know_nothing_of_stay(desk: Desk, writer: TenantWriter) -> None:
    kind = load_kinds()["Campaign"]
    writer.create(load_kinds()["ContactList"], LIST, "test")
    writer.create(kind, {**CAMPAIGN, "predictive": {"targetAnswerRate": 0.3, "maxCallsInProgress": 20}}, "test")
    (held,) = desk.efforts.values()
    held["tuning"]["patience"] = 7
    writer.update(kind, "Evening", {"predictive": {"targetAnswerRate": 0.4, "maxCallsInProgress": 20}}, "test")
    assert desk.called("Evening", "efforts")["tuning"] == {"rate": 0.4, "lines": 20, "patience": 7}
    found = writer.read_named(load_kinds()["ContactList"], "Gold")
    assert found is not None
    desk.groups[int(found.id)]["colour"] = "green"
    writer.update(load_kinds()["ContactList"], "Gold", {"name": "Gold 2"}, "test")
    assert desk.called("Gold 2") == {"objId": int(found.id), "title": "Gold 2", "sort": "OUT", "colour": "green"}


def test_a_reply_without_the_id_proves_nothing(
    desk: Desk, writer: TenantWriter, registry: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Desk.answer

    def nameless(self: Desk, method: str, *others: object) -> object:
        told = answer(self, method, *others)  # type: ignore[arg-type]
        return [] if method == "POST" else told

    monkeypatch.setattr(Desk, "answer", nameless)
    with pytest.raises(ReconcilerError, match="its owner is unknown"):
        writer.create(load_kinds()["ContactList"], LIST, "test")
    assert (desk.writes, registry.known) == (["POST /groups"], {})
