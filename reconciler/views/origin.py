# tested by: tests/model/test_origin.py
"""Say whose change a plan or a run is about, and what a plan is narrowed to, in one line."""

from __future__ import annotations

from reconciler.model.origin import Origin
from reconciler.model.plan import Plan

_SHORT = 12


def describe_narrowing(value: Plan) -> str:
    """What a plan is narrowed to, or goes back behind; it is foreign text. Empty: it is of everything."""
    if value.rolls_back is not None:
        words = f"Rollback of run {value.rolls_back}: back to what it found, as far as nobody changed it since"
        return f"{words}. The manifests still declare the rest: the next plan of them undoes this"
    if not value.narrowed:
        return ""
    return f"Narrowed to {' '.join(value.narrowed)}: nothing else that is declared was compared, and nothing is pruned"


def describe_origin(origin: Origin) -> str:
    """In one line; its values are foreign text, without controls."""
    parts = [
        "" if origin.pull_request is None else f"pull request {origin.pull_request}",
        "" if origin.commit is None else f"commit {origin.commit[:_SHORT]}",
        "" if origin.author is None else f"by {origin.author}",
    ]
    told = " ".join(each for each in parts if each)
    if origin.repository is not None:
        told = f"{told} of {origin.repository}" if told else origin.repository
    if origin.started_by is not None and origin.started_by != origin.author:
        told += f"{', ' if told else ''}started by {origin.started_by}"
    if origin.approvers:
        told += f"{', ' if told else ''}approved by {', '.join(origin.approvers)}"
    run = origin.run_url or origin.run
    return f"{told}{', ' if told else ''}run {run}" if run else told
