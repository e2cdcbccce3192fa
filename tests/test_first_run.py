"""The whole way, once: manifests, plan, apply, no changes."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.simulator import Simulator
from tests.conftest import Ended, Folder, manifest


def test_a_list_that_is_declared_is_made_and_then_there_is_nothing_to_do(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP\ndescription: The best"))
    assert run("plan", "--detailed-exitcode").code == 2
    assert run("apply", "--yes").code == 0
    assert tenant.store.list_named("VIP").description == "The best (managed-by: reconciler/test)"
    tenant.clear_requests()
    again = run("plan", "--detailed-exitcode")
    assert again.code == 0
    assert "No changes." in again.out
    assert not tenant.requests().writes()
