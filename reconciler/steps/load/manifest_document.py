# tested by: tests/steps/load/test_schemas.py
"""Define one YAML document with the place of each value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reconciler.model.problem import Location
from reconciler.model.resource import Path


@dataclass(slots=True)
class Document:
    """One document of a file.

    Attributes:
        places: where to edit each part: a scalar at its value, a mapping or list at the key that holds it.
        keys: where each key is written.
        rendered: the scalars that templates made; their values may be secret and are printed nowhere.
        origins: where what a template used was written, by the place of the value that it made.
        spoiled: places whose fault was told already: what follows from it is not told again.
        sound: whether nothing was wrong so far.
        operator: whether the file is the operator's, and no part of the workspace. with_manifests: whether git has it
            beside the manifests all the same.
        part: which one, of a manifest that stands for several. variables: what templates know of that.
    """

    file: str
    value: Any = None
    places: dict[Path, Location] = field(default_factory=dict)
    keys: dict[Path, Location] = field(default_factory=dict)
    rendered: set[Path] = field(default_factory=set)
    origins: dict[Location, tuple[Location, ...]] = field(default_factory=dict)
    spoiled: set[Location] = field(default_factory=set)
    sound: bool = True
    operator: bool = False
    with_manifests: bool = False
    part: str | None = None
    variables: dict[str, str] = field(default_factory=dict)

    def locate(self, *path: str | int) -> Location:
        """The place of a part, or of the nearest part around it that was written."""
        return next(self.places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.places)

    def is_secret(self, path: Path) -> bool:
        """Whether a template made a part, or something around it."""
        return any(path[:end] in self.rendered for end in range(len(path) + 1))
