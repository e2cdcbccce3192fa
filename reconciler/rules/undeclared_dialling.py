"""A campaign that is no longer declared goes on dialling."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each undeclared object that may be dialling."""
    for each in situation.changes.undeclared:
        if each.dials:
            state = "" if each.state is None else f" is {each.state} and"
            message = f"{each.name!r}{state} may be calling people, and no manifest declares it any longer"
            yield Finding(RULE.id, each.address, message, details={"name": each.name, "status": each.state})


RULE = Rule(
    id="OWN-UNDECLARED",
    title="a campaign that was taken out of the manifests and dials on",
    says="A manifest that is deleted stops nothing: the campaign that it declared goes on until somebody stops it."
    " Declare it as `paused`, or apply with `--prune`, which pauses and deletes it.",
    severity=Severity.WARN,
    sources=(
        cite_decision(
            "0003-ownership-of-campaigns",
            "The mark of a campaign",
            "what carries the mark is this workspace's, whether a manifest declares it or not",
        ),
    ),
    check=check,
)
