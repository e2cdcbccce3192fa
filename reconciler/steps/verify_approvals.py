"""Check the approvals of a plan: who gave each, by what each policy says, and why one does not count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.ledger.ssh_signatures import NAMESPACE, Signature, SshKeygen, read_signature
from reconciler.model.allowed_signers import read_signers
from reconciler.model.approval import CheckedApproval, Fault, NotAnApproval, SignedApproval, Statement, read_approval
from reconciler.model.approval_policy import Policy
from reconciler.model.instants import format_instant
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest
from reconciler.model.reviews import Review


def verify_approvals(
    plan: Plan, policies: Sequence[Policy], contents: Iterable[bytes], reviews: Sequence[Review], program: SshKeygen
) -> tuple[CheckedApproval, ...]:
    """Every approval, as each policy sees it.

    Args:
        contents: approvals as they were kept, by whomever.

    Raises:
        NoSigner: there are signatures, and nothing to check them with.
    """
    digest = plan_digest(plan)
    signed = [_read(each) for each in contents]
    return tuple(
        checked
        for policy in policies
        for checked in (
            *(_check_signature(plan, digest, policy, each, program) for each in signed),
            *_check_reviews(plan, policy, reviews),
        )
    )


def _read(content: bytes) -> tuple[SignedApproval, Statement, Signature] | None:
    try:
        approval = read_approval(content)
        return approval, approval.read_statement(), read_signature(approval.signature)
    except (NotAnApproval, ValueError):
        return None


def _check_signature(
    plan: Plan,
    digest: str,
    policy: Policy,
    read: tuple[SignedApproval, Statement, Signature] | None,
    program: SshKeygen,
) -> CheckedApproval:
    if read is None:
        return CheckedApproval(policy.by, "signature", "", fault="unreadable")
    approval, statement, signature = read
    key, at = signature.fingerprint, format_instant(statement.at)
    fault = statement.find_fault(plan, digest)
    if signature.namespace != NAMESPACE:
        fault = "other_namespace"
    elif fault is None and not program.is_signed(approval.message, approval.signature):
        fault = "altered"
    elif fault is None and not signature.touched:
        fault = "untouched"
    if fault is not None:
        return CheckedApproval(policy.by, "signature", key, at=at, fault=fault)
    people, fault = _find_signers(policy, approval, signature, program)
    return CheckedApproval(policy.by, "signature", key, people, at, fault)


def _find_signers(
    policy: Policy, approval: SignedApproval, signature: Signature, program: SshKeygen
) -> tuple[tuple[str, ...], Fault | None]:
    """Whom the policy's file gives the key to, at this moment: everybody, as whoever share a key are one person."""
    if policy.signers is None:
        return (), "unknown_key"
    lines = read_signers(policy.signers)[0]
    mine = [line for line in lines if line.blob == signature.blob]
    named = [each for line in mine if not line.authority for each in line.principals]
    vouched = policy.members if any(line.authority for line in lines) else ()
    asked = list(dict.fromkeys([*named, *vouched]))

    def verify(revoked: bytes | None) -> tuple[str, ...]:
        words = (approval.message, approval.signature)
        return tuple(each for each in asked if program.is_signed_by(*words, each, policy.signers or "", revoked))

    people = verify(policy.revoked)
    if people:
        return people, None if not set(people).isdisjoint(policy.members) else "no_member"
    if policy.revoked is not None and verify(None):
        return (), "revoked"
    return (), "not_valid_now" if mine else "unknown_key"


def _check_reviews(plan: Plan, policy: Policy, reviews: Sequence[Review]) -> Iterator[CheckedApproval]:
    commit = None if plan.origin is None else plan.origin.commit
    for review in reviews:
        person = policy.find_principal(review.user)
        people = () if person is None else (person,)
        yield CheckedApproval(
            policy.by, "review", review.user, people, review.at, _find_fault(policy, review, person, commit)
        )


def _find_fault(policy: Policy, review: Review, person: str | None, commit: str | None) -> Fault | None:
    """Why a review does not count, if it does not."""
    faults: tuple[tuple[bool, Fault], ...] = (
        (not policy.reviews, "not_trusted"),
        (not review.approves, "not_approved"),
        (not commit, "commit_unknown"),
        ((commit or "").lower() != review.commit, "other_commit"),
        (person is None, "unknown_user"),
        (person not in policy.members, "no_member"),
    )
    return next((fault for holds, fault in faults if holds), None)
