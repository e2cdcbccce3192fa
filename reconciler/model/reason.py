"""Define reason codes and their arguments; the words are in `views/reasons.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TEXT, NUMBER, LIST, FAULT = "text", "number", "list", "fault"
"""What an argument is in JSON. A list takes all the values that are left, and so does a fault of a row, which is a
reason itself: its code and its arguments. Either stands last."""

REASON = "struct<code: string, args: array<string>>"
"""The type of a column of reasons."""

ROW_FAULTS: Mapping[str, Mapping[str, str]] = {
    # how a row is written
    "too_few_fields": {},
    "too_many_fields": {},
    "not_json": {},
    "not_a_json_object": {},
    "key_twice": {},
    "key_written_otherwise": {"key": TEXT},
    "row_hidden": {},
    "cell_error": {},
    "cell_merged": {},
    "no_record_id": {},
    "field_not_in_reply": {"field": TEXT},
    # what one of its values is
    "empty": {"field": TEXT},
    "not_a_number": {"field": TEXT},
    "not_exact": {"field": TEXT},
    "too_many_digits": {"field": TEXT},
    "nested": {"field": TEXT},
    "endless_number": {"field": TEXT},
    "wrong_type": {"field": TEXT, "type": TEXT},
    "not_an_id": {"field": TEXT},
    "no_time_zone": {"field": TEXT},
    "not_a_time": {"field": TEXT},
    "not_a_day_or_time": {"field": TEXT},
    "in_the_future": {"field": TEXT},
    "not_in_capitals": {"field": TEXT},
    "not_in_matrix": {"field": TEXT},
    "unfit_text": {"field": TEXT, "longest": NUMBER},
    "too_long": {"field": TEXT, "longest": NUMBER},
    "control_characters": {"field": TEXT},
    # of a do-not-call entry
    "no_phone_key": {},
    "answer_empty": {},
    "answer_unknown": {},
    # why a text is no phone number
    "number_empty": {},
    "number_without_digits": {},
    "number_with_letters": {},
    "number_with_wildcard": {},
    "number_rounded": {},
    "more_than_a_number": {},
    "number_too_short": {},
    "number_too_long": {},
    "number_of_wrong_length": {},
    "no_area_code": {},
    "no_region": {},
    "region_unknown": {},
    "no_such_country_code": {},
    "no_such_number_in": {"region": TEXT},
    "no_such_number_under": {"calling_code": TEXT},
}
"""Why a row of a source cannot be used, or a text is no number; in the shape of `CODES`, of which they are a part."""

OUT: Mapping[str, Mapping[str, str]] = {
    "unusable": {"fault": FAULT},
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
}
"""Why somebody is on no list; in the shape of `CODES`, of which they are a part."""

CODES: Mapping[str, Mapping[str, str]] = {
    **OUT,
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
    "unreadable_number": {"fault": FAULT},
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
    # why nobody could look at the objects of a kind
    "no_surface": {"surfaces": LIST},
    "not_read": {"error": TEXT, "status": NUMBER, "message": TEXT, "scope": TEXT},
    # when a field that is fixed with the creation of its object will be
    "after_creation": {"seconds": NUMBER},
    "after_creation_within_hours": {"seconds": NUMBER},
    "after_start": {"seconds": NUMBER},
    # for how long nobody is called while a campaign is replaced
    "no_downtime": {"status": TEXT},
    "stays_stopped": {"status": TEXT},
    "stopped_until_active": {},
    "stopped_until": {"at": TEXT},
    "stopped_until_after_creation": {"seconds": NUMBER},
    "stopped_until_within_hours": {"seconds": NUMBER},
    # why a plan is no longer good
    "dnc_list_too_old": {"segment": TEXT},
    "window_begun": {"at": TEXT},
    "window_over": {"at": TEXT},
    "schedule_over": {"at": TEXT},
    # why a waiver does not hold
    "waiver_expired": {"until": TEXT},
    "rule_unwaivable": {"rule": TEXT},
    "waiver_too_long": {"days": NUMBER},
    # what a step of an apply did, or why it was not begun
    "object_created": {"name": TEXT},
    "object_adopted": {"name": TEXT},
    "object_updated": {"name": TEXT},
    "object_renamed": {"from": TEXT, "to": TEXT},
    "object_replaced": {"name": TEXT},
    "object_activated": {"name": TEXT},
    "object_deleted": {"name": TEXT},
    "object_released": {"name": TEXT},
    "rows_delivered": {
        "adds": NUMBER,
        "updates": NUMBER,
        "removes": NUMBER,
        "list": TEXT,
        "rejected": NUMBER,
        "suppressed": NUMBER,
    },
    "outcomes_set": {"set": NUMBER, "total": NUMBER, "campaign": TEXT, "rejected": NUMBER, "deferred": NUMBER},
    "numbers_added": {"count": NUMBER, "file": TEXT},
    "interrupted_before": {},
    "waits_for": {"steps": LIST},
    **ROW_FAULTS,
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
        fixed = sum(kind not in (LIST, FAULT) for kind in kinds)
        if len(self.args) < fixed or (len(self.args) > fixed and not {LIST, FAULT} & set(kinds)):
            raise ValueError(f"{self.code} takes {fixed} arguments, not {len(self.args)}")
        if FAULT in kinds and self.fault.code not in ROW_FAULTS:
            raise ValueError(f"{self.code} does not take {self.fault.code!r}, which is no fault of a row")

    @property
    def fault(self) -> Reason:
        """The fault of a row that a reason is made of, which stands last.

        Raises:
            ValueError: there is none, or no such one.
        """
        kinds = list(CODES[self.code].values())
        code, *args = (self.args[len(kinds) - 1 :] if kinds[-1:] == [FAULT] else ()) or ("",)
        return Reason(code, tuple(args))

    def name_arguments(self) -> dict[str, Any]:
        """The arguments by their names, as JSON values."""
        found: dict[str, Any] = {}
        for number, (name, kind) in enumerate(CODES[self.code].items()):
            if kind == LIST:
                found[name] = list(self.args[number:])
            elif kind == FAULT:
                found[name] = {"code": self.fault.code, "args": self.fault.name_arguments()}
            else:
                found[name] = self.args[number] if kind == TEXT else _parse_number(self.args[number])
        return found


def _parse_number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def read_reason(code: str, named: Mapping[str, Any]) -> Reason:
    """The reason with these arguments, as `Reason.name_arguments` wrote them."""
    args: list[str] = []
    for name, kind in CODES.get(code, {}).items():
        if kind == FAULT:
            fault = read_reason(named[name]["code"], named[name]["args"])
            args += [fault.code, *fault.args]
        else:
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
