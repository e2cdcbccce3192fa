"""Describe reasons in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.model.errors import ReconcilerError, Refused, Stale
from reconciler.model.notice import Notice
from reconciler.model.reason import Counted, Reason, Share, read_reason
from reconciler.views.row_faults import ROW_FAULTS
from reconciler.views.run_words import RUN_WORDS

if TYPE_CHECKING:
    from reconciler.model.finding import Finding
    from reconciler.model.list_change import Sample
    from reconciler.model.report import StepResult

_NEXT: Mapping[str, str] = {
    "now": "next attempt now",
    "later": "next attempt later",
    "in_quarantine": "in quarantine",
    "when_its_row_changes": "pending until its row changes",
    "now_its_row_has_changed": "next attempt now, as its row has changed",
}
"""When whom the tenant would not take is offered again."""


def _join_names(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _describe_retry(what: str, args: Mapping[str, Any]) -> str:
    times = "once" if args["times"] == 1 else f"{args['times']} times"
    said = args["message"] or "the tenant does not say why"
    return f"{what} {times}, {_NEXT.get(args['next'], args['next'])}: {said}"


def _describe_region(args: Mapping[str, Any]) -> str:
    return f"unknown region '{args['region']}'" if args["region"] else "unknown region, one of many words"


def _fault(args: Mapping[str, Any]) -> str:
    return describe_reason(read_reason(args["fault"]["code"], args["fault"]["args"]))


_STOPPED = "from the pause of the old one until the new one is active; it starts"


def _format_seconds(seconds: float) -> str:
    """The length as manifests have it, in its largest whole unit: `15m`, `8h`, `2d`."""
    whole = ((each, letter) for each, letter in ((86_400, "d"), (3_600, "h"), (60, "m")) if seconds % each == 0)
    unit, letter = next(whole, (1, "s"))
    return f"{seconds / unit:g}{letter}"


def _describe_wait(seconds: float) -> str:
    waits = "or in the first minute after that from which all its contacts may be called until its end"
    return f"{_format_seconds(seconds)} after it is created, {waits}"


_WORDS: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "unusable": lambda args: f"cannot be used: {_fault(args)}",
    "duplicate_row": "duplicate of another row with its id",
    "archived": "archived",
    "no_consent": "no consent",
    "no_consent_recorded": "no consent recorded",
    "unknown_region": _describe_region,
    "no_valid_phone": "no valid phone",
    "suppressed": "suppressed by {by}",
    "other_number_unreadable": "another number of theirs cannot be read",
    "number_unreadable": "their number cannot be read",
    "other_row_unreadable": "another row of theirs cannot be read",
    "number_in_tenant_unreadable": "the number that the tenant has cannot be read",
    "not_on_list": "not on {list}",
    "archived_on_list": "archived on {list}",
    "no_interaction": "no interaction in the window",
    "below_threshold": "score below {threshold:g}",
    "band_without_list": "in band {band}, which has no list",
    "duplicate_phone": "duplicate of another contact with its phone",
    "over_cap": "over the cap of {cap:,}",
    "qualifies": "qualifies for {band} and is not on the list",
    "moved": "moves from {from} to {to}",
    "belongs_elsewhere": "belongs in {band}",
    "not_in_source": "no longer in the source",
    "number_changed": "its number changed",
    "number_was_another_contacts": "its number was another contact's",
    "number_on_foreign_row": "another client's row has its number",
    "changed": lambda args: f"its {_join_names(args['fields'])} changed",
    "changed_by_calendar": lambda args: f"its {_join_names(args['fields'])} changed, by recency alone",
    "live_value_unknown": lambda args: f"the tenant does not show its current {_join_names(args['fields'])}",
    "duplicate_member": "another row of the same contact",
    "rolled_back": "run {run} is rolled back",
    "former_number": "the number that its contact had before",
    "number_removed_first": "the row with its number is removed first",
    "rejected": lambda args: _describe_retry("rejected", args),
    "deferred": lambda args: _describe_retry("deferred", args),
    "outcome": lambda args: f"{args['from'] or '(none)'} → {args['to']}",
    "same_outcome": "the outcome is there already",
    "superseded": "a later row has its contact",
    "superseded_by_set": "a later row of {set} has its contact",
    "unknown_contact": "the campaign has no such contact",
    "held_by_dialler": "deferred, held by the dialler: {state}",
    "retry_later": "rejected before, next attempt later",
    "asked_not_to_be_called": "{set}: {outcome}",
    "held_for": "on {list}",
    "held_for_none": "on none of the lists of {address}",
    "absent": "the tenant has none of that name",
    "differs": "it differs from what is declared",
    "as_declared": "every declared field is as declared",
    "adopted": "it exists and carries no mark: this workspace adopts it",
    "unchangeable": lambda args: (
        f"the tenant cannot change {' or '.join(args['fields'])}: it is replaced, and the old one deleted"
    ),
    "undeclared": "it carries this workspace's mark and no manifest declares it",
    "not_held": lambda args: (
        f"the tenant has no place for {', '.join(args.get('fields', ()))}: left out, and never compared"
    ),
    "only_read": "it was not asked for, and what was asked for refers to it: it is only read",
    "not_adopted": "it carries no mark and its manifest says `adopt: false`: it is compared, and never written",
    "import_field_untold": "the tenant does not tell its `{field}`, which a manifest has to say",
    "import_value_needed": "its `{field}` is a value that no manifest may say, and one has to say it",
    "import_uses_undeclared": "it works with {kind} {name!a}, which no manifest declares or can declare",
    "import_no_window": "the tenant tells no {end} of its time window that a manifest could say",
    "import_ambiguous": "several objects have this name, or one that looks the same: which is meant nobody could say",
    "import_foreign": "it is managed by workspace {workspace}",
    "import_check": "what it is would be refused as {code}",
    "import_differs": "a manifest that says its `{field}` would not be the same as the tenant's",
    "import_read_only": "the tenant's surface only reads such objects",
    "import_value_not_allowed": "a value that no manifest may say",
    "import_not_in_schema": "no manifest of this kind knows it",
    "import_personal": "it may hold a phone number or a mail address",
    "import_means_nothing": "it means nothing to a {type} campaign",
    "import_undeclared_campaigns": "{count:,} campaigns that no manifest declares stay in it",
    "import_unmarked": "It carries no mark: take out `adopt: false` and apply, and it is this workspace's.",
    "import_adopted": "It carries no mark: the next apply adopts it, and it is this workspace's.",
    "import_ours": "It carries this workspace's mark.",
    "import_no_rows": "Who is on it is not written: a Segment that fills list `{name}` manages that.",
    "drift_of_manifest": "the manifest has changed since the last apply, and not the tenant",
    "drift_of_both": "the manifest has changed since the last apply as well: which is right is for you to say",
    "drift_absent": "the tenant has no such object: take the manifest out, or apply",
    "drift_no_scalar": "the tenant has no single value there: edit the manifest by hand",
    "drift_not_said": "its manifest does not say it: it follows from another manifest, a time or a default",
    "drift_not_allowed": "no manifest may say the tenant's value",
    "drift_shared": "the place stands for several objects, which do not all hold the same",
    "drift_template": "a template or a block of text stands there: change what it is made of",
    "import_needed": "It was not asked for: what was asked for refers to it.",
    "made_inactive": "no manifest declares it; the tenant deletes none: it is made inactive, and stays there",
    "released_by_option": "no manifest declares it, and `--release` names it",
    "released_by_manifest": "its manifest says `release: true` ({where})",
    "many_contacts": "{count:,} contacts are to be written",
    "contacts_from_outside": "the contacts come from outside the tenant, and may be new to it",
    "attributes_to_write": lambda args: f"{', '.join(args['attributes'])} are to be written",
    "no_attributes": "no attributes are to be written",
    "no_way_by_id": "no surface writes contacts by their ids alone",
    "no_other_way": "no other surface is there",
    "active": "active",
    "consent_given": "consent given",
    "consent_not_asked": "consent not asked for",
    "called_without_recorded_consent": "called anyway (unknownConsent: in at {where})",
    "has_phone": "has a phone",
    "has_no_phone": "has no phone",
    "earlier_row": "an earlier row has its id",
    "blank_number": "blank",
    "called_number": "called",
    "further_number": "not called, but checked against do-not-call lists",
    "unreadable_number": lambda args: f"cannot be called: {_fault(args)}",
    "interactions": "the last of {count:,} at {last} UTC",
    "no_interactions": "none",
    "points": "{score:g}",
    "no_score": "none",
    "score_sensitive": "not told: the mapping marks it sensitive",
    "included": "in, band {band}",
    "on_list": "is on it now",
    "on_list_with_score": "is on it now with score {score:g}",
    "on_list_by_number": "is on it now by its number",
    "off_list": "is not on it",
    "nothing_planned": "a plan would change nothing",
    "no_surface": lambda args: f"the tenant declares no surface {' or '.join(args['surfaces'])}",
    "not_read": "{message} ({error}, status {status}); reading them needs the scope {scope}",
    "after_creation": lambda args: f"{_format_seconds(args['seconds'])} after it is created",
    "after_creation_within_hours": lambda args: _describe_wait(args["seconds"]),
    "after_start": lambda args: f"{_format_seconds(args['seconds'])} after its start",
    "no_downtime": lambda args: f"none: it is {args['status'] or 'not active'}",
    "stays_stopped": "it stays stopped: it becomes {status}",
    "stopped_until_active": f"{_STOPPED} at once",
    "stopped_until": f"{_STOPPED} at {{at}}",
    "stopped_until_after_creation": lambda args: f"{_STOPPED} {_format_seconds(args['seconds'])} after it is created",
    "stopped_until_within_hours": lambda args: f"{_STOPPED} {_describe_wait(args['seconds'])}",
    "dnc_list_too_old": "the do-not-call list of {segment} is older than it may be",
    "window_begun": "the window of its calendar that the plan would set has begun at {at}",
    "window_over": "the window of its calendar that the plan would set ended at {at}",
    "schedule_over": "the schedule that the plan would set ended at {at}",
    "waiver_expired": "it expired on {until}",
    "rule_unwaivable": "the floor does not let {rule} be waived",
    "waiver_too_long": "the floor allows no waiver for more than {days:g} days",
    **RUN_WORDS,
    **ROW_FAULTS,
}


def describe_reason(reason: Reason) -> str:
    """A reason in words."""
    words, args = _WORDS[reason.code], reason.name_arguments()
    return words.format_map(args) if isinstance(words, str) else words(args)


def describe_step(result: StepResult) -> str:
    """What a step of an apply did, or why it did not."""
    from reconciler.model.report import Outcome

    if result.why is not None:
        return describe_reason(result.why)
    if (failure := result.failure) is None:
        return result.words
    where = f" [{failure.where}]" if failure.where else ""
    return failure.message if result.outcome is Outcome.INTERRUPTED else f"{failure.code}: {failure.message}{where}"


def describe_faults(counted: Iterable[Counted]) -> str:
    """Why rows cannot be used, and how many for each reason; of a single row the reason alone."""
    every = list(counted)
    if [each.count for each in every] == [1]:
        return describe_reason(every[0].reason)
    return "; ".join(f"{each.count:,}: {describe_reason(each.reason)}" for each in every)


def describe_entries(entries: Iterable[Mapping[str, Any]]) -> str:
    """Why entries of a do-not-call list cannot be read: where each stands, and its fault (`Unreadable` as JSON)."""
    told = ((each["place"], read_reason(each["why"]["code"], each["why"]["args"])) for each in entries)
    return "; ".join(f"{place}: {describe_reason(why)}" for place, why in told)


def describe_finding(finding: Finding) -> str:
    """What is unsafe, and why it is so where that is a reason."""
    why = describe_cause(finding)
    return f"{finding.message} ({why})" if why else finding.message


def describe_cause(finding: Finding) -> str:
    """Why something is as it was found: why entries cannot be read, or why nobody could look at the objects."""
    if entries := finding.details.get("entries"):
        return describe_entries(entries)
    why = finding.details.get("why")
    return describe_reason(read_reason(why["code"], why["args"])) if why else ""


def describe_notice(notice: Notice) -> str:
    """What a person should know; of rows that do not count, why."""
    return f"{notice.message}: {describe_faults(notice.faults)}" if notice.faults else notice.message


def describe_error(error: ReconcilerError) -> str:
    """What happened, and a line each for whatever has passed since a plan was made, or makes it unsafe."""
    expired = error.expired if isinstance(error, Stale) else ()
    lines = [
        f"  {each.object}{f' ({each.place})' if each.place else ''}: {describe_reason(each.why)}" for each in expired
    ]
    if not isinstance(error, Refused) or not error.findings:
        return "\n".join((error.message, *lines))
    # a name from the tenant may hold line ends, and only ours begin a line
    told = ((each, " ".join(describe_finding(each).splitlines())) for each in error.findings)
    return "\n".join((f"{error.message}:", *(f"  {each.rule}  {each.object}: {words}" for each, words in told)))


def describe_row_reason(counted: Counted) -> str:
    """What is done with some rows of a list, and why."""
    words = describe_reason(counted.reason)
    return words if counted.action is None else f"{counted.action}: {words}"


def describe_sample(sample: Sample) -> str:
    """Why one row changes, with its contact's own scores."""
    score, was = (None if each is None else _format_points(each) for each in (sample.score, sample.was))
    both = f"{was} → {score}" if was is not None and score is not None else None
    if sample.reason.code == "moved":
        args = sample.reason.name_arguments()
        return f"score {both or score or '(none)'} moves it from {args['from']} to {args['to']}"
    if sample.reason.code == "qualifies":
        return f"score {score or '(none)'} puts it in {sample.reason.name_arguments()['band']}"
    shown = score if sample.action == "remove" else both
    words = describe_reason(sample.reason)
    return words if shown is None else f"{words} (score {shown})"


def _format_points(score: float) -> str:
    return f"{score:.2f}".removesuffix("0")


def describe_counts(counted: Iterable[Counted]) -> str:
    """Reasons and how many there are for each, on one line."""
    return " · ".join(f"{describe_reason(each.reason)} {each.count:,}" for each in counted) or "nobody"


def describe_shares(shares: Iterable[Share]) -> str:
    """Values and how many have each, on one line."""
    named = ((f"{each.others:,} other agents" if each.others else each.value, each.count) for each in shares)
    return " · ".join(f"{name} {count:,}" for name, count in named) or "nobody"
