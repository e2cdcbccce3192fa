# tested by: tests/steps/apply/test_hours_at_apply.py
"""Check that the tenant is still as it was when the plan was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from reconciler.audience.delivery import list_size, wire_rows
from reconciler.audience.relations import engine
from reconciler.audience.staging import consistent_read
from reconciler.kinds import campaign as campaigns
from reconciler.kinds import load_kinds
from reconciler.ledger.journal import Run
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.campaign import Campaign
from reconciler.model.errors import Stale
from reconciler.model.live_state import LiveObject
from reconciler.model.object_change import Action
from reconciler.model.plan import Plan
from reconciler.model.ports import Reader
from reconciler.model.resource_address import Address


def check(plan: Plan, reader: Reader, run: Run, terms: ApplyOptions) -> None:
    """Compare every object and list of a plan with the tenant; what a resumed run has itself begun is left out.

    Raises:
        Stale: everything that has moved, or the rows that were edited.
    """
    into = terms.scratch / "preconditions"
    into.mkdir(exist_ok=True)
    for each in plan.row_changes():
        if not wire_rows.is_unaltered(each):
            raise Stale(f"the rows of {each.address} were edited after the plan was made", hint=_HINT)
    held = {kind: {each.name: each for each in reader.read_objects(load_kinds()[kind])} for kind in _list_kinds(plan)}
    moved = [*_find_moved(plan, held, run), *_find_dialling(plan, held, reader)]
    filled = [
        change
        for change in plan.rows
        if not run.state.may_have_begun(change.address) and change.list in held.get(change.list_address.kind, {})
    ]
    if filled:
        with engine.open_engine(terms.engine, terms.scratch) as backend:
            for change in filled:
                members = consistent_read.read_consistently(backend, partial(reader.read_members, change.members, into))
                if wire_rows.digest_members(backend, members) != change.precondition:
                    moved.append(f"{change.address}: who is on list {change.list!r}, or their attributes, changed")
    if moved:
        raise Stale(
            "the tenant has moved since the plan was made:\n" + "\n".join(f"  {words}" for words in moved),
            note="nothing more was written" if run.resumed else "nothing was written",
            hint=_HINT,
        )


_HINT = "plan again, have the new plan reviewed, and apply that"


def _list_kinds(plan: Plan) -> list[str]:
    return sorted({change.address.kind for change in plan.objects} | {change.list_address.kind for change in plan.rows})


def _find_dialling(plan: Plan, held: Mapping[str, Mapping[str, LiveObject]], reader: Reader) -> Iterator[str]:
    """Campaigns that the plan knows nothing of, and that may be calling people on a list which it changes.

    Nobody held their hours, and whom they would call, against the rules; who is put on the list is called at once.
    """
    kind = load_kinds()[campaigns.KIND.name]
    lists = {change.list for change in plan.rows if change.total}
    lists |= {
        each.name for each in plan.objects if each.action is Action.DELETE and each.address.kind == list_size.LIST
    }
    # where nobody could look, the plan says so
    if not lists or kind.name in {each.kind for each in plan.unseen} or kind.surface(reader.surfaces) is None:
        return
    ours = {each.name for each in plan.objects if each.address.kind == kind.name}
    judged = {each.campaign.name: _reduce_to_judged(each.campaign) for each in plan.others}
    for name, found in sorted((held.get(kind.name) or {each.name: each for each in reader.read_objects(kind)}).items()):
        if name in ours or not campaigns.RUN_STATES.may_run(found.fields):
            continue
        now = campaigns.make_undeclared_campaign(Address(kind.name, name), found)
        # which list one dials that names none, nobody knows
        if (now.list in lists or not now.list) and judged.get(name) != _reduce_to_judged(now):
            what = f"list {now.list!r}" if now.list else "a list that nobody knows"
            since = f"dials {what} at other times, or another list" if name in judged else f"may dial {what}"
            yield f"campaign {name!r}, which no manifest declares, {since} since the plan was made"


def _reduce_to_judged(campaign: Campaign) -> tuple[object, ...]:
    """What the rules know of a campaign that somebody else made: whom it dials, and when."""
    return campaign.list, campaign.starts, campaign.ends


def _find_moved(plan: Plan, held: dict[str, dict[str, LiveObject]], run: Run) -> Iterator[str]:
    named = ((kind, name, each.fields.get("name")) for kind, told in held.items() for name, each in told.items())
    doubles = {(kind, own) for kind, name, own in named if own != name}
    for change in plan.objects:
        if run.state.may_have_begun(change.address):
            continue
        found = held[change.address.kind].get(change.name)
        if found is None and (change.address.kind, change.name) in doubles:
            yield f"{change.address}: the tenant has more than one {change.name!r} by now"
        elif found is None and change.precondition is not None:
            yield f"{change.address}: {change.name!r} is gone"
        elif found is not None and change.precondition is None:
            ours = found.owner == plan.workspace
            who = "by an earlier apply of this workspace" if ours else "by somebody else"
            yield f"{change.address}: {change.name!r} has been made meanwhile, {who}"
        elif found is not None and found.digest() != change.precondition:
            before = change.before or {}
            fields = [name for name in {**before, **found.fields} if before.get(name) != found.fields.get(name)]
            yield f"{change.address}: {', '.join(sorted(fields)) or 'the id or the owner'} of {change.name!r} changed"
