# tested by: tests/views/test_markdown.py
"""Compose what a reviewer reads of a plan: its sections, in their order and words, as markdown and HTML both show them.

Risk comes first. What did not change is counted, and not listed. Each text says whose it is: what is somebody else's is
never markup, whoever shows it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from reconciler.model.before_after_states import CAMPAIGN
from reconciler.model.change_cause import Cause, Causes
from reconciler.model.finding import Finding
from reconciler.model.instants import format_instant
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.outcome_change import AnyRowChange
from reconciler.model.plan import Plan
from reconciler.model.plan_comparison import PlanComparison
from reconciler.model.plan_json import plan_digest
from reconciler.model.text_enumerations import format_count
from reconciler.views.approval_words import describe_need, describe_needs
from reconciler.views.causes import describe_causes, iter_rows_cause
from reconciler.views.comparison import describe_comparison, iter_differences
from reconciler.views.impact import (
    describe_age,
    describe_blast,
    describe_concentration,
    describe_near,
    describe_overlaps,
    weight,
)
from reconciler.views.origin import describe_narrowing, describe_origin
from reconciler.views.reasons import (
    describe_counts,
    describe_finding,
    describe_notice,
    describe_reason,
    describe_row_reason,
    describe_shares,
)
from reconciler.views.safe_harbour import list_legs
from reconciler.views.section_text import Cell, Section, Span, name, quote, say, stress

_ORDER = (Action.DELETE, Action.REPLACE, Action.UPDATE, Action.CREATE, Action.RELEASE)
_NAMED, _SETTINGS = 3, 60
"""Objects that a group of findings names, and reasons that a list has; settings of an object that is made."""

_CELLS = {
    Cause.MANIFEST: say("manifests"),
    Cause.TENANT: stress("tenant"),
    Cause.BOTH: stress("manifests and tenant"),
    Cause.VENDOR: say("tenant's default"),
    Cause.UNKNOWN: say("?"),
}


def iter_sections(value: Plan, kept: Container[str] = ()) -> Iterator[Section]:
    """Every section that has something in it, and those `kept` (by their keys) in any case."""
    yield from (each for each in _iter_every(value) if each.rows or each.key in kept)


def _iter_every(value: Plan) -> Iterator[Section]:
    if value.against is not None:
        yield _compare_with_earlier(value.against)
    refused = [each for each in value.findings if each.refuses]
    yield _list_findings("blocked", "Blocked: apply refuses this plan", refused)
    needs = tuple((quote(describe_need(each)),) for each in value.approvals)
    yield Section("approvals", describe_needs(value.approvals), (), needs)
    yield from _describe_impact(value)
    warned = [each for each in value.findings if not each.refuses and each.waived is None]
    yield _list_findings("warnings", "Warnings", warned)
    yield _list_waivers(value)
    changed = [each for each in value.objects if each.action is not Action.NO_OP]
    campaigns = [each for each in changed if each.address.kind == CAMPAIGN]
    yield _list_objects("campaigns", "Campaigns", campaigns, value.causes)
    others = [each for each in changed if each.address.kind != CAMPAIGN]
    yield _list_objects("objects", "Other objects", others, value.causes)
    yield list_legs(value.campaigns)
    yield from _describe_segments(value)
    yield _list_undeclared(value)
    notices = tuple((quote(describe_notice(each)),) for each in value.notices)
    yield Section("notices", format_count(len(notices), "notice"), (), notices, folded=True)


def _compare_with_earlier(compared: PlanComparison) -> Section:
    rows = tuple(
        (name(where), quote(what), quote(then), quote(now)) for where, what, then, now in iter_differences(compared)
    )
    return Section("against", "Changed since the earlier plan", ("where", "what", "then", "now"), rows)


def describe_verdict(value: Plan) -> str:
    """Whether a plan changes something, or what blocks it."""
    refused = len(value.refusals)
    verdict = "no changes" if value.empty else "changes"
    if refused:
        verdict = f"blocked by {format_count(refused, 'finding')}"
    what = "Plan" if value.rolls_back is None else "Rollback"
    return f"{'Narrowed plan' if value.narrowed else what}: {verdict}"


def iter_head(value: Plan) -> Iterator[Cell]:
    """What a plan is of, and how much it changes: a paragraph each."""
    if value.partial:
        yield (*stress("Narrowed. " if value.narrowed else "Rollback. "), *quote(describe_narrowing(value)))
    hosts = sorted({urlsplit(url).netloc for url in value.surfaces.values()})
    named = [*say("Tenant "), *name(value.tenant), *say(" at "), *_join(hosts, 4)]
    if value.environment is not None:
        named += [*say(", environment "), *name(value.environment)]
    yield (*named, *say(", workspace "), *name(value.workspace), *say(f", as of {format_instant(value.as_of)}"))
    counts = [f"{value.count(action):,} to {action.value}" for action in reversed(_ORDER) if value.count(action)]
    counts += [f"{value.adoptions:,} to adopt"] if value.adoptions else []
    adds, updates, removes = (sum(getattr(row, each) for row in value.rows) for each in ("adds", "changed", "removes"))
    aged = sum(row.aged for row in value.rows)
    calendar = f", ~{aged:,} by recency alone" if aged else ""
    lists = sum(row.total > 0 for row in value.rows)
    people = f"contacts +{adds:,} ~{updates:,} −{removes:,}{calendar} on {format_count(lists, 'list')}"
    yield (*stress(f"{', '.join(counts) or 'No object changes'}; {people}."), *say(f" {_describe_unchanged(value)}"))
    if value.against is not None:
        yield stress(f"{describe_comparison(value.against)}.")
    if value.causes is not None and (words := describe_causes(value.causes)):
        yield (*say("Since run "), *name(value.causes.run), *say(f" {words}."))
    if value.impact is not None:
        words = describe_blast(value.impact)
        yield stress(f"{words[:1].upper()}{words[1:]}.")


def iter_foot(value: Plan) -> Iterator[Cell]:
    """How many requests a plan took and takes, and what it is bound by."""
    budget = value.budget
    requests = f"Read with {budget.reads:,} requests; apply sends {budget.writes:,} and reads back about"
    yield say(f"{requests} {budget.read_backs:,}.")
    until = "" if value.good_until is None else f"; good until {format_instant(value.good_until)}"
    if value.origin is not None:
        yield (*say("Made for "), *quote(describe_origin(value.origin)), *say("."))
    yield (*say("Digest "), *name(plan_digest(value)), *say(f"{until}."))


def _join(texts: Sequence[object], most: int) -> Iterator[Span]:
    for number, text in enumerate(texts[:most]):
        yield from (*(say(", ") if number else ()), *name(text))
    if len(texts) > most:
        yield from say(f" and {len(texts) - most:,} more")


def _describe_unchanged(value: Plan) -> str:
    """What did not change is counted, and not listed."""
    kinds = Counter(each.address.kind for each in value.objects if each.action is Action.NO_OP)
    lists = sum(not row.total for row in value.rows)
    told = [f"{count:,} {kind}" for kind, count in sorted(kinds.items())]
    told += [f"the members of {format_count(lists, 'list')}"] if lists else []
    return f"Unchanged: {', '.join(told)}." if told else ""


def _list_findings(key: str, title: str, found: Sequence[Finding]) -> Section:
    """A line for each rule, with how many objects it is about, and the first of them."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for each in found:
        groups[each.rule].append(each)
    rows = []
    for rule, mine in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        names = list(dict.fromkeys(str(each.object) for each in mine))
        rows.append((name(rule), say(f"{len(names):,}"), tuple(_join(names, _NAMED)), quote(describe_finding(mine[0]))))
    return Section(key, title, ("rule", "objects", "which", "what (of the first)"), tuple(rows))


def _describe_impact(value: Plan) -> Iterator[Section]:
    impact = value.impact
    if impact is None:
        return
    where = tuple((quote(describe_concentration(each)),) for each in impact.concentration)
    yield Section("concentration", "Where the change is concentrated", (), where)
    rows = []
    for each in sorted(impact.campaigns, key=weight):
        before, after = ("?" if count is None else f"{count:,}" for count in (each.before, each.after))
        dials = say("does not dial" if each.at_rest else "dials")
        if each.dials_before != each.dials_after:
            dials = stress("begins to dial") if each.dials_after else say("no longer dials")
        hours = "" if each.hours_after is None else f"{each.hours_before or 0:,g} → {each.hours_after:,g}"
        counts = (f"+{each.starts:,}", f"−{each.stops:,}", f"{each.moves:,}", f"{each.treated:,}", f"{each.shared:,}")
        rows.append((name(each.address), say(f"{before} → {after}"), *map(say, counts), say(hours), dials))
    columns = ("campaign", "people", "start", "stop", "other list", "called differently", "shared", "hours", "")
    yield Section("calls", "Who starts and stops being called", columns, tuple(rows))
    moves = tuple(
        (
            name(each.segment),
            name(each.before or "not called"),
            name(each.after or "not called"),
            say(f"{each.people:,}"),
        )
        for each in impact.bands
    )
    yield Section("moves", "Moves between bands", ("segment", "from", "to", "people"), moves, folded=True)
    met = tuple((quote(each),) for each in describe_overlaps(impact))
    yield Section("overlaps", "People whom other campaigns call as well", (), met, folded=True)
    more = [words for each in impact.near if (words := describe_near(each))]
    more += [words for age in impact.data if (words := describe_age(age))]
    points = tuple((quote(each),) for each in more)
    yield Section("near", "Near a threshold, and the age of the data", (), points, folded=True)


def _list_waivers(value: Plan) -> Section:
    rows = []
    waived = sum(each.waived is not None for each in value.findings)
    for each in value.waivers:
        state = say("in force" if each.used else "unused") if each.lost is None else stress("not in force")
        why = each.reason if each.lost is None else f"{describe_reason(each.lost)}: {each.reason}"
        until = "no end" if each.until is None else f"{each.until}"
        rows.append((name(each.rule), name(each.object), state, say(until), name(each.by), quote(why)))
    title = f"Waivers: {format_count(waived, 'finding')} waived"
    return Section("waivers", title, ("rule", "object", "", "until", "by", "reason"), tuple(rows))


def _list_objects(key: str, title: str, changed: Iterable[ObjectChange], causes: Causes | None) -> Section:
    """Each changed setting, before and after; of what is made or deleted one line."""
    ordered = sorted(changed, key=lambda each: (_ORDER.index(each.action), each.address))
    columns: tuple[str, ...] = ("", "object", "name", "setting", "before", "after")
    if causes is None:
        rows = tuple(row for each in ordered for _, row in _iter_settings(each))
        return Section(key, title, columns, rows)
    rows = tuple((*row, _show_cause(causes, each, path)) for each in ordered for path, row in _iter_settings(each))
    return Section(key, title, (*columns, "changed in"), rows)


def _show_cause(causes: Causes, change: ObjectChange, path: str | None) -> Cell:
    """Where a field changed since the last apply; of no field in particular, where the object did."""
    told = causes.objects.get(str(change.address))
    cause = Cause.UNKNOWN if told is None else told.cause if path is None else told.fields.get(path, told.cause)
    return _CELLS[cause]


def _iter_settings(change: ObjectChange) -> Iterator[tuple[str | None, tuple[Cell, ...]]]:
    """The lines of an object, each with the path of its field."""
    verb = "adopt" if change.adopts else change.action.value
    strong = change.action in (Action.DELETE, Action.REPLACE)
    who = (stress(verb) if strong else say(verb), name(change.address), name(change.name))
    if change.previous is not None:
        yield None, (*who, say("name"), name(change.previous), name(change.name))
    if change.action is Action.CREATE:
        settings = [f"{field.path}: {_format_value(field.after)}" for field in change.fields if field.path != "name"]
        settings += [f"{each}: {describe_reason(why)}" for each, why in sorted(change.later.items())]
        # each by itself: a long one must not have the others left out of the middle
        yield None, (*who, say("all"), say("–"), tuple(_join(settings, _SETTINGS)))
        return
    for field in change.fields:
        yield field.path, (*who, name(field.path), _show_value(field.before), _show_value(field.after))
    if change.replacement is not None:
        cost = change.replacement
        contacts, attempts = ("?" if count is None else f"{count:,}" for count in (cost.contacts, cost.attempts))
        down = describe_reason(cost.downtime)
        words = f"starts over with {contacts} contacts, {attempts} attempts forgotten; downtime: {down}"
        yield None, (*who, say("replacement"), say("–"), quote(words))
    if not change.fields and change.previous is None:
        yield None, (*who, say("–"), say("–"), say("–"))


def _show_value(value: object) -> Cell:
    return say("–") if value is None else name(_format_value(value))


def _format_value(value: object) -> str:
    import orjson

    return orjson.dumps(value).decode()


def _describe_segments(value: Plan) -> Iterator[Section]:
    rows = []
    for each in sorted((row for row in value.rows if row.total), key=lambda row: (-row.total, row.address)):
        counts = (f"{each.live:,} → {each.after:,}", f"+{each.adds:,}", f"~{each.updates:,}", f"−{each.removes:,}")
        why = "; ".join([*iter_rows_cause(value.causes, each), _describe_why(each)])
        told = (*map(say, counts), say(f"{each.unchanged:,}"), quote(why))
        rows.append((name(each.address), name(each.list), *told))
    columns = ("segment", "list", "contacts", "add", "update", "remove", "unchanged", "why")
    yield Section("segments", "Segments", columns, tuple(rows))
    beside: tuple[AnyRowChange, ...] = (*value.outcomes, *value.numbers, *value.held)
    others = tuple(
        (name(each.address), say(f"{each.total:,}"), quote(_describe_why(each))) for each in beside if each.total
    )
    yield Section("outcomes", "Outcomes, and numbers not to be called", ("what", "rows", "why"), others)
    accounts = []
    for account in value.accounts:
        inside = sum(each.count for each in account.included)
        words = f"in: {describe_shares(account.included)}; out: {describe_counts(account.left_out)}"
        sizes = (f"{account.source:,}", f"{inside:,}", f"{account.source - inside:,}")
        accounts.append((name(account.segment), *map(say, sizes), quote(words)))
    title = f"Who is in and who is out, of {format_count(len(accounts), 'segment')}"
    yield Section("accounts", title, ("segment", "source", "in", "out", ""), tuple(accounts), folded=True)


def _describe_why(change: AnyRowChange) -> str:
    why = "; ".join(f"{reason.count:,} {describe_row_reason(reason)}" for reason in change.reasons[:_NAMED])
    return why + (
        f"; {format_count(len(change.reasons) - _NAMED, 'other reason')}" if len(change.reasons) > _NAMED else ""
    )


def _list_undeclared(value: Plan) -> Section:
    rows = []
    for each in sorted(value.undeclared, key=lambda each: (not each.dials, each.address)):
        does = stress("may be calling people") if each.dials else say("calls nobody")
        rows.append((name(each.address.kind), name(each.name), name(each.state or "–"), does))
    title = "Removed from the manifests, and left as it is (`--prune` deletes it)"
    return Section("undeclared", title, ("kind", "name", "state", ""), tuple(rows))
