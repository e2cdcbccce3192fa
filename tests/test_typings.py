"""What `typings/` says of a library, the installed one has: a stub that rots would hide mistakes instead of finding them."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

TYPINGS = Path(__file__).parents[1] / "typings"
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef

SPREAD = {
    # ibis spreads over many classes what is one here
    "ibis.expr.types.Column": ("ibis.expr.types", "Value"),
    "ibis.expr.operations.Node": ("ibis.expr.operations", "Node"),
}
"""A class of a stub whose members the library has in some class below another."""


def _name_module(path: Path) -> str:
    parts = path.relative_to(TYPINGS).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _list_stubs() -> dict[str, ast.Module]:
    return {_name_module(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(TYPINGS.rglob("*.pyi"))}


@cache
def _load(name: str) -> Any:
    """A module of the library, or what one of them calls by that name (`ibis.udf`)."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        parent, _, last = name.rpartition(".")
        return getattr(importlib.import_module(parent), last)


def _list_below(found: type[Any]) -> Iterator[type[Any]]:
    yield found
    for each in type.__subclasses__(found):
        yield from _list_below(each)


def _find_member(module: str, of: str, name: str) -> list[Any]:
    """What the library has of that name in a class, or in one below it."""
    place = SPREAD.get(f"{module}.{of}")
    classes = [getattr(_load(module), of)] if place is None else list(_list_below(getattr(_load(place[0]), place[1])))
    return [getattr(each, name) for each in classes if hasattr(each, name)]


def _lack_arguments(stub: ast.FunctionDef | ast.AsyncFunctionDef, real: Any) -> set[str]:
    """The names by which a stub lets arguments be passed, and the library does not."""
    try:
        taken = inspect.signature(real).parameters
    except (TypeError, ValueError):  # it is no function of Python's, and does not say
        return set()
    if any(each.kind is each.VAR_KEYWORD for each in taken.values()):
        return set()
    by_name = {each.name for each in taken.values() if each.kind is not each.POSITIONAL_ONLY}
    said = {each.arg for each in (*stub.args.args, *stub.args.kwonlyargs)} - {"self", "cls"}
    return said - by_name


def find_rot(module: str, stub: ast.Module) -> Iterator[str]:
    """What a stub of a module says that the module has not."""
    for node in stub.body:
        if isinstance(node, FUNCTION | ast.ClassDef) and not hasattr(_load(module), node.name):
            yield f"{module}.{node.name}"
        elif isinstance(node, FUNCTION):
            lacking = _lack_arguments(node, getattr(_load(module), node.name))
            yield from (f"{module}.{node.name}({name}=)" for name in sorted(lacking))
        elif isinstance(node, ast.ImportFrom):
            for each in node.names:
                if each.asname is not None and not hasattr(_load(module), each.asname):
                    yield f"{module}.{each.asname}"
        elif isinstance(node, ast.ClassDef):
            yield from _find_rot_in_class(module, node)


def _find_rot_in_class(module: str, node: ast.ClassDef) -> Iterator[str]:
    for member in node.body:
        if not isinstance(member, FUNCTION):
            continue  # what an instance has is looked for in one: below
        found = _find_member(module, node.name, member.name)
        if not found:
            yield f"{module}.{node.name}.{member.name}"
        elif all(_lack_arguments(member, each) for each in found):
            yield f"{module}.{node.name}.{member.name}({', '.join(sorted(_lack_arguments(member, found[0])))}=)"


STUBS = _list_stubs()


@pytest.mark.parametrize("module", STUBS)
def test_the_library_has_whatever_its_stub_says(module: str) -> None:
    assert list(find_rot(module, STUBS[module])) == []


def test_a_name_that_the_library_has_not_is_found() -> None:
    said = """
def union(table, /): ...
def unite(table): ...
def literal(value, kind=None): ...
class Table:
    def filter(self, *predicates): ...
    def where(self, *predicates): ...
"""
    assert list(find_rot("ibis", ast.parse(said))) == ["ibis.unite", "ibis.literal(kind=)", "ibis.Table.where"]
    column = "class Column:\n    def re_search(self, pattern, /): ...\n    def matches(self, pattern, /): ...\n"
    assert list(find_rot("ibis.expr.types", ast.parse(column))) == ["ibis.expr.types.Column.matches"]


def test_an_instance_has_the_attributes_that_its_stub_says() -> None:
    import ibis
    import ibis.expr.operations as ops

    backend = ibis.duckdb.connect()
    found = ibis.table({"a": "string"})
    pattern = found["a"].re_search("x").op()
    instances: dict[str, Any] = {
        "ibis.backends.BaseBackend": backend,
        "ibis.backends.duckdb.Backend": backend,
        "ibis.expr.types.Table": found,
        "ibis.expr.datatypes.DataType": ibis.dtype("timestamp"),
        "ibis.expr.operations.Node": found.op(),
        "ibis.expr.operations.Literal": ibis.literal("x").op(),
        "ibis.expr.operations.RegexSearch": pattern,
        "ibis.expr.operations.RegexExtract": found["a"].re_extract("x", 0).op(),
        "ibis.expr.operations.RegexReplace": found["a"].re_replace("x", "y").op(),
    }
    assert isinstance(pattern, ops.RegexSearch)
    seen = set()
    for module, stub in STUBS.items():
        for node in stub.body:
            for each in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(each, ast.AnnAssign) and isinstance(node, ast.ClassDef):
                    seen.add(f"{module}.{node.name}")
                    assert hasattr(instances[f"{module}.{node.name}"], ast.unparse(each.target))
    assert seen == instances.keys()
