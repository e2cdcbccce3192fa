"""Make a world of a seed, run it to its end, and hold it against the invariants."""

from __future__ import annotations

import errno
import gc
import hashlib
import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from functools import cache
from pathlib import Path
from shutil import rmtree
from typing import Any

from tests.simulation import invariants, once, scenes, standins
from tests.simulation import threads as stand_in_threads
from tests.simulation.disk import ERRORS, Disk
from tests.simulation.people import EDITS, edit_by_hand
from tests.simulation.scenes import Scene
from tests.simulation.scheduler import Hang, Killed, Process, Scheduler, find_task
from tests.simulation.transport import FAULTS, FORGOTTEN, Asked, Carrier

BEGINS = 1_782_900_000.0
"""When worlds begin: 1 July 2026, 10:00 UTC."""
KEY = "simulated-key-of-more-than-32-characters"
ENVIRONMENT = {
    "CXONE_URL": scenes.URL,
    "CXONE_CLIENT_ID": "client",
    "CXONE_CLIENT_SECRET": scenes.SECRET,
    "RECONCILER_KEY": KEY,
    "RECONCILER_TOKEN_KEY": "token-" + KEY,
}
LEDGER = "ledger"


class Unsound(Exception):
    """A scene cannot be planned as it should be, or breaks an invariant where nothing goes wrong."""


class Runner(Process):
    """One start of the program.

    Attributes:
        fence: the number of the lock that it holds. crash_at: the tick at which it dies. ended: how it ended.
        host: the machine that it runs on.
    """

    def __init__(self, name: str, pid: int) -> None:
        super().__init__(name, pid)
        self.fence = 0
        self.began = 0.0
        self.ticks = 0
        self.crash_at: int | None = None
        self.power = False
        self.ended = "running"
        self.host = "here"
        self.report: Any = None


@dataclass
class Photograph:
    """What the tenant holds at one instant, as far as invariants ask."""

    lists: dict[str, Mapping[str, Any]]
    names: tuple[str, ...]
    campaigns: Mapping[str, Mapping[str, Any]]

    def on(self, name: str) -> set[str]:
        """Who is on a list; nobody, where there is none."""
        return set(self.lists.get(name, ()))

    def same(self, other: Photograph) -> bool:
        """Whether lists and campaigns are the same in both."""
        return self == other


def _drop_id(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != "listId"}


@dataclass
class Plot:
    """What a seed has in store."""

    scene: Scene
    faults: dict[int, str] = field(default_factory=dict)
    crashes: dict[int, tuple[int, bool]] = field(default_factory=dict)
    disk: dict[tuple[str, int], tuple[int, float]] = field(default_factory=dict)
    edits: list[tuple[int, str]] = field(default_factory=list)
    jumps: dict[int, float] = field(default_factory=dict)
    second: float | None = None
    elsewhere: bool = False
    breaks: int | None = None
    pace: int = 0
    slow: bool = False
    quirks: list[str] = field(default_factory=list)
    replan: bool = False

    @property
    def disturbed(self) -> bool:
        """Whether people have changed things by hand, so that the end may be another."""
        return bool(self.edits)


class World:
    """One seed."""

    def __init__(self, seed: int, plot: Plot | None = None, *, trace: list[str] | None = None) -> None:
        from reconciler.simulator.request_handling import Exchange
        from reconciler.simulator.tenant import Tenant
        from reconciler.simulator.tenant_options import Options

        self.seed = seed
        self._schedule, self.faults = random.Random(f"{seed} turns"), random.Random(f"{seed} faults")
        self._secrets, self._latency = random.Random(f"{seed} secrets"), random.Random(f"{seed} latency")
        self.scheduler = Scheduler(self._schedule)
        self.offset = 0.0
        self.violations: list[str] = []
        self.asked: list[Asked] = []
        self.requests = 0
        self._trace, self._digest = trace, hashlib.sha256()
        self._lines = 0
        self.runners: list[Runner] = []
        self.plot = plot or Plot(Scene("none"))
        self.healed = False
        self.outside = Runner("outside", 1)
        standins.set_world(self)
        options = Options(
            rate=1e9, burst=10**9, client_id="client", client_secret=scenes.SECRET, token_lifetime=86400.0
        )
        self.tenant = Tenant(options)
        self.exchange = Exchange(self.tenant)
        self.disk = Disk(LEDGER, self, random.Random(f"{seed} disk"))
        self.by_hand: set[str] = set()
        self.changed_by_hand: set[str] = set()
        self.suppressed_at: dict[str, float] = {}
        self.of_others: dict[str, tuple[object, ...]] = {}
        self.lock_broken = False
        self.edits = 0
        self.moved: set[str] = set()
        self.said: list[str] = []
        self.highest_fence = 0
        self.removed: dict[str, set[str]] = {}
        self.key = KEY
        self.at_first: Photograph | None = None

    # -- the machine, as `standins` asks for it -----------------------------------------------------------------

    def time(self) -> float:
        """`time.time`."""
        return BEGINS + self.scheduler.now + self.offset

    def monotonic(self) -> float:
        """`time.monotonic`."""
        return 1000.0 + self.scheduler.now

    def clock_gettime(self, which: int) -> float:
        """`time.clock_gettime`."""
        return self.monotonic()

    def sleep(self, seconds: float) -> None:
        """`time.sleep`."""
        self.scheduler.block(seconds)

    def chance(self) -> float:
        """`random.random`."""
        return self._latency.random()

    def token_bytes(self, count: int | None = None) -> bytes:
        """`secrets.token_bytes`."""
        return self._secrets.randbytes(32 if count is None else count)

    def token_hex(self, count: int | None = None) -> str:
        """`secrets.token_hex`."""
        return self.token_bytes(count).hex()

    def token_urlsafe(self, count: int | None = None) -> str:
        """`secrets.token_urlsafe`."""
        return "canary-token-" + self.token_hex(count)

    def getpid(self) -> int:
        """`os.getpid`."""
        return self.process.pid

    def gethostname(self) -> str:
        """`socket.gethostname`."""
        return self.process.host

    def kill(self, pid: int, number: int) -> None:
        """`os.kill`, to ask whether a process is there."""
        found = next((each for each in self.runners if each.pid == pid), None)
        if found is None or found.dead or found.ended != "running":
            raise ProcessLookupError(errno.ESRCH, "no such process")

    # -- what happens -------------------------------------------------------------------------------------------

    @property
    def process(self) -> Runner:
        """Whose turn it is."""
        task = find_task()
        return task.process if task is not None and isinstance(task.process, Runner) else self.outside

    def tell(self, line: str) -> None:
        """Write a line of the trace."""
        self._lines += 1
        text = f"{self.scheduler.now:.6f} {find_task()} {line}"
        self._digest.update(text.encode() + b"\n")
        if self._trace is not None:
            self._trace.append(text)

    @property
    def digest(self) -> str:
        """The SHA-256 of the trace so far."""
        return f"{self._lines}:{self._digest.hexdigest()}"

    def tick(self, kind: str, what: str = "", *, turn: bool = True) -> None:
        """Something happens: perhaps it is the last that its process does."""
        if find_task() is None:
            return
        self.scheduler.check_alive()
        process = self.process
        process.ticks += 1
        self.tell(f"{kind} {what}")
        if process.crash_at is not None and process.ticks >= process.crash_at:
            self.crash(process)
        if turn:
            self.scheduler.give_way()

    def crash(self, process: Runner) -> None:
        """A process is killed, or the power fails for all of them."""
        self.tell("power failure" if process.power else "killed")
        dying = [each for each in self.runners if each is process or (process.power and each.ended == "running")]
        for each in dying:
            each.ended = "killed"
            self.scheduler.kill(each)
        if process.power:
            self.disk.lose_power()
        self.scheduler.check_alive()

    def latency(self) -> float:
        """Seconds that a request, or a reply, is under way."""
        return self._latency.choice((0.01, 0.02, 0.05, 0.3))

    def choose_fault(self, asked: Asked) -> str:
        """What befalls the next request."""
        self.requests += 1
        if self.requests in self.plot.jumps:
            self.offset += self.plot.jumps[self.requests]
            self.tell(f"the clock jumps by {self.plot.jumps[self.requests]}")
        for at, edit in self.plot.edits:
            if at == self.requests:
                edit_by_hand(self, edit)
        if self.plot.breaks == self.requests:
            self.break_lock()
        fault = "" if self.healed else self.plot.faults.get(self.requests, "")
        self.tell(f"request {self.requests} {asked.method} {asked.path} {fault}")
        return fault

    def break_lock(self) -> None:
        """Somebody takes the lock from a run that lives, and goes on with what it has begun."""
        from reconciler.ledger import lock
        from reconciler.ledger.folder_records import Store
        from reconciler.ledger.sealing import open_seal
        from reconciler.model.errors import LedgerError

        store = Store(f"file://{LEDGER}", Path())
        try:
            self.in_task(lambda: lock.break_lock(store, open_seal(store, KEY, None), "played", "somebody", "now"))
        except LedgerError as error:
            self.tell(f"somebody cannot break the lock: {error.message}")
            return
        self.tell("somebody breaks the lock")
        self.lock_broken = True
        self.edits += 1
        waits = Runner("waits", 98)
        self.scheduler.spawn(lambda: _later(self, "takes over", True, 0.05), "waits", waits)

    def photograph(self) -> Photograph:
        """What the tenant holds now."""
        store = self.tenant.store
        lists: dict[str, Mapping[str, Any]] = {}
        for each in store.lists.values():
            lists[each.name] = {**lists.get(each.name, {}), **{who: dict(data) for who, data in each.members.items()}}
        names = {each.id: each.name for each in store.lists.values()}
        campaigns = {
            each.name: {**_drop_id(each.fields), "list": names.get(str(each.fields.get("listId")), "?")}
            for each in store.campaigns.values()
        }
        every = (*sorted(each.name for each in store.lists.values()), *sorted(c.name for c in store.campaigns.values()))
        return Photograph(lists, tuple(every), campaigns)

    def arrived(self, asked: Asked, before: Photograph | None, content: bytes) -> None:
        """A request has taken effect, or not."""
        self.tell(f"arrived {asked.status} {hashlib.sha256(content).hexdigest()[:16]}")
        self.see(asked, before)

    def see(self, asked: Asked, before: Photograph | None) -> None:
        """Hold what a request did against the invariants."""
        self.asked.append(asked)
        if before is not None:
            invariants.look_after_request(self, asked, before, self.photograph())

    def keep_lists(self) -> dict[str, dict[str, Any]]:
        """Who is on each list now."""
        return {key: {who: dict(data) for who, data in each.members.items()} for key, each in self._lists()}

    def _lists(self) -> list[tuple[str, Any]]:
        return list(self.tenant.store.lists.items())

    def forget(self, kept: dict[str, dict[str, Any]]) -> None:
        """Have the tenant lose what was just done to its lists, but for what it took off them."""
        for key, each in self._lists():
            if key in kept and set(each.members) - set(kept[key]):
                each.members = {who: data for who, data in each.members.items() if who in kept[key]}
                self.edits += 1
                self.tell("the tenant forgets whom it has just taken")

    def violate(self, invariant: str, words: str) -> None:
        """An invariant does not hold."""
        self.tell(f"VIOLATED {invariant}: {words}")
        self.violations.append(f"{invariant}: {words}")

    # -- running the program ------------------------------------------------------------------------------------

    def plan_again(self) -> Any:
        """What the real planner makes of the tenant as it is now."""
        from reconciler.flow import propose

        scratch = Path("scratch") / "again"
        scratch.mkdir(parents=True)
        workspace, runtime, _ = make_runtime(self, self.plot.scene, scratch)
        self.healed = True

        def plan() -> Any:
            from reconciler.steps.load import load

            with runtime:
                return propose(load(workspace), runtime)

        with once.computing_really():
            return self.in_task(plan)

    def start(self, name: str, *, resume: bool = False, crash: tuple[int, bool] | None = None) -> Runner:
        """Start the program."""
        runner = Runner(name, 100 + len(self.runners))
        if name == "second" and self.plot.elsewhere:
            runner.host = "there"
        if crash is not None:
            runner.crash_at, runner.power = crash
        self.runners.append(runner)
        self.scheduler.spawn(lambda: self._run(runner, resume), "main", runner)
        return runner

    def _run(self, runner: Runner, resume: bool) -> None:
        from reconciler.model.errors import Interrupted, ReconcilerError

        runner.began = self.scheduler.now
        scratch = Path("scratch") / f"{runner.name}-{runner.pid}"
        scratch.mkdir(parents=True)
        self.tell(f"starts {'to resume' if resume else 'anew'}")
        try:
            runner.ended = apply_once(self, runner, scratch, resume)
        except Killed:
            runner.ended = "killed"
            raise
        except Interrupted:
            runner.ended = "interrupted"
        except ReconcilerError as error:
            runner.ended = error.code
            words = [error.message, error.where or "", error.note or "", error.hint or ""]
            self.said += [*words, *(each.message for each in getattr(error, "findings", ()))]
            self.tell(f"ends with {error.code}: {error.message}")
        except Exception as error:
            runner.ended = "internal"
            self.violate("every_end_is_known", f"{type(error).__name__}: {error}")
            if os.environ.get("SIMULATION_TRACEBACK"):
                raise
        else:
            self.tell(f"ends {runner.ended}")

    def in_task(self, do: Callable[[], Any]) -> Any:
        """Have something done as a process of its own, before or after everything else."""
        found: list[Any] = []
        runner = Runner("aside", 99)
        scheduler, self.scheduler = self.scheduler, Scheduler(random.Random("aside"))
        self.scheduler.now = scheduler.now
        self.scheduler.spawn(lambda: found.append(do()), "main", runner)
        try:
            self.scheduler.run()
        finally:
            scheduler.now, self.scheduler = self.scheduler.now, scheduler
        return found[0]


def make_runtime(world: World, scene: Scene, scratch: Path) -> Any:
    """What the command line makes, but for the sockets."""
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.kinds.tenant import identify_tenant
    from reconciler.ledger.folder_records import Store
    from reconciler.ledger.ledger import Ledger
    from reconciler.model.workspace_settings import Workspace

    class Runtime(LocalRuntime):
        def _connect(self, desired: Any) -> Any:
            found = super()._connect(desired)
            return replace(found, carrier=lambda access: Carrier(world, access))

        def ledger(self, desired: Any) -> Any:
            store = Store(f"file://{LEDGER}", Path())
            whose = identify_tenant(desired.tenant)
            return Ledger(store, whose, KEY, desired.environment, None, self.origin, _make_evidence_key())

    now = standins.Datetime.fromtimestamp(world.time(), UTC)
    prune = scene.campaign == "pruned"
    workspace = Workspace(root=scene.root, scratch=scratch, now=now, environ=ENVIRONMENT, prune=prune)
    stop = stand_in_threads.Event()
    return workspace, Runtime(workspace, stop), stop  # type: ignore[arg-type]


@cache
def _make_evidence_key() -> str:
    """What evidence is signed with, the same in every world."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made = derive_private_key(20_260_701, SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def apply_once(world: World, runner: Runner, scratch: Path, resume: bool) -> str:
    """What `reconciler apply` does with a plan, or `--resume` with a run; how it ended."""
    from reconciler.cli.apply_terms import make_options
    from reconciler.cli.progress_sinks import ProgressSinks
    from reconciler.flow import commit

    scene = world.plot.scene
    workspace, runtime, stop = make_runtime(world, scene, scratch)
    desired = scene.desired
    with runtime:
        ledger = runtime.ledger(desired)
        plan, name = scene.plan, None
        if resume:
            waiting = ledger.list_interrupted(desired.settings.name)
            if not waiting:
                return "nothing to resume"
            name = waiting[0].name
            plan = ledger.open_plan_of(name, scratch / "saved")
        writer = runtime.writer(desired)
        listener = invariants.Listener(world, runner)
        options = make_options(workspace, desired, runtime, writer.surfaces, ProgressSinks(listener), stop)
        options = replace(options, resume=name, segments=scene.segments)
        report = commit(plan, writer, ledger, options)
        runner.report = report
        for step in report.steps:
            world.tell(f"  {step.address} {step.outcome.value} {step.failure.code if step.failure else ''}")
            world.said += [] if step.failure is None else [step.failure.message, step.note or "", step.hint or ""]
        if report.resumable:
            return f"exit {int(report.exit_code)}"
        return "partial" if report.exit_code else "done"


def prepare(scene: Scene) -> None:
    """Make a scene's plan by the real planner, and see how it ends where nothing goes wrong; once for a process."""
    from reconciler.flow import propose
    from reconciler.kinds.segment import make_segments
    from reconciler.model.problem import BadInput
    from reconciler.steps.load import load

    def write(name: str, text: str) -> None:
        path = scene.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    scene.write(write)
    scene.foresee()
    world = World(0, Plot(scene))
    scene.build(world.tenant)
    with on_stage(world):
        scratch = Path("plans") / scene.root.name
        scratch.mkdir(parents=True, exist_ok=True)
        workspace, runtime, _ = make_runtime(world, scene, scratch)

        def plan() -> Any:
            try:
                scene.desired = load(workspace)
            except BadInput as bad:
                raise Unsound("; ".join(map(str, bad.problems))) from bad
            with runtime:
                return propose(scene.desired, runtime)

        # of everybody who was decided on, a tree of tokens is made in an apply: rows like any others, and no protocol
        scene.plan = replace(world.in_task(plan), decided=())
        scene.segments = make_segments(scene.desired.catalogue, scene.desired.as_of)
    if bool(scene.plan.refusals) is not scene.refused or not scene.plan.steps:
        raise Unsound(f"the scene {scene.name} has no plan that can be applied: {scene.plan.refusals}")
    first = run_world(World(0, Plot(scene)))
    if first.violations or first.runners[0].ended != ("refused" if scene.refused else "done"):
        raise Unsound(f"scene {scene.name} undisturbed: {first.runners[0].ended} {first.violations} {first.said}")
    scene.undisturbed = first.photograph()


@contextmanager
def _collecting_after() -> Iterator[None]:
    """What is left of a world is collected after it: a generator that is collected closes wherever somebody just is."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class on_stage:  # noqa: N801 - used as a word
    """With a world's folders, empty, and its disk."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __enter__(self) -> None:
        for name in (LEDGER, "scratch"):
            rmtree(name, ignore_errors=True)
        Path(LEDGER).mkdir(mode=0o700)

    def __exit__(self, *_: object) -> None:
        standins.set_world(None)


def run_world(world: World) -> World:
    """Play a seed to its end, resumptions and all."""
    plot, scene = world.plot, world.plot.scene
    with on_stage(world), once.computing_once(), _collecting_after():
        if scene.plan is not None:
            (scene.root / "registry.csv").write_text(scenes.registry(scene.listed), encoding="utf-8")
        if not world.tenant.store.lists:
            scene.build(world.tenant)
        if plot.pace:
            from reconciler.simulator.tenant_options import JobPace

            world.tenant.jobs.pace = JobPace(polls=plot.pace)
        world.disk.faults = dict(plot.disk)
        world.at_first = world.photograph()
        for quirk in plot.quirks:
            world.tenant.faults.add(quirk, method="PATCH", path="/campaigns/", **QUIRKS[quirk])
        for at, edit in plot.edits:
            if not at:
                edit_by_hand(world, edit)
                world.moved |= {"Chosen"} if edit in ("add", "take off") and world.edits else set()
                world.moved |= {"Morning"} if edit in ("threshold", "pause") and world.changed_by_hand else set()
        _play(world)
        invariants.look_at_the_end(world)
    return world


def _play(world: World) -> None:
    plot = world.plot

    def go(*runners: tuple[str, bool, float]) -> None:
        for name, resume, after in runners:
            if after:
                idle = Runner("waits", 98)
                world.scheduler.spawn(lambda n=name, r=resume, s=after: _later(world, n, r, s), "waits", idle)  # type: ignore[misc]
            else:
                world.start(name, resume=resume, crash=plot.crashes.get(len(world.runners)))
        try:
            world.scheduler.run()
        except Hang as hang:
            world.violate("every_run_ends", str(hang))

    second = [] if plot.second is None else [("second", False, plot.second)]
    go(("first", False, 0.0), *second)
    resume = False
    for attempt in range(MOST_ATTEMPTS):
        ends = {each.ended for each in world.runners}
        last = world.runners[-1].ended
        if any("every_run_ends" in each for each in world.violations) or last in ("done", "partial"):
            return
        if last in FINAL and attempt and resume:
            return
        if last == "nothing to resume" and ends & FINAL:
            return
        if attempt >= 3:
            world.healed = True
            world.disk.faults.clear()
        world.scheduler = _go_on(world.scheduler)
        # whether a run on another machine is dead nobody knows before its lock lapses
        world.scheduler.now += 1000.0 if plot.elsewhere else 20.0
        resume = last != "nothing to resume"
        go((f"{'resumed' if resume else 'anew'}-{attempt}", resume, 0.0))


MOST_ATTEMPTS = 12
QUIRKS: dict[str, dict[str, Any]] = {
    "half-change": {"drops": ["abandonThreshold"], "times": 1},
    "fail-activation": {"form": "ignored", "times": 1},
}
"""What the tenant does to a campaign that it is asked to change."""
FINAL = {"done", "partial", "stale-plan", "refused"}
"""Ends after which a person has nothing left to resume: all was done, or the tenant has moved and it takes a new plan."""


def _go_on(before: Scheduler) -> Scheduler:
    after = Scheduler(before._chance)
    after.now, after.switches = before.now, before.switches
    after.LONGEST = before.now + Scheduler.LONGEST
    return after


def _later(world: World, name: str, resume: bool, seconds: float) -> None:
    world.scheduler.block(seconds)
    world.start(name, resume=resume, crash=world.plot.crashes.get(len(world.runners)))


def make_plot(seed: int, every: list[Scene]) -> Plot:
    """What a seed has in store, drawn from it alone."""
    chance = random.Random(f"{seed} plot")
    plot = Plot(chance.choice(every))
    if chance.random() < 0.25:
        _plan_one_mishap(plot, chance)
        return plot
    _plan_mishaps(plot, chance)
    _plan_people(plot, chance)
    if chance.random() < 0.3:
        plot.second = chance.choice((0.001, 0.1, 1.0, 3.0, 10.0))
    plot.pace = chance.choice((0, 0, 1, 2))
    if plot.scene.method in ("bulkInsert", "contactBatch") and chance.random() < 0.06:
        plot.slow, plot.pace, plot.second = True, 20, chance.choice((600.0, 950.0, 1200.0))
    plot.replan = chance.random() < 0.02
    _plan_other_machines(plot, chance)
    return plot


def _plan_other_machines(plot: Plot, chance: random.Random) -> None:
    """Whether the second run is on a machine of its own, or somebody breaks the lock of the first."""
    if plot.second is not None and chance.random() < 0.4:
        plot.elsewhere = True
        # to a machine that knows nothing of the owner, a lock is as old as its folder's clock says
        plot.jumps = {at: seconds for at, seconds in plot.jumps.items() if seconds < 0}
    elif plot.second is None and chance.random() < 0.05:
        plot.breaks = chance.randrange(3, 60)


def _plan_one_mishap(plot: Plot, chance: random.Random) -> None:
    """One thing goes wrong, and nothing else: what a run must survive by itself, or where it is resumed."""
    match chance.choice(("fault", "fault", "crash", "suppress", "suppress", "forgotten", "quirk")):
        case "fault":
            plot.faults[chance.randrange(1, 40)] = chance.choice(FAULTS)
        case "crash":
            plot.crashes[0] = (chance.randrange(3, 300), chance.random() < 0.5)
        case "suppress":
            plot.crashes[0] = (chance.randrange(60, 250), False)
            plot.edits.append((chance.randrange(1, 12), "suppress"))
        case "forgotten":
            plot.faults[chance.randrange(1, 30)] = FORGOTTEN
        case _:
            plot.quirks = [chance.choice(sorted(QUIRKS))]


def _plan_mishaps(plot: Plot, chance: random.Random) -> None:
    """What fails: the network, processes, the disk, the tenant."""
    if chance.random() < 0.6:
        for _ in range(chance.choice((1, 1, 2, 3, 5))):
            plot.faults[chance.randrange(1, 60)] = chance.choice(FAULTS)
    for start in range(chance.choice((0, 0, 1, 1, 1, 2, 3))):
        plot.crashes[start] = (chance.randrange(3, chance.choice((60, 200, 400))), chance.random() < 0.4)
    if chance.random() < 0.2:
        for _ in range(chance.choice((1, 1, 2))):
            place = chance.choice(("write", "fsync")), chance.randrange(1, 60)
            plot.disk[place] = (chance.choice(ERRORS), chance.choice((0.0, 0.5, 1.0)))
    if chance.random() < 0.05:
        plot.faults[chance.randrange(1, 40)] = FORGOTTEN
    if chance.random() < 0.08:
        plot.quirks = [chance.choice(sorted(QUIRKS))]


def _plan_people(plot: Plot, chance: random.Random) -> None:
    """Who changes things meanwhile, or between the plan and the apply, and who sets the clock."""
    if chance.random() < 0.25:
        for _ in range(chance.choice((1, 1, 2))):
            plot.edits.append((chance.randrange(1, 60), chance.choice(EDITS)))
        if chance.random() < 0.2:
            plot.edits[0] = (0, chance.choice(EDITS))
    if chance.random() < 0.15:
        plot.jumps[chance.randrange(1, 60)] = chance.choice((-7200.0, -60.0, 60.0, 1200.0, 90_000.0))


def make_world(seed: int, every: list[Scene], trace: list[str] | None = None) -> World:
    """The world of a seed."""
    return World(seed, make_plot(seed, every), trace=trace)
