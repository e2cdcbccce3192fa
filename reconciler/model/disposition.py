# tested by: tests/model/test_campaign_state.py
"""Define dispositions, their matrix, and the feedback that they set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from reconciler.model.resource_address import Address
from reconciler.model.row_queries import CampaignPhones, LiveCampaign, OutcomesOf
from reconciler.model.segment import Suppression
from reconciler.model.source_specs import DispositionFeed


def make_code(word: object) -> str | None:
    """An outcome as codes are written: a tenant may tell it in another case; None where there is none."""
    return re.sub(r"[\s-]+", "_", str(word or "").strip()).upper() or None


HELD = ("CONNECTED", "DIALING", "RINGING", "WRAP_UP")
"""States in which the dialler holds a contact: nobody else touches it then (contract, section dispositions)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a contact stands in a campaign: its state, its outcome, and since when it has that."""

    state: str
    outcome: str | None
    since: str | None

    @property
    def held(self) -> bool:
        """Whether the dialler has it, and nobody else may touch it."""
        return self.state in HELD


STANDARD = frozenset(
    {
        *("contactId", "campaignId", "state", "outcomeCode", "agentId", "notes"),
        *("dispositionTimestamp", "customFields", "dateModified"),
    }
)
"""Fields that a disposition has by itself; no custom field is named like one, in whatever case."""

LONGEST_NOTES = 10_000
LONGEST_FIELD = 1_000
"""Characters of notes, and of an agent's id or a custom field (ours; the contract names no limit)."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an outcome means: its category, and whether it is the last word on a contact."""

    category: str
    final: bool = False


MATRIX: Mapping[str, Meaning] = MappingProxyType(
    {
        "INTERESTED": Meaning("positive"),
        "NOT_INTERESTED": Meaning("negative", final=True),
        "CALLBACK_LATER": Meaning("follow-up"),
        "DO_NOT_CALL": Meaning("compliance", final=True),
        "NO_ANSWER": Meaning("unreached"),
        "BUSY": Meaning("unreached"),
    }
)
"""The outcomes that every tenant has (contract, section dispositions); categories and finality are ours."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Which outcomes put a contact's number on a do-not-call list.

    Attributes:
        list: the list. store: where it keeps numbers that are added.
    """

    outcomes: tuple[str, ...]
    list: Suppression
    store: str


@dataclass(frozen=True, slots=True)
class DispositionSet:
    """A DispositionSet manifest with everything it refers to.

    Attributes:
        feed: the outcomes. live: the query for those that the contacts have now.
        matrix: what each outcome means.
        phones: the query for the numbers of the campaign's contacts, where the feed has none and feedback needs them.
    """

    address: Address
    campaign: LiveCampaign
    feed: DispositionFeed
    live: OutcomesOf
    matrix: Mapping[str, Meaning]
    feedback: tuple[Feedback, ...] = ()
    phones: CampaignPhones | None = None

    @property
    def final(self) -> tuple[str, ...]:
        """The outcomes that are the last word on a contact."""
        return tuple(sorted(code for code, meaning in self.matrix.items() if meaning.final))


Ending = Literal["set", "already", "held", "changed", "rejected"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one contact's outcome.

    Attributes:
        ending: it was set; it was so already; the dialler holds the contact; it is not what the plan was made for any
            more; the tenant will not take it.
        campaign_id: the campaign's id on the wire, for the callback of the contract.
        at: when that was known, ISO 8601 in UTC. latency_ms: from the write's sending to its reply.
        code, reason: why it was not set.
    """

    ending: Ending
    campaign_id: str
    at: str
    latency_ms: int = 0
    code: str = ""
    reason: str = ""

    @property
    def as_desired(self) -> bool:
        """Whether the contact has its outcome."""
        return self.ending in ("set", "already")
