"""`reconciler forget`: erase what ties a contact to what was decided about it."""

from __future__ import annotations

import getpass
from datetime import timedelta
from typing import Any

import click

from reconciler.cli.audit_evidence import check_reason, open_ledger_of
from reconciler.cli.workspace_options import workspace_options


@click.command()
@click.argument("contact")
@workspace_options
@click.option("--reason", required=True, help="Why, such as the number of the request; it names nobody.")
def forget(chosen: dict[str, Any], contact: str, reason: str) -> int:
    """Erase the salt of CONTACT: nobody can tell any more which of the tokens in evidence was the contact's.

    Proofs of others, and roots that were signed, stay as they are. What else stays, and until when: docs/evidence.md.
    """
    from reconciler.ledger.interaction_cache_files import CacheFolder, folder_of
    from reconciler.steps.prove import forget_contact

    said = check_reason(reason)
    with open_ledger_of(chosen) as (desired, ledger, tokens, scratch):
        engine, who = desired.settings.engine, getpass.getuser()
        gone = forget_contact(ledger, engine, tokens, contact, scratch, said, who)
        CacheFolder(folder_of(desired.settings.ledger, desired.root), ledger.seal).sweep(timedelta(0))
    click.echo("The contact's salt is erased." if gone else "Nothing is kept of that contact for proofs.")
    click.echo("Cached interactions, everybody's, are deleted; the next plan reads them again.")
    click.echo("It stays suppressed wherever it is: no do-not-call list was changed. See docs/evidence.md.")
    return 0
