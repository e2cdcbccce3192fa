"""There is one way of bringing problems together: they are yielded, collected, and refused all at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from reconciler.model.problem import BadInput, Location, Problem, Problems, Stage

ROOT = Path(reconciler.__file__).parent
HERE = "model/problem.py"


def fault(code: str, line: int = 1, stage: Stage = Stage.READING) -> Problem:
    return Problem(Location("a.yaml", line), code, f"something is wrong: {code}", stage=stage)


def test_nothing_is_refused_where_nothing_was_found() -> None:
    Problems().refuse()


def test_what_several_parts_are_refused_for_is_refused_at_once_and_causes_come_first() -> None:
    problems = Problems([fault("own", stage=Stage.CHECKS)])
    for number in range(3):
        with problems.collect():
            raise BadInput([fault(f"part-{number}", line=9 - number), fault("twice")])
    with pytest.raises(BadInput) as refused:
        problems.refuse()
    assert [each.code for each in refused.value.problems] == ["twice", "part-2", "part-1", "part-0", "own"]


def test_another_error_is_not_collected() -> None:
    problems = Problems()
    with pytest.raises(KeyError), problems.collect():
        raise KeyError("a fault of the program")
    assert problems == []


@pytest.mark.parametrize(
    ("found", "following", "problems", "consequences"),
    [
        (["a"], ["b"], ["a"], ["b"]),
        ([], ["b"], ["b"], []),
        (["a"], [], ["a"], []),
    ],
)
def test_consequences_are_counted_beside_their_causes_and_told_alone(
    found: list[str], following: list[str], problems: list[str], consequences: list[str]
) -> None:
    with pytest.raises(BadInput) as refused:
        Problems(map(fault, found)).refuse(map(fault, following))
    assert [each.code for each in refused.value.problems] == problems
    assert [each.code for each in refused.value.consequences] == consequences


OTHER_WAYS = {
    # what is told in another shape than a problem of the input, and never joined with others
    ("cxone/writer.py", "takes problems out of a refusal"),
    ("steps/apply/suppression_rereads.py", "takes problems out of a refusal"),
    ("steps/notify/__init__.py", "takes problems out of a refusal"),
}


def find_other_ways(path: str, text: str) -> Iterator[tuple[str, str]]:
    """The ways of a module of bringing problems together that are not `Problems`."""
    if path == HERE:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Subscript) and ast.unparse(node) in {"list[Problem]", "set[Problem]", "List[Problem]"}:
            yield path, "keeps problems in a list"
        if isinstance(node, ast.ExceptHandler) and takes_apart(node):
            yield path, "takes problems out of a refusal"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "BadInput" and not is_of_its_own(node):
            yield path, "refuses what was brought together"


def takes_apart(handler: ast.ExceptHandler) -> bool:
    """Whether what is caught is a refusal of bad input, and its problems are looked at."""
    caught = "" if handler.type is None else ast.unparse(handler.type)
    return "BadInput" in caught and any(getattr(each, "attr", None) == "problems" for each in ast.walk(handler))


def is_of_its_own(call: ast.Call) -> bool:
    """Whether a refusal is of problems that are written down there, with no list that others add to."""
    return len(call.args) == 1 and not call.keywords and isinstance(call.args[0], ast.List)


def test_no_module_brings_problems_together_in_another_way() -> None:
    modules = ((path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in ROOT.rglob("*.py"))
    assert {way for path, text in modules for way in find_other_ways(path, text)} == OTHER_WAYS


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("found: list[Problem] = []", "keeps problems in a list"),
        ("def check() -> tuple[int, list[Problem]]: ...", "keeps problems in a list"),
        ("raise BadInput(found)", "refuses what was brought together"),
        ("raise BadInput(found, following)", "refuses what was brought together"),
        ("try:\n    f()\nexcept BadInput as bad:\n    g(bad.problems)", "takes problems out of a refusal"),
        ("try:\n    f()\nexcept (OSError, BadInput) as bad:\n    g(bad.problems)", "takes problems out of a refusal"),
    ],
)
def test_another_way_is_found(text: str, way: str) -> None:
    assert list(find_other_ways("steps/new.py", text)) == [("steps/new.py", way)]
    assert list(find_other_ways("steps/new.py", "raise BadInput([Problem(where, 'code', 'words')])")) == []
