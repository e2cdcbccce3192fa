# tested by: tests/views/test_reasons.py
"""Describe in words what steps do and did, what an audit record leaves open, why callbacks fail, and a new ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.model.ledger_state import LedgerState


def _describe_delivery(args: Mapping[str, Any]) -> str:
    words = "{adds:,} to add, {updates:,} to update, {removes:,} to remove on {list!r}".format_map(args)
    words += f": {args['rejected']:,} rejected by the tenant, the others" if args["rejected"] else ": all"
    words += " read back and found as written"
    return words + (f"; {args['suppressed']:,} suppressed since the plan" if args["suppressed"] else "")


def _describe_outcomes(args: Mapping[str, Any]) -> str:
    words = "{set:,} of {total:,} outcomes set in {campaign}".format_map(args)
    words += f", {args['rejected']:,} rejected by the tenant" if args["rejected"] else ""
    return words + (f", {args['deferred']:,} deferred to the next run" if args["deferred"] else "")


def _describe_missing_runs(args: Mapping[str, Any]) -> str:
    runs, shown = args["runs"], args["runs"][:3]
    named = ", ".join(shown) + (f" and {len(runs) - len(shown):,} more" if len(runs) > len(shown) else "")
    return (
        f"{len(runs):,} of {args['recorded']:,} runs that the record tells of have no folder here: {named}. "
        "Deleted when their time was over, or taken away: the record cannot tell."
    )


def _describe_locks(args: Mapping[str, Any]) -> str:
    if args["times"] == 1:
        return "The lock was taken once without a run, which ended before it began."
    return f"The lock was taken {args['times']:,} times without a run: they ended before they began."


def _describe_host(args: Mapping[str, Any]) -> str:
    kind = {"shared": "shared (carrier-grade NAT)"}.get(args["address"], args["address"])
    article = "an" if kind[0] in "aeiou" else "a"
    return f"{args['host']} is not called: it leads to {article} {kind} address, which its tenant does not allow"


RUN_WORDS: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "object_created": "created {name!r}",
    "object_adopted": "adopted {name!r}",
    "object_updated": "updated {name!r}",
    "object_renamed": "renamed {from!r} to {to!r}",
    "object_replaced": "replaced {name!r}",
    "object_activated": "activated {name!r}",
    "object_deleted": "deleted {name!r}",
    "object_released": "released {name!r}",
    "rows_delivered": _describe_delivery,
    "outcomes_set": _describe_outcomes,
    "numbers_added": "{count:,} numbers kept in {file}",
    "held_added": "{count:,} numbers added to {name!r}, all of them read back",
    "held_expired": "{count:,} numbers of {name!r} have expired, as was read back",
    "interrupted_before": "the run was interrupted before it",
    "waits_for": lambda args: f"waits for {', '.join(args['steps'])}",
    "object_step": lambda args: f"{', '.join(args['does'])} {args['name']!r}",
    "membership_step": "{method} to {list!r}",
    "outcome_step": "outcomes in {campaign}",
    "numbers_step": "numbers to {file}",
    "held_added_step": "numbers to {name!r}",
    "held_expired_step": "numbers of {name!r} expire",
    "record_vouched_for": (
        "Up to entry {entries} the record is not proven: {by} vouched for it as it was at {at}: {reason}"
    ),
    "entries_unproven": (
        "{entries:,} earlier entries are under no key at hand: later ones fix what they say, and not who wrote it."
    ),
    "runs_unproven": "{runs:,} runs were written under no key at hand, or by an older version.",
    "runs_missing": _describe_missing_runs,
    "not_a_run": "{name} among the runs is not a run, and was skipped.",
    "locks_without_run": _describe_locks,
    "end_unproven": (
        "Not proven: that nothing was cut off its end together with the runs that tell of it. A report or saved plan "
        "that was kept elsewhere shows that: --against FILE."
    ),
    "key_in_ledger": (
        "Not proven: that nobody who may read the ledger's plan.key wrote it. With a RECONCILER_KEY that is kept "
        "elsewhere, who may only write the ledger cannot."
    ),
    "callback_answered": "status {status}",
    "callback_redirected": "status {status}: redirects are not followed",
    "callback_stopped": "the sending was stopped",
    "callback_stopped_midway": "it was stopped before there was a reply",
    "callback_queued": "an earlier callback to it could not be delivered",
    "callback_unprepared": "the request cannot be prepared",
    "callback_without_body": "its template makes no body: {message}",
    "host_unknown": "the host {host} is not known",
    "host_without_address": "the host {host} has no address",
    "host_not_allowed": _describe_host,
    "http_not_allowed": "its URL is http, which its tenant does not allow for the host",
    "certificate_not_trusted": "the certificate is not trusted",
    "connection_refused": "the connection was refused",
    "no_connection_in_time": "no connection in time",
    "no_reply_in_time": "no reply in time",
    "connection_lost": "the connection was cut",
    "webhook_undeclared": "no manifest declares this webhook any more",
    "webhook_unusable": "{message}",
    "url_unusable": "its URL cannot be called: {message}",
    "not_delivered": "{message}",
}


def describe_ledger(state: LedgerState) -> str:
    """What a person should know of a ledger that a command began with, in one line; empty where there is nothing."""
    key = "a key for contacts' tokens was made" if state.made_key else ""
    if not state.new:
        return f"{key} in the ledger {state.url}" if key else ""
    told = f"the ledger {state.url} is new{f', and {key} in it' if key else ''}."
    lost = "offers contacts that were rejected again" + (", and calls contacts by other tokens" if key else "")
    where = "keep it where all jobs find it (`ledger: {url: s3://…}`)"
    secrets = " and give them RECONCILER_TOKEN_KEY and RECONCILER_KEY" if key else ""
    return f"{told} A pipeline whose jobs each begin with a new one {lost}: {where}{secrets}; see docs/ci.md"
