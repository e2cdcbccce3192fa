"""Whatever is declared and whatever a tenant holds: a plan is done to the letter, once, and nobody is lost."""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, example, given, settings

from reconciler.model.instants import parse_instant
from reconciler.model.list_change import RowChange
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.ownership_mark import with_mark
from reconciler.model.plan_json import plan_digest
from reconciler.simulator import Simulator
from tests.properties.episode import Episode, Write, episode, writes
from tests.properties.worlds import AS_OF, BUSY, EVERYBODY, INVITED, MANAGED, OWNER, World, worlds
from tests.sample import examples

EXAMPLES = int(os.environ.get("RECONCILER_EXAMPLES", "0"))
"""More examples, drawn at random and made small when one fails; without it, the same few (`tests/sample.py`), told as they are at once."""


@pytest.fixture(scope="module")
def tenant() -> Iterator[Simulator]:
    with Simulator() as started:
        yield started


@settings(
    max_examples=examples(18),
    derandomize=not EXAMPLES,
    phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(world=worlds())
@example(world=BUSY)
def test_a_plan_is_done_to_the_letter_and_leaves_nothing_to_do(tenant: Simulator, world: World) -> None:
    seen = episode(world, tenant)
    if seen.plan is None:
        event("nothing planned: a source is empty")
        assert not seen.sent
        return
    the_same_moment_gives_the_same_digest(seen)
    a_plan_is_the_same_when_it_is_opened_again(seen)
    every_contact_of_a_source_is_accounted_for(seen)
    the_rows_are_counted_as_they_are(seen)
    if seen.refused:
        event(f"refused: {', '.join(sorted({finding.rule for finding in seen.plan.refusals}))}")
        assert seen.plan.refusals
        assert not seen.sent
        return
    event("applied" if seen.sent else "nothing to do")
    every_step_was_done(seen)
    every_object_that_was_written_is_in_the_plan_and_as_planned(seen)
    every_contact_that_was_written_is_in_the_plan_and_as_planned(seen)
    nobody_who_is_archived_was_written(seen)
    nobody_was_removed_by_an_upsert(seen)
    a_list_never_held_fewer_than_stay_on_it(seen)
    a_list_holds_who_belongs_on_it(seen)
    what_is_not_managed_is_as_it_was(seen)
    nothing_was_left_to_do(seen)


def the_same_moment_gives_the_same_digest(seen: Episode) -> None:
    assert plan_digest(plan_of(seen)) == seen.again


def a_plan_is_the_same_when_it_is_opened_again(seen: Episode) -> None:
    assert seen.opened is not None
    assert plan_digest(seen.opened) == seen.again
    assert [change.address for change in seen.opened.changes()] == [
        change.address for change in plan_of(seen).changes()
    ]
    steps = [str(step.address) for step in seen.opened.steps]
    assert len(set(steps)) == len(steps)
    changed = {str(change.address) for change in plan_of(seen).changes() if is_written(change)}
    assert {str(step.address.object) for step in seen.opened.steps} == changed


def is_written(change: ObjectChange | RowChange) -> bool:
    """Whether a change is to be done at all."""
    return change.total > 0 if isinstance(change, RowChange) else change.action is not Action.NO_OP


def every_contact_of_a_source_is_accounted_for(seen: Episode) -> None:
    for account in plan_of(seen).accounts:
        counts = [reason.count for reason in (*account.included, *account.left_out)]
        assert account.source == sum(counts) == len(seen.before[EVERYBODY])
        belonging = [
            belongs(seen.world, seen.before, account.segment.name, contact) for contact in seen.before[EVERYBODY]
        ]
        assert {share.value: share.count for share in account.included} == Counter(
            band for band in belonging if band is not None
        )


def the_rows_are_counted_as_they_are(seen: Episode) -> None:
    for change in plan_of(seen).rows:
        counted = Counter(action for action, _, _ in seen.rows[change.list].values())
        assert counted == +Counter(add=change.adds, update=change.updates, remove=change.removes)
        assert (
            change.live == change.unchanged + change.updates + change.removes == len(seen.before.get(change.list, ()))
        )
        assert sum(reason.count for reason in change.reasons) == change.total == change.rows.count


def every_step_was_done(seen: Episode) -> None:
    assert seen.report is not None
    assert [(step.address, step.outcome.value) for step in seen.report.steps] == [
        (step.address, "done") for step in plan_of(seen).steps
    ]
    assert seen.report.writes == len(seen.sent) == plan_of(seen).budget.writes


def every_object_that_was_written_is_in_the_plan_and_as_planned(seen: Episode) -> None:
    planned = {
        (each.address.kind, each.name): each for each in plan_of(seen).objects if each.action is not Action.NO_OP
    }
    sent: dict[tuple[str, str], list[tuple[str, Any]]] = {}
    for write in writes(seen):
        if write.contacts is None:
            body = None if write.verb == "DELETE" else in_names(seen, write)
            name = ASIDE.sub("", write.name)
            sent.setdefault((write.kind, name), []).append((write.verb, body))
    assert sent.keys() == planned.keys()
    for key, change in planned.items():
        for _, body in sent[key]:
            later = change.later if body is not None and change.later.keys() <= body.keys() else ()
            fixed = {name: parse_instant(body.pop(name)) for name in later}
            # every relative time is counted from one and the same moment
            made = {moment - timedelta(seconds=change.seconds_later[name]) for name, moment in fixed.items()}
            assert len(made) == bool(fixed)
            assert all(abs(moment - datetime.now(UTC)) < timedelta(minutes=10) for moment in made)
            if body is not None and "name" in body:
                body["name"] = ASIDE.sub(" (aside)", body["name"])
        assert sent[key] == bodies_of(change)


ASIDE = re.compile(r" \(replaced [0-9a-f]+\)$")


def in_names(seen: Episode, write: Write) -> dict[str, Any]:
    """A body as a plan writes it: names for ids, and this tool's words for the wire's."""
    body = dict(write.body)
    if "listId" in body:
        body["list"] = seen.names[body.pop("listId")]
    if "predictiveDialingSettings" in body:
        body["predictive"] = body.pop("predictiveDialingSettings")
    return body


def bodies_of(change: ObjectChange) -> list[tuple[str, Any]]:
    """What a plan says is sent of one object, in order and in names; the mark is put on by the first of them."""
    sent = list(_bodies_of(change))
    for number, (verb, body) in enumerate(sent):
        first = number == 0 and change.adopts
        if body is not None and (first or verb == "POST" or "description" in body):
            before = "" if verb == "POST" else (change.before or {}).get("description", "")
            sent[number] = verb, {**body, "description": with_mark(body.get("description", before), OWNER)}
    return sent


def _bodies_of(change: ObjectChange) -> Iterator[tuple[str, Any]]:
    was, will = ((each or {}).get("status") == "active" for each in (change.before, change.after))
    fields = dict(change.declared)
    if change.action in (Action.CREATE, Action.REPLACE):
        if change.action is Action.REPLACE:
            yield from [("PATCH", {"status": "paused"})] if was else []
            yield "PATCH", {"name": f"{change.name} (aside)"}
        yield "POST", {**fields, "status": "draft"} if will else fields
        yield from [("PATCH", {"status": "active"})] if will else []
        yield from [("DELETE", None)] if change.action is Action.REPLACE else []
    elif change.action is Action.DELETE:
        yield from [("PATCH", {"status": "paused"})] if was else []
        yield "DELETE", None
    elif not was and not will:
        yield "PATCH", fields
    else:
        matters = bool(fields.keys() - {"description", "wrapUpCode"})
        yield from [("PATCH", {"status": "paused"})] if was and matters else []
        rest = fields if fields.get("status") == "draft" else {n: v for n, v in fields.items() if n != "status"}
        yield from [("PATCH", rest)] if rest or (change.adopts and not was) or not matters else []
        yield from [("PATCH", {"status": "active"})] if will and matters else []


def every_contact_that_was_written_is_in_the_plan_and_as_planned(seen: Episode) -> None:
    for change in plan_of(seen).rows:
        sent = [write for write in writes(seen) if write.contacts is not None and write.name == change.list]
        assert all(len(write.contacts or ()) <= change.chunk_size for write in sent)
        for verb, actions in (("POST", ("add", "update")), ("DELETE", ("remove",))):
            told = [pair for write in sent if write.verb == verb for pair in (write.contacts or {}).items()]
            assert Counter(contact for contact, _ in told) == Counter(
                contact for contact, (action, _, _) in seen.rows[change.list].items() if action in actions
            )
            for contact, data in told if verb == "POST" else ():
                _, priority, score = seen.rows[change.list][contact]
                whole = {"priority": priority, "score": None if score is None else score / 100}
                wanted = {name: whole[name] for name in change.attributes}
                assert data == (wanted if change.method == "listContacts" else None)
    managed = {change.list for change in plan_of(seen).rows}
    assert {write.name for write in writes(seen) if write.contacts is not None} <= managed


def nobody_who_is_archived_was_written(seen: Episode) -> None:
    active = {each["id"] for each in seen.world.contacts if each["status"] == "ACTIVE"}
    for write in writes(seen):
        if write.verb == "POST":
            assert set(write.contacts or ()) <= active


def nobody_was_removed_by_an_upsert(seen: Episode) -> None:
    for change in plan_of(seen).rows:
        if seen.world.of_kind("Segment")[change.address.name].get("membership", "upsert") == "upsert":
            assert change.removes == 0
            assert set(seen.before.get(change.list, ())) <= set(seen.after[change.list])
            assert not any(write.verb == "DELETE" for write in writes(seen) if write.name == change.list)


def a_list_never_held_fewer_than_stay_on_it(seen: Episode) -> None:
    held = {name: set(members) for name, members in seen.before.items()}
    staying = {name: set(members) & set(seen.after.get(name, ())) for name, members in seen.before.items()}
    emptied = set()
    for write in writes(seen):
        on_it = held.setdefault(write.name, set())
        if write.contacts is None:
            continue
        if write.verb == "DELETE":
            emptied.add(write.name)
            on_it -= set(write.contacts)
        else:
            assert write.name not in emptied, "somebody is put on the list after others were taken off"
            on_it |= set(write.contacts)
        assert staying.get(write.name, set()) <= on_it
    assert {name: on_it for name, on_it in held.items() if name in seen.after} == {
        name: set(members) for name, members in seen.after.items()
    }


def a_list_holds_who_belongs_on_it(seen: Episode) -> None:
    for name, spec in seen.world.of_kind("Segment").items():
        for band, target in spec["lists"].items():
            contacts = seen.before[EVERYBODY]
            belonging = {each for each in contacts if belongs(seen.world, seen.before, name, each) == band}
            before = set(seen.before.get(MANAGED[target], ()))
            mirror = spec.get("membership") == "mirror"
            assert set(seen.after[MANAGED[target]]) == (belonging if mirror else belonging | before)


def belongs(world: World, lists: dict[str, Any], segment: str, contact: str) -> str | None:
    """The band of a contact, reckoned one by one; None if it is on no list of the segment."""
    spec = world.of_kind("Segment")[segment]
    held = next(each for each in world.contacts if each["id"] == contact)
    if held["status"] != "ACTIVE" or any(contact not in lists[each["name"]] for each in spec.get("intersect", ())):
        return None
    model = world.of_kind("ScoreModel")[segment]
    if segment == "history":
        points = recency_and_frequency(world, contact)
        bands = model["recencyFrequency"]["bands"]
    else:
        points = math.floor(held.get("engagementScore", 0) * 100 + 0.5)
        engagement = model["engagement"]
        bands = engagement.get("bands") or [{"name": "engaged", "from": engagement["threshold"]}]
    for band in sorted(bands, key=lambda each: each["from"], reverse=True):
        if points is not None and points >= round(band["from"] * 100):
            name: str = band["name"]
            return name if name in spec["lists"] else None
    return None


def recency_and_frequency(world: World, contact: str) -> int | None:
    """A contact's score in hundredths, from the contract's formula; None without an interaction in the window."""
    types = world.of_kind("ContactSource")["history"]["interactions"]["types"]
    moments = [
        datetime.fromisoformat(each["startTime"])
        for each in world.interactions
        if each["contactId"] == contact and each["type"] in types
    ]
    inside = [moment for moment in moments if AS_OF - timedelta(days=30) <= moment < AS_OF]
    if not inside:
        return None
    days = (AS_OF - max(inside)).total_seconds() / 86_400
    return math.floor((max(0.0, 50 - 0.5 * days) + 2.5 * min(len(inside), 20)) * 100 + 0.5)


def what_is_not_managed_is_as_it_was(seen: Episode) -> None:
    for name in (EVERYBODY, INVITED):
        assert seen.after[name] == seen.before[name]
    written = {(write.kind, write.name) for write in writes(seen)}
    assert not written & {("ContactList", EVERYBODY), ("ContactList", INVITED)}


def nothing_was_left_to_do(seen: Episode) -> None:
    assert seen.left is not None
    assert [str(step.address) for step in seen.left.steps] == []
    assert not seen.sent_later


def plan_of(seen: Episode) -> Any:
    """The plan that was made."""
    assert seen.plan is not None
    return seen.plan
