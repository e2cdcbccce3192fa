# tested by: tests/rules/test_finding_details.py
"""Name the details of findings: each key with its JSON types, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """What stands under one key of the details of findings: its types in JSON, and its meaning, of every rule."""

    types: tuple[str, ...]
    says: str


_COUNT, _FIGURE, _TEXT, _TEXTS = ("integer",), ("number",), ("string",), ("array",)
_OBJECTS = ("array",)
_OPTIONAL_TEXT = ("string", "null")

DETAILS: Mapping[str, Detail] = {
    # of what
    "campaign": Detail(_TEXT, "the campaign's name in the tenant"),
    "campaigns": Detail(_TEXTS, "names of campaigns that may be dialling it"),
    "list": Detail(_TEXT, "the contact list's name in the tenant"),
    "lists": Detail(_TEXTS, "names of the contact lists that contacts are put on"),
    "dnc_list": Detail(_OPTIONAL_TEXT, "the address of the do-not-call list; null: nobody knows which"),
    "name": Detail(_TEXT, "the object's name in the tenant"),
    "kind": Detail(_TEXT, "the kind of the object, or of the objects that nobody could look at"),
    "objects": Detail(_OBJECTS, "objects of the tenant that may be meant: name, id, and the workspace that marked it"),
    "where": Detail(_TEXT, "the place in the manifests that says it, as file:line:column"),
    "action": Detail(_TEXT, "what would be done to it: `delete`, `replace` or `empty`"),
    "workspace": Detail(_TEXT, "the workspace whose mark the object carries"),
    "field": Detail(_TEXT, "the setting, as the tenant calls it"),
    "value": Detail(_OPTIONAL_TEXT, "what the setting is in the tenant"),
    "method": Detail(_TEXT, "the delivery method"),
    "cause": Detail(_TEXT, "why the object cannot be renamed: `several` or `foreign`"),
    "why": Detail(("object",), "a reason: its code and arguments"),
    "status": Detail(_OPTIONAL_TEXT, "the status after the apply, else the present one; null: none, or deleted"),
    "status_before": Detail(_TEXT, "the status before the apply"),
    # how many contacts
    "contacts": Detail(("integer", "null"), "contacts that it is about; null: nobody knows how many"),
    "of": Detail(_COUNT, "how many contacts there are in all"),
    "live": Detail(_COUNT, "contacts on the list now"),
    "adds": Detail(_COUNT, "contacts that are put on the list"),
    "removed": Detail(_COUNT, "contacts that are removed from the list"),
    "changed": Detail(_COUNT, "contacts of the list that are changed"),
    "aged": Detail(_COUNT, "contacts of the list that change by recency alone"),
    "assumed": Detail(_COUNT, "contacts for whom the narrowest hours of their country hold"),
    "shared": Detail(_OBJECTS, "other campaigns that call some of the same contacts: campaign, contacts"),
    "emptied": Detail(_OBJECTS, "lists that nobody is left on: list, live, deleted"),
    "places": Detail(_OBJECTS, "where contacts are: region (null: not known), contacts, and what holds there"),
    "columns": Detail(_OBJECTS, "columns whose values cannot be read: column, contacts, a few words of them"),
    "holidays": Detail(_OBJECTS, "public holidays: day, region, name, contacts"),
    "clocks": Detail(_OBJECTS, "places whose hours have no minute in common: region, zone, hours, source"),
    "widest_window": Detail(("object", "null"), "the longest time at which all may be called: start, end, local"),
    # of numbers
    "numbers": Detail(_COUNT, "phone numbers that say no country code"),
    "odd": Detail(_COUNT, "numbers that are nobody's in the region, or have another place's area code"),
    "unread": Detail(_COUNT, "entries that cannot be read as phone numbers"),
    "entries": Detail(_OBJECTS, "some entries that cannot be read: place, text (masked), why"),
    "region": Detail(_OPTIONAL_TEXT, "the region that numbers are read in; null: none"),
    "likely": Detail(_OPTIONAL_TEXT, "the region that most of the numbers are of"),
    "state": Detail(_OPTIONAL_TEXT, "the state whose area codes the numbers have"),
    "abroad": Detail(("boolean",), "whether the numbers begin with the code of their contacts' country"),
    # limits
    "limit": Detail(_FIGURE, "the most that is allowed, in the unit of what it limits; of a share, percent"),
    "least": Detail(_FIGURE, "the least that is asked for, in the unit of what it limits; of a share, percent"),
    "before": Detail(_COUNT, "contacts of earlier runs, or that the source had at the last apply"),
    "runs": Detail(_COUNT, "how many earlier runs changed or removed them"),
    "hours": Detail(_FIGURE, "in how many hours that is counted"),
    "source": Detail(_TEXT, "the source of contacts"),
    "limit_days": Detail(_FIGURE, "the most days that are allowed"),
    "share": Detail(_FIGURE, "percent of the contacts on the list"),
    "days": Detail(_FIGURE, "how many days it is old, or was looked ahead"),
    "threshold": Detail(("number", "null"), "the abandonment threshold after the apply, in percent"),
    "threshold_before": Detail(_FIGURE, "the abandonment threshold before the apply, in percent"),
    "ceiling": Detail(_FIGURE, "the ceiling of abandoned calls, in percent"),
    "abandoned": Detail(_COUNT, "calls that were abandoned"),
    "answered": Detail(_COUNT, "calls that a person answered"),
    "percent": Detail(_FIGURE, "of calls: those abandoned of the answered, or those answered of all"),
    "calls": Detail(_FIGURE, "calls in progress at once"),
    "people": Detail(_FIGURE, "people who would answer at once"),
    "agents": Detail(_FIGURE, "agents who are free, or work on it"),
    "legs": Detail(_OBJECTS, "legs of the safe harbour, and what is wrong with each"),
    "attempts": Detail(("integer", "null"), "attempts at one person that may be made; null: any number"),
    "attempts_minutes": Detail(("integer", "null"), "in how many minutes that is counted; null: in none"),
    # times
    "as_of": Detail(_TEXT, "the moment that the plan is made as of"),
    "created": Detail(_TEXT, "the moment that the campaign would be created at"),
    "earliest": Detail(_TEXT, "the first moment that the campaign may start at"),
    "starts": Detail(_TEXT, "when the campaign would start"),
    "ends": Detail(_TEXT, "when the schedule ends"),
    "since": Detail(_TEXT, "since when is counted, or was last written"),
    "minutes": Detail(_COUNT, "how long the campaign lasts"),
    "hours_needed": Detail(_FIGURE, "hours that the list takes, an estimate"),
    "hours_available": Detail(_FIGURE, "hours that the schedule has"),
}
"""Every key that a finding may have in its details; it means the same for every rule."""
