"""What is true at every instant of every world, each a function of its name; docs/invariants.md says why.

They are held against the tenant's store, the bytes on the disk and what was said, in sets and plain Python: nothing of
the program is asked, but for the audit record, which it is to verify by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from tests.simulation import protocol
from tests.simulation.people import describe_list
from tests.simulation.scenes import NAME, SECRET
from tests.simulation.transport import FORGOTTEN

if TYPE_CHECKING:
    from tests.simulation.transport import Asked
    from tests.simulation.world import Photograph, Runner, World

CANARIES = re.compile(
    rf"{re.escape(SECRET)}|canary-token-|{NAME}|Quill\d\d|KX\d{{4}}|(?<![0-9a-fA-F])\+?1?212555\d{{4}}(?![0-9a-fA-F])"
)
REREAD = 15 * 60.0
"""Seconds that an apply may go on with what it knows of do-not-call sources."""
PASSING = ("status", "description")


class Listener:
    """Hears what a run tells, and keeps it to be searched."""

    def __init__(self, world: World, runner: Runner) -> None:
        self._world, self._runner = world, runner

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def hear(*told: object) -> None:
            self._world.tell(f"hears {name}")
            if name == "start_run":
                lines = Path("ledger", "runs", str(told[0]), "journal.jsonl").read_bytes().splitlines()
                self._runner.fence = orjson.loads(lines[-1])["fence"]
                a_living_run_keeps_its_lock(self._world, self._runner)
            if name not in ("start_run", "end_run"):
                self._world.said.append(f"{name} {told}")

        return hear


# -- after each request -----------------------------------------------------------------------------------------


def look_after_request(world: World, asked: Asked, before: Photograph, after: Photograph) -> None:
    """Hold what one request has done against what may be done."""
    for each in AFTER_EACH_REQUEST:
        for words in each(world, asked, before, after):
            world.violate(each.__name__, f"{asked.method} {asked.path} of {asked.process}: {words}")


def _list_known(world: World) -> set[str]:
    """Whom the do-not-call list names since the plan, as far as the run that has its turn must know it.

    A clock that is put back makes the time longer after which it reads the list again; both are of one clock here,
    which nobody sets.
    """
    put_back = sum(-each for each in world.plot.jumps.values() if each < 0)
    now, began = world.scheduler.now, world.process.began
    return {who for who, at in world.suppressed_at.items() if at < began or at + REREAD + put_back < now}


def nobody_suppressed_is_added(world: World, asked: Asked, before: Photograph, after: Photograph) -> Iterator[str]:
    """Whom the do-not-call list names when the plan is made, or since, as far as the run must know, joins no list."""
    since = _list_known(world)
    for name in world.plot.scene.after:
        joined = after.on(name) - before.on(name)
        if wrong := joined & (world.plot.scene.suppressed | since):
            yield f"{sorted(wrong)} joined {name!r}"


def a_list_is_never_short_of_old_and_new(
    world: World, asked: Asked, before: Photograph, after: Photograph
) -> Iterator[str]:
    """Whoever is on a list before the run and is to be on it after is on it at every instant."""
    scene = world.plot.scene
    excused = world.by_hand | set(world.suppressed_at)
    for name, old in scene.before.items():
        if wrong := (old & scene.after[name]) - excused - after.on(name):
            yield f"{sorted(wrong)} are not on {name!r}"


def nobody_leaves_before_all_have_joined(
    world: World, asked: Asked, before: Photograph, after: Photograph
) -> Iterator[str]:
    """When somebody is taken off a list as the plan says, everybody is on it who is wanted there."""
    scene = world.plot.scene
    excused = world.by_hand | set(world.suppressed_at)
    for name, old in scene.before.items():
        if (before.on(name) - after.on(name)) & (old - scene.after[name]) - excused:
            missing = scene.after[name] - after.on(name) - excused
            if missing and FORGOTTEN not in world.plot.faults.values():
                yield f"{sorted(missing)} are not on {name!r} yet"


def nothing_is_written_that_no_plan_named(
    world: World, asked: Asked, before: Photograph, after: Photograph
) -> Iterator[str]:
    """Who joins a list is wanted on it, who leaves it is not; nothing else of the tenant changes."""
    scene = world.plot.scene
    for name in {*before.lists, *after.lists}:
        joined, left = after.on(name) - before.on(name), before.on(name) - after.on(name)
        if name not in scene.after:
            if (joined or left) and name not in scene.going:
                yield f"list {name!r} is none of the plan's, and changed"
            continue
        if wrong := joined - scene.after[name]:
            yield f"{sorted(wrong)} joined {name!r} and were not wanted"
        if wrong := left - (scene.before[name] - scene.after[name]) - set(world.suppressed_at):
            yield f"{sorted(wrong)} left {name!r} and were wanted"
    for name, fields in after.campaigns.items():
        if name not in scene.campaigns and fields != before.campaigns.get(name):
            yield f"campaign {name!r} is none of the plan's, and changed"


def every_write_is_recorded_before_it_is_sent(
    world: World, asked: Asked, before: Photograph, after: Photograph
) -> Iterator[str]:
    """A write that reaches the tenant has an intent in the journal that has no end yet, and that is on the disk."""
    if asked.token_request or before.same(after):
        return
    if not any(_list_open(world.disk.read_sure(path)) for path in world.disk.list_files("journal.jsonl")):
        yield "no journal on the disk has an intent without an end"


def _list_open(content: bytes) -> set[str]:
    begun: set[str] = set()
    for line in content.splitlines():
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if entry.get("event") == "intent":
            begun.add(entry["key"])
        elif entry.get("event") in ("done", "failed"):
            begun.discard(entry["key"])
    return begun


def nothing_is_there_twice(world: World, asked: Asked, before: Photograph, after: Photograph) -> Iterator[str]:
    """No list and no campaign of one name is made a second time."""
    twice = {name for name in after.names if after.names.count(name) > 1}
    if twice - {name for name in before.names if before.names.count(name) > 1}:
        yield f"{sorted(twice)} are there twice"


def no_campaign_dials_half_changed(world: World, asked: Asked, before: Photograph, after: Photograph) -> Iterator[str]:
    """A campaign that dials has the old values or the new, and dials a list that is as it is to be."""
    scene = world.plot.scene
    for name, fields in after.campaigns.items():
        if name not in scene.campaigns or name in world.changed_by_hand or fields.get("status") != "active":
            continue
        settings = {key: value for key, value in fields.items() if key not in PASSING}
        if settings not in scene.campaigns[name]:
            yield f"{name!r} dials with {settings}"
        began = before.campaigns.get(name, {}).get("status") != "active"
        wanted = scene.after.get(str(fields["list"]))
        if began and wanted is not None and settings != scene.campaigns[name][0]:
            missing = wanted - after.on(str(fields["list"])) - world.by_hand - set(world.suppressed_at)
            if missing or not after.on(str(fields["list"])):
                yield f"{name!r} is set to dial {fields['list']!r}, where {sorted(missing)} are missing"


def nobody_suppressed_is_dialled(world: World, asked: Asked, before: Photograph, after: Photograph) -> Iterator[str]:
    """When a campaign is set to dial, nobody is on its list whom the run must know to be on the do-not-call list."""
    scene = world.plot.scene
    barred = scene.suppressed | _list_known(world)
    for name, fields in after.campaigns.items():
        began = fields.get("status") == "active" and before.campaigns.get(name, {}).get("status") != "active"
        told = str(fields["list"])
        wrong = barred & after.on(told) - world.by_hand if began and told in scene.after else set()
        if wrong:
            yield f"{sorted(wrong)} are on {told!r}, which {name!r} dials"


def removals_are_within_the_limit(world: World, asked: Asked, before: Photograph, after: Photograph) -> Iterator[str]:
    """No more contacts leave a list than the plan says, whatever is tried again; who is suppressed since, aside."""
    scene = world.plot.scene
    for name, wanted in scene.after.items():
        gone = world.removed.setdefault(name, set())
        gone |= before.on(name) - after.on(name)
        most = len(scene.before[name] - wanted)
        if len(gone - set(world.suppressed_at)) > most:
            yield f"{len(gone)} contacts left {name!r}, the plan removes {most}"


def one_runner_at_a_time(world: World, asked: Asked, before: Photograph, after: Photograph) -> Iterator[str]:
    """Whoever writes holds the lock, and nobody with a lower number writes after one with a higher."""
    if before.same(after) or world.lock_broken:  # what was recorded before the lock was taken away may still arrive
        return
    fence = world.process.fence
    if fence < world.highest_fence:
        yield f"a run with the number {fence} writes after one with {world.highest_fence}"
    world.highest_fence = max(world.highest_fence, fence)


def what_moved_is_left_alone(world: World, asked: Asked, before: Photograph, after: Photograph) -> Iterator[str]:
    """What somebody has changed between the plan and the apply is not written to."""
    for name in world.moved:
        if after.lists.get(name) != before.lists.get(name) or after.campaigns.get(name) != before.campaigns.get(name):
            yield f"{name!r} was changed by hand since the plan was made"


def what_is_of_somebody_else_is_left_alone(
    world: World, asked: Asked, before: Photograph, after: Photograph
) -> Iterator[str]:
    """A list that somebody else has made meanwhile, under the name of one of the plan, stays as it is."""
    for key, told in world.of_others.items():
        held = world.tenant.store.lists.get(key)
        if held is None or describe_list(held) != told:
            yield f"{told[0]!r} is somebody else's, and was changed"


def a_living_run_keeps_its_lock(world: World, runner: Runner) -> None:
    """Nobody begins while a run that lives has the lock, however long it has been silent in its journal."""
    for each in world.runners:
        if each is not runner and each.ended == "running" and each.fence and not world.lock_broken:
            words = f"{runner.name} begins with {runner.fence}, and {each.name} goes on with {each.fence}"
            world.violate(a_living_run_keeps_its_lock.__name__, words)


AFTER_EACH_REQUEST = (
    what_moved_is_left_alone,
    what_is_of_somebody_else_is_left_alone,
    nobody_suppressed_is_added,
    a_list_is_never_short_of_old_and_new,
    nobody_leaves_before_all_have_joined,
    nothing_is_written_that_no_plan_named,
    every_write_is_recorded_before_it_is_sent,
    nothing_is_there_twice,
    no_campaign_dials_half_changed,
    nobody_suppressed_is_dialled,
    removals_are_within_the_limit,
    one_runner_at_a_time,
)


# -- at the end -------------------------------------------------------------------------------------------------


def look_at_the_end(world: World) -> None:
    """Hold the end of a world against what it must be."""
    for each in AT_THE_END:
        for words in each(world):
            world.violate(each.__name__, words)


def the_audit_is_whole(world: World) -> Iterator[str]:
    """Whatever was killed, cut short or lost, the audit record proves itself."""
    from reconciler.ledger.audit_verification import verify
    from reconciler.ledger.folder_records import Store
    from reconciler.ledger.sealing import open_seal
    from reconciler.model.errors import ReconcilerError

    store = Store("file://ledger", Path())
    try:
        verify(store, open_seal(store, world.key, None))
    except ReconcilerError as error:
        yield f"{error.message} ({error.where}; {error.note})"


def no_canary_is_anywhere(world: World) -> Iterator[str]:
    """No number, name or id of a contact, no secret and no token is in a file or in what was said."""
    for path in sorted(Path("ledger").rglob("*")):
        if path.is_file():
            if path.stat().st_mode & 0o077:
                yield f"{path} can be read by others"
            if match := CANARIES.search(path.read_bytes().decode("latin-1")):
                yield f"{path}: {match[0]!r}"
    for text in world.said:
        if match := CANARIES.search(text):
            yield f"said: {match[0]!r} in {text[:200]!r}"


def a_resumed_run_ends_as_an_undisturbed_one(world: World) -> Iterator[str]:
    """Where nobody changes anything by hand, all of the plan is done in the end, or nothing was begun."""
    if world.edits or world.plot.scene.undisturbed is None:
        return
    now = world.photograph()
    if now == world.plot.scene.undisturbed:
        return
    ends = ", ".join(f"{each.name}: {each.ended}" for each in world.runners)
    yield f"it is not as where nothing went wrong ({ends})"


def a_fault_that_passes_is_survived(world: World) -> Iterator[str]:
    """One request that is lost, cut, late, refused or answered with an error, and the run ends as if it had not been."""
    plot = world.plot
    others = (
        plot.crashes or plot.disk or plot.edits or plot.jumps or plot.quirks or plot.slow or plot.second or plot.breaks
    )
    if others or len(plot.faults) > 1 or FORGOTTEN in plot.faults.values() or plot.scene.refused:
        return
    if world.runners[0].ended != "done":
        yield f"{list(plot.faults.values())} ended the run: {world.runners[0].ended}"


def every_journal_is_a_trace_of_the_protocol(world: World) -> Iterator[str]:
    """What each journal tells is a walk of the model that `tests/simulation/protocol.py` explores whole."""
    for path in world.disk.list_files("journal.jsonl"):
        for words in protocol.find_impossible(Path(path).read_bytes().splitlines()):
            yield f"{Path(path).parent.name}: {words}"


def after_success_the_lists_are_as_wanted(world: World) -> Iterator[str]:
    """A run that says that all is done leaves everybody on the lists who is wanted, and nobody else."""
    last = world.runners[-1]
    if last.ended != "done":
        return
    barred = {who for who, at in world.suppressed_at.items() if at < last.began}
    for name, wanted in world.plot.scene.after.items():
        on_it = world.photograph().on(name) - world.by_hand
        unsure = world.by_hand | set(world.suppressed_at)
        if wrong := (wanted - unsure) ^ (on_it - unsure):
            yield f"{sorted(wrong)} of {name!r} are not as wanted"
        if wrong := on_it & (barred | world.plot.scene.suppressed) - world.by_hand:
            yield f"{sorted(wrong)} are on {name!r} and on the do-not-call list"


def after_success_the_plan_is_empty(world: World) -> Iterator[str]:
    """The real planner finds nothing left to do; asked of one seed in fifty, as it costs ten of them."""
    if world.plot.replan and not world.edits and world.runners[-1].ended == "done":
        plan = world.plan_again()
        if not plan.empty:
            yield f"it has {[str(each.address) for each in plan.steps]}"


def no_row_is_in_two_jobs(world: World) -> Iterator[str]:
    """A job can be looked up by its reference: no contact is written by a second one."""
    if world.plot.scene.method != "bulkInsert" or world.edits:
        return
    for name in world.plot.scene.after:
        found = world.tenant.store.find_list(name)
        writes = world.tenant.jobs.writes(found.id) if found is not None else {}
        if again := [who for who, count in writes.items() if count > 1]:
            yield f"{sorted(again)} of {name!r}"


AT_THE_END = (
    the_audit_is_whole,
    no_canary_is_anywhere,
    a_resumed_run_ends_as_an_undisturbed_one,
    a_fault_that_passes_is_survived,
    every_journal_is_a_trace_of_the_protocol,
    after_success_the_lists_are_as_wanted,
    after_success_the_plan_is_empty,
    no_row_is_in_two_jobs,
)
OF_THE_WORLD = ("every_end_is_known", "every_run_ends", "a_living_run_keeps_its_lock")
