"""Why is somebody out, or somebody's row changed? A code with arguments; its words are in `views/reasons.py` alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TEXT, NUMBER, LIST = "text", "number", "list"
"""What an argument is in JSON. A list takes all the values that are left, and stands last."""

REASON = "struct<code: string, args: array<string>>"
"""The type of a column of reasons."""

CODES: Mapping[str, Mapping[str, str]] = {
    # who is on no list
    "unusable": {"fault": TEXT},
    "duplicate_row": {},
    "archived": {},
    "no_consent": {},
    "no_consent_recorded": {},
    "unknown_region": {"region": TEXT},
    "no_valid_phone": {},
    "suppressed": {"by": TEXT},
    "other_number_unreadable": {},
    "number_unreadable": {},
    "other_row_unreadable": {},
    "number_in_tenant_unreadable": {},
    "not_on_list": {"list": TEXT},
    "archived_on_list": {"list": TEXT},
    "no_interaction": {},
    "below_threshold": {"threshold": NUMBER},
    "band_without_list": {"band": TEXT},
    "duplicate_phone": {},
    "over_cap": {"cap": NUMBER},
    # what becomes of whoever is on a list, or belongs on one
    "qualifies": {"band": TEXT},
    "moved": {"from": TEXT, "to": TEXT},
    "belongs_elsewhere": {"band": TEXT},
    "not_in_source": {},
    "number_changed": {},
    "number_was_another_contacts": {},
    "number_on_foreign_row": {},
    "changed": {"fields": LIST},
    "changed_by_calendar": {"fields": LIST},
    "live_value_unknown": {"fields": LIST},
    "duplicate_member": {},
    "former_number": {},
    # whom the tenant would not take
    "number_removed_first": {},
    "rejected": {"times": NUMBER, "next": TEXT, "message": TEXT},
    "deferred": {"times": NUMBER, "next": TEXT, "message": TEXT},
    # which outcome a contact gets
    "outcome": {"from": TEXT, "to": TEXT},
    "same_outcome": {},
    "superseded": {},
    "superseded_by_set": {"set": TEXT},
    "unknown_contact": {},
    "held_by_dialler": {"state": TEXT},
    "retry_later": {},
    "asked_not_to_be_called": {"set": TEXT, "outcome": TEXT},
    # what becomes of an object
    "absent": {},
    "differs": {},
    "as_declared": {},
    "adopted": {},
    "unchangeable": {"fields": LIST},
    "undeclared": {},
    "made_inactive": {},
    "released_by_option": {},
    "released_by_manifest": {"where": TEXT},
    # how a list is written, where the manifest leaves it open
    "many_contacts": {"count": NUMBER},
    "contacts_from_outside": {},
    "attributes_to_write": {"attributes": LIST},
    "no_attributes": {},
    "no_way_by_id": {},
    "no_other_way": {},
    # what is known of one contact
    "active": {},
    "consent_given": {},
    "consent_not_asked": {},
    "called_without_recorded_consent": {"where": TEXT},
    "has_phone": {},
    "has_no_phone": {},
    "earlier_row": {},
    "blank_number": {},
    "called_number": {},
    "further_number": {},
    "unreadable_number": {"fault": TEXT},
    "interactions": {"count": NUMBER, "last": TEXT},
    "no_interactions": {},
    "points": {"score": NUMBER},
    "no_score": {},
    "included": {"band": TEXT},
    "on_list": {},
    "on_list_with_score": {"score": NUMBER},
    "on_list_by_number": {},
    "off_list": {},
    "nothing_planned": {},
}
"""Every code with its arguments, in their order: each name → what it is in JSON."""


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """A code of `CODES`, and the values of its arguments in their order; `""` for one that has none.

    Raises:
        ValueError: there is no such code, or it takes other arguments.
    """

    code: str
    args: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no view would have words for."""
        if self.code not in CODES:
            raise ValueError(f"no such reason: {self.code!r}")
        kinds = list(CODES[self.code].values())
        fixed = sum(kind != LIST for kind in kinds)
        if len(self.args) < fixed or (len(self.args) > fixed and LIST not in kinds):
            raise ValueError(f"{self.code} takes {fixed} arguments, not {len(self.args)}")

    def name_arguments(self) -> dict[str, Any]:
        """The arguments by their names, as JSON values."""
        found: dict[str, Any] = {}
        for number, (name, kind) in enumerate(CODES[self.code].items()):
            if kind == LIST:
                found[name] = list(self.args[number:])
            else:
                found[name] = self.args[number] if kind == TEXT else _parse_number(self.args[number])
        return found


def _parse_number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def read_reason(code: str, named: Mapping[str, Any]) -> Reason:
    """The reason with these arguments, as `Reason.name_arguments` wrote them."""
    args: list[str] = []
    for name, kind in CODES.get(code, {}).items():
        args += named[name] if kind == LIST else [str(named[name])]
    return Reason(code, tuple(args))


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are for a reason; of rows that change, what is done with them (add, update, remove)."""

    reason: Reason
    count: int
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """How many have a value, such as the name of a band; `others`: how many other values are counted together."""

    value: str
    count: int
    others: int = 0


def count_codes(counted: Iterable[Counted]) -> Mapping[str, int]:
    """How many there are for the reasons of each code."""
    found: Counter[str] = Counter()
    for each in counted:
        found[each.reason.code] += each.count
    return dict(found)
