"""Which tests does `make test` leave to `make rest`? Long ones that are marked so, and most members of thin ones.

Two marks say it. `matrix`: a test, or a member of a parametrised one, that `make test` leaves out; where all of a test
is left out, `instead` names the nearest one that stays, with its file where that is another: it holds part of the
promise, `make rest` the whole of it. `thin(n)`: of the members of a
parametrised test, `make test` runs n; which, is drawn by its name, so that tests with the same members, such as the
methods, run different ones. A third mark is set here: `sampled`, for what tries some of many places or examples
(`tests/sample.py`), of which `make matrix` tries all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from zlib import crc32

import pytest

from tests import sample


def choose(name: str, members: int, most: int) -> Collection[int]:
    """Which of the members of a test are run: `most` of them, one at least, spread evenly from a place of its own."""
    kept = min(max(most, 1), members)
    first = crc32(name.encode())
    return {(first + number * members // kept) % members for number in range(kept)}


def mark(items: Iterable[pytest.Item]) -> None:
    """Set the marks that follow from the others."""
    thin: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("thin"):
            thin[item.nodeid.partition("[")[0]].append(item)
        if isinstance(item, pytest.Function) and any(
            getattr(item.module, name, None) is getattr(sample, name) for name in _SAMPLERS
        ):
            item.add_marker(pytest.mark.sampled)
    for name, members in thin.items():
        said = members[0].get_closest_marker("thin")
        kept = choose(name, len(members), *(said.args if said and said.args else (1,)))
        for number, item in enumerate(members):
            if number not in kept:
                item.add_marker(pytest.mark.matrix)


def take_part(items: Iterable[pytest.Item], part: str) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """Of some tests those of a part, as `2/3`, and the others; which is in which, is drawn by their names."""
    number, parts = map(int, part.split("/"))
    if not 1 <= number <= parts:
        raise pytest.UsageError(f"--part {part}: there are the parts 1 to {parts}")
    mine: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        mine[crc32(item.nodeid.encode()) % parts == number - 1].append(item)
    return mine[True], mine[False]


_SAMPLERS = ("tried", "examples", "turns")
