"""`reconciler approve`: sign a saved plan, or tell who has."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.confirmation import confirm
from reconciler.cli.output_formats import format_option, show
from reconciler.cli.plan_approvals import collect_approvals, load_reviews, open_program, reviews_option
from reconciler.cli.workspace_options import command_line, open_workspace, workspace_options
from reconciler.model.errors import Exit, Expired, Refused, Stale
from reconciler.model.instants import read_clock
from reconciler.model.plan import Plan
from reconciler.model.workspace_settings import Workspace

if TYPE_CHECKING:
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.model.approval import SignedApproval
    from reconciler.model.desired_state import Desired
    from reconciler.model.reviews import Review


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@workspace_options
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The ssh key to sign with: a private one, or the public one of a key that an agent has."
    " Else git's user.signingkey, else the only key of the agent.",
)
@click.option("--as", "principal", help="Who you are, as the allowed-signers file calls you; a note, the key decides.")
@click.option("--yes", is_flag=True, help="Do not ask: sign what the plan says.")
@click.option("--list", "only_list", is_flag=True, help="Sign nothing; say who has approved, and who is missing.")
@reviews_option
@format_option("approvals")
def approve(
    chosen: dict[str, Any],
    file: Path,
    key: Path | None,
    principal: str | None,
    yes: bool,
    only_list: bool,
    reviews: Path | None,
    output_format: str,
) -> int:
    """Approve FILE, a saved plan: sign its digest, for `apply` to count. Changes nothing in the tenant.

    With --list, the exit code is 0 where the plan has every approval that it needs, and 3 where it has not.
    """
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.ledger.saved_plans import inspect_plan
    from reconciler.ledger.sealing import PREVIOUS_VARIABLE, VARIABLE, find_seal
    from reconciler.steps.load import load

    with open_workspace(chosen) as workspace, LocalRuntime(workspace) as runtime:
        desired = load(workspace)
        store = runtime.ledger(desired).store
        plan, proven = inspect_plan(file, find_seal(store, os.environ.get(VARIABLE), os.environ.get(PREVIOUS_VARIABLE)))
        command = _Approve(workspace, desired, runtime, plan, file, load_reviews(reviews), output_format)
        command.refuse_other()
        if only_list:
            return Exit.DONE if command.tell() else Exit.REFUSED
        if not proven:
            words = f"The plan's seal was not checked: that needs its key, in {VARIABLE}. Apply checks it."
            click.echo(words, err=True)
        return command.sign(key, principal, yes=yes)


@dataclass(frozen=True)
class _Approve:
    """One approval from the command line."""

    workspace: Workspace
    desired: Desired
    runtime: LocalRuntime
    plan: Plan
    file: Path
    reviews: tuple[Review, ...]
    output_format: str

    def refuse_other(self) -> None:
        """Refuse a plan of another workspace, tenant or environment, and one that is good no longer."""
        from reconciler.model.plan_expiry import find_expired
        from reconciler.model.run_target import Meant

        plan, meant = self.plan, self.desired.meant
        its = Meant(plan.workspace, plan.tenant, plan.environment)
        if its != meant:
            raise Stale(f"the plan is for {its}; here it is {meant}", hint="name the workspace that it was made of")
        known = {(policy.by, group) for policy in self.desired.settings.approvals for group in policy.groups}
        missing = sorted({each.of for each in plan.approvals if (each.of, each.group) not in known})
        if missing:
            words = f"the plan needs approvals of groups in {', '.join(missing)}, which is not given here"
            raise Stale(words, hint="name the operator's file with --floor FILE or RECONCILER_FLOOR")
        over = find_expired(plan.campaigns, plan.suppressions, plan.good_until, read_clock())
        if over:
            expired = [Expired(str(each.of), None, each.why) for each in over]
            raise Stale("the plan is good no longer:", hint="plan again, and approve the new plan", expired=expired)

    def tell(self) -> bool:
        """Show what the plan is, what it needs, and who has approved; whether nothing is missing."""
        from reconciler.model.approval import find_shortfalls
        from reconciler.model.approval_policy import find_needs

        policies = self.desired.settings.approvals
        approvals = collect_approvals(self.plan, self.workspace, self.runtime, self.desired, self.file, self.reviews)
        needs = find_needs(self.plan, policies)
        lacks = find_shortfalls(needs, policies, approvals)
        show("approvals", self.output_format, self.plan, needs, approvals, lacks)
        return not lacks

    def sign(self, key: Path | None, principal: str | None, *, yes: bool) -> int:
        """Show the plan in short, ask, sign, and keep the signature in the ledger and beside the file."""
        from reconciler.cli.signing_key import find_signing_key
        from reconciler.ledger import approval_records
        from reconciler.model.approval import SignedApproval, Statement
        from reconciler.model.plan_json import plan_digest

        if self.plan.refusals:
            rules = ", ".join(sorted({each.rule for each in self.plan.refusals}))
            raise Refused(
                f"the plan is unsafe, and no approval makes it safe: {rules}",
                hint="change the manifests so that the plan is safe, and plan again",
            )
        if self.output_format == "text":
            self.tell()
        if not yes and not confirm("approve", "sign this plan", "pass --yes"):
            click.echo("Nothing was signed.")
            return Exit.DONE
        program, digest = open_program(self.workspace), plan_digest(self.plan)
        named = find_signing_key(key, self.workspace.environ, self.workspace.scratch)
        meant = self.desired.meant
        at = read_clock().replace(microsecond=0)
        who = principal or getpass.getuser()
        statement = Statement(digest, meant.workspace, meant.tenant, meant.environment, who, at)
        approval = SignedApproval(statement.message(), program.sign(statement.message(), named))
        self._refuse_unknown(approval)
        path = approval_records.write(self.file, approval)
        approval_records.record(self.runtime.ledger(self.desired).store, digest, approval)
        click.echo(f"Signed {digest}, in the ledger and in {path}.", err=True)
        if self.tell():
            click.echo(f"To apply it: {command_line(self.workspace, 'apply', str(self.file))}", err=True)
        return Exit.DONE

    def _refuse_unknown(self, approval: SignedApproval) -> None:
        """Refuse to keep a signature that would count nowhere."""
        from reconciler.steps.verify_approvals import verify_approvals
        from reconciler.views.approval_words import FAULTS

        policies = self.desired.settings.approvals
        checked = verify_approvals(self.plan, policies, [approval.document()], (), open_program(self.workspace))
        if checked and all(each.fault is not None for each in checked):
            faults = dict.fromkeys(f"{each.key} by {each.of}: {FAULTS[each.fault]}" for each in checked if each.fault)
            raise Refused(
                "the signature would not count, and was not kept:\n" + "\n".join(f"  {each}" for each in faults),
                hint="sign with the key that the allowed-signers file has of you, or have it put there",
            )
