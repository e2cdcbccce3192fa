"""Which of many places, and how many examples, is something tried at? All, or, where there is little time, some."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

Place = TypeVar("Place")


def tried(places: Sequence[Place]) -> Sequence[Place]:
    """Every place; where `RECONCILER_EVERY` is a number, one in the midst of each so many.

    `make matrix` tries all. `make test` tries one of 45: an odd number, as places come in pairs, before and after.
    """
    return places[min(_every(), len(places)) // 2 if _every() > 1 else 0 :: _every()]


def examples(most: int) -> int:
    """How many examples a property is tried with: `most`, or, where there is little time, a part, a tenth at least.

    `make matrix` tries as many as there are; `RECONCILER_EXAMPLES` is another number for all of them.
    """
    return int(os.environ.get("RECONCILER_EXAMPLES", "0")) or max(most // min(_every(), _FEWEST), 1)


def turns() -> int:
    """In how many turns many tests go through one large whole, each through a part: one where there is time for all."""
    return min(_every(), 5)


_FEWEST = 10
"""Fewer examples than one in so many hold nothing."""


def _every() -> int:
    return int(os.environ.get("RECONCILER_EVERY", "1"))
