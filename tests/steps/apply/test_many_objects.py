"""Does an object cost as much among many as it does alone?"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.simulator import Simulator
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]


def test_an_object_is_looked_up_by_its_name_and_no_collection_is_read_for_it(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    asked = {}
    for number in range(300):
        tenant.store.add_list(f"Somebody's {number}", [])
    for count in (5, 40):
        folder.write(
            "lists.yaml",
            "---\n".join(manifest("ContactList", f"l{n}", f"name: List {n}\ntype: outbound") for n in range(count)),
        )
        tenant.clear_requests()
        assert run("apply", "--yes").code == 0
        reads = tenant.requests().to("/lists$", "GET")
        asked[count] = len([each for each in reads if "name=" not in each.path and "name" not in each.query])
        assert len(tenant.requests().to("/lists$", "POST")) == (5 if count == 5 else 35)
    assert asked[40] == asked[5]
