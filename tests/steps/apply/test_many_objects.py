"""Does an object cost as much among many as it does alone?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]


def declare_lists(folder: Folder, count: int, description: str = "ours") -> None:
    """Lists by the dozen."""
    spec = f"type: outbound\ndescription: {description}"
    many = (manifest("ContactList", f"l{n}", f"name: List {n}\n{spec}") for n in range(count))
    folder.write("lists.yaml", "---\n".join(many))


def lists_are_made(_: Simulator, folder: Folder, count: int) -> None:
    declare_lists(folder, count)


def lists_are_changed(tenant: Simulator, folder: Folder, count: int) -> None:
    for number in range(count):
        tenant.store.add_list(f"List {number}", [], description=f"old {scene.MARK}")
    declare_lists(folder, count)


def lists_are_adopted(tenant: Simulator, folder: Folder, count: int) -> None:
    for number in range(count):
        tenant.store.add_list(f"List {number}", [], description="ours")
    declare_lists(folder, count)


def lists_are_deleted(tenant: Simulator, folder: Folder, count: int) -> None:
    for number in range(count):
        tenant.store.add_list(f"Old {number}", [], description=scene.MARK)
    declare_lists(folder, 1)


def campaigns_are_made(tenant: Simulator, folder: Folder, count: int) -> None:
    scene.people(tenant, 1)
    tenant.store.add_list("Chosen", [scene.contact(0)], description=scene.MARK)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
    for number in range(count):
        scene.declare_campaign(folder, name=f"Evening{number}", status="draft")


COLLECTIONS = ("/lists$", "/contactlists$", "/campaigns$")


@pytest.mark.thin(2)
@pytest.mark.parametrize(
    "situation", [lists_are_made, lists_are_changed, lists_are_adopted, lists_are_deleted, campaigns_are_made]
)
def test_an_object_is_looked_up_by_its_name_and_no_collection_is_read_for_it(
    tenant: Simulator, folder: Folder, run: Run, situation: Callable[[Simulator, Folder, int], None]
) -> None:
    asked: dict[int, Mapping[str, int]] = {}
    for count in (5, 40):
        tenant.store.reset()
        for number in range(300):
            tenant.store.add_list(f"Somebody's {number}", [])
        situation(tenant, folder, count)
        tenant.clear_requests()
        ended = run("apply", "--yes", "--prune")
        assert ended.code == 0, ended.said
        whole = [each for path in COLLECTIONS for each in tenant.requests().to(path, "GET") if "name" not in each.query]
        asked[count] = {"whole": len(whole), "writes": len(tenant.requests().writes())}
    assert asked[40]["whole"] == asked[5]["whole"] > 0, "a plan looks at the collection, once"
    assert asked[40]["writes"] >= 35 + asked[5]["writes"], "each of them was written"
