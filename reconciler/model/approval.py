"""Define an approval of a plan, what came of its check, and work out whose are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal

import orjson

from reconciler.model.approval_policy import Need, Policy
from reconciler.model.instants import format_instant, parse_instant
from reconciler.model.origin import Origin
from reconciler.model.plan import Plan
from reconciler.model.serialization import from_json

FORMAT = "reconciler-plan-approval-1"
LONGEST = 64 * 1024
"""Bytes of an approval at most; one has less than two thousand."""

Fault = Literal[
    "unreadable",
    "other_namespace",
    "untouched",
    "other_plan",
    "other_workspace",
    "altered",
    "revoked",
    "unknown_key",
    "not_valid_now",
    "no_member",
    "not_trusted",
    "unknown_user",
    "not_approved",
    "other_commit",
    "commit_unknown",
]
"""Why an approval does not count."""


class NotAnApproval(ValueError):
    """A document is none that this program writes."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody signs.

    Attributes:
        plan: the digest. principal: who it says it is by, which nobody relies on. at: when, by the signer's clock.
    """

    plan: str
    workspace: str
    tenant: str
    environment: str | None
    principal: str
    at: datetime

    def message(self) -> bytes:
        """The bytes that are signed."""
        told = {**asdict(self), "format": FORMAT, "at": format_instant(self.at)}
        return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)

    def find_fault(self, plan: Plan, digest: str) -> Fault | None:
        """Why it is not about a plan, if it is not."""
        if self.plan != digest:
            return "other_plan"
        meant = (plan.workspace, plan.tenant, plan.environment)
        return None if (self.workspace, self.tenant, self.environment) == meant else "other_workspace"


@dataclass(frozen=True, slots=True)
class SignedApproval:
    """A statement as it was signed, and the armoured signature of OpenSSH."""

    message: bytes
    signature: str

    def document(self) -> bytes:
        """As it is kept, on one line."""
        return orjson.dumps({"statement": self.message.decode(), "signature": self.signature})

    def read_statement(self) -> Statement:
        """What it says; raises NotAnApproval."""
        told = _read_object(self.message)
        if told.pop("format", None) != FORMAT or set(told) != {each.name for each in fields(Statement)}:
            raise NotAnApproval
        chosen = told["environment"]
        texts = [value for name, value in told.items() if name != "environment"]
        if not all(isinstance(each, str) for each in texts) or not isinstance(chosen, str | None):
            raise NotAnApproval
        try:
            return Statement(**{**told, "at": parse_instant(told["at"])})
        except ValueError:
            raise NotAnApproval from None


def read_approval(content: bytes) -> SignedApproval:
    """What `SignedApproval.document` wrote.

    Raises:
        NotAnApproval: it is something else; anybody may have written it.
    """
    told = _read_object(content)
    if set(told) != {"statement", "signature"} or not all(isinstance(each, str) for each in told.values()):
        raise NotAnApproval
    return SignedApproval(told["statement"].encode(), told["signature"])


def _read_object(content: bytes) -> dict[str, Any]:
    if len(content) > LONGEST:
        raise NotAnApproval
    try:
        told = orjson.loads(content)
    except ValueError:
        raise NotAnApproval from None
    if not isinstance(told, dict):
        raise NotAnApproval
    return told


@dataclass(frozen=True, slots=True)
class CheckedApproval:
    """One approval, as one policy sees it.

    Attributes:
        of: the Floor that it was held against. way: how somebody approved.
        key: the fingerprint of the key, or the name at the code host; what is not known of it is empty.
        principals: who that is, by the policy alone. at: when, by who approved. fault: why it does not count.
    """

    of: str
    way: Literal["signature", "review"]
    key: str
    principals: tuple[str, ...] = ()
    at: str = ""
    fault: Fault | None = None

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "principals": list(self.principals)}


@dataclass(frozen=True, slots=True)
class Approvals:
    """The approvals that an apply goes by. `authors`: who wrote the change, as the pipeline says."""

    checked: tuple[CheckedApproval, ...] = ()
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What is missing of a need.

    Attributes:
        have: who of the group has approved. missing: how many more must. could: who of the group has not.
        author: `alone`: whoever approved is who wrote the change; `unknown`: nobody knows who wrote it; None: neither
            is asked, or it is another.
    """

    need: Need
    have: tuple[str, ...]
    missing: int
    could: tuple[str, ...]
    author: Literal["alone", "unknown"] | None = None


def find_shortfalls(needs: Sequence[Need], policies: Sequence[Policy], approvals: Approvals) -> tuple[Shortfall, ...]:
    """What is missing of what a plan needs; nothing: it is approved."""
    known = {policy.by: policy for policy in policies}
    found = (_find_shortfall(need, known[need.of], approvals) for need in needs)
    return tuple(each for each in found if each.missing or each.author is not None)


def _find_shortfall(need: Need, policy: Policy, approvals: Approvals) -> Shortfall:
    group = policy.groups[need.group]
    mine = [each for each in approvals.checked if each.of == need.of and each.fault is None]
    people = [person for person in join_people(mine) if not person.isdisjoint(group)]
    have = tuple(next(each for each in group if each in person) for person in people)
    approved: frozenset[str] = frozenset().union(*people)
    could = tuple(each for each in group if each not in approved)
    missing = max(0, need.count - len(people))
    return Shortfall(need, have, missing, could, _check_author(need, policy, people, approvals.authors))


def _check_author(
    need: Need, policy: Policy, people: Sequence[frozenset[str]], names: Sequence[str]
) -> Literal["alone", "unknown"] | None:
    if not need.not_only_author:
        return None
    authors = {policy.find_principal(name) for name in names}
    if not authors or None in authors:
        return "unknown"
    return "alone" if people and all(person & authors for person in people) else None


def join_people(checked: Sequence[CheckedApproval]) -> list[frozenset[str]]:
    """The people behind some approvals: who has several keys, and whoever share one, are one person."""
    people: list[set[str]] = []
    for each in checked:
        mine = set(each.principals)
        apart = [person for person in people if person.isdisjoint(mine)]
        people = [*apart, mine.union(*(person for person in people if not person.isdisjoint(mine)))]
    return [frozenset(each) for each in people if each]


def find_authors(plan: Plan, now: Origin | None) -> tuple[str, ...]:
    """Who wrote a change: whom the job that planned it says, which the author may have changed, and the apply's own."""
    said = (each.author for each in (plan.origin, now) if each is not None)
    return tuple(dict.fromkeys(each for each in said if each))


def describe_shortfall(found: Shortfall) -> Iterator[str]:
    """What is missing, in plain sentences; names in them are the operator's."""
    need = found.need
    if found.missing:
        have = f" ({', '.join(found.have)} approved)" if found.have else ""
        who = f"{need.count} of group {need.group} must approve, {len(found.have)} did{have}"
        yield f"{who}; still to be asked: {', '.join(found.could) or 'nobody'}"
    if found.author == "alone" and not found.missing:
        yield f"of group {need.group} only the author of the change approved ({', '.join(found.have)})"
    if found.author == "unknown":
        yield f"group {need.group} must not be the author alone, and it is not known who of its people wrote the change"


def make_audit_document(needs: Sequence[Need], approvals: Approvals) -> Mapping[str, Any]:
    """What the audit record tells of the approvals of a run; nothing where none is needed, and none is there."""
    if not needs and not approvals.checked:
        return {}
    needed = [{"group": each.group, "of": each.of, "count": each.count} for each in needs]
    given = [each.document() for each in approvals.checked]
    return {"approvals": {"needed": needed, "given": given, "authors": list(approvals.authors)}}


def read_audit_document(told: Any) -> Mapping[str, Any] | None:
    """What `make_audit_document` wrote; None where there is none.

    Raises:
        ValueError, TypeError, KeyError: it is written otherwise.
    """
    if told is None:
        return None
    given = [from_json(CheckedApproval, each).document() for each in told["given"]]
    needed = [
        {"group": str(each["group"]), "of": str(each["of"]), "count": int(each["count"])} for each in told["needed"]
    ]
    return {"needed": needed, "given": given, "authors": [str(each) for each in told["authors"]]}
