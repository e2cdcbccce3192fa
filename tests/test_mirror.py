"""Where is the promise of each module held? Its test has its name, or its head says which other file it is.

`reconciler/a/b.py` has `tests/a/test_b.py`, or begins with `# tested by: tests/c/test_d.py`. A package whose modules are
alike, and are all tried by one runner, says it once for them: `# each tested by: …`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINE = re.compile(r"^# (each )?tested by: (\S+)$")
NEAR = 2
"""So many imports away from what a test imports itself, a module counts as its own."""


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module(path): path for path in sorted((ROOT / "reconciler").rglob("*.py"))}
TESTS = {_module(path): path for path in sorted((ROOT / "tests").rglob("*.py"))}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _says_something(path: Path) -> bool:
    """Whether a module has a function or a class: names that it passes on are another's."""
    return any(isinstance(each, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) for each in _tree(path).body)


@cache
def _imported(path: Path) -> frozenset[str]:
    """The modules of the program, and of the tests, that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found.update(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{each.name}" for each in node.names)
            found.add(node.module)
    if path.name == "__init__.py" and "iter_modules" in path.read_text(encoding="utf-8"):
        found.update(name for name in MODULES if name.rpartition(".")[0] == _module(path))
    return frozenset(found & (MODULES.keys() | TESTS.keys()))


@cache
def _fixtures(path: Path) -> set[str]:
    decorated = (each for each in _tree(path).body if isinstance(each, ast.FunctionDef) and each.decorator_list)
    return {each.name for each in decorated if "fixture" in ast.unparse(each.decorator_list[0])}


@cache
def _asked(path: Path) -> set[str]:
    """What the functions of a file ask for by the names of their arguments."""
    return {each.arg for node in ast.walk(_tree(path)) if isinstance(node, ast.arguments) for each in node.args}


@cache
def _files(test: Path) -> frozenset[Path]:
    """A test's file, with the helpers that it imports and the conftests of whose fixtures it asks."""
    found, waiting = set(), [test]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting.extend(TESTS[name] for name in _imported(path) if name in TESTS)
        above = (folder / "conftest.py" for folder in path.parents if folder.is_relative_to(ROOT / "tests"))
        waiting.extend(each for each in above if each.exists() and _fixtures(each) & _asked(path))
    return frozenset(found)


@cache
def _distances(test: Path) -> dict[str, int]:
    """How many imports lead from what a test imports to each module that it reaches."""
    found: dict[str, int] = {}
    ring, far = {name for path in _files(test) for name in _imported(path) if name in MODULES}, 0
    while ring:
        found.update(dict.fromkeys(ring, far))
        ring, far = (
            {each for name in ring for each in _imported(MODULES[name]) if each in MODULES} - found.keys(),
            far + 1,
        )
    return found


def _uses(test: Path, module: str) -> bool:
    """Whether a test imports a module or what is near it; or reaches it, and is of its room or speaks of it."""
    text = test.read_text(encoding="utf-8")
    if module.endswith("__main__"):
        return '"-m", "reconciler"' in text
    far = _distances(test).get(module)
    if far is None:
        return False
    path = MODULES[module]
    room = ROOT / "tests" / path.parent.relative_to(ROOT / "reconciler")
    words = path.stem if path.stem != "__init__" else path.parent.name
    # as long as it needs to be to be that word, whatever its ending
    spoken = "|".join(re.escape(each[:5]) for each in words.split("_") if len(each) > 3 or each == words)
    return far <= NEAR or test.is_relative_to(room) or re.search(rf"\b({spoken})", text, re.IGNORECASE) is not None


def _mirror(path: Path) -> Path:
    name = path.parent.name if path.name == "__init__.py" else path.stem
    return ROOT / "tests" / path.parent.relative_to(ROOT / "reconciler") / f"test_{name}.py"


def _line(path: Path) -> re.Match[str] | None:
    return LINE.match(path.read_text(encoding="utf-8").partition("\n")[0])


def _told(path: Path) -> str | None:
    """The file that a module says, or that its package says for each of its modules."""
    line = _line(path)
    if line is None:
        line = _line(path.parent / "__init__.py")
        return line[2] if line is not None and line[1] else None
    return line[2]


def _held() -> Iterator[str]:
    for name, path in MODULES.items():
        if path.name != "__init__.py" or _says_something(path):
            yield name


def _lacks(module: str) -> str | None:
    """What is wrong with how a module says which test holds its promise."""
    path = MODULES[module]
    mirror = _mirror(path)
    if mirror.exists():
        line = _line(path)
        return f"need not say it: {mirror.relative_to(ROOT)} is there" if line is not None and not line[1] else None
    told = _told(path)
    if told is None:
        return f"has no test {mirror.relative_to(ROOT)}, and its first line is not `# tested by: tests/…`"
    test = ROOT / told
    if not test.exists():
        return f"there is no {told}"
    if not test.name.startswith("test_"):
        return f"{told} is no test"
    return None if _uses(test, module) else f"{told} has nothing to do with it"


def test_each_module_has_a_test_of_its_name_or_says_which_file_holds_its_promise() -> None:
    wrong = [f"{MODULES[module].relative_to(ROOT)}: {lack}" for module in _held() if (lack := _lacks(module))]
    assert not wrong, wrong


def test_a_line_about_tests_is_the_first_of_its_file_and_spelt_so() -> None:
    for path in MODULES.values():
        lines = path.read_text(encoding="utf-8").splitlines()
        said = [n for n, line in enumerate(lines) if re.match(r"#\s*(each )?tested by", line, re.IGNORECASE)]
        assert said in ([], [0]), path
        assert not said or LINE.match(lines[0]), f"{path}: {lines[0]}"


def test_a_test_that_has_nothing_to_do_with_a_module_holds_none_of_its_promises() -> None:
    assert not _uses(ROOT / "tests" / "cxone" / "test_backoff.py", "reconciler.audience.staging.phone_normalisation")
    assert not _uses(ROOT / "tests" / "model" / "test_legal_hours.py", "reconciler.ledger.saved_plans")
    assert _uses(
        ROOT / "tests" / "audience" / "staging" / "test_phone_normalisation.py",
        "reconciler.audience.staging.phone_recognition",
    )
