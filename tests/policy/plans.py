"""Two plans for policies: one that keeps to all of docs/policies, and one that breaks each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from reconciler.model.campaign import Campaign
from reconciler.model.finding import Finding, Severity
from reconciler.model.list_change import Accounting, RowChange
from reconciler.model.object_change import Action, FieldChange, ObjectChange
from reconciler.model.outcome_change import NumbersChange, OutcomeChange
from reconciler.model.plan import Plan, Step
from reconciler.model.reason import Counted, Reason, Share
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import LiveCampaign, Rows
from reconciler.model.rule_input import Planned
from reconciler.model.rule_results import Waived
from reconciler.model.tables import MEMBER_CHANGES, NUMBER_CHANGES, OUTCOME_CHANGES
from reconciler.model.verdict import reach_verdict
from reconciler.model.write_ops import WriteOp
from tests.views.plans import plan, replacement

LIST, SPARE = Address("ContactList", "high"), Address("ContactList", "spare")
HIGH, EVENING = Address("Campaign", "high"), Address("Campaign", "evening")
OLD, THEIRS = Address("Campaign", "Old campaign"), Address("Campaign", "Collections late")
ROWS, FEW = Address("Segment", "history", "high"), Address("Segment", "history", "low")
SET, ADDED = Address("DispositionSet", "spring"), Address("SuppressionList", "asked")


def changed(address: Address, name: str, before: Mapping[str, Any], **after: Any) -> ObjectChange:
    """A change of some settings of an object, as `a.b` or `a`."""
    new: dict[str, Any] = {key: dict(value) if isinstance(value, Mapping) else value for key, value in before.items()}
    fields = []
    for path, value in after.items():
        outer, _, inner = path.partition("__")
        was = before[outer][inner] if inner else before.get(outer)
        fields.append(FieldChange(path.replace("__", "."), was, value))
        if inner:
            new[outer][inner] = value
        else:
            new[outer] = value
    action = Action.UPDATE if fields else Action.NO_OP
    why = (Reason("differs"),) if fields else ()
    return ObjectChange(address, name, action, before, new, fields=tuple(fields), owner="test", why=why)


def made(address: Address, called: str, /, **fields: Any) -> ObjectChange:
    """An object that is made."""
    told = tuple(FieldChange(path, None, value) for path, value in fields.items())
    return ObjectChange(address, called, Action.CREATE, None, fields, fields, told, why=(Reason("absent"),))


def members(address: Address, name: str, live: int, removed: Mapping[str, int], adds: int = 0) -> RowChange:
    """A change of the rows of a list: so many are taken off it for each reason."""
    args = {"moved": ("high", "low"), "suppressed": ("SuppressionList/asked",)}
    reasons = [Counted(Reason(code, args.get(code, ())), count, "remove") for code, count in removed.items() if count]
    reasons += [Counted(Reason("qualifies", ("high",)), adds, "add")] if adds else []
    gone = sum(removed.values())
    return RowChange(
        address=address,
        list_address=Address("ContactList", address.part or ""),
        list=name,
        method="listContacts",
        chunk_size=500,
        attributes=("score",),
        live=live,
        adds=adds,
        updates=0,
        removes=gone,
        unchanged=live - gone,
        rows=Rows(Path(f"history-{address.part}.parquet"), "parquet", MEMBER_CHANGES.types, adds + gone),
        digest="sha256:5",
        precondition="sha256:6",
        reasons=tuple(reasons),
    )


def outcomes() -> tuple[OutcomeChange, NumbersChange]:
    """Outcomes of a campaign's contacts, and the numbers that they put on a do-not-call list."""
    file = Rows(Path("spring.parquet"), "parquet", OUTCOME_CHANGES.types, 30)
    left = (Counted(Reason("unknown_contact"), 4),)
    went = (Counted(Reason("outcome", ("", "SOLD")), 30, "set"),)
    sets = OutcomeChange(
        SET, LiveCampaign("High", "c1"), 10, 40, 6, file, "sha256:8", went, (Share("SOLD", 30),), left=left
    )
    asked = Rows(Path("asked.parquet"), "parquet", NUMBER_CHANGES.types, 3)
    return sets, NumbersChange(ADDED, "suppressions/asked", asked, "sha256:9", unread=1)


def planned(change: ObjectChange, threshold: float | None, contacts: int | None) -> Planned:
    """A declared campaign as it would be."""
    campaign = Campaign(
        change.address,
        change.name,
        "High",
        LIST,
        "predictive",
        "active",
        threshold,
        "by-band",
        "high",
        None,
        None,
        (),
        None,
    )
    return Planned(campaign, change, contacts)


def keeps_to_policy() -> Plan:
    """A threshold at the ceiling, 5 % without consent, pacing up by half, a campaign that begins in an afternoon."""
    high = changed(
        HIGH,
        "High",
        before(),
        abandonThreshold=3.0,
        predictive__maxCallsInProgress=60,
        startTime="2026-07-02T15:00:00Z",
    )
    evening = made(
        EVENING, "Evening", name="Evening", abandonThreshold=2.5, status="active", startTime="2026-07-02T17:00:00Z"
    )
    rows = members(ROWS, "High", 200, {"no_consent": 10, "moved": 3, "suppressed": 25}, adds=40)
    findings = (Finding("SCH-002", HIGH, "it takes longer than its schedule has", severity=Severity.WARN),)
    waivers = (Waived("SCH-002", str(HIGH), "Agents are hired.", "Workspace/test", date(2026, 9, 30), None, True),)
    return made_of((high, evening), (rows, members(FEW, "Low", 0, {}, adds=12)), findings, waivers)


def breaks_policy() -> Plan:
    """Each of docs/policies is broken, some of them by a hair."""
    high = changed(HIGH, "High", before(), abandonThreshold=3.01, predictive__maxCallsInProgress=61)
    evening = made(EVENING, "Evening", name="Evening", abandonThreshold=2.0, status="active")
    old = ObjectChange(OLD, "Old campaign", Action.DELETE, before(), None, owner="test", why=(Reason("undeclared"),))
    theirs = changed(THEIRS, "Collections late", before(), predictive__targetAnswerRate=0.4)
    rows = members(ROWS, "High", 1999, {"no_consent": 100, "moved": 40, "suppressed": 25}, adds=979)
    findings = (
        Finding("ABN-001", HIGH, "its threshold of 3.01 % is above the ceiling of 3 %"),
        Finding("LIM-REMOVED", ROWS, "165 of 1,999 contacts (8 %) are taken off", waived="The registry was read anew."),
        Finding("SCH-002", EVENING, "it has no schedule", severity=Severity.WARN),
    )
    waivers = (
        Waived(
            "LIM-REMOVED", str(ROWS), "The registry was read anew.", "Workspace/test", date(2026, 7, 31), None, True
        ),
        Waived(
            "ABN-001",
            str(HIGH),
            "Agreed with counsel.",
            "Workspace/test",
            None,
            Reason("waiver_too_long", ("90",)),
            False,
        ),
    )
    few = members(FEW, "Low", 40, {"not_in_source": 1}, adds=12)
    return made_of((high, evening, old, theirs), (rows, few), findings, waivers)


def before() -> dict[str, Any]:
    """A campaign as the tenant has it."""
    pacing = {"maxCallsInProgress": 40, "targetAnswerRate": 0.35}
    return {"name": "High", "status": "active", "abandonThreshold": 2.5, "list": "High", "predictive": pacing}


def made_of(
    objects: tuple[ObjectChange, ...],
    rows: tuple[RowChange, ...],
    findings: tuple[Finding, ...],
    waivers: tuple[Waived, ...],
) -> Plan:
    """A plan of these changes, with what all plans here have."""
    spare = {"name": "Spare", "type": "outbound"}
    campaigns = [each for each in objects if each.after is not None]
    sets, numbers = outcomes()
    whole = replace(
        plan(),
        objects=(changed(LIST, "High", {"name": "High"}), made(SPARE, "Spare", **spare), *objects),
        rows=rows,
        outcomes=(sets,),
        numbers=(numbers,),
        accounts=(
            Accounting(
                Address("Segment", "history"),
                20_000,
                (Share("high", 1089), Share("low", 5657)),
                (Counted(Reason("no_interaction"), 12_083), Counted(Reason("archived"), 1171)),
            ),
        ),
        findings=findings,
        waivers=waivers,
        campaigns=tuple(
            planned(each, None if each.after is None else each.after["abandonThreshold"], 1089) for each in campaigns
        ),
    )
    assert reach_verdict(whole).counts["create"] == 2
    return whole


def shows_all() -> Plan:
    """The plan that docs/policy.md shows: it breaks policies, and has a start that is not known and a replacement."""
    whole = breaks_policy()
    objects = tuple(
        replace(each, later={"startTime": Reason("after_creation", ("900",))}, seconds_later={"startTime": 900})
        if each.address == EVENING
        else each
        for each in whole.objects
    )
    wave = replacement().objects[1]
    steps = (
        Step(SPARE, (), (WriteOp.CREATE,)),
        Step(ROWS, (), (WriteOp.DELIVER,)),
        Step(HIGH, (ROWS,), (WriteOp.PAUSE, WriteOp.CHANGE, WriteOp.RESUME)),
        Step(wave.address, (), (WriteOp.PAUSE, WriteOp.CREATE, WriteOp.DELETE)),
        Step(OLD, (), (WriteOp.PAUSE, WriteOp.DELETE)),
    )
    return replace(whole, objects=(*objects, wave), steps=steps)
