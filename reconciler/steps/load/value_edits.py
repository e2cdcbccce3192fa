# tested by: tests/cli/test_adopting_drift.py
"""Put other values in the place of scalars of a file of YAML, and touch no other character of it.

A scalar is found by the place that it was read at. Comments, anchors, blanks and line ends around it stay; what stood
in quotes stands in the same quotes, where they can hold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from reconciler.model.problem import Location
from reconciler.model.yaml_text import write_scalar

_MARKS = ("{{", "{%", "{#")
_BLOCKS = ("|", ">")


def edit_values(text: str, edits: Mapping[Location, Any]) -> tuple[str, set[Location]]:
    """The text with these values at these places; and the places that hold no plain value: a template, a block.

    `edits`: by place the value, a text, a number, true or false.
    """
    wanted = {(place.line, place.column): place for place in edits}
    found: dict[Location, Any] = {}
    at: Location | None = None
    names = False
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        mark = token.start_mark
        at = wanted.get((mark.line + 1, mark.column + 1), at)
        if isinstance(token, yaml.AnchorToken | yaml.TagToken):
            continue  # it stands before its value
        if at is not None and isinstance(token, yaml.ScalarToken) and not names:
            found[at] = token
        at, names = None, isinstance(token, yaml.KeyToken)
    made, left = text, set(edits) - found.keys()
    for place, token in sorted(found.items(), reverse=True, key=lambda each: each[1].start_mark.index):
        if token.style in _BLOCKS or any(mark in token.value for mark in _MARKS):
            left.add(place)
            continue
        begin, end = token.start_mark.index, token.end_mark.index
        made = made[:begin] + write_scalar(edits[place], token.style) + made[end:]
    return made, left
