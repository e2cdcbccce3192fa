"""Vary replies within the contract.

What is set here changes how things are told, and never what there is: the words of enumerations and their case, ids as
numbers, the length of pages, counts that lag, settings with defaults of the tenant's own, the order of fields and those
that nobody knows, what ends a read, campaigns that take a while to stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ENUMERATIONS = frozenset({"status", "dialType", "type", "state", "outcomeCode"})
IDS = frozenset({"id", "listId", "contactId", "campaignId", "jobId", "job_id", "external_id"})
SETTINGS = "predictiveDialingSettings"
LOOKS_UNTIL_STOPPED = 3

_STRANGE = {"_links": {"self": None, "data": []}, "eTag": 'W/"7"', "tags": [], "isDeleted": False}
"""Fields that no client has heard of."""


@dataclass(slots=True)
class Manners:
    """The manners of a tenant; by default those of the contract's examples.

    Attributes:
        words: a word of an enumeration, and the one that stands for it (`{"active": "running"}`).
        case: in which case enumerations are written; None leaves them.
        number_ids: ids that consist of digits are numbers, and the tenant gives its own things such ids.
        longest_page: rows that a page has at most, whatever is asked for.
        lagging_counts: `contactCount` is what it was when this was set; 0 of lists that came later.
        settings_defaults: what the tenant adds to the predictive settings of every campaign.
        strange_fields: fields come in the reverse order, and with some that nobody knows, in every object.
        totals: whether a page tells how many rows there are.
        read_ends: what the last page has for a token: null, an empty text, or no such field at all.
        stopping: times that a campaign which is paused is told to be `stopping` before it is; 0: it is at once.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    case: Literal["lower", "upper", "title"] | None = None
    number_ids: bool = False
    longest_page: int | None = None
    lagging_counts: bool = False
    settings_defaults: Mapping[str, Any] = field(default_factory=dict)
    strange_fields: bool = False
    totals: bool = True
    read_ends: Literal["null", "empty", "absent"] = "null"
    stopping: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def retell(self, body: Any) -> Any:
        """A reply's body as this tenant words it."""
        shaped = self.strange_fields or not self.totals or self.read_ends != "null"
        told = self.words or self.case or self.number_ids or self.lagging_counts or self.settings_defaults
        if not (told or shaped):
            return body
        if isinstance(body, list):
            return [self.retell(each) for each in body]
        if not isinstance(body, dict):
            return body
        told = {name: self._retell_value(name, value) for name, value in body.items()}
        if self.lagging_counts and "contactCount" in told:
            told["contactCount"] = self.counts.get(str(body.get("id")), 0)
        if told.get(SETTINGS) is not None:
            told[SETTINGS] = {**self.settings_defaults, **told[SETTINGS]}
        return self._shape_object(told)

    def _shape_object(self, told: dict[str, Any]) -> dict[str, Any]:
        """An object as this tenant writes it."""
        if not self.totals:
            told.pop("total", None)
        if self.read_ends != "null" and "nextPageToken" in told and told["nextPageToken"] is None:
            told["nextPageToken"] = ""
            if self.read_ends == "absent":
                del told["nextPageToken"]
        if self.strange_fields:
            told = {**_STRANGE, **dict(reversed(told.items()))}
        return told

    def without_defaults(self, body: Any) -> Any:
        """A request's body without the settings that the tenant itself has added."""
        sent = body.get(SETTINGS) if isinstance(body, dict) else None
        if not self.settings_defaults or not isinstance(sent, dict):
            return body
        kept = {name: value for name, value in sent.items() if self.settings_defaults.get(name, ...) != value}
        return {**body, SETTINGS: kept}

    def _retell_value(self, name: str, value: Any) -> Any:
        if name in ("data", "customFields", "custom_attributes") and isinstance(value, dict):
            return value  # the client's own
        if name in ENUMERATIONS and isinstance(value, str):
            word = self.words.get(value, value)
            return getattr(word, self.case)() if self.case else word
        if name in IDS and self.number_ids and isinstance(value, str) and value.isdecimal():
            return int(value)
        return self.retell(value)
