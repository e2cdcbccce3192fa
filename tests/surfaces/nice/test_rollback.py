"""Does a rollback bring back who was on a list that is written by files, where a row is known by its number?"""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from pathlib import Path

from reconciler.simulator import Simulator
from tests.conftest import AS_OF, Ended, Folder, manifest
from tests.delivery import contact, on_list, phone


def write(folder: Folder, count: int, *, low: Container[int], silver: Container[int] = ()) -> None:
    """Contacts of a file, some of them below the threshold."""
    lines = [
        f"{contact(n)},{phone(n)},Ada Example {n},a{n}@example.com,"
        f"{'silver' if n in silver else 'gold'},{10 if n in low else 80}"
        for n in range(count)
    ]
    folder.write("crm.csv", "\n".join(["id,phone,name,email,tier,score", *lines]) + "\n")


def test_who_was_added_goes_and_who_was_taken_off_comes_back_with_the_values_of_today(
    nice: Folder, tenant: Simulator, run: Callable[..., Ended], tmp_path: Path
) -> None:
    limits = "limits: {removals: 60, updates: 60, per24h: {removals: 90}}"
    nice.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\n{limits}"))
    write(nice, 28, low=range(25, 28))
    first = run("apply", "--yes")
    assert first.code == 0, first.said
    before = on_list(tenant)
    assert set(before) == {contact(n) for n in range(25)}
    write(nice, 28, low=range(3), silver={0, 7})
    second = run("apply", "--yes")
    assert second.code == 0, second.said
    assert set(on_list(tenant)) == {contact(n) for n in range(3, 28)}
    runs = sorted(each.name for each in (nice.root / ".reconciler/runs").iterdir())
    forth, saved = runs[-1], str(tmp_path / "back.plan")
    document = json.loads(run("rollback", forth, "--out", saved, "--format", "json").out)
    (rows,) = document["row_changes"]
    assert (rows["adds"], rows["updates"], rows["removes"]) == (3, 0, 3)
    told = {each["code"]: each["args"] for each in document["notice_details"]}
    assert told["rollback_values_stay"] == {"list": "Chosen", "count": 1}
    applied = run("apply", saved)
    assert applied.code == 0, applied.said
    held = on_list(tenant)
    assert set(held) == set(before)
    assert {n for n in range(25) if held[contact(n)]["tier"] == "silver"} == {0, 7}
    assert run("rollback", forth, "--detailed-exitcode").code == 0
