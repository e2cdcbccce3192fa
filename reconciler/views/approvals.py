"""Say whose approval a plan needs, and why."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.approval_policy import Need, Trigger
from reconciler.model.text_lists import format_count


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
