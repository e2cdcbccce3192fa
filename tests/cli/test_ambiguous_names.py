"""Two objects of one name: nothing is planned while nobody can say which of them is meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

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
    ids = {
        name: [each.id for each in tenant.store.lists.values() if each.name == name]
        for name in ("Callers", "Everybody")
    }
    assert "the tenant has 2 objects named 'Callers', and ContactList/callers means one" in ended.err
    assert f"their ids are {' and '.join(ids['Callers'])}" in ended.err
    told = " and ".join(f"'Everybody' (id {each})" for each in ids["Everybody"])
    assert f"the tenant has more than one list 'Everybody' that cannot be told apart: {told}" in ended.err
    assert "refer to the one that is meant by its id" in ended.err
    assert not tenant.requests().writes()


MARK = "(managed-by: reconciler/test)"


def declare_one(folder: Folder, kind: str = "ContactList", spec: str = "name: Callers") -> None:
    folder.write("one.yaml", manifest(kind, "callers", spec))


def declare_segment(folder: Folder) -> None:
    declare_one(folder)
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 0}"))
    spec = "source: everybody\nscore: engaged\nlists: {engaged: callers}\ndelivery: {method: contactIds}"
    folder.write("segment.yaml", manifest("Segment", "callers", spec))
    folder.write("source.yaml", manifest("ContactSource", "everybody", "contactList: {name: Everybody}"))


@pytest.mark.parametrize("live", ["Callers ", "Cal\u200blers", "\u00a0Callers"], ids=ascii)
def test_a_declared_list_with_a_double_that_only_looks_the_same_is_refused_with_both_ids(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended], live: str
) -> None:
    ours, theirs = (tenant.store.add_list(name, []) for name in ("Callers", live))
    declare_one(folder)
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert f"'Callers' (id {ours.id}) is meant, and the tenant has {live!a} (id {theirs.id}) as well" in refused.out
    assert not tenant.requests().writes()
    override = "{rule: NAM-ALIKE, object: ContactList/callers, reason: 'the other goes tomorrow'}"
    folder.write("workspace.yaml", manifest("Workspace", "test", f"overrides: [{override}]"))
    assert run("apply", "--yes").code == 0


def test_a_list_whose_double_differs_by_case_alone_is_told_from_it(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    for name in ("Callers", "CALLERS"):
        tenant.store.add_list(name, [])
    declare_one(folder)
    assert run("apply", "--yes").code == 0


@pytest.mark.parametrize("live", ["Everybody ", "Every\u2060body"], ids=ascii)
def test_a_source_that_may_be_one_of_two_lists_is_refused_with_both_ids_and_read_by_the_one_that_is_named(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended], live: str
) -> None:
    tenant.store.add_contacts(["C1", "C2"])
    first, other = tenant.store.add_list("Everybody", ["C1"]), tenant.store.add_list(live, ["C2"])
    declare_segment(folder)
    refused = run("plan")
    assert refused.code == 64
    assert f"'Everybody' (id {first.id}) and {live!a} (id {other.id})" in refused.err
    folder.write("source.yaml", manifest("ContactSource", "everybody", f"contactList: {{id: '{other.id}'}}"))
    assert run("apply", "--yes").code == 0
    assert set(tenant.store.list_named("Callers").members) == {"C2"}


def test_a_source_whose_name_only_looks_otherwise_is_told_what_is_there(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    for name in ("EVERYBODY\u200b", "Somebody", "Every body of them"):
        tenant.store.add_list(name, [])
    declare_segment(folder)
    refused = run("plan")
    assert refused.code == 64
    assert "did you mean 'EVERYBODY\\u200b'?" in refused.err


def test_each_of_two_campaigns_of_one_name_that_nothing_declares_is_named(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    tenant.store.add_contacts(["C1"])
    tenant.store.add_list("Callers", ["C1"], description=MARK)
    for status in ("active", "paused"):
        mark = {"description": MARK, "status": status}
        tenant.store.add_campaign("Morning", "Callers", dialType="preview", abandonThreshold=3.0, **mark)
    first, other = (each.id for each in tenant.store.campaigns.values())
    declare_one(folder)
    told = run("plan").out
    assert f"Morning (id {first})" in told
    assert f"Morning (id {other})" in told
    tenant.store.change_campaign(tenant.store.campaigns[first], status="paused")
    pruned = run("apply", "--yes", "--prune")
    assert pruned.code == 0, pruned.out + pruned.err
    assert not tenant.store.campaigns


def test_a_double_that_is_made_after_the_plan_makes_it_stale(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    tenant.store.add_list("Callers", [])
    declare_one(folder, spec="name: Callers\ndescription: ours")
    path = str(folder.root / "x.plan")
    assert run("plan", "--out", path).code == 0
    tenant.store.add_list("Callers", [])
    stale = run("apply", path)
    assert stale.code == 4, stale
    assert "the tenant has more than one 'Callers' by now" in stale.err
    assert not tenant.requests().writes()
