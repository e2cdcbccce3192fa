"""Choose resources by kind, name and label: `Campaign`, `Campaign/FL-*`, `FL-*`, `label:team=outbound`."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

_LABEL = "label:"


@dataclass(frozen=True, slots=True)
class Selector:
    """One thing that is asked for.

    Attributes:
        text: as it was written. kind: of the resource; None: any. name: a pattern of its name, in the manifests or in
            the tenant; None: any. label: a label's name, and a pattern of its value; None: whatever labels it has.
    """

    text: str
    kind: str | None = None
    name: str | None = None
    label: tuple[str, str] | None = None

    def matches(self, kind: str, names: Iterable[str], labels: Mapping[str, str]) -> bool:
        """Whether a resource of this kind, with these names and labels, is meant."""
        if self.kind not in (None, kind):
            return False
        if self.name is not None and not any(fnmatchcase(each, self.name) for each in names):
            return False
        return self.label is None or (self.label[0] in labels and fnmatchcase(labels[self.label[0]], self.label[1]))


@dataclass(frozen=True, slots=True)
class Selection:
    """What a command is narrowed to.

    Attributes:
        only: what is asked for; empty: everything. exclude: what is left out all the same.
    """

    only: tuple[Selector, ...] = ()
    exclude: tuple[Selector, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is left out by it."""
        return bool(self.only or self.exclude)

    def chooses(self, kind: str, names: Iterable[str], labels: Mapping[str, str]) -> bool:
        """Whether a resource is asked for, and not left out."""
        known = tuple(names)
        asked = not self.only or any(each.matches(kind, known, labels) for each in self.only)
        return asked and not self.excludes(kind, known, labels)

    def excludes(self, kind: str, names: Iterable[str], labels: Mapping[str, str]) -> bool:
        """Whether a resource is left out by name."""
        known = tuple(names)
        return any(each.matches(kind, known, labels) for each in self.exclude)

    @property
    def words(self) -> tuple[str, ...]:
        """The options that say it."""
        return (*(f"--only {each.text}" for each in self.only), *(f"--exclude {each.text}" for each in self.exclude))


def parse_selector(text: str, kinds: Container[str]) -> Selector:
    """Read `KIND`, `KIND/NAME`, `NAME` or `label:NAME=VALUE`; in NAME and VALUE `*`, `?` and `[…]` stand for others.

    Raises:
        ValueError: it names nothing, or a kind that there is not.
    """
    if text.startswith(_LABEL):
        name, equals, value = text.removeprefix(_LABEL).partition("=")
        if not name or (equals and not value):
            raise ValueError(f"{text!r} names no label: write label:NAME=VALUE, or label:NAME")
        return Selector(text, label=(name, value if equals else "*"))
    kind, slash, name = text.partition("/")
    if text in kinds:
        return Selector(text, kind=text)
    if slash and kind in kinds:
        if not name:
            raise ValueError(f"{text!r} names nothing of its kind: write {kind}, or {kind}/NAME")
        return Selector(text, kind=kind, name=name)
    if not text.strip():
        raise ValueError("it names nothing: write KIND, KIND/NAME, NAME or label:NAME=VALUE")
    return Selector(text, name=text)


EVERYTHING = Selection()
"""Where nothing is narrowed."""
