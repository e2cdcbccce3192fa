# tested by: tests/cli/test_approve.py
"""Gather the approvals of a plan from the ledger, from beside its file, and from the reviews of a code host."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.model.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.cli.runtime import LocalRuntime
    from reconciler.ledger.ledger import Ledger
    from reconciler.ledger.ssh_signatures import SshKeygen
    from reconciler.model.approval import Approvals, CheckedApproval, Shortfall
    from reconciler.model.desired_state import Desired
    from reconciler.model.reviews import Review
    from reconciler.model.workspace_settings import Workspace

_LARGEST = 16 * 1024 * 1024

reviews_option = click.option(
    "--reviews",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What the code host says of the reviews of the change (JSON), where the operator's file trusts it.",
)
"""The option of a command that counts approvals."""


def open_program(workspace: Workspace) -> SshKeygen:
    """What signs and checks."""
    from reconciler.ledger.ssh_signatures import SshKeygen

    return SshKeygen(workspace.scratch / "approvals", workspace.environ)


def load_reviews(file: Path | None) -> tuple[Review, ...]:
    """What a file says of reviews; nothing where none is given.

    Raises:
        NotReviews: it cannot be read, or says something else.
    """
    from reconciler.model.reviews import NotReviews, read_reviews

    if file is None:
        return ()
    try:
        with file.open("rb") as opened:
            return read_reviews(opened.read(_LARGEST), str(file))
    except OSError as error:
        raise NotReviews(f"{file} cannot be read", note=error.strerror) from error


def collect_approvals(
    plan: Plan,
    workspace: Workspace,
    runtime: LocalRuntime,
    desired: Desired,
    file: Path | None = None,
    reviews: Iterable[Review] = (),
    *,
    keep: bool = False,
) -> Approvals:
    """The approvals of a plan, each checked at this moment; none are looked for where no floor asks for any.

    `keep`: keep in the ledger what counts of those beside the file: a run that is resumed has no file.

    Raises:
        LedgerError: the ledger cannot be read.
        NoSigner: there are signatures, and nothing to check them with.
    """
    from reconciler.ledger import approval_records
    from reconciler.model.approval import Approvals, find_authors
    from reconciler.model.plan_json import plan_digest
    from reconciler.steps.verify_approvals import verify_approvals

    policies = desired.settings.approvals
    if not policies:
        return Approvals()
    contents = approval_records.read(runtime.ledger(desired).store, plan_digest(plan), file)
    checked = verify_approvals(plan, policies, contents, tuple(reviews), open_program(workspace))
    if keep and file is not None:
        _keep_approvals(plan, runtime.ledger(desired), file, checked)
    return Approvals(checked, find_authors(plan, runtime.origin))


def _keep_approvals(plan: Plan, ledger: Ledger, file: Path, checked: Sequence[CheckedApproval]) -> None:
    from reconciler.ledger import approval_records
    from reconciler.ledger.ssh_signatures import read_signature
    from reconciler.model.approval import read_approval
    from reconciler.model.plan_json import plan_digest

    digest = plan_digest(plan)
    counted = {each.key for each in checked if each.way == "signature" and each.fault is None}
    if not counted:
        return
    known = set(approval_records.read(ledger.store, digest))
    for content in approval_records.read(ledger.store, digest, file):
        if content in known:
            continue
        try:
            approval = read_approval(content)
            key = read_signature(approval.signature).fingerprint
        except ValueError:
            continue  # it is none, and was told as that
        if key in counted:
            approval_records.record(ledger.store, digest, approval)


def find_missing(
    plan: Plan, workspace: Workspace, runtime: LocalRuntime, desired: Desired, reviews: Iterable[Review] = ()
) -> tuple[Shortfall, ...]:
    """What a plan that was just made lacks; raises as `collect_approvals`."""
    from reconciler.model.approval import find_shortfalls

    approvals = collect_approvals(plan, workspace, runtime, desired, None, reviews)
    return find_shortfalls(plan.approvals, desired.settings.approvals, approvals)
