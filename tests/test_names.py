"""Does a function say by its name what it does: a verb, with its object? No private words of this house do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "reconciler"
PRIVATE = frozenset(
    [
        "told",
        "said",
        "asked",
        "heard",
        "held",
        "kept",
        "settled",
        "judged",
        "meant",
        "known",
        "shown",
        "seen",
        "found",
        "left",
        "lost",
        "made",
        "begun",
        "done",
        "sent",
        "written",
        "offered",
        "owed",
        "counted",
        "named",
        "wanted",
        "looked",
        "laid",
        "taken",
        "planned",
        "barred",
        "standing",
        "besides",
        "aside",
        "apart",
        "nothing",
    ]
)
"""Words that were names of functions, and of which nobody guesses what such a function does or computes."""


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, those inside of others too, that is no property: those are nouns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = {each.id for each in node.decorator_list if isinstance(each, ast.Name)}
            if not decorators & {"property", "cached_property"}:
                yield node


def is_private(name: str) -> bool:
    """Whether a name begins with a private word: `_told`, `held_to`; `is_known` says what it asks."""
    return name.strip("_").split("_")[0] in PRIVATE


def test_the_private_words_are_found_and_others_are_not() -> None:
    assert all(map(is_private, ("told", "_told", "held_to", "_kept", "besides", "_looked_up")))
    assert not any(map(is_private, ("read_told", "is_known", "find_meant", "_tell", "__init__", "needs")))
    source = "class A:\n    @property\n    def told(self): ...\n    def said(self):\n        def kept(): ...\n"
    assert [each.name for each in _functions(ast.parse(source))] == ["said", "kept"]


def test_no_function_is_named_by_a_private_word() -> None:
    found = [
        f"{module.relative_to(PACKAGE)}:{each.lineno}: {each.name}"
        for module in sorted(PACKAGE.rglob("*.py"))
        for each in _functions(ast.parse(module.read_text(encoding="utf-8")))
        if is_private(each.name)
    ]
    assert not found, found
