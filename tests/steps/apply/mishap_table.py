"""Which faults can befall a run by each method, where, and which cannot?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.simulator import Simulator
from reconciler.simulator.fault_kinds import KINDS
from reconciler.simulator.fault_plan import KINDS_ARE_IN
from tests.delivery import EVERY

assert KINDS_ARE_IN, "a kind of fault is there once its module is imported"

PUTS = {
    "contactIds": "/outbound/.*/contacts$",
    "listContacts": "/lists/.*/contacts$",
    "bulkInsert": "/bulkinsert$",
    "contactBatch": "/contacts/batch$",
    "listUpload": "/upload$",
}
"""The calls by which each method puts contacts."""

READS = {
    "contactIds": "/contactlists/.*/contacts$",
    "listContacts": "/lists/.*/contacts$",
    "bulkInsert": "/outbound/jobs/JOB",
    "contactBatch": "/contacts/batch/BATCH",
    "listUpload": r"/call-lists/jobs/\d+$",
}
"""A read that each method needs: of members, or of a job."""

LISTED = "/(lists|contactlists)/[^/]+/contacts$|/removeProspects$"

NOT_APPLICABLE = {
    **dict.fromkeys(
        ("stale-page-token", "repeated-page-token", "shifting-pages"),
        "these lists are read in one page; tests/cli/test_shifting_reads.py has long ones",
    ),
    "act": "a way of stopping the client, of the tests' own",
    "witness": "nothing goes wrong",
    **dict.fromkeys(
        ("fail-activation", "half-change", "meanwhile"),
        "no campaign is changed here; tests/steps/apply/test_campaign_faults.py has them",
    ),
}
"""Kinds of fault that no method can meet here, and why."""

OF_JOBS = {
    "reject-rows": ("bulkInsert", "contactBatch", "listUpload"),
    "fail-job": ("bulkInsert", "contactBatch", "listUpload"),
    "slow-job": ("bulkInsert", "contactBatch", "listUpload"),
    "abort-job": ("bulkInsert", "listUpload"),
}
"""Kinds that only methods with jobs can meet; no batch can be aborted (contract, section contacts)."""

OF_THE_SOCKET = frozenset(
    {"lost-event", "repeated-event", "reordered-events", "cut-socket", "silent-socket", "refuse-subscription"}
)
"""Kinds that only a bulk insert can meet: no other jobs have events."""

COMMON = frozenset({"rate-limited", "status", "reset-after", "cut-socket"})
"""Kinds that are played on every sort of call for ever."""

VARIANTS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "rate-limited": ({"seconds": 0.02}, {"seconds": 0.02, "form": "date"}, {"form": "none"}),
    "status": (
        *({"status": code} for code in (503, 500, 400, 401, 403, 404, 413)),
        {"status": 502, "after": True},
    ),
    "hold-before": ({"seconds": 1.3},),
    "hold-after": ({"seconds": 1.3},),
    "reject-rows": (
        {"external_id": "C0000|C0005"},
        {"index": (1,), "wire": "reset"},
        {},
        {"external_id": "C0000", "code": "LOST"},
    ),
    "fail-job": ({}, {"took": 2}, {"took": 1, "detail": True}, {"wire": "cut-body"}),
    "abort-job": ({}, {"took": 2}, {"wire": "cut-headers"}),
    "slow-job": ({"seconds": 0.3}, {"held": True}, {"polls": 4, "gradually": True}),
    "cut-socket": ({}, {"form": "mid-frame"}, {"form": "close"}, {"form": "close", "code": 4401}, {"after": True}),
    "silent-socket": ({}, {"pongs": True}),
    "refuse-subscription": ({}, {"form": "ignore"}, {"status": 400}),
    "reordered-events": ({"seconds": 0.1},),
}
"""What a kind is played with, one after the other; one with nothing said where it is not here."""


@dataclass(frozen=True)
class Mishap:
    """A fault and where it is played.

    Attributes:
        where: the calls it befalls, as (HTTP method or message, pattern of the path).
    """

    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)
    where: tuple[str | None, str] = (None, "")

    def put_in_force(self, tenant: Simulator, times: int | None, skip: int = 0) -> None:
        """Add it to the tenant's rules."""
        method, path = self.where
        tenant.faults.add(self.kind, method=method, path=path, times=times, skip=skip, **self.params)

    def __str__(self) -> str:
        return f"{self.kind}{dict(self.params) or ''} on {' '.join(part for part in self.where if part) or 'any call'}"


def kinds_of(method: str) -> list[str]:
    """The kinds of fault that can befall a run by a method."""
    kinds = sorted(set(KINDS) - set(NOT_APPLICABLE))
    return [
        each
        for each in kinds
        if method in OF_JOBS.get(each, EVERY) and (each not in OF_THE_SOCKET or method == "bulkInsert")
    ]


def plays(method: str, kind: str) -> Iterator[Sequence[tuple[Mishap, int | None]]]:
    """What is played in one run each, and how often: a variant once on every sort of call, and always where contacts
    are put. The commonest are played always on the other sorts of calls as well.
    """
    places = _places(method, kind)
    for number, params in enumerate(VARIANTS.get(kind, ({},))):
        variant = [Mishap(kind, params, where) for where in places]
        yield [(each, 1) for each in variant]
        yield from ([(each, None)] for each in (variant if kind in COMMON and number == 0 else variant[:1]))


def _places(method: str, kind: str) -> Sequence[tuple[str | None, str]]:
    if kind in OF_JOBS:
        return [("POST", PUTS[method])]
    if kind in OF_THE_SOCKET:
        return (
            [("GET", "/events$"), ("SUBSCRIBE", "/events$"), ("EVENT", "/events$")]
            if kind == "cut-socket"
            else [(None, "/events$")]
        )
    return [("POST", PUTS[method]), ("GET", READS[method]), ("DELETE", LISTED), *_BESIDES.get(method, ())]


_BESIDES = {
    "contactBatch": (("POST", LISTED),),
    # a list's counts and its records; the jobs among which one is looked for
    "listUpload": (("GET", r"/call-lists/\d+$"), ("GET", "/call-lists/jobs$")),
}
"""The other calls that a method needs."""
