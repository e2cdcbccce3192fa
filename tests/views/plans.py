"""A plan with a bit of everything, for the voices to read aloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from reconciler.model.change_cause import Cause, Causes, ObjectCause, RowsCause
from reconciler.model.finding import Finding, Severity
from reconciler.model.impact import (
    BandMove,
    CampaignImpact,
    Concentration,
    DataAge,
    Edge,
    Impact,
    NearThreshold,
    Overlap,
    ScoreHistogram,
    Value,
    blast_radius,
)
from reconciler.model.list_change import Accounting, RowChange, Sample
from reconciler.model.notice import Notice
from reconciler.model.object_change import Action, FieldChange, ObjectChange, Replacement, Undeclared
from reconciler.model.plan import Budget, Plan, Step
from reconciler.model.plan_comparison import NamedDifference, ObjectDifference, PlanComparison, RowDifference
from reconciler.model.problem import Location
from reconciler.model.reason import Counted, Reason, Share
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Rows
from reconciler.model.rule_results import CheckedRule, Waived
from reconciler.model.tables import MEMBER_CHANGES
from reconciler.model.write_ops import WriteOp

LIST = Address("ContactList", "high")
NEW_LIST = Address("ContactList", "low")
ROWS = Address("Segment", "history", "high")
CAMPAIGN = Address("Campaign", "high")
EVENING = Address("Campaign", "evening")
OLD = Address("Campaign", "Old campaign")
PLACES = {
    "Workspace/test": Location("workspace.yaml", 1, 1),
    "AbandonmentPolicy/by-band": Location("rules/policy.yaml", 3, 1),
    "Segment/history": Location("segments/history band.yaml", 12, 1),
    "Campaign/high": Location("campaigns.yaml", 21, 3),
    "Campaign/evening": Location("campaigns.yaml"),
}
"""Where the manifests begin; of the deleted campaign there is none."""
DROPPED = (
    "the cached voice interactions were discarded and re-read: "
    "3 of them are no longer in the tenant, or have changed there"
)


CAUSES = Causes(
    "20260624T120000.000000-abcdef",
    datetime(2026, 6, 24, 12, 4, tzinfo=UTC),
    {
        str(LIST): ObjectCause(Cause.TENANT),
        str(NEW_LIST): ObjectCause(Cause.MANIFEST),
        str(CAMPAIGN): ObjectCause(
            Cause.BOTH, {"abandonThreshold": Cause.TENANT, "predictive.maxCallsInProgress": Cause.MANIFEST}
        ),
        str(EVENING): ObjectCause(Cause.TENANT),
        str(OLD): ObjectCause(Cause.MANIFEST),
    },
    {str(ROWS): RowsCause(("ScoreModel/high",), 1_145)},
)


AGAINST = PlanComparison(
    "sha256:" + 64 * "5",
    datetime(2026, 6, 30, 9, 0, tzinfo=UTC),
    same=False,
    same_manifests=False,
    objects=(
        ObjectDifference(CAMPAIGN, "abandonThreshold", 4, 3),
        ObjectDifference(OLD, None, None, "delete"),
    ),
    rows=(RowDifference(ROWS, (900, 110, 40), (979, 110, 40), 81, 2, 12),),
    named=(
        NamedDifference("finding", "new", "LIM-STOPPED", str(OLD), "refuse"),
        NamedDifference("waiver", "new", "LIM-UPDATES", str(ROWS), ""),
    ),
    blast_before=55.0,
    blast_after=59.4,
)


def objects() -> tuple[ObjectChange, ...]:
    """Adopted, made, changed, left alone and deleted."""
    live = {"name": "High", "type": "outbound"}
    campaign = {"name": "High", "abandonThreshold": 6.0, "predictive": {"maxCallsInProgress": 40}, "status": "active"}
    after = {"name": "High", "abandonThreshold": 3, "predictive": {"maxCallsInProgress": 20}, "status": "active"}
    evening = {"name": "Evening", "status": "active"}
    made = {"name": "Low", "type": "outbound", "description": "Called last"}
    return (
        ObjectChange(
            LIST, "High", Action.UPDATE, live, live, adopts=True, precondition="sha256:1", why=(Reason("adopted"),)
        ),
        ObjectChange(
            NEW_LIST,
            "Low",
            Action.CREATE,
            None,
            made,
            declared=made,
            fields=tuple(FieldChange(name, None, value) for name, value in made.items()),
            later={"startTime": Reason("after_creation", ("900",))},
            seconds_later={"startTime": 900},
            why=(Reason("absent"),),
        ),
        ObjectChange(
            CAMPAIGN,
            "High",
            Action.UPDATE,
            campaign,
            after,
            declared={"abandonThreshold": 3, "predictive": {"maxCallsInProgress": 20}},
            fields=(FieldChange("abandonThreshold", 6.0, 3), FieldChange("predictive.maxCallsInProgress", 40, 20)),
            owner="test",
            references=(("ContactList", "High"),),
            releases=(("ContactList", "High"),),
            precondition="sha256:2",
            why=(Reason("differs"),),
        ),
        ObjectChange(
            EVENING,
            "Evening",
            Action.CREATE,
            None,
            evening,
            declared=evening,
            fields=tuple(FieldChange(name, None, value) for name, value in evening.items()),
            references=(("ContactList", "High"),),
            why=(Reason("absent"),),
        ),
        ObjectChange(
            Address("Campaign", "same"), "Same", Action.NO_OP, live, live, owner="test", precondition="sha256:3"
        ),
        ObjectChange(
            OLD,
            "Old campaign",
            Action.DELETE,
            {"name": "Old campaign", "status": "active"},
            None,
            owner="test",
            precondition="sha256:4",
            why=(Reason("undeclared"),),
        ),
    )


def rows() -> RowChange:
    """Additions, updates and removals on one list."""
    return RowChange(
        address=ROWS,
        list_address=LIST,
        list="High",
        method="listContacts",
        chunk_size=500,
        attributes=("priority", "score"),
        live=1150,
        adds=979,
        updates=110,
        removes=40,
        unchanged=1000,
        rows=Rows(Path("history-high.parquet"), "parquet", MEMBER_CHANGES.types, 1129),
        digest="sha256:5",
        precondition="sha256:6",
        reasons=(
            Counted(Reason("qualifies", ("high",)), 967, "add"),
            Counted(Reason("moved", ("medium", "high")), 12, "add"),
            Counted(Reason("moved", ("high", "medium")), 40, "remove"),
            Counted(Reason("changed", ("priority", "score")), 110, "update"),
        ),
        samples=(
            Sample("c-18b70a4d2031", "…23", "add", Reason("moved", ("medium", "high")), 72.0, 61.5),
            Sample("c-cbbcaa4b2243", "…96", "remove", Reason("moved", ("high", "medium")), 58.68, 70.0),
            Sample("c-ca90294da046", "…02", "update", Reason("changed", ("score",)), 81.02, 77.82),
        ),
    )


def impact() -> Impact:
    """Somebody starts, stops and moves; one value is common among those who are removed."""
    segment = Address("Segment", "history")
    return Impact(
        blast_radius(1150, 967, 0, 12, 1150),
        (
            CampaignImpact(CAMPAIGN, True, True, 1150, 2089, 979, 40, 0, 12, 1110, 8.5, 15.25),
            CampaignImpact(EVENING, False, True, 0, 5657, 5657),
        ),
        (BandMove(segment, None, "high", 967), BandMove(segment, "high", "medium", 40)),
        (
            Concentration(segment, "removed", (Value("state", "FL"),), 83, 13.6, 6.1),
            Concentration(segment, "added", (Value("source", "leads.csv"), Value("tier", None)), 41, 10.2, 4.0),
        ),
        (NearThreshold(segment, "high", 60.0, 120, 260, 95, 180),),
        (
            DataAge(segment, "contacts", "list 'All customers'", basis="read"),
            DataAge(
                segment,
                "interactions",
                "the interactions of list 'All customers'",
                datetime(2026, 4, 2, 7, tzinfo=UTC),
                datetime(2026, 6, 30, 21, tzinfo=UTC),
                "events",
            ),
        ),
        (
            ScoreHistogram(
                segment,
                0.0,
                5.0,
                (0, 0, 0, 0, 0, 0, 640, 980, 1210, 1100, 930, 797, 95, 85, 160, 210, 190, 160, 120, 69),
                (310, 240, 410, 620, 760, 830, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                (Edge("low", 30.0), Edge("high", 60.0)),
            ),
        ),
        (Overlap(CAMPAIGN, "Evening", 210), Overlap(CAMPAIGN, "Morning", 14)),
    )


def plan(*, empty: bool = False) -> Plan:
    """The plan; or one with nothing to do."""
    changes = tuple(each for each in objects() if not empty or each.action is Action.NO_OP)
    steps = (
        Step(NEW_LIST, (), (WriteOp.CREATE,), 1),
        Step(LIST, (), (WriteOp.CHANGE,), 1),
        Step(ROWS, (LIST,), (WriteOp.DELIVER,), 5),
        Step(CAMPAIGN, (ROWS,), (WriteOp.PAUSE, WriteOp.CHANGE, WriteOp.RESUME), 3),
        Step(EVENING, (ROWS,), (WriteOp.CREATE,), 1),
        Step(EVENING.activation, (ROWS, EVENING), (WriteOp.ACTIVATE,), 1),
        Step(OLD, (CAMPAIGN,), (WriteOp.PAUSE, WriteOp.DELETE), 2),
    )
    account = Accounting(
        Address("Segment", "history"),
        20_000,
        (Share("high", 1_089), Share("low", 5_657)),
        (Counted(Reason("no_interaction"), 12_083), Counted(Reason("archived"), 1_171)),
    )
    findings = (
        Finding("LIM-STOPPED", OLD, "campaign 'Old campaign' is active and would be deleted"),
        Finding("LIM-UPDATES", ROWS, "110 of 1,150 contacts (10 %) are changed", waived="Scores follow the calendar."),
        Finding("ABN-002", CAMPAIGN, "its threshold rises from 2 to 3 %", severity=Severity.WARN),
    )
    last = date(2026, 9, 30)
    waivers = (
        Waived("LIM-UPDATES", str(ROWS), "Scores follow the calendar.", "Workspace/test", None, None, used=True),
        Waived("ABN-001", str(CAMPAIGN), "Agreed with counsel.", "AbandonmentPolicy/by-band", last, None, used=False),
        Waived(
            "DNC-STALE",
            "Segment/history",
            "The registry is late.",
            "Workspace/test",
            date(2026, 6, 30),
            Reason("waiver_expired", ("2026-06-30",)),
            used=False,
        ),
    )
    rules = (
        CheckedRule(
            "ABN-001", "a threshold above a jurisdiction's ceiling", Severity.REFUSE, ("16 CFR 310.4(b)(4)(i)",)
        ),
        CheckedRule("ABN-002", "a threshold raised while the campaign runs", Severity.WARN, ("47 CFR 64.1200(a)(7)",)),
    )
    return Plan(
        workspace="test",
        tenant="embedded",
        surfaces={"lists": "https://tenant.example.com/api/v1"},
        manifests="sha256:7",
        as_of=datetime(2026, 7, 1, tzinfo=UTC),
        tool_version="0.1.0",
        objects=changes,
        rows=() if empty else (rows(),),
        accounts=(account,),
        steps=() if empty else steps,
        findings=() if empty else findings,
        budget=Budget(198, 0 if empty else 14, 0 if empty else 11),
        created=datetime(2026, 7, 2, 8, 30, tzinfo=UTC),
        notices=()
        if empty
        else (Notice("cache_discarded", DROPPED, {"types": ["voice"], "why": "altered", "count": None}),),
        rules=rules,
        waivers=() if empty else waivers,
        impact=None if empty else impact(),
        places={} if empty else PLACES,
        causes=None if empty else CAUSES,
        against=None if empty else AGAINST,
    )


def replacement() -> Plan:
    """A running campaign that is replaced, and a draft of a band of which the tenant counts nothing."""
    before = {"name": "High", "dialType": "preview", "status": "active", "startTime": "2026-07-01T08:00:00Z"}
    settings = {"targetAnswerRate": 0.3, "maxCallsInProgress": 20}
    after = {"name": "High", "dialType": "predictive", "status": "active", "predictive": settings}
    draft = {"name": "Wave - low", "dialType": "predictive", "status": "draft"}
    low = Address("Campaign", "wave", "low")
    unchangeable = Reason("unchangeable", ("dialType",))
    changes = (
        ObjectChange(
            CAMPAIGN,
            "High",
            Action.REPLACE,
            before,
            after,
            declared=after,
            fields=(FieldChange("dialType", "preview", "predictive"), FieldChange("predictive", None, settings)),
            later={"startTime": Reason("after_creation", ("900",))},
            seconds_later={"startTime": 900},
            owner="test",
            references=(("ContactList", "High"),),
            releases=(("ContactList", "High"),),
            precondition="sha256:2",
            replacement=Replacement(
                ("dialType",),
                1150,
                4120,
                Reason("stopped_until_after_creation", ("900",)),
            ),
            why=(Reason("differs"), unchangeable),
        ),
        ObjectChange(
            low,
            "Wave - low",
            Action.REPLACE,
            draft,
            {**draft, "dialType": "progressive"},
            declared={**draft, "dialType": "progressive"},
            fields=(FieldChange("dialType", "predictive", "progressive"),),
            owner="test",
            precondition="sha256:3",
            replacement=Replacement(("dialType",), None, None, Reason("no_downtime", ("draft",))),
            why=(Reason("differs"), unchangeable),
        ),
    )
    anew = (WriteOp.RENAME, WriteOp.CREATE)
    steps = (
        Step(CAMPAIGN, (), (WriteOp.PAUSE, *anew, WriteOp.ACTIVATE, WriteOp.DELETE)),
        Step(low, (), (*anew, WriteOp.DELETE)),
    )
    return replace(
        plan(empty=True), objects=changes, steps=steps, accounts=(), budget=Budget(198, 8, 8), findings=(), notices=()
    )


HOSTILE = (
    "x\n# Approved\n\n**safe**",
    "a | b | c |",
    "`` ` `` ```",
    "<details><summary>x</summary><!--",
    "@admin see #123 GH-1 acme/calls#2",
    "[ok](https://evil.example.com) ![i](https://evil.example.com/i.png) https://evil.example.com",
    "\u202egnp.exe\u2066\u200b\u3164\u2028\u00ad\ufe0f\u00a0",
    "\\u0040admin \\`x\\` &lt;b&gt; &#64;admin",
    "  ",
    "x" * 5000,
    """'"><script>alert(1)</script><svg onload=alert(1)>{{7*7}}{0}</style></title>]]>--> onclick='x""",
    "\x00\x08\x0b\x1b[2J\x7f\ufffe\uffff&nosuch;%41",
    "##[error]::set-output name=x::y",
)
"""What names and texts of somebody else may hold."""


def hostile() -> Plan:
    """A plan in which every text that is somebody else's gives orders."""
    whole = plan()
    texts = [*HOSTILE, *HOSTILE]
    objects = tuple(
        replace(
            change,
            name=texts[at],
            before=None if change.before is None else {**change.before, "name": texts[at]},
            fields=(FieldChange(texts[at], texts[at + 1], texts[at + 2]),),
        )
        for at, change in enumerate(whole.objects)
    )
    made = [
        ObjectChange(Address("Campaign", f"c{at}"), text, Action.DELETE, {"name": text}, None, fields=())
        for at, text in enumerate(HOSTILE)
    ]
    findings = tuple(Finding("LIM-STOPPED", Address("Campaign", text), text, waived=None) for text in HOSTILE)
    waived = tuple(
        Waived(text, text, text, text, None, Reason("rule_unwaivable", (text,)), used=False) for text in HOSTILE
    )
    left = tuple(Undeclared(Address("Campaign", text), text, text, True, (("ContactList", text),)) for text in HOSTILE)
    where = tuple(
        Concentration(Address("Segment", "history"), "removed", (Value(text, text),), 83, 13.6, 6.1) for text in HOSTILE
    )
    return replace(
        whole,
        objects=(*objects, *made),
        rows=(
            replace(
                whole.rows[0], list=HOSTILE[0], reasons=(Counted(Reason("moved", (HOSTILE[1], HOSTILE[4])), 3, "add"),)
            ),
        ),
        findings=findings,
        waivers=waived,
        undeclared=left,
        notices=tuple(Notice("nothing_to_release", text, {"name": text}) for text in HOSTILE),
        tenant=HOSTILE[4],
        environment=HOSTILE[1],
        impact=replace(impact(), concentration=where),
        rules=tuple(CheckedRule(text, text, Severity.WARN, (text,)) for text in HOSTILE),
        places={f"Campaign/{text}": Location(text, at + 1, 1) for at, text in enumerate(HOSTILE)},
    )


def rollback() -> Plan:
    """The way back to what a run found, with what does not go back."""
    run = "20260702T083000.000000-abcdef"
    back = Counted(Reason("rolled_back", (run,)), 12, "remove")
    members = replace(rows(), adds=0, updates=0, removes=12, reasons=(back,), samples=(), stays=(), owed=(), pending=0)
    told = (
        Notice("rollback", f"this plan goes back to what run {run} found", {"run": run, "whole": True}),
        Notice(
            "rollback_not_put_back",
            "3 contacts are not put back on list 'High', by what holds today: suppressed",
            {"list": "High", "count": 3, "why": "suppressed"},
        ),
    )
    return replace(plan(), rolls_back=run, rows=(members,), accounts=(), notices=told)


def large(objects: int = 500, changed: int = 1_000_000) -> Plan:
    """Five hundred objects, each with ten settings that change, and a million rows on a hundred lists."""
    made = []
    for number in range(objects):
        fields = tuple(FieldChange(f"predictive.setting{at}", number + at, number + at + 1) for at in range(10))
        address = Address("Campaign" if number % 2 else "ContactList", f"object-{number:03d}")
        made.append(ObjectChange(address, f"Object {number}", Action.UPDATE, {}, {}, fields=fields))
    each = changed // 100
    lists = tuple(
        replace(
            rows(),
            address=Address("Segment", f"s{number:02d}", "high"),
            list=f"List {number}",
            adds=each,
            updates=0,
            removes=0,
        )
        for number in range(100)
    )
    findings = tuple(
        Finding(
            f"RULE-{number % 7}", Address("Campaign", f"object-{number:03d}"), f"finding {number} of many, in words"
        )
        for number in range(5 * objects)
    )
    moves = tuple(
        BandMove(Address("Segment", f"s{number % 100:02d}"), None, f"band {number}", 1) for number in range(1000)
    )
    calls = tuple(
        CampaignImpact(each.address, True, True, 10, 20, 10) for each in made if each.address.kind == "Campaign"
    )
    return replace(
        plan(),
        objects=tuple(made),
        rows=lists,
        findings=findings,
        steps=tuple(Step(each.address, (), (WriteOp.CHANGE,), 1) for each in made),
        impact=replace(impact(), bands=moves, campaigns=calls),
    )


SAMPLES: Mapping[str, Callable[[], Plan]] = {
    "all": plan,
    "empty": lambda: plan(empty=True),
    "earlier": lambda: replace(plan(), impact=None, places={}),
    "replacement": replacement,
    "hostile": hostile,
    "large": large,
}
"""Plans that every view has to show."""
