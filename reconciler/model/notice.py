# tested by: tests/model/test_notice_json.py
"""Define notices: codes and arguments; nothing is wrong, but a person should know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.reason import Counted

CODES: Mapping[str, tuple[str, ...]] = {
    "earlier_spelling": ("where", "setting", "now"),
    "interactions_unusable": ("source", "count"),
    "no_estimate": ("object", "error", "status", "request_id"),
    "no_estimate_in_time": ("object", "others", "seconds"),
    "cache_not_written": ("error",),
    "cache_discarded": ("types", "why", "count"),
    "rename_done": ("object", "name", "earlier", "where"),
    "release_done": ("object", "state", "where"),
    "nothing_to_release": ("name",),
    "kept_to_protect": ("objects",),
    "not_adopted": ("count", "kinds"),
    "adoption_declined": ("object", "where"),
    "rollback": ("run", "whole"),
    "rollback_left": ("object", "field", "why", "about"),
    "rollback_lost": ("object",),
    "rollback_kept": ("outcomes", "numbers"),
    "rollback_contacts_left": ("list", "count", "why"),
    "rollback_not_put_back": ("list", "count", "why"),
    "rollback_values_stay": ("list", "count"),
}
"""Every code with the names of its arguments, which are JSON values."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A code of `CODES` with its arguments, and the sentence for people.

    Attributes:
        faults: of rows that do not count, why, and how many for each reason; a view has the words.

    Raises:
        ValueError: there is no such code, or it takes other arguments.
    """

    code: str
    message: str
    args: Mapping[str, Any] = field(default_factory=dict, hash=False)
    faults: tuple[Counted, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no schema knows."""
        if self.code not in CODES or set(self.args) != set(CODES[self.code]):
            raise ValueError(f"no such notice: {self.code!r} of {sorted(self.args)}")

    def __str__(self) -> str:
        return self.message
