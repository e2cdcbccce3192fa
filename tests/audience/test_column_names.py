"""Every column that a relation is asked for exists: one of a table, or one that is made where the relation comes from.

Read with `ast`: `t["contcatId"]` is found here, before a run comes by it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from reconciler.model import tables
from reconciler.model.table_spec import TableSpec

ROOT = Path(__file__).parents[2] / "reconciler"
FOLDERS = ("staging", "decision", "diff", "delivery")
BY_NAME = ("select", "drop", "group_by", "order_by")
"""Methods of a relation whose texts are names of columns."""
REASON_FIELDS = {"code", "args"}
RIGHT = "_right"
"""What ibis adds to a column of a joined relation that both have."""

COLUMNS = {column for each in vars(tables).values() if isinstance(each, TableSpec) for column in each.columns}
Trees = Mapping[str, ast.Module]


@cache
def load_trees() -> Trees:
    """The modules of the audience, by name."""
    found = {}
    for path in sorted((ROOT / "audience").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def iter_read(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The columns that a module asks relations for by a literal, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            asked: list[ast.expr] = [node.slice]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in BY_NAME:
            asked = node.args
        else:
            continue
        for each in asked:
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.lineno, each.value


@cache
def list_made(tree: ast.Module) -> tuple[str, ...]:
    """What `_iter_made` gives, once for each module."""
    return tuple(_iter_made(tree))


def _iter_made(tree: ast.Module) -> Iterator[str]:
    """The columns that a module makes: as keywords, as keys of a dict; of a name that is computed, how it begins."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (each.arg for each in node.keywords if each.arg is not None)
            if isinstance(node.func, ast.Attribute) and node.func.attr == "fromkeys":
                yield from (str(each.value) for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant))
        keys = node.keys if isinstance(node, ast.Dict) else [node.key] if isinstance(node, ast.DictComp) else []
        keys += [node.slice] if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) else []
        for key in keys:
            if isinstance(key, ast.Constant):
                yield str(key.value)
            elif isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
                yield f"{key.values[0].value!s}*"


def list_imported(tree: ast.Module, trees: Trees) -> frozenset[str]:
    """The modules of the audience that a module imports."""
    return _list_imported(tree) & trees.keys()


@cache
def _list_imported(tree: ast.Module) -> frozenset[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return frozenset(found)


def has_relations(tree: ast.Module) -> bool:
    """Whether a module speaks of relations: what others ask by a name are dicts."""
    imported = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "ibis")
    return any(each.name == "Table" for node in imported for each in node.names)


def find_unknown(name: str, trees: Trees) -> list[str]:
    """The columns that a module asks for and that there are not, in the tables or in the modules next to it.

    These are the ones that it imports, the ones that import it, as they hand it its relations, and what these import.
    """
    imported = {each: list_imported(tree, trees) for each, tree in trees.items()}
    callers = {each for each, theirs in imported.items() if name in theirs}
    near = {name, *imported[name], *callers, *(each for caller in callers for each in imported[caller])}
    made = {column for each in near for column in list_made(trees[each])}
    begins = tuple(each.removesuffix("*") for each in made if each.endswith("*") and each != "*")
    known = COLUMNS | REASON_FIELDS | made

    def exists(column: str) -> bool:
        if column in known or column.removesuffix(RIGHT) in known:
            return True
        return any(column.startswith(begin) and column.removeprefix(begin) in known for begin in begins)

    return [f"{name}:{line}: {column}" for line, column in iter_read(trees[name]) if not exists(column)]


MODULES = [
    name for name, tree in load_trees().items() if set(name.split(".")[2:3]) <= set(FOLDERS) and has_relations(tree)
]


@pytest.mark.parametrize("name", MODULES)
def test_a_relation_is_asked_only_for_columns_that_there_are(name: str) -> None:
    assert find_unknown(name, load_trees()) == []


def test_a_good_part_of_the_columns_is_seen() -> None:
    read = [column for name in MODULES for _, column in iter_read(load_trees()[name])]
    assert len(MODULES) > 30
    assert len(read) > 800


@pytest.mark.parametrize(
    "planted",
    [
        'def f(told): return told.filter(told["contcatId"].isnull())',
        'def f(told): return told.select("contcatId")',
        'def f(told): return told.mutate(x=told["supressed_by"])',
        'def f(told): return told.group_by("reasons").agg(n=told.count())',
        'def f(told): return told.order_by("live_contcatId")',
        'def f(told): return told.drop("e146")',
    ],
)
def test_a_name_that_is_misspelt_is_found(planted: str) -> None:
    name = "reconciler.audience.diff.membership_diff"
    trees = dict(load_trees())
    tree = ast.parse(ast.unparse(trees[name]) + "\n" + planted)
    assert len(find_unknown(name, {**trees, name: tree})) == 1
