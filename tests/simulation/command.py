"""Run a range of seeds, in as many processes as are wanted, and say what was found."""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import copytree, rmtree

from tests.simulation import disk, kept_scenes, once, standins, zoo
from tests.simulation.scenes import Scene, list_scenes
from tests.simulation.world import Unsound, World, make_plot, make_world, prepare, run_world


def main(words: Sequence[str]) -> int:
    """Run seeds; 1 where an invariant does not hold."""
    parser = argparse.ArgumentParser(description="Run the simulation.")
    parser.add_argument("seeds", nargs="?", help="FIRST:LAST, the last not among them; or one")
    parser.add_argument("--trace", action="store_true", help="print everything that happens")
    parser.add_argument("--digests", action="store_true", help="print the digest of each seed's trace")
    parser.add_argument("--ends", action="store_true", help="say how the runs ended")
    parser.add_argument("--most", type=int, default=20, help="stop after so many seeds that break something")
    parser.add_argument("--split", action="store_true", help="in as many processes as there are cores")
    parser.add_argument("--anew", action="store_true", help="plan every scene, whatever was kept of it")
    parser.add_argument("--mutant", help="plant a fault of zoo.toml first")
    parser.add_argument("--zoo", action="store_true", help="look for the seed that finds each fault of zoo.toml")
    parser.add_argument("--only", action="append", default=[], help="of these faults alone")
    parser.add_argument("--within", type=int, default=zoo.MOST, help="in so many seeds")
    parser.add_argument("--write", action="store_true", help="keep the seeds that find them")
    given = parser.parse_args(words)
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    with Stage(anew=given.anew) as stage:
        if given.zoo:
            return visit_zoo(stage, given.only or list(zoo.load_mutants()), given.within, write=given.write)
        first, _, last = str(given.seeds).partition(":")
        seeds = range(int(first), int(last) if last else int(first) + 1)
        if given.mutant:
            plant(stage, zoo.load_mutants()[given.mutant])
        if given.split:
            return _split(stage, seeds, given)
        return _play(stage, seeds, given)


def _play(stage: Stage, seeds: range, given: argparse.Namespace) -> int:
    """Play seeds one after the other; 1 where an invariant does not hold."""
    begun, before, broken, ends = time.process_time(), stage.cost, 0, Counter[str]()
    for seed in seeds:
        trace: list[str] | None = [] if given.trace else None
        world = stage.run(seed, trace)
        ends[" ".join(each.ended for each in world.runners)] += 1
        if trace is not None:
            print("\n".join(trace), world.plot, sep="\n")
        if given.digests:
            print(seed, world.digest)
        if world.violations:
            broken += 1
            print(f"seed {seed}, scene {world.plot.scene.name}:", *world.violations[:5], sep="\n  ", flush=True)
            if broken >= given.most:
                break
    if given.ends:
        print(*(f"{count:6} {how}" for how, count in ends.most_common(40)), sep="\n")
        spent = time.process_time() - begun - (stage.cost - before)
        print(f"{stage.cost:.1f} s for the scenes, {spent / len(seeds):.3f} s a seed", once.counts)
    print(f"{len(seeds)} seeds, {broken} of them broke an invariant", flush=True)
    return 1 if broken else 0


def _split(stage: Stage, seeds: range, given: argparse.Namespace) -> int:
    """Let each core play its share, with the scenes that were made once; 1 where one of them found something."""
    stage.prepare_all()
    many = os.cpu_count() or 1
    shares = [seeds[len(seeds) * n // many : len(seeds) * (n + 1) // many] for n in range(many)]
    works = [stage.make_apart(lambda share=share: str(_play(stage, share, given))) for share in shares if share]  # type: ignore[misc]
    return max(map(int, zoo.run_apart(works, many, once.close_engines)))


class Stage:
    """A folder of this process, in memory where there is such, with every scene prepared.

    Args:
        anew: whether scenes are planned here, whatever was kept of them.
    """

    def __init__(self, *, anew: bool = False) -> None:
        self._anew = anew
        self._copy = ""
        self.scenes: list[Scene] = []
        self.cost = 0.0

    def __enter__(self) -> Stage:
        began = time.process_time()
        self._before = Path.cwd()
        self._place = _make_place()
        os.chdir(self._place)
        disk.install(lambda: getattr(standins.find_world(), "disk", None))
        once.install()
        self.scenes = list_scenes()
        self.cost = time.process_time() - began
        return self

    def __exit__(self, *_: object) -> None:
        os.chdir(self._before)
        for each in (self._place, self._copy):
            rmtree(each or self._place, ignore_errors=True)

    def run(self, seed: int, trace: list[str] | None = None) -> World:
        """Play one seed; its scene is prepared when it is first wanted. Raises Unsound."""
        scene = make_plot(seed, self.scenes).scene
        if scene.plan is None:
            self._prepare(scene)
        return run_world(make_world(seed, self.scenes, trace))

    def prepare_all(self) -> None:
        """Prepare every scene, for processes that are forked."""
        for each in self.scenes:
            if each.plan is None:
                self._prepare(each)

    def _prepare(self, scene: Scene) -> None:
        began = time.process_time()
        if self._anew or not kept_scenes.fetch(scene):
            prepare(scene)
            if not self._anew:
                kept_scenes.keep(scene)
        self.cost += time.process_time() - began

    def forget_plans(self) -> None:
        """Have every scene planned anew, when it is wanted: the program is another now."""
        self._anew = True
        for each in self.scenes:
            each.plan = None

    def make_apart(self, do: Callable[[], str]) -> Callable[[], str]:
        """The same, to be done by a process that is forked: in a folder of its own, with a copy of what is here."""
        if not self._copy:  # what is played here meanwhile is none of theirs
            self._copy = _make_place()
            copytree(self._place, self._copy, dirs_exist_ok=True)

        def do_apart() -> str:
            once.leave_engines()
            place = _make_place()
            try:
                copytree(self._copy, place, dirs_exist_ok=True)
                os.chdir(place)
                return do()
            finally:
                os.chdir(self._before)
                rmtree(place, ignore_errors=True)

        return do_apart


def _make_place() -> str:
    return tempfile.mkdtemp(prefix="simulation-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)


def plant(stage: Stage, mutant: zoo.Mutant) -> None:
    """Put a fault into this process; what was computed by what it changes is computed anew."""
    mutant.plant()
    once.forget()
    if mutant.plans:
        stage.forget_plans()


def visit_zoo(stage: Stage, names: Sequence[str], within: int, *, write: bool) -> int:
    """Look for a seed that finds each fault; 1 where one is found by none, or breaks something without a fault."""
    mutants = [zoo.load_mutants()[name] for name in names]
    for each in mutants:
        each.patch()  # before anything that takes its time
    stage.prepare_all()
    works = [stage.make_apart(lambda mutant=mutant: _search(stage, mutant, within)) for mutant in mutants]  # type: ignore[misc]
    seeds, missed = dict[str, int](), []
    for told in zoo.run_apart(works, os.cpu_count() or 1, once.close_engines):
        name, seed, played, words = json.loads(told)
        if seed is not None and (wrong := stage.run(seed).violations):
            seed, words = None, f"seed {seed} breaks without it: {wrong[0]}"
        print(f"{name}: {'NOT FOUND' if seed is None else f'seed {seed}'}, {played} played; {words}", flush=True)
        if seed is None:
            missed.append(name)
        else:
            seeds[name] = seed
    print(f"{len(mutants)} faults, {len(missed)} of them not found")
    if write:
        zoo.write_seeds({**(zoo.read_seeds() if zoo.SEEDS.exists() else {}), **seeds})
    return 1 if missed else 0


def _search(stage: Stage, mutant: zoo.Mutant, within: int) -> str:
    """Play seeds with a fault until one finds it; what it violates, as JSON."""
    plant(stage, mutant)
    played = 0
    for played, seed in enumerate(zoo.order_seeds(mutant.name, within), start=1):
        try:
            found = stage.run(seed).violations
        except Unsound as unsound:
            found = [str(unsound)]
        if found:
            return json.dumps([mutant.name, seed, played, found[0][:200]])
    return json.dumps([mutant.name, None, played, ""])


def run_from_shell() -> None:
    """The command of `make simulate`."""
    sys.exit(main(sys.argv[1:]))
