"""A repository that `init` has made, on the embedded tenant, with what its pipelines are given."""

from __future__ import annotations

from pathlib import Path

from reconciler.cli import run
from reconciler.simulator import Simulator

KEY = "a-key-of-thirty-two-characters-or-more"
OPERATOR = """apiVersion: cxone.reconciler/v1
kind: Floor
metadata: {name: operator}
spec:
  bounds: {hosts: ["127.0.0.1"]}
  approvals:
    requirements: [{needs: {count: 2, group: dialling}}]
    groups: {dialling: [bo, di, ev]}
    reviews: {trusted: true}
    notOnlyAuthor: true
    users: {bob: bo, dan: di, eve: ev, ada: ada, Ada Byron: ada}
"""


LIST = """apiVersion: cxone.reconciler/v1
kind: ContactList
metadata: {name: first-list}
spec: {name: First list, description: Customers who agreed to be called}
"""


def make(root: Path, tenant: Simulator, ci: str) -> dict[str, str]:
    """Make the repository; the secrets that its pipelines have."""
    assert run(["init", str(root), "--yes", "--ci", ci, "--name", "dialling"]) == 0
    edit(root, "tenant.yaml", "http://127.0.0.1:8642", tenant.url)
    # one list, so that a plan costs little: that the whole of it plans and applies, tests/cli/test_init.py says
    for each in ("contacts", "do-not-call", "campaign"):
        (root / "manifests" / f"{each}.yaml").unlink()
    (root / "manifests" / "list.yaml").write_text(LIST, encoding="utf-8")
    # two plans of one test are of one moment, also around midnight
    edit(root, "workspace.yaml", "  limits:", '  asOf: "2026-07-01T00:00:00Z"\n  limits:')
    return {**tenant.environment(), "RECONCILER_KEY": KEY, "RECONCILER_OPERATOR": OPERATOR}


def edit(root: Path, name: str, old: str, new: str) -> None:
    """Put one text in the place of another in a manifest."""
    path = root / "manifests" / name
    text = path.read_text(encoding="utf-8")
    assert old in text, (name, old)
    path.write_text(text.replace(old, new), encoding="utf-8")
