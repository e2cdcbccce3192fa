"""Show a plan as one comment of a pull request."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from reconciler.model.change import Action, ObjectChange
from reconciler.model.finding import Finding
from reconciler.model.instants import format_instant
from reconciler.model.outcome_change import AnyRowChange
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest
from reconciler.model.text_lists import format_count
from reconciler.model.typed_states import CAMPAIGN
from reconciler.views.impact import describe_age, describe_blast, describe_concentration, describe_near, weight
from reconciler.views.markdown_escape import Part, bullets, code, join_parts, table
from reconciler.views.origin import describe_origin
from reconciler.views.reasons import (
    describe_counts,
    describe_finding,
    describe_notice,
    describe_row_reason,
    describe_shares,
)
from reconciler.views.view import View

MOST = 60_000
"""Characters at most: a comment ends at 65,536, and whoever posts it puts some of their own around it."""

_ORDER = (Action.DELETE, Action.REPLACE, Action.UPDATE, Action.CREATE, Action.RELEASE)
_NAMED, _WHOLE = 3, 400
"""Objects that a group of findings names; characters of all the settings of an object that is made."""


def plan(value: Plan, link: str | None = None) -> str:
    """A plan as one comment; `link`: where the whole of it is."""
    more = f"[the whole plan](<{link}>)" if link else "the whole is in `reconciler show FILE`, or `--format json`"
    return join_parts(_iter_parts(value, more), more, MOST)


def _iter_parts(value: Plan, more: str) -> Iterator[Part]:
    yield Part("", (), tuple(_describe_head(value)))
    yield _list_findings("Blocked: apply refuses this plan", [each for each in value.findings if each.refuses])
    yield from _describe_impact(value)
    warned = [each for each in value.findings if not each.refuses and each.waived is None]
    yield _list_findings("Warnings", warned)
    yield from _list_waivers(value)
    changed = [each for each in value.objects if each.action is not Action.NO_OP]
    campaigns = [each for each in changed if each.address.kind == CAMPAIGN]
    yield _list_objects("Campaigns", campaigns)
    yield _list_objects("Other objects", [each for each in changed if each.address.kind != CAMPAIGN])
    yield from _describe_segments(value)
    yield from _list_undeclared(value)
    notices = [code(describe_notice(each), _WHOLE) for each in value.notices]
    yield bullets(f"{format_count(len(notices), 'notice')}", notices, folded=True)
    yield Part("", (), tuple(_describe_foot(value, more)))


def _describe_head(value: Plan) -> Iterator[str]:
    refused = len(value.refusals)
    verdict = "no changes" if value.empty else "changes"
    if refused:
        verdict = f"blocked by {format_count(refused, 'finding')}"
    yield f"## Plan: {verdict}"
    yield ""
    hosts = ", ".join(code(host) for host in sorted({urlsplit(url).netloc for url in value.surfaces.values()})[:4])
    chosen = "" if value.environment is None else f", environment {code(value.environment)}"
    named = f"Tenant {code(value.tenant)} at {hosts}{chosen}, workspace {code(value.workspace)}"
    yield f"{named}, as of {format_instant(value.as_of)}"
    yield ""
    counts = [f"{value.count(action):,} to {action.value}" for action in reversed(_ORDER) if value.count(action)]
    adds, updates, removes = (sum(getattr(row, name) for row in value.rows) for name in ("adds", "changed", "removes"))
    aged = sum(row.aged for row in value.rows)
    calendar = f", ~{aged:,} by recency alone" if aged else ""
    lists = sum(row.total > 0 for row in value.rows)
    people = f"contacts +{adds:,} ~{updates:,} −{removes:,}{calendar} on {format_count(lists, 'list')}"
    yield f"**{', '.join(counts) or 'No object changes'}; {people}.** {_describe_unchanged(value)}"
    if value.impact is not None:
        words = describe_blast(value.impact)
        yield ""
        yield f"**{words[:1].upper()}{words[1:]}.**"


def _describe_unchanged(value: Plan) -> str:
    """What did not change is counted, and not listed."""
    kinds = Counter(each.address.kind for each in value.objects if each.action is Action.NO_OP)
    lists = sum(not row.total for row in value.rows)
    told = [f"{count:,} {kind}" for kind, count in sorted(kinds.items())]
    told += [f"the members of {format_count(lists, 'list')}"] if lists else []
    return f"Unchanged: {', '.join(told)}." if told else ""


def _list_findings(title: str, found: Sequence[Finding]) -> Part:
    """A line for each rule, with how many objects it is about, and the first of them."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for each in found:
        groups[each.rule].append(each)
    rows = []
    for rule, mine in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        names = list(dict.fromkeys(str(each.object) for each in mine))
        shown = ", ".join(code(name) for name in names[:_NAMED])
        rest = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        rows.append((code(rule), f"{len(names):,}", f"{shown}{rest}", code(describe_finding(mine[0]), _WHOLE)))
    return table(title, ("rule", "objects", "which", "what (of the first)"), rows) if rows else Part(title, ())


def _describe_impact(value: Plan) -> Iterator[Part]:
    impact = value.impact
    if impact is None:
        return
    where = [code(describe_concentration(each), _WHOLE) for each in impact.concentration]
    yield bullets("Where the change is concentrated", where)
    rows = []
    for each in sorted(impact.campaigns, key=weight):
        before, after = ("?" if count is None else f"{count:,}" for count in (each.before, each.after))
        dials = "at rest" if each.at_rest else "dials"
        if each.dials_before != each.dials_after:
            dials = "**begins to dial**" if each.dials_after else "no longer dials"
        hours = "" if each.hours_after is None else f"{each.hours_before or 0:,g} → {each.hours_after:,g}"
        counts = (f"+{each.starts:,}", f"−{each.stops:,}", f"{each.moves:,}", f"{each.treated:,}", f"{each.shared:,}")
        rows.append((code(each.address), f"{before} → {after}", *counts, hours, dials))
    columns = ("campaign", "people", "start", "stop", "other list", "called otherwise", "shared", "hours", "")
    if rows:
        yield table("Who starts and stops being called", columns, rows)
    moves = [
        (code(each.segment), code(each.before or "not called"), code(each.after or "not called"), f"{each.people:,}")
        for each in impact.bands
    ]
    if moves:
        yield table("Moves between bands", ("segment", "from", "to", "people"), moves, folded=True)
    more = [code(words, _WHOLE) for each in impact.near if (words := describe_near(each))]
    more += [code(words, _WHOLE) for age in impact.data if (words := describe_age(age))]
    yield bullets("Near a threshold, and the age of the data", more, folded=True)


def _list_waivers(value: Plan) -> Iterator[Part]:
    rows = []
    found = Counter((each.rule, str(each.object)) for each in value.findings if each.waived is not None)
    for each in value.waivers:
        state = "in force" if each.used else "unused" if each.lost is None else "**not in force**"
        why = each.reason if each.lost is None else f"{each.lost}: {each.reason}"
        until = "no end" if each.until is None else f"{each.until}"
        rows.append((code(each.rule), code(each.object), state, until, code(each.by), code(why, _WHOLE)))
    if rows:
        title = f"Waivers: {format_count(sum(found.values()), 'finding')} waived"
        yield table(title, ("rule", "object", "", "until", "by", "reason"), rows)


def _list_objects(title: str, changed: Iterable[ObjectChange]) -> Part:
    """Each changed setting, before and after; of what is made or deleted one line."""
    rows: list[tuple[str, ...]] = []
    for each in sorted(changed, key=lambda each: (_ORDER.index(each.action), each.address)):
        verb = "adopt" if each.adopts else each.action.value
        strong = "**" if each.action in (Action.DELETE, Action.REPLACE) else ""
        who = (f"{strong}{verb}{strong}", code(each.address), code(each.name))
        if each.previous is not None:
            rows.append((*who, "name", code(each.previous), code(each.name)))
        if each.action is Action.CREATE:
            told = [f"{field.path}: {_format_value(field.after)}" for field in each.fields if field.path != "name"]
            told += [f"{name}: {words}" for name, words in sorted(each.later.items())]
            rows.append((*who, "all", "–", code(", ".join(told), _WHOLE)))
            continue
        rows += [
            (*who, code(field.path), _format_shown(field.before), _format_shown(field.after)) for field in each.fields
        ]
        if each.replacement is not None:
            cost = each.replacement
            contacts, attempts = ("?" if count is None else f"{count:,}" for count in (cost.contacts, cost.attempts))
            words = f"starts over with {contacts} contacts, {attempts} attempts forgotten; downtime: {cost.downtime}"
            rows.append((*who, "replacement", "–", code(words, _WHOLE)))
        if not each.fields and each.previous is None:
            rows.append((*who, "–", "–", "–"))
    columns = ("", "object", "name", "setting", "before", "after")
    return table(title, columns, rows) if rows else Part(title, ())


def _format_shown(value: object) -> str:
    return "–" if value is None else code(_format_value(value))


def _format_value(value: object) -> str:
    import orjson

    return orjson.dumps(value).decode()


def _describe_segments(value: Plan) -> Iterator[Part]:
    rows = []
    for each in sorted((row for row in value.rows if row.total), key=lambda row: (-row.total, row.address)):
        counts = (f"{each.live:,} → {each.after:,}", f"+{each.adds:,}", f"~{each.updates:,}", f"−{each.removes:,}")
        rows.append(
            (code(each.address), code(each.list), *counts, f"{each.unchanged:,}", code(_describe_why(each), _WHOLE))
        )
    if rows:
        columns = ("segment", "list", "contacts", "add", "update", "remove", "unchanged", "why")
        yield table("Segments", columns, rows)
    beside: tuple[AnyRowChange, ...] = (*value.outcomes, *value.numbers)
    others = [
        (code(each.address), f"{each.total:,}", code(_describe_why(each), _WHOLE)) for each in beside if each.total
    ]
    if others:
        yield table("Outcomes, and numbers not to be called", ("what", "rows", "why"), others)
    told = []
    for account in value.accounts:
        inside = sum(each.count for each in account.included)
        words = f"in: {describe_shares(account.included)}; out: {describe_counts(account.left_out)}"
        sizes = (f"{account.source:,}", f"{inside:,}", f"{account.source - inside:,}")
        told.append((code(account.segment), *sizes, code(words, _WHOLE)))
    if told:
        title = f"Who is in and who is out, of {format_count(len(told), 'segment')}"
        yield table(title, ("segment", "source", "in", "out", ""), told, folded=True)


def _describe_why(change: AnyRowChange) -> str:
    why = "; ".join(f"{reason.count:,} {describe_row_reason(reason)}" for reason in change.reasons[:_NAMED])
    return why + (f"; {len(change.reasons) - _NAMED} other reasons" if len(change.reasons) > _NAMED else "")


def _list_undeclared(value: Plan) -> Iterator[Part]:
    rows = []
    for each in sorted(value.undeclared, key=lambda each: (not each.dials, each.address)):
        does = "**may be calling people**" if each.dials else "calls nobody"
        rows.append((code(each.address.kind), code(each.name), code(each.state or "–"), does))
    if rows:
        columns = ("kind", "name", "state", "")
        yield table("Removed from the manifests, and left as it is (`--prune` deletes it)", columns, rows)


def _describe_foot(value: Plan, more: str) -> Iterator[str]:
    budget = value.budget
    requests = f"Read with {budget.reads:,} requests; apply sends {budget.writes:,} and reads back about"
    yield f"{requests} {budget.read_backs:,}."
    until = "" if value.good_until is None else f"; good until {format_instant(value.good_until)}"
    if value.origin is not None:
        yield f"Made for {code(describe_origin(value.origin), _WHOLE)}."
    yield f"Digest {code(plan_digest(value))}{until}. {more[:1].upper()}{more[1:]}."


VIEWS = (View("markdown", "plan", plan),)
