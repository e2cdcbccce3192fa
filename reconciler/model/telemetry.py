"""Tell whoever listens what was done and how long it took, by attributes of a list that names nobody.

Nobody listens unless a command line asks for it, and then nothing is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

Doing = Literal["command", "request", "step", "job"]
Value = str | int

ALLOWED: Mapping[Doing, frozenset[str]] = {
    "command": frozenset({"command", "exit_code"}),
    "request": frozenset({"method", "host", "status"}),
    "step": frozenset({"kind", "outcome", "rows", "rejected", "suppressed", "unknown"}),
    "job": frozenset({"kind", "status", "failed"}),
}
"""What may be told of each: no path, which may name a contact, no name, no message."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Something that was done, and the seconds that it took."""

    what: Doing
    seconds: float
    attributes: Mapping[str, Value] = field(default_factory=dict)


Listener = Callable[[Measured], None]
_listeners: list[Listener] = []


@contextmanager
def listen(listener: Listener) -> Iterator[None]:
    """Tell somebody, from whichever thread, until the context ends."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(what: Doing, seconds: float, **attributes: Value) -> None:
    """Tell everybody who listens.

    Raises:
        ValueError: an attribute is none that may be told.
    """
    if not _listeners:
        return
    unknown = attributes.keys() - ALLOWED[what]
    if unknown:
        raise ValueError(f"not to be told of a {what}: {', '.join(sorted(unknown))}")
    measured = Measured(what, seconds, attributes)
    for each in tuple(_listeners):
        each(measured)
