"""Do several applies together pass a limit that each of them keeps to, and a source that lost half of its contacts?"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]


def score(tenant: Simulator, low: range) -> None:
    """These contacts no longer belong on the list."""
    for number in low:
        tenant.store.contacts[scene.contact(number)].engagement_score = 1.0


def test_two_plans_that_keep_to_a_limit_are_not_both_applied_and_half_a_source_is_told(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 50}"))
    assert run("apply", "--yes").code == 0  # 50 are on the list
    score(tenant, range(50, 60))
    first = folder.root / "first.plan"
    assert run("apply", "--yes").code == 0  # 20 %
    score(tenant, range(60, 70))
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert (
        "20 of 50 contacts (40 %) are removed from list 'Chosen' in 24 hours, 10 of them by 1 earlier run"
        in refused.said
    )
    assert "LIM-REMOVALS-SUM" in refused.said
    # a plan from before is held against what was applied since, when it is applied
    said = "limits: {per24h: {removals: 60}}"
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: 2026-07-01T00:00:00Z\n{said}"))
    assert run("plan", "--out", str(first)).code == 0
    assert run("apply", str(first)).code == 0
    # half of the source is gone
    ids = [scene.contact(number) for number in range(100)]
    for name, count in (("Half", 50), ("More", 51)):
        tenant.store.add_list(name, ids[-count:])
    scene.declare_source(folder, name="Half")
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 50}"))
    shrunk = run("plan", "--fail-on", "refuse")
    assert shrunk.code == 3
    assert "list Half (source.yaml:" in shrunk.said
    assert "has 50 contacts, and had 100 at the last apply (50 % are left)" in shrunk.said
    folder.write("source.yaml", manifest("ContactSource", "all", "contactList: {name: More}"))
    assert "SRC-SHRUNK" not in run("plan").said
