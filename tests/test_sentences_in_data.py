"""What the program hands on is codes and values: a sentence is made where it is shown, or where an error is raised."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.codes import PACKAGE

WORDS = re.compile(r"[a-zA-Z]{2,}.* .*[a-zA-Z]{2,}")
NONE = re.compile(r"\s*(SELECT|FROM|WHERE|ORDER BY)\b|--[a-z]")
"""What an engine is asked with, and parts of it; and an option of the command line with its value."""

ROOMS = [each for each in sorted(PACKAGE.iterdir()) if each.name not in ("views", "cli", "simulator", "__pycache__")]
"""All but those that are words for people, and the embedded tenant, which speaks as the vendor does."""

SAID = {"Problem", "Finding", "Notice", "Broken", "Odd", "BadInput", "Problems"}
"""What an error, a finding and a notice are: a code, beside which a message for people stands."""

NAMES = {"Location", "HostName", "PlaceName", "Attribute", "Address", "LiveObject", "Reading"}
NAMES |= {"RawRows", "InterruptedRun.whose", "Source"}
"""What names a place or a thing, by which errors speak of it."""

MEASURES = {"Ceiling", "Hours.said"}
"""What says which calls and hours a limit is for: as the law has it, whose words stand in `rules/jurisdictions.toml`."""

LEFT = SAID | NAMES | MEASURES


GIVING = ast.Assign | ast.AugAssign | ast.NamedExpr | ast.Call
"""What may give a name a text."""


def text_of(node: ast.AST) -> str | None:
    """A text as it is written; what is put into it stands as XX."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "XX" for part in node.values)
    return None


def walk_outside(node: ast.AST) -> Iterator[ast.AST]:
    """An expression and its parts, but for what an error or a name is made of."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LEFT:
        return
    yield node
    for each in ast.iter_child_nodes(node):
        yield from walk_outside(each)


class Texts:
    """The sentences of a function: by the names that it gives them, and by the functions that return them."""

    def __init__(self, function: ast.AST, returned: Mapping[str, str]) -> None:
        self.named: dict[str, str] = {}
        self._returned = returned
        nodes = [each for each in ast.walk(function) if isinstance(each, GIVING)]
        for _ in range(2):  # a name may be made of one that is given later, in a loop
            before = len(self.named)
            for node in nodes:
                self._take(node)
            if len(self.named) == before:
                break

    def _take(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign | ast.AugAssign | ast.NamedExpr) and (said := self.find(node.value)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for each in (part for target in targets for part in ast.walk(target)):
                if isinstance(each, ast.Name):
                    self.named[each.id] = said
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("append", "extend")
        ):
            said = next(filter(None, map(self.find, node.args)), None)
            if said and isinstance(node.func.value, ast.Name):
                self.named[node.func.value.id] = said

    def find(self, node: ast.AST) -> str | None:
        """A sentence that is in an expression, or in what it names."""
        for each in walk_outside(node):
            said = text_of(each)
            if (
                said
                and not NONE.match(said)
                and WORDS.search(said)
                and re.search(r"\b[a-z]{2,}\b", said.replace("XX", ""))
                and " " in said
            ):
                return said
            if isinstance(each, ast.Name) and each.id in self.named:
                return self.named[each.id]
            if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id in self._returned:
                return self._returned[each.func.id]
        return None


def returned_sentences(tree: ast.AST) -> Mapping[str, str]:
    """The functions of a module that return a sentence, which may be another's."""
    found: dict[str, str] = {}
    functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
    for _ in range(3):
        before = len(found)
        for function in functions:
            texts = Texts(function, found)
            ends = [
                each.value for each in ast.walk(function) if isinstance(each, ast.Return | ast.Yield) and each.value
            ]
            if said := next(filter(None, map(texts.find, ends)), None):
                found[function.name] = said
        if len(found) == before:
            break
    return found


def list_values(trees: Mapping[Path, ast.AST]) -> set[str]:
    """The names of the program's dataclasses."""
    classes = [each for tree in trees.values() for each in ast.walk(tree) if isinstance(each, ast.ClassDef)]
    return {each.name for each in classes if any("dataclass" in ast.unparse(one) for one in each.decorator_list)}


def find_sentences(tree: ast.AST, values: set[str]) -> Iterator[tuple[str, str]]:
    """The sentences that become a part of a value, or are a property of one: by its class, or class and property."""
    returned = returned_sentences(tree)
    for function in (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)):
        texts = Texts(function, returned)
        for call in (each for each in ast.walk(function) if isinstance(each, ast.Call)):
            name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            given = [*call.args, *(each.value for each in call.keywords)]
            if name in values and (said := next(filter(None, map(texts.find, given)), None)):
                yield name, said
    for made in (each for each in ast.walk(tree) if isinstance(each, ast.ClassDef) and each.name in values):
        for function in (each for each in made.body if isinstance(each, ast.FunctionDef)):
            texts = Texts(function, returned)
            ends = [each.value for each in ast.walk(function) if isinstance(each, ast.Return) and each.value]
            told = any(ast.unparse(each) == "property" for each in function.decorator_list)
            if told and (said := next(filter(None, map(texts.find, ends)), None)):
                yield f"{made.name}.{function.name}", said


def read_rooms() -> Mapping[Path, ast.AST]:
    paths = [path for room in ROOMS for path in ([room] if room.suffix == ".py" else sorted(room.rglob("*.py")))]
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths if path.suffix == ".py"}


def test_no_value_that_is_handed_on_holds_a_sentence() -> None:
    trees = read_rooms()
    values = list_values(trees)
    found = {
        (path.relative_to(PACKAGE).as_posix(), name, said)
        for path, tree in trees.items()
        for name, said in find_sentences(tree, values)
    }
    assert {each for each in found if each[1] not in LEFT} == set()
    assert LEFT - SAID - {each[1] for each in found} == set(), "nothing of it holds a sentence any more"


MODULE = """
@dataclass
class Change:
    name: str
    @property
    def words(self) -> str:
        return f"{self.name} to {self.name}"

def make(name):
    notes = [describe(name)]
    notes.append("a sentence that is added")
    return Change(notes)

def describe(name):
    text = f"the record of {name} is not proven"
    return text

def fail():
    yield Change(Problem("a message that is an error's"), "a-code")
"""


def test_a_sentence_in_a_value_would_be_found() -> None:
    tree = ast.parse(MODULE)
    assert set(find_sentences(tree, {"Change"})) == {
        ("Change.words", "XX to XX"),
        ("Change", "a sentence that is added"),
    }
    without = ast.parse(MODULE.replace("    notes.append", "    print"))
    assert ("Change", "the record of XX is not proven") in set(find_sentences(without, {"Change"}))
