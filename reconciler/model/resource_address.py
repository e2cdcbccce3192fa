# tested by: tests/model/test_serialization.py
"""Name a declared resource, or a part of one."""

from __future__ import annotations

from dataclasses import dataclass

_ACTIVATION = ":activation"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A resource (`Campaign/history-high`), one part of it (`Segment/history[high]`), or a later step for it.

    Attributes:
        later: whether it is the step in which the object begins its work (`Campaign/history-high:activation`).
    """

    kind: str
    name: str
    part: str | None = None
    later: bool = False

    def __str__(self) -> str:
        whole = f"{self.kind}/{self.name}"
        whole = whole if self.part is None else f"{whole}[{self.part}]"
        return f"{whole}{_ACTIVATION}" if self.later else whole

    @property
    def activation(self) -> Address:
        """The address of the step in which the object begins its work."""
        return Address(self.kind, self.name, self.part, later=True)

    @property
    def object(self) -> Address:
        """The address of the object, whichever step is meant."""
        return Address(self.kind, self.name, self.part)

    @property
    def resource(self) -> Address:
        """The address of the whole resource, without the part."""
        return Address(self.kind, self.name)

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read back what `str()` wrote.

        Raises:
            ValueError: the text is not `Kind/name` or `Kind/name[part]`.
        """
        kind, slash, rest = text.partition("/")
        name, bracket, part = rest.partition("[")
        if not (kind and slash and name) or (bracket and not part.endswith("]")):
            raise ValueError(f"{text!r} is not an address such as Campaign/history-high")
        return cls(kind, name, part[:-1] if bracket else None)

    @classmethod
    def parse_told(cls, text: str) -> Address:
        """The same of what a plan tells: an object that nothing declares has the name that somebody gave it.

        Raises:
            ValueError: the text names no kind, or nothing of it.
        """
        try:
            return cls.parse(text)
        except ValueError:
            kind, _, name = text.partition("/")
            if not (kind and name):
                raise
            return cls(kind, name)
