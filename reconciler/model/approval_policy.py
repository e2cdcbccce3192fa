"""Define who must approve which plans, and work out what one plan needs.

A policy is what one Floor says. Several hold together: each has its own groups and vouches for its own people, so that
none can loosen another. What nobody knows counts as what asks for approval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Literal

from reconciler.model.object_change import Action

if TYPE_CHECKING:
    from reconciler.model.finding import Finding
    from reconciler.model.plan import Plan

Act = Literal["create", "change", "delete"]
Code = Literal[
    "always", "blast_radius", "blast_radius_unknown", "rule", "kind", "environment", "environment_unknown", "tenant"
]

ACTS: Mapping[Action, frozenset[Act]] = {
    Action.CREATE: frozenset({"create"}),
    Action.UPDATE: frozenset({"change"}),
    Action.RELEASE: frozenset({"change"}),
    Action.REPLACE: frozenset({"create", "change", "delete"}),
    Action.DELETE: frozenset({"delete"}),
}
"""What each action is to a policy: an object that is replaced is deleted and made as well."""

_NAMED = 5


def fold_user(name: str) -> str:
    """A name at a code host as it is compared: without the case of A to Z.

    The case of other letters is no host's to ignore, and some of theirs (the kelvin sign) fold to one of A to Z.
    """
    return name.translate(_SMALL)


_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)


@dataclass(frozen=True, slots=True)
class When:
    """What a plan must be for a requirement to hold: all that is said; where nothing is, every plan that changes.

    Attributes:
        blast_radius: at least so many percent. rules: one of them has a finding, also a waived one.
        kinds, acts: something of one of these kinds is created, changed or deleted, in one of these ways.
        environments, tenants: their names, one of which it is for.
    """

    blast_radius: float | None = None
    rules: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()
    environments: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Requirement:
    """So many people of a group approve. `of`: the policy that says who is in the group."""

    when: When
    count: int
    group: str
    of: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What one Floor says of approvals.

    Attributes:
        by: the Floor's address. operator: whether its file is out of reach of the manifests.
        requirements: what must be approved by whom. groups: who is in each, by principal.
        signers: the text of the allowed-signers file; None: nobody may sign. signers_file: what people call it.
        revoked: the content of a file of revoked keys (KRL, or public keys), if there is one.
        users: principals, by what the code host calls them. reviews: whether the host's reviews count.
        not_only_author: whether who wrote a change cannot be the only one who approves it.
    """

    by: str
    operator: bool
    requirements: tuple[Requirement, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    signers: str | None = field(default=None, repr=False)
    signers_file: str = ""
    revoked: bytes | None = field(default=None, repr=False)
    users: Mapping[str, str] = field(default_factory=dict)
    reviews: bool = False
    not_only_author: bool = False

    @property
    def members(self) -> tuple[str, ...]:
        """Everybody who is in a group."""
        return tuple(dict.fromkeys(each for group in self.groups.values() for each in group))

    def find_principal(self, user: str) -> str | None:
        """Who a user of the code host, or the author of a commit, is; hosts tell no case of names apart.

        By what the policy says alone: whoever has an account of a principal's name there may be anybody.
        """
        folded = fold_user(user)
        return next((principal for name, principal in self.users.items() if fold_user(name) == folded), None)


@dataclass(frozen=True, slots=True)
class Trigger:
    """Why a plan needs an approval.

    Attributes:
        code: which condition it is. named: the first of the rules, addresses or names that meet it; count: how many.
        limit: the percent that the policy names. percent: those of the plan.
    """

    code: Code
    named: tuple[str, ...] = ()
    count: int = 0
    limit: float | None = None
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What a plan needs of one group.

    Attributes:
        of: the Floor that says who is in the group. members: how many that are.
        not_only_author: whether one of those who approve must be another than who wrote the change.
    """

    group: str
    of: str
    count: int
    members: int
    why: tuple[Trigger, ...]
    not_only_author: bool = False


def find_needs(plan: Plan, policies: Sequence[Policy], beside: Iterable[Finding] = ()) -> tuple[Need, ...]:
    """Whose approval a plan needs, and why; nobody's where it does nothing.

    `beside`: findings that count besides the plan's own: what rules find later.
    """
    if plan.empty:
        return ()
    found = {each.rule for each in (*plan.findings, *beside)}
    people = {(policy.by, name): len(set(group)) for policy in policies for name, group in policy.groups.items()}
    strict = any(policy.not_only_author for policy in policies)
    needs: dict[tuple[str, str], Need] = {}
    for requirement in (each for policy in policies for each in policy.requirements):
        triggers = find_triggers(plan, requirement.when, found)
        if triggers is None:
            continue
        key = (requirement.of, requirement.group)
        before = needs.get(key, Need(requirement.group, requirement.of, 0, people[key], (), strict))
        why = (*before.why, *(each for each in triggers if each not in before.why))
        needs[key] = replace(before, count=max(before.count, requirement.count), why=why)
    return tuple(needs[key] for key in sorted(needs))


def find_triggers(plan: Plan, when: When, found: Iterable[str]) -> tuple[Trigger, ...] | None:
    """Why a plan is one that is meant, in the order of the conditions; None: one of them does not hold."""
    triggers = tuple(_iter_triggers(plan, when, frozenset(found)))
    if any(trigger is None for trigger in triggers):
        return None
    return tuple(trigger for trigger in triggers if trigger is not None) or (Trigger("always"),)


def _iter_triggers(plan: Plan, when: When, found: frozenset[str]) -> Iterator[Trigger | None]:
    if when.blast_radius is not None:
        yield _check_blast_radius(plan, when.blast_radius)
    if when.rules:
        yield _name_first("rule", [rule for rule in when.rules if rule in found])
    if when.kinds or when.acts:
        yield _name_first("kind", _list_changed(plan, when))
    if when.environments:
        # without a name the values may be of any environment
        unknown = Trigger("environment_unknown") if plan.environment is None else None
        yield unknown or _name_first("environment", [each for each in when.environments if each == plan.environment])
    if when.tenants:
        yield _name_first("tenant", [each for each in when.tenants if each == plan.tenant])


def _check_blast_radius(plan: Plan, limit: float) -> Trigger | None:
    blast = None if plan.impact is None else plan.impact.blast
    if blast is not None and blast.percent >= limit:
        return Trigger("blast_radius", limit=limit, percent=blast.percent)
    if blast is None or not blast.known:
        return Trigger("blast_radius_unknown", limit=limit)
    return None


def _list_changed(plan: Plan, when: When) -> list[str]:
    """What a plan does to things of some kinds; rows on a list are a change of what fills it, and of the list."""
    acts = frozenset(when.acts or ("create", "change", "delete"))
    changed = [
        str(each.address)
        for each in plan.objects
        if each.action is not Action.NO_OP
        and (not when.kinds or each.address.kind in when.kinds)
        and ACTS[each.action] & acts
    ]
    if "change" in acts:
        changed += [str(each.address) for each in plan.outcomes if each.total and _is_of(when, each.address.kind)]
        changed += [str(each.address) for each in plan.numbers if each.total and _is_of(when, each.address.kind)]
        changed += [str(each.address) for each in plan.held if each.total and _is_of(when, each.address.kind)]
        changed += [
            str(each.address)
            for each in plan.rows
            if each.total and _is_of(when, each.address.kind, each.list_address.kind)
        ]
    return list(dict.fromkeys(changed))


def _is_of(when: When, *kinds: str) -> bool:
    return not when.kinds or any(kind in when.kinds for kind in kinds)


def _name_first(code: Code, named: Sequence[str]) -> Trigger | None:
    return Trigger(code, tuple(named[:_NAMED]), len(named)) if named else None
