# tested by: tests/views/test_views.py
"""Cut the middle of the longest parts of a text, so that it fits a number of lines."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

LEAST = 4
"""Lines of a part that are kept in any case: two at both ends."""


def fit_parts(parts: Sequence[Sequence[Text]], most: int, more: str) -> list[Text]:
    """The lines of all parts, at most so many where parts of `LEAST` lines would fit.

    In the middle of a part that is cut stands how many lines are missing, and `more`: how to see them.
    """
    sizes = [len(part) for part in parts]
    while sum(sizes) > most and max(sizes) > LEAST + 1:
        at = sizes.index(max(sizes))
        # so many as are too many, but no more than a quarter at once: long parts are cut alike
        sizes[at] = max(LEAST + 1, sizes[at] - max(1, min(sum(sizes) - most, sizes[at] // 4)))
    lines: list[Text] = []
    for part, size in zip(parts, sizes, strict=True):
        if size == len(part):
            lines += part
            continue
        first = size // 2
        lines += part[:first]
        lines.append(Text(f"  … {len(part) - size + 1:,} more lines: {more}", "dim"))
        lines += part[len(part) - (size - 1 - first) :]
    return lines
