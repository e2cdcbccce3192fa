# tested by: tests/audience/sources/test_sql_source.py
"""Carry a secret that masks itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False, eq=True)
class Secret:
    """A text that shows itself as `***` wherever it is printed, logged, formatted or compared in a test."""

    _value: str

    def reveal(self) -> str:
        """The text itself: called where it is sent, and nowhere else."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __str__(self) -> str:
        return "***"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is never pickled")
