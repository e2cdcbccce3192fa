# tested by: tests/views/test_approvals.py
"""Say in words whose approval a plan needs, why, and what came of those that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.model.approval import CheckedApproval, Fault
from reconciler.model.approval_policy import Need, Trigger
from reconciler.model.text_enumerations import format_count

FAULTS: Mapping[Fault, str] = {
    "unreadable": "it is no approval that this program wrote",
    "other_namespace": "the signature was made for something else",
    "untouched": "nobody touched the security key that signed",
    "other_plan": "it is of another plan",
    "other_workspace": "it is of another workspace, tenant or environment",
    "altered": "the signature does not fit what it says",
    "revoked": "the key is revoked",
    "unknown_key": "the allowed-signers file does not have the key",
    "not_valid_now": "the allowed-signers file does not let the key sign this now",
    "no_member": "who it is of is in no group",
    "not_trusted": "the policy trusts no reviews",
    "unknown_user": "the policy does not say who that user is",
    "not_approved": "the last word of that user is no approval",
    "other_commit": "it is of another commit than the plan's",
    "commit_unknown": "it is not known of which commit the plan is",
}


def describe_need(need: Need) -> str:
    """Whose approval is needed, and why, in one line; names in it are the operator's."""
    people = f"{need.count} of {format_count(need.members, 'person', 'people')} in group {need.group}"
    other = ", not the author alone" if need.not_only_author else ""
    return f"{people}{other}: {'; '.join(map(describe_trigger, need.why))}"


def describe_trigger(trigger: Trigger) -> str:
    """Why a plan needs an approval."""
    named = ", ".join(trigger.named)
    more = f" and {trigger.count - len(trigger.named):,} more" if trigger.count > len(trigger.named) else ""
    limit = f"from {trigger.limit or 0:g} % on it is needed"
    words = {
        "always": "every plan needs it",
        "rule": f"findings of {named}{more}",
        "kind": f"changes {named}{more}",
        "environment": f"environment {named}",
        "environment_unknown": "no environment was chosen",
        "tenant": f"tenant {named}",
        "blast_radius": f"the blast radius is {trigger.percent or 0:g} %, and {limit}",
        "blast_radius_unknown": f"the blast radius is not known, and {limit}",
    }
    return words[trigger.code]


def describe_needs(needs: Sequence[Need]) -> str:
    """How many approvals a plan needs, in a few words."""
    return f"Needs {format_count(sum(each.count for each in needs), 'approval')} before it is applied"


def describe_checked(checked: CheckedApproval) -> str:
    """One approval, and whether it counts."""
    who = ", ".join(checked.principals) or "nobody who is known"
    how = f"{checked.way} of {checked.key or 'no key'}{f' at {checked.at}' if checked.at else ''}"
    if checked.fault is None:
        return f"approved by {who} ({how}), by {checked.of}"
    return f"does not count for {checked.of}: {how}, {who}: {FAULTS[checked.fault]}"


def describe_recorded(told: Mapping[str, Any]) -> Iterator[str]:
    """What the audit record tells of the approvals of a run."""
    needed = [f"{each['count']} of group {each['group']}" for each in told["needed"]]
    yield f"needed {', '.join(needed) or 'nobody, by what the plan says'}"
    for each in told["given"]:
        yield describe_checked(CheckedApproval(**{**each, "principals": tuple(each["principals"])}))
    if told["authors"]:
        yield f"the change was written by {', '.join(told['authors'])}"
