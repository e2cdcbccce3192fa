"""Is every test in `make test` or in `make rest`, and does what is left out name a test near it that stays?"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.slices import choose, take_part

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
INSTEAD = re.compile(
    r'@pytest\.mark\.matrix\(\s*instead="(?:([\w/]+\.py)::)?(\w+)"\s*\)\n(?:[ \t]*@.*\n)*[ \t]*def (\w+)'
)
"""The file of another test, if it is in another one, its name, and the name of the one that is left out."""


@pytest.mark.parametrize("members", [1, 2, 3, 4, 17])
@pytest.mark.parametrize("most", [0, 1, 2, 3, 5])
def test_a_thin_test_runs_as_many_members_as_it_says_and_one_at_least(members: int, most: int) -> None:
    chosen = choose("tests/test_some.py::test_it", members, most)
    assert len(chosen) == min(max(most, 1), members)
    assert set(chosen) <= set(range(members))


def test_two_members_are_not_neighbours() -> None:
    for number in range(20):
        one, other = sorted(choose(f"test_{number}", 8, 2))
        assert other - one == 4


def test_tests_with_the_same_members_run_different_ones() -> None:
    assert {member for number in range(40) for member in choose(f"test_{number}", 4, 1)} == set(range(4))


def commands(*target: str) -> list[str]:
    """The lines of a target that run tests, as make would run them: what runs this suite hands nothing on to it."""
    here = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "COVERED"}
    said = subprocess.run(
        ["make", "--dry-run", "--always-make", *target],
        env=here,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in said.stdout.splitlines() if " -m pytest " in line]


def test_every_test_is_in_make_test_or_in_make_rest_and_in_one_half_of_it_where_branches_are_covered() -> None:
    (quick,) = commands("test")
    assert quick.endswith("-m 'not matrix'")
    assert "RECONCILER_EVERY=45" in quick
    traced, untraced = (line.split(" -m pytest ")[1] for line in commands("test", "COVERED=yes"))
    (rest,) = (line.split(" -m pytest ")[1] for line in commands("rest"))
    here = "-m 'not matrix' "
    assert here in traced
    assert here in untraced
    ignored = re.findall(r"--ignore=(\S+)", traced)
    assert ignored == untraced.partition(here)[2].split()
    assert not re.search(r"\stests", traced)
    assert rest.endswith(" -m matrix")
    assert [each for each in ignored if not (ROOT / each).exists()] == []


def test_make_matrix_takes_all_that_is_left_out_or_sampled_and_samples_nothing() -> None:
    (line,) = commands("matrix")
    assert line.endswith("-m 'matrix or sampled'")
    assert "RECONCILER_EVERY" not in line


def test_a_pipeline_runs_both() -> None:
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^make -C \S+ check$", run, re.MULTILINE)
    # each of twelve commits that follow each other runs another twelfth
    assert re.search(
        r'^make -C \S+ rest PART="\$\(\(\$\(git rev-list --count HEAD\) % 12 \+ 1\)\)/12"$', run, re.MULTILINE
    )
    assert commands("check") == commands("test", "COVERED=yes")


def test_whatever_is_left_out_whole_names_a_test_near_it_that_stays() -> None:
    marked = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in TESTS.rglob("test_*.py")
        if path != Path(__file__) and "pytest.mark.matrix" in path.read_text(encoding="utf-8")
    }
    instead = {
        (here, test): (there or here, other)
        for here, text in marked.items()
        for there, other, test in INSTEAD.findall(text)
    }
    files = sorted(marked.keys() | {there for there, _ in instead.values()})
    every, kept = collected(files)
    assert {each for each in every - kept if each[0] in marked} == instead.keys()
    assert set(instead.values()) <= kept


COLLECT = """
import sys, pytest

class Told:
    def pytest_collection_modifyitems(self, items):
        for each in items:
            print("TEST", "matrix" if each.get_closest_marker("matrix") else "kept", each.nodeid.partition("[")[0])

sys.exit(pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[Told()]))
"""
"""Say of each test, of those that the command line names, whether it is left out."""


def collected(files: Iterable[str]) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """The file and the name of each test of some files, and of those of which `make test` runs a member."""
    command = [sys.executable, "-c", COLLECT, *files]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    every, kept = set(), set()
    for line in said.splitlines():
        if line.startswith("TEST "):
            _, where, name = line.split(" ", 2)
            parts = name.split("::")
            every.add((parts[0], parts[-1]))
            if where == "kept":
                kept.add((parts[0], parts[-1]))
    return every, kept


def test_the_parts_of_some_tests_are_all_of_them_once(request: pytest.FixtureRequest) -> None:
    every = request.session.items
    parts = [take_part(every, f"{number}/3")[0] for number in (1, 2, 3)]
    assert sorted(each.nodeid for part in parts for each in part) == sorted(each.nodeid for each in every)
    with pytest.raises(pytest.UsageError, match="there are the parts 1 to 3"):
        take_part(every, "4/3")
