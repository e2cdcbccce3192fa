# tested by: tests/steps/load/test_load.py
"""Parse YAML into values that know their places.

A strict reading of YAML: a team must be able to trust that what a reviewer reads is what the tool does.

- Only JSON's scalars have a type (`yaml_scalars.py`); all else is the text that was written.
- Keys are text, always.
- A key written twice is a problem, never the last one wins.
- Aliases (`*name`) are refused: a reader should see what a manifest says at the place where it says it, and nine
  lines of aliases can stand for a billion values. An anchor without an alias means nothing and is let be.
- Tags other than YAML's own for text, numbers, true/false, null, lists and mappings are refused.
- Nesting is bounded.

The text is read as events, one by one, so that nothing is expanded or built before it is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from reconciler.model.problem import Location, Problem, Problems
from reconciler.model.resource import Path
from reconciler.steps.load.manifest_document import Document
from reconciler.steps.load.yaml_scalars import parse_plain

DEPTH = 50
"""How deep mappings and lists may be nested."""

FAULTS = 1_000
"""Faults of one file after which the rest of it is not read: it is something else than was meant."""

DOCUMENTS = 10_000
"""The most documents that one file may have."""

_TAGS: dict[str, tuple[type, ...]] = {
    f"tag:yaml.org,2002:{name}": types
    for name, types in {
        "str": (str,),
        "int": (int,),
        "float": (int, float),
        "bool": (bool,),
        "null": (type(None),),
        "map": (dict,),
        "seq": (list,),
    }.items()
} | {"!": (str, dict, list)}
_NOT_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# libyaml reads about seven times as fast; the slow reader gives the same events
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_HEADS = ("apiVersion", "kind", "metadata", "spec")
"""The keys that every manifest begins with: one of them twice is a second manifest."""

_CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)
_NOT_ALIGNED = ("did not find expected key", "did not find expected '-' indicator")
_HINTS = {
    "mapping values are not allowed in this context": "look at the indentation of this line and of the one above; a"
    " blank follows the colon of a key, and a value that holds `: ` stands in quotes",
    "could not find expected ':'": "look at this line and the one above: a key is followed by a colon and a space",
}


class _Halt(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def read(file: str, text: str) -> tuple[list[Document], Problems, bool]:
    """The documents of a text that say anything, their problems, and whether the text was read to its end."""
    odd = _NOT_TEXT.search(text)
    if odd is not None:
        before = text[: odd.start()]
        where = Location(file, before.count("\n") + 1, odd.start() - before.rfind("\n"))
        message = f"the character U+{ord(odd[0]):04X} cannot be written in YAML"
        return (
            [],
            Problems([Problem(where, "yaml-syntax", message, hint='write it in double quotes, as "\\u…"')]),
            False,
        )
    reader = _Reader(file, text)
    documents: list[Document] = []
    try:
        for document in reader.read_documents():
            if len(documents) == DOCUMENTS:
                message = f"the file has more than the {DOCUMENTS:,} documents that one file may have"
                raise _Halt(Problem(document.locate(), "too-many-documents", message, hint="split it"))
            documents.append(document)
    except _Halt as halt:
        return documents, Problems([*reader.problems, halt.problem]), False
    except yaml.YAMLError as error:
        return documents, Problems([*reader.problems, _describe_syntax(file, text, error)]), False
    return documents, reader.problems, reader.joined is None


def read_scalar(text: str) -> Any:
    """A text from the command line as YAML reads a scalar: `75` is a number, `"75"` in quotes is text."""
    if text[:1] in {"'", '"'}:
        documents, problems, _ = read("", text)
        if len(documents) == 1 and not problems and isinstance(documents[0].value, str):
            return documents[0].value
    return parse_plain(text)


def _describe_syntax(file: str, text: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
    reason = getattr(error, "problem", None)
    conflict = _CONFLICT.search(text)
    if conflict is not None:
        line = text.count("\n", 0, conflict.start()) + 1
        settle = "keep what is meant, and take out the lines that begin with <<<<<<<, ======= and >>>>>>>"
        message = "this is an unresolved git merge conflict"
        return Problem(Location(file, line, 1), "yaml-syntax", message, hint=settle)
    there = [line[where.column - 1 : where.column] for line in text.split("\n")[where.line - 1 : where.line]]
    hint = "indent with spaces, not tabs" if there == ["\t"] else _make_hint(str(reason), error)
    return Problem(where, "yaml-syntax", "this is not YAML", note=reason, hint=hint)


def _make_hint(reason: str, error: yaml.YAMLError) -> str | None:
    """What is most often wrong where the reader of YAML stops: it says what it looked for, and not why."""
    begun = getattr(error, "context_mark", None)
    if reason in _NOT_ALIGNED and begun is not None:
        what = "the keys of one mapping" if "key" in reason else "the items of one list"
        place = f"column {begun.column + 1} as in line {begun.line + 1}"
        return f"look at the indentation: {what} begin in one column, here in {place}"
    return _HINTS.get(reason)


class _Reader:
    """Builds documents from the events of one text."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.problems = Problems()
        self.document = Document(file)
        self.events: Iterator[Any] = iter(_LOADER(text).get_event, None)
        self.joined: Document | None = None
        """The last document in which two manifests stand: what the second one declares is not known."""

    def read_documents(self) -> Iterator[Document]:
        for event in self.events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            self.document = Document(self.file)
            before = len(self.problems)
            root = next(self.events)
            self.document.places[()] = self.locate(root)
            self.document.value = self.read_node(root, ())
            self.document.sound = len(self.problems) == before
            nothing = isinstance(root, yaml.ScalarEvent) and not (root.value or root.style)
            if not nothing or not self.document.sound:
                yield self.document

    def read_node(self, event: Any, path: Path) -> Any:
        if len(path) > DEPTH:
            message = f"mappings and lists are nested deeper than {DEPTH} levels"
            raise _Halt(Problem(self.locate(event), "yaml-too-deep", message))
        if isinstance(event, yaml.AliasEvent):
            raise _Halt(self.describe_alias(event))
        if isinstance(event, yaml.MappingStartEvent):
            return self.check_tag(event, self.read_mapping(path), path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.check_tag(event, self.read_sequence(path), path)
        return self.read_scalar(event, path)

    def read_mapping(self, path: Path) -> dict[str, Any]:
        built: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self.refuse_key(event, path)
                continue
            key = self.check_tag(event, self.read_text(event), path)
            inner = (*path, key)
            if key in built:
                self.refuse_repeated_key(event, inner)
                continue
            self.document.keys[inner] = self.locate(event)
            value = next(self.events)
            written = isinstance(value, yaml.ScalarEvent) and (value.value or value.style)
            self.document.places[inner] = self.locate(value if written else event)
            built[key] = self.read_node(value, inner)
        return built

    def read_sequence(self, path: Path) -> list[Any]:
        built: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            inner = (*path, len(built))
            self.document.places[inner] = self.locate(event)
            built.append(self.read_node(event, inner))
        return built

    def read_scalar(self, event: Any, path: Path) -> Any:
        text = self.read_text(event)
        if event.tag in {"tag:yaml.org,2002:str", "!"}:
            return text
        asked = event.tag is not None
        return self.check_tag(event, parse_plain(text) if asked or not event.style else text, path)

    def read_text(self, event: Any) -> str:
        text: str = event.value
        try:
            text.encode()
        except UnicodeEncodeError:
            self.add_fault(Problem(self.locate(event), "yaml-syntax", "half of a surrogate pair is written here"))
            return text.encode("utf-8", "replace").decode()
        return text

    def check_tag(self, event: Any, value: Any, path: Path) -> Any:
        if event.tag is not None and not self.fits(event.tag, value):
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            hint = "leave the tag out; put text in quotes"
            message = f"the tag {tag} is not one that manifests may use here"
            self.add_fault(Problem(self.locate(event), "yaml-tag", message, hint=hint))
            self.spoil(path)
        return value

    def add_fault(self, problem: Problem) -> None:
        self.problems.append(problem)
        if len(self.problems) >= FAULTS:
            message = f"the file has {FAULTS:,} faults so far, and the rest of it is not read"
            raise _Halt(Problem(problem.where, "too-many-faults", message))

    def spoil(self, path: Path) -> None:
        if path in self.document.places:  # it is not in a part that is read aside
            self.document.spoiled.add(self.document.places[path])

    @staticmethod
    def fits(tag: str, value: Any) -> bool:
        types = _TAGS.get(tag, ())
        return isinstance(value, types) and not (isinstance(value, bool) and bool not in types)

    def describe_alias(self, event: Any) -> Problem:
        return Problem(
            self.locate(event),
            "yaml-alias",
            f"`*{event.anchor}` repeats a part that is written elsewhere",
            note="aliases are refused: a few nested ones stand for billions of values",
            hint="write the part out here, or take the value from a variable",
        )

    def refuse_key(self, event: Any, path: Path) -> None:
        self.add_fault(
            Problem(
                self.locate(event),
                "yaml-key",
                "a mapping or a list stands where a key should",
                hint='a template needs quotes around it: "{{ name }}"',
            )
        )
        self.spoil(path)
        before = len(self.problems)
        try:
            self.read_aside(event, (*path, "?"))
            self.read_aside(next(self.events), (*path, "?"))
        finally:  # keys within such a key are of the same kind: the outermost says it
            self.problems[before:] = [each for each in self.problems[before:] if each.code != "yaml-key"]

    def refuse_repeated_key(self, event: Any, path: Path) -> None:
        first = self.document.keys[path]
        message = f"the key `{event.value}` is written twice; it stands at line {first.line} already"
        hint = f"keep one of them: {first} or this"
        begins = len(path) == 1 and path[0] in _HEADS
        if begins:
            hint += "; where another manifest begins here, put a line `---` before it"
        if not begins or self.joined is not self.document:  # of a second manifest it is said once
            self.add_fault(Problem(self.locate(event), "duplicate-key", message, hint=hint))
        if begins:
            self.joined = self.document
        self.read_aside(next(self.events), path)

    def read_aside(self, event: Any, path: Path) -> None:
        """Read a part that has no place in the document, for its own problems."""
        kept, self.document = self.document, Document(self.file)
        self.read_node(event, path)
        self.document = kept

    def locate(self, event: Any) -> Location:
        return Location(self.file, event.start_mark.line + 1, event.start_mark.column + 1)
