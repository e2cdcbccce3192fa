"""Run a range of seeds, in as many processes as are wanted, and say what was found."""

from __future__ import annotations

import argparse
import faulthandler
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree

from tests.simulation import disk, once, standins
from tests.simulation.scenes import Scene, list_scenes
from tests.simulation.world import World, make_plot, make_world, prepare, run_world


def main(words: Sequence[str]) -> int:
    """Run seeds; 1 where an invariant does not hold."""
    parser = argparse.ArgumentParser(description="Run the simulation.")
    parser.add_argument("seeds", help="FIRST:LAST, the last not among them; or one")
    parser.add_argument("--trace", action="store_true", help="print everything that happens")
    parser.add_argument("--digests", action="store_true", help="print the digest of each seed's trace")
    parser.add_argument("--ends", action="store_true", help="say how the runs ended")
    parser.add_argument("--most", type=int, default=20, help="stop after so many seeds that break something")
    parser.add_argument("--split", action="store_true", help="in as many processes as there are cores")
    given = parser.parse_args(words)
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    first, _, last = given.seeds.partition(":")
    seeds = range(int(first), int(last) if last else int(first) + 1)
    if given.split:
        return _split(seeds, [each for each in words if each not in (given.seeds, "--split")])
    with Stage() as stage:
        begun, broken, ends = time.process_time(), 0, Counter[str]()
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
                print(f"seed {seed}, scene {world.plot.scene.name}:", *world.violations[:5], sep="\n  ")
                if broken >= given.most:
                    break
        if given.ends:
            print(*(f"{count:6} {how}" for how, count in ends.most_common(40)), sep="\n")
            print(
                f"{stage.cost:.1f} s for the scenes, {(time.process_time() - begun - stage.cost) / len(seeds):.3f} s a seed",
                once.counts,
            )
        print(f"{len(seeds)} seeds, {broken} of them broke an invariant")
    return 1 if broken else 0


def _split(seeds: range, options: Sequence[str]) -> int:
    """Let each core play its share; 1 where one of them found something."""
    many = os.cpu_count() or 1
    shares = [seeds[len(seeds) * n // many : len(seeds) * (n + 1) // many] for n in range(many)]
    command = [sys.executable, "-m", "tests.simulation"]
    children = [subprocess.Popen([*command, f"{share.start}:{share.stop}", *options]) for share in shares if len(share)]
    return max(child.wait() for child in children)


class Stage:
    """A folder of this process, in memory where there is such, with every scene prepared."""

    def __init__(self) -> None:
        self.scenes: list[Scene] = []
        self.cost = 0.0

    def __enter__(self) -> Stage:
        began = time.process_time()
        self._before = Path.cwd()
        self._place = tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        os.chdir(self._place)
        disk.install(lambda: getattr(standins.find_world(), "disk", None))
        once.install()
        self.scenes = list_scenes()
        self.cost = time.process_time() - began
        return self

    def __exit__(self, *_: object) -> None:
        os.chdir(self._before)
        rmtree(self._place, ignore_errors=True)

    def run(self, seed: int, trace: list[str] | None = None) -> World:
        """Play one seed; its scene is prepared when it is first wanted."""
        began = time.process_time()
        scene = make_plot(seed, self.scenes).scene
        if scene.plan is None:
            prepare(scene)
            self.cost += time.process_time() - began
        return run_world(make_world(seed, self.scenes, trace))


def run_from_shell() -> None:
    """The command of `make simulate`."""
    sys.exit(main(sys.argv[1:]))
