"""Which of many places is something tried at? All of them, or, where there is little time, every so many-th."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

Place = TypeVar("Place")


def tried(places: Sequence[Place]) -> Sequence[Place]:
    """Every place; where `RECONCILER_EVERY` is a number, the first and every so many-th after it.

    `make matrix` tries all. `make test` tries every fifth: an odd number, as places come in pairs, before and after.
    """
    return places[:: int(os.environ.get("RECONCILER_EVERY", "1"))]
