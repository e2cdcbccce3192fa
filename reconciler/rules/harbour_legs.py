"""A leg of a declared safe harbour is unset, or weaker than it is to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Planned, Situation
from reconciler.model.safe_harbour import Harbour, Leg, LegState, is_weaker, read_harbour

_OTHERS = (Leg.RATE, Leg.HOURS)
"""Of which other rules ask what the law says: ABN-001 and HRS-001."""


@dataclass(frozen=True, slots=True)
class _Gap:
    """What is wrong with a leg for the contacts of a place: `unset`, or weaker than `declared` or than the `law`."""

    leg: Leg
    place: str
    cause: str
    held: Mapping[str, Any]
    wanted: Mapping[str, Any]
    source: str


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign with such a leg, of the countries of its contacts for which its policy declares a safe harbour."""
    for planned in situation.campaigns:
        gaps = list(_iter_gaps(planned, situation))
        if gaps:
            message = f"of its safe harbour {'; '.join(map(_describe, gaps))}"
            details = {"legs": [_make_document(each) for each in gaps]}
            yield Finding(RULE.id, planned.campaign.address, message, details=details)


def _iter_gaps(planned: Planned, situation: Situation) -> Iterator[_Gap]:
    policy = f"AbandonmentPolicy/{planned.campaign.policy}"
    held = read_harbour(planned.change.after or {}, _is_set(planned, Leg.DO_NOT_CALL))
    for place, declared in planned.iter_harbours():
        law = situation.harbours.get(place, Harbour())
        for leg in Leg:
            asked = [(declared, "weaker_than_declared", policy)] if declared.says(leg) else []
            if leg not in _OTHERS and law.says(leg):
                asked.append((law, "weaker_than_law", law.sources.get(leg.value, "")))
            if asked:
                yield from _find_gap(planned, leg, place, held, asked)


def _find_gap(
    planned: Planned, leg: Leg, place: str, held: Harbour, asked: list[tuple[Harbour, str, str]]
) -> Iterator[_Gap]:
    """What is wrong with one leg for one place, if anything is; that it cannot be set at all ABN-UNSETTABLE says."""
    found = planned.find_leg(leg)
    if found is None or found.state in (LegState.NOT_SETTABLE, LegState.UNPUBLISHED):
        return
    if found.state is LegState.UNSET:
        wanted, _, source = asked[-1]
        yield _Gap(leg, place, "unset", {}, wanted.tell(leg), source)
        return
    for wanted, cause, source in asked:
        if held.says(leg) and is_weaker(leg, held, wanted):
            yield _Gap(leg, place, cause, held.tell(leg), wanted.tell(leg), source)
            return


def _is_set(planned: Planned, leg: Leg) -> bool:
    found = planned.find_leg(leg)
    return found is not None and found.state is LegState.SET


def _describe(gap: _Gap) -> str:
    name, where = gap.leg.value.replace("_", " "), "elsewhere" if gap.place == "*" else gap.place
    asked = f"{where} asks for {_format(gap.wanted)}: {gap.source}"
    if gap.cause == "unset":
        return f"{name} is unset ({asked})"
    than = "declared" if gap.cause == "weaker_than_declared" else "the law's"
    return f"{name} ({_format(gap.held)}) is weaker than {than} ({asked})"


def _format(value: Mapping[str, Any]) -> str:
    if value.get("path") == "":
        return "any recording"
    told = (f"{name} {each:g}" if isinstance(each, float) else f"{name} {each}".lower() for name, each in value.items())
    return ", ".join(told)


def _make_document(gap: _Gap) -> dict[str, Any]:
    return {
        "leg": gap.leg.value,
        "region": None if gap.place == "*" else gap.place,
        "cause": gap.cause,
        "held": dict(gap.held),
        "wanted": dict(gap.wanted),
        "source": gap.source,
    }


RULE = Rule(
    id="ABN-LEGS",
    title="a leg of the safe harbour is unset or too weak",
    says="Where a policy declares a safe harbour (`safeHarbour`) for a country of which a campaign has contacts, each"
    " leg that it declares, and each that the law of the country has (`reconciler/rules/safe_harbour.toml`), is set in"
    " the tenant and as strict: how soon a call is connected, what is played, how long it rings, how often one person"
    " is dialled, that a do-not-call group scrubs it, that nobody is called on holidays, and the rate. What the"
    " tenant's surface has no field for is not asked for here (ABN-UNSETTABLE). A leg that is set does not show that it"
    " is kept: that is decided while calls are made.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="FTC, Telemarketing Sales Rule, safe harbour for abandoned calls",
            citation="16 CFR 310.4(b)(4)",
            url="https://www.law.cornell.edu/cfr/text/16/310.4",
            effective=None,
            verified=True,
            note="two seconds, a recorded message, 15 seconds or four rings: the words were read in 71 FR 58716 and in"
            " the FTC's guidance; see safe_harbour.toml for each leg",
        ),
        Source(
            title="FCC, rules under the Telephone Consumer Protection Act, abandoned calls",
            citation="47 CFR 64.1200(a)(7)",
            url="https://www.gpo.gov/fdsys/pkg/FR-2012-10-16/html/2012-25316.htm",
            effective=date(2012, 11, 15),
            verified=True,
            note="the message within two seconds, for each campaign",
        ),
    ),
    check=check,
    ends=True,
)
