"""Nothing is `Any` where rows are decided: the type checker sees every relation, every column and every cell."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

AUDIENCE = Path(__file__).parents[2] / "reconciler" / "audience"
DECIDING = ("staging", "relations", "decision", "diff", "delivery", "campaigns", "impact", "cache")
ELSEWHERE = {
    # a mapping from a type to a function of that type: no annotation can say that each takes its own
    "sources/sql_source.py": 1,
}
"""How often a module of another folder says it; those that are not named never do."""


def count_any(tree: ast.Module) -> int:
    """How often a module uses `Any`, by whichever name it imports it."""
    names = {
        each.asname or each.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("typing", "typing_extensions")
        for each in node.names
        if each.name == "Any"
    }
    found = sum(isinstance(node, ast.Name) and node.id in names for node in ast.walk(tree))
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    # an annotation may be written as a text
    written = sum(name in _list_words(text) for text in texts for name in names)
    return found + written + sum(isinstance(node, ast.Attribute) and node.attr == "Any" for node in ast.walk(tree))


def _list_words(text: str) -> set[str]:
    try:
        return {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
    except SyntaxError:
        return set()


@cache
def _count_all() -> Counter[str]:
    found: Counter[str] = Counter()
    for path in sorted(AUDIENCE.rglob("*.py")):
        found[str(path.relative_to(AUDIENCE))] = count_any(ast.parse(path.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("folder", DECIDING)
def test_nothing_is_any_where_rows_are_decided(folder: str) -> None:
    assert {name: n for name, n in _count_all().items() if name.startswith(f"{folder}/") and n} == {}
    assert any(name.startswith(f"{folder}/") for name in _count_all())


def test_elsewhere_it_is_said_where_it_has_a_reason() -> None:
    rest = {name: n for name, n in _count_all().items() if n and name.split("/")[0] not in DECIDING}
    assert rest == ELSEWHERE


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("from typing import Any\ndef f(a: Any) -> list[Any]: ...", 2),
        ("from typing import Any as Whatever\nx: Whatever = 1", 1),
        ("import typing\nx: typing.Any = 1", 1),
        ('from typing import Any\nx: "dict[str, Any]" = {}', 1),
        ("from typing import TYPE_CHECKING\nx: int = 1", 0),
    ],
)
def test_it_is_found_however_it_is_written(written: str, count: int) -> None:
    assert count_any(ast.parse(written)) == count
