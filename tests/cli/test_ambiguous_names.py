"""Two objects of one name: nothing is planned while nobody can say which of them is meant."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.simulator import Simulator
from tests.conftest import Ended, Folder, manifest


def test_a_declared_name_that_the_tenant_has_twice_and_a_source_that_it_has_twice_are_told_at_their_places(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    tenant.store.add_contacts(["C1"])
    for name in ("Callers", "Callers", "Everybody", "Everybody"):
        tenant.store.add_list(name, ["C1"])
    texts = [
        manifest("ContactList", "callers", "name: Callers"),
        manifest("ContactSource", "everybody", "contactList: {name: Everybody}"),
        manifest("ScoreModel", "engaged", "engagement: {threshold: 0}"),
        manifest(
            "Segment",
            "callers",
            "source: everybody\nscore: engaged\nlists: {engaged: callers}\ndelivery: {method: contactIds}",
        ),
    ]
    folder.write("segments.yaml", "---\n".join(texts))
    ended = run("plan")
    assert ended.code == 64
    assert "the tenant has 2 objects named 'Callers', and ContactList/callers means one" in ended.err
    assert "the tenant has more than one list 'Everybody'" in ended.err
    assert "refer to the one that is meant by its id" in ended.err
    assert not tenant.requests().writes()
