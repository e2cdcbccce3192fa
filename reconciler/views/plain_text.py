"""Strip control characters from foreign text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from reconciler.model.text_folding import strip_invisible

_ORDERS = re.compile(r"##(?=\w*\[)")
"""Where a pipeline looks for its own commands in whatever line of its log (`##[…`, `##vso[…`, `##teamcity[…`).

Those with `::` have to begin a line.
"""


def plain(text: str) -> str:
    """The text on one line: every control, formatting and surrogate character, and every line end, as `\\u…`.

    Foreign text is put behind words of ours, so that it never begins a line.
    """
    shown = "".join(f"\\u{ord(character):04x}" if _gives_orders(character) else character for character in text)
    return _ORDERS.sub("#\\\\u0023", shown)


def _gives_orders(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def plain_lines(text: str) -> list[str]:
    """A text of ours that may have several lines, each of them plain; foreign parts of it are plain before."""
    return [plain(line) for line in text.split("\n")]


def plain_json(document: str) -> str:
    """A JSON document, the same to whoever reads JSON, on whose lines nothing gives orders to a terminal or a pipeline.

    Its writer has put whatever begins a line into strings as `\\n`; what is left of that kind stands in strings too.
    """
    return strip_commands(_UNPRINTED.sub(_escape_unit, document))


def strip_commands(document: str) -> str:
    """A document without what a pipeline would take for a command of its own."""
    return _ORDERS.sub("#\\\\u0023", document)


_UNPRINTED = re.compile(r"[^\n -~]")


def _escape_unit(found: re.Match[str]) -> str:
    character = found.group()
    if not _gives_orders(character):
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def reveal(character: str) -> str:
    """A character; one that gives orders, or that nobody sees, as `\\u…`."""
    shown = plain(character)
    if shown == character and character != " " and not strip_invisible(character):
        return f"\\u{ord(character):04x}"
    return shown


def cut_middle(units: Sequence[str], longest: int, measure: Callable[[str], int] = len) -> str:
    """The units beside each other; where they have more characters than `longest`, with `…` for the middle ones.

    `measure`: how many characters a unit counts; as many as it has, if nothing else is said.
    """
    if sum(map(measure, units)) <= longest:
        return "".join(units)
    head: list[str] = []
    tail: list[str] = []
    before, after, first, last = 0, 0, 0, len(units)
    while first < last:
        front = before <= after
        unit = units[first] if front else units[last - 1]
        if before + after + measure(unit) > longest - 1:
            break
        if front:
            head.append(unit)
            before, first = before + measure(unit), first + 1
        else:
            tail.append(unit)
            after, last = after + measure(unit), last - 1
    return f"{''.join(head)}…{''.join(reversed(tail))}"
