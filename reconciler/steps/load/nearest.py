"""Which of the valid names did a person mean?"""

from __future__ import annotations

from collections.abc import Iterable

ALIKE = 65.0
"""How alike two names must be, in percent, before one is offered for the other."""

_LISTED = 8
_COMPARED = 100


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like a word, whatever its case; None when nothing is like it."""
    from rapidfuzz import fuzz, process

    found = process.extractOne(
        word[:_COMPARED], sorted(choices), scorer=fuzz.ratio, processor=str.casefold, score_cutoff=ALIKE
    )
    return None if found is None else str(found[0])


def suggest(word: str, choices: Iterable[str]) -> str | None:
    """A hint: the choice that was probably meant, else what there is to choose from, else nothing."""
    offered = sorted(choices)
    meant = nearest(word, offered)
    if meant is not None:
        return f"did you mean `{meant}`?"
    return f"there is {listed(offered)}" if offered else None


def listed(names: Iterable[str]) -> str:
    """Names as a sentence has them: the first few, and how many more there are."""
    every = [f"`{name}`" for name in sorted(names)]
    more = len(every) - _LISTED
    return ", ".join(every[:_LISTED]) + (f" and {more} more" if more > 0 else "")
