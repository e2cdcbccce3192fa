"""Collect the codes that the program can put out, from its text and from its classes."""

from __future__ import annotations

import ast
import pkgutil
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path

import reconciler
from reconciler.model.errors import ReconcilerError

PACKAGE = Path(__file__).parents[1] / "reconciler"
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
ELSEWHERE = {
    # the code of a class of errors: among those
    "error.code",
    # what `ConditionRole` and a template's `Refused` were made with: followed there
    "of.code",
    "error.told",
}
"""Codes that are read off something else, which is looked at by itself."""


@dataclass
class Found:
    """Codes with the place where each is written, and what the walk could not follow."""

    codes: dict[str, str] = field(default_factory=dict)
    unclear: set[str] = field(default_factory=set)


Sink = tuple[str, int | None]
"""The name and the position of the parameter that a code is given as."""


class Sinks(dict[tuple[str, str], Sink]):
    """What takes a code, by the module and the name; module `*`: whoever calls that name."""

    def find(self, module: str, name: str) -> Sink | None:
        """What takes a code, called by that name in that module; a private name is that module's own."""
        found = self.get((module, name))
        return found if found is not None or name.startswith("_") else self.get(("*", name))

    def learn(self, module: str, name: str, sink: Sink) -> None:
        """A function hands its parameter on."""
        self[(module if name.startswith("_") else "*", name)] = sink


@dataclass
class _Scope:
    """A function, or what is outside all functions of a module: what it calls, by which name, and what its names are set to."""

    module: str
    node: ast.Module | FUNCTIONS
    calls: list[tuple[str, ast.Call]]
    names: MutableMapping[str, list[ast.expr]]


@cache
def find_problem_codes(package: Path = PACKAGE) -> Found:
    """The code of each problem of the input that the text of the program makes.

    Followed are constants, also by their names, the arms of a condition, names that a function sets, and its
    parameters: from `Problem`, and from every function that hands a parameter of its own on as the code of one.
    """
    read = [_read(path, path.relative_to(package)) for path in sorted(package.rglob("*.py"))]
    sinks = Sinks({("*", "Problem"): ("code", 1), ("*", "ConditionRole"): ("code", 0)})
    for module in ("steps/load/templates.py", "steps/load/template_filters.py"):
        sinks[module, "Refused"] = ("code", 0)
    constants = {name: values for whole, *_ in read for name, values in whole.names.items() if name.isupper()}
    scopes = [each for scopes in read for each in scopes]
    for each in scopes:
        each.names = ChainMap(each.names, constants)
    while True:
        found, before = Found(), len(sinks)
        for scope in scopes:
            _walk_calls(scope, sinks, found)
        if len(sinks) == before:
            return found


def _read(path: Path, module: Path) -> list[_Scope]:
    """The scopes of a module, the outermost first."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[_Scope] = []
    waiting: list[ast.Module | FUNCTIONS] = [tree]
    while waiting:
        node = waiting.pop()
        own, inside = _split(node)
        waiting += inside
        calls = [
            (each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", ""), each)
            for each in own
            if isinstance(each, ast.Call)
        ]
        found.append(_Scope(str(module), node, calls, _list_names(own)))
    return found


def _split(scope: ast.AST) -> tuple[list[ast.AST], list[FUNCTIONS]]:
    """What is in a function, and not in one inside it; and those inside it."""
    own: list[ast.AST] = []
    inside: list[FUNCTIONS] = []
    waiting = [*ast.iter_child_nodes(scope)]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, FUNCTIONS):
            inside.append(node)
        else:
            own.append(node)
            waiting[:0] = ast.iter_child_nodes(node)
    return own, inside


def _list_names(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """What names are set to, all of it."""
    names: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for each in target.elts if isinstance(target, ast.Tuple) else [target]:
                    if isinstance(each, ast.Name):
                        names.setdefault(each.id, []).append(node.value)
    return names


def _walk_calls(scope: _Scope, sinks: Sinks, found: Found) -> None:
    for name, node in scope.calls:
        sink = sinks.find(scope.module, name)
        if sink is not None:
            keyword, position = sink
            given = [each.value for each in node.keywords if each.arg == keyword]
            given += [] if position is None else node.args[position : position + 1]
            for value in given:
                _follow(value, f"{scope.module}:{node.lineno}", scope.node, scope.names, sinks, found)


def _follow(
    value: ast.expr,
    place: str,
    scope: ast.Module | FUNCTIONS,
    names: Mapping[str, list[ast.expr]],
    sinks: Sinks,
    found: Found,
) -> None:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        found.codes.setdefault(value.value, place)
    elif isinstance(value, ast.IfExp):
        for arm in (value.body, value.orelse):
            _follow(arm, place, scope, names, sinks, found)
    elif isinstance(value, ast.Name) and value.id in names:
        for each in names[value.id]:
            _follow(each, place, scope, {}, sinks, found)
    elif isinstance(value, ast.Name) and isinstance(scope, FUNCTIONS) and value.id in _list_parameters(scope):
        told = scope.args.posonlyargs + scope.args.args
        positional = [each.arg for each in told if each.arg not in ("self", "cls")]
        position = positional.index(value.id) if value.id in positional else None
        sinks.learn(place.partition(":")[0], scope.name, (value.id, position))
    elif ast.unparse(value) not in ELSEWHERE:
        found.unclear.add(f"{place.partition(':')[0]}: {ast.unparse(value)}")


def _list_parameters(function: FUNCTIONS) -> list[str]:
    told = function.args
    return [each.arg for each in told.posonlyargs + told.args + told.kwonlyargs]


def find_errors() -> list[type[ReconcilerError]]:
    """Every class of errors that reach a person."""
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.endswith("__main__"):
            import_module(module.name)

    def walk(kind: type[ReconcilerError]) -> Iterator[type[ReconcilerError]]:
        if kind.__module__.startswith("reconciler."):
            yield kind
        for each in kind.__subclasses__():
            yield from walk(each)

    return list(dict.fromkeys(walk(ReconcilerError)))
