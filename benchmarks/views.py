"""How long does each view take to show a plan of a million row changes, and how much memory is held?

A plan of 500 objects with ten changed settings each, 100 lists with 10,000 row changes each, 2,500 findings and 1,000
moves between bands; what is asked is whether each view shows it within 5 seconds of a processor and 500 MB. Each is
shown in a process of its own that has made the plan before. Row changes stand in files that no view reads: how many
there are is said in the plan, and no file is written here.

    python benchmarks/views.py [OBJECTS]     500 when left out

What is measured of memory is the whole process at its highest, Python and the libraries among it.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from reconciler.views import list_formats, load_views
from tests.views.plans import large

SECONDS, MEGABYTES = 5.0, 500.0
"""What each view may take."""

ROWS = 1_000_000


def measure(format: str, objects: int) -> tuple[float, float, float, int]:
    """Seconds, processor seconds, megabytes at the highest, characters."""
    value = large(objects, ROWS)
    render = load_views()["plan", format].render
    began, used = time.perf_counter(), time.process_time()
    shown = str(render(value))
    seconds, processor = time.perf_counter() - began, time.process_time() - used
    return seconds, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(shown)


def main() -> int:
    """Print a line for each view; 1 where one takes more than it may."""
    parser = argparse.ArgumentParser()
    parser.add_argument("objects", nargs="?", type=int, default=500)
    objects = parser.parse_args().objects
    print(f"{objects:,} objects, {ROWS:,} row changes")
    print(f"{'view':<10}{'seconds':>9}{'processor':>11}{'MB':>7}{'characters':>13}")
    late = []
    for format in list_formats("plan"):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            seconds, processor, megabytes, characters = pool.submit(measure, format, objects).result()
        print(f"{format:<10}{seconds:>9.2f}{processor:>11.2f}{megabytes:>7.0f}{characters:>13,}")
        if processor > SECONDS or megabytes > MEGABYTES:
            late.append(format)
    if late:
        print(f"more than {SECONDS:g} processor seconds or {MEGABYTES:g} MB: {', '.join(late)}")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
