"""What holds for the nouns alone, whatever they are of."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model.campaign import Campaign, Staffing
from reconciler.model.campaign_audience import Exposure, Place, Shared
from reconciler.model.ceiling import Ceiling
from reconciler.model.change_cause import Cause, Causes, ObjectCause, RowsCause
from reconciler.model.dialling_forecast import Forecast, Headroom, Statistics
from reconciler.model.errors import Stale
from reconciler.model.finding import Finding, Severity
from reconciler.model.instants import format_instant, parse_duration, parse_instant
from reconciler.model.list_change import Accounting, RowChange, Sample
from reconciler.model.notice import Notice
from reconciler.model.object_change import Action, FieldChange, ObjectChange, Replacement, Unmoved
from reconciler.model.ownership_mark import normalise_description, split_mark, with_mark
from reconciler.model.plan import Budget, Plan, Step
from reconciler.model.plan_comparison import NamedDifference, ObjectDifference, PlanComparison, RowDifference
from reconciler.model.plan_json import document_digest, plan_digest, plan_document, read_plan
from reconciler.model.problem import Location
from reconciler.model.reason import Counted, Reason, Share
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Rows
from reconciler.model.rule_input import Planned
from reconciler.model.rule_results import CheckedRule, Waived
from reconciler.model.safe_harbour import CampaignLeg, Harbour, Leg, LegState
from reconciler.model.segment_membership import DoNotCall
from reconciler.model.tables import MEMBER_CHANGES
from tests.sample import examples

quick = settings(
    max_examples=examples(60),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

FOLDER = Path("rows")
NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
COUNTS = st.integers(0, 10**9)
INSTANTS = st.integers(0, 7 * 10**9).map(lambda second: datetime.fromtimestamp(second, UTC))
ADDRESSES = st.builds(Address, st.sampled_from(("ContactList", "Campaign")), NAMES | TEXTS) | st.builds(
    Address, st.just("Campaign"), NAMES, NAMES
)
"""Of what is declared, and of what is not and has any name."""
PARTS = st.builds(Address, st.just("Segment"), NAMES, NAMES)
SCALARS = TEXTS | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
FIELDS = st.dictionaries(NAMES, SCALARS | st.dictionaries(NAMES, SCALARS, max_size=2), max_size=3)
WHY = st.builds(Reason, st.just("suppressed"), st.tuples(TEXTS)) | st.builds(
    Reason, st.just("changed"), st.lists(TEXTS, max_size=2).map(tuple)
)
ACTIONS = st.sampled_from(("add", "update", "remove"))
REASONS = st.lists(st.builds(Counted, WHY, COUNTS, ACTIONS), max_size=3).map(tuple)
LEFT_OUT = st.lists(st.builds(Counted, WHY, COUNTS), max_size=3).map(tuple)
SHARES = st.lists(st.builds(Share, NAMES, COUNTS), max_size=3, unique_by=lambda share: share.value).map(tuple)
POINTS = st.none() | st.integers(0, 10**4).map(lambda hundredths: hundredths / 100)
REPLACEMENTS = st.builds(
    Replacement, st.lists(NAMES, min_size=1, max_size=2).map(tuple), st.none() | COUNTS, st.none() | COUNTS, WHY
)
UNMOVED = st.builds(
    Unmoved,
    st.sampled_from(("gone", "several", "foreign")),
    TEXTS,
    st.lists(TEXTS, max_size=2).map(tuple),
    st.lists(st.tuples(TEXTS, TEXTS, st.none() | TEXTS), max_size=2).map(tuple),
)
PAIRS = st.lists(st.tuples(NAMES, TEXTS), max_size=2).map(tuple)


@st.composite
def object_changes(draw: st.DrawFn) -> ObjectChange:
    later = draw(st.dictionaries(NAMES, WHY, max_size=2))
    return ObjectChange(
        address=draw(ADDRESSES),
        name=draw(TEXTS),
        action=draw(st.sampled_from(Action)),
        before=draw(st.none() | FIELDS),
        after=draw(st.none() | FIELDS),
        declared=draw(FIELDS),
        fields=tuple(draw(st.lists(st.builds(FieldChange, TEXTS, st.none() | SCALARS, SCALARS), max_size=2))),
        later=later,
        seconds_later={name: draw(COUNTS) for name in later},
        adopts=draw(st.booleans()),
        owner=draw(st.none() | NAMES),
        references=draw(PAIRS),
        releases=draw(PAIRS),
        precondition=draw(st.none() | TEXTS),
        replacement=draw(st.none() | REPLACEMENTS),
        why=tuple(draw(st.lists(WHY, max_size=2))),
        unmoved=draw(st.none() | UNMOVED),
    )


@st.composite
def row_changes(draw: st.DrawFn) -> RowChange:
    count = draw(COUNTS)
    return RowChange(
        address=draw(PARTS),
        list_address=Address("ContactList", draw(NAMES)),
        list=draw(TEXTS),
        method=draw(NAMES),
        chunk_size=draw(st.integers(1, 1000)),
        attributes=tuple(draw(st.lists(NAMES, max_size=2))),
        live=draw(COUNTS),
        adds=draw(COUNTS),
        updates=draw(COUNTS),
        removes=draw(COUNTS),
        unchanged=draw(COUNTS),
        rows=Rows(FOLDER / f"{draw(NAMES)}.parquet", "parquet", MEMBER_CHANGES.types, count),
        digest=draw(TEXTS),
        precondition=draw(TEXTS),
        reasons=draw(REASONS),
        samples=tuple(draw(st.lists(st.builds(Sample, TEXTS, TEXTS, ACTIONS, WHY, POINTS, POINTS), max_size=2))),
    )


@st.composite
def accounts(draw: st.DrawFn) -> Accounting:
    included, left_out = draw(SHARES), draw(LEFT_OUT)
    source = sum(each.count for each in included) + sum(each.count for each in left_out)
    return Accounting(draw(st.builds(Address, st.just("Segment"), NAMES)), source, included, left_out)


SEVERITIES = st.sampled_from(Severity)
DAYS = st.none() | st.dates()
MAYBE = st.none() | INSTANTS
COMPARISONS = st.builds(
    PlanComparison,
    TEXTS,
    INSTANTS,
    st.booleans(),
    st.booleans(),
    st.lists(st.builds(ObjectDifference, ADDRESSES, st.none() | TEXTS, SCALARS, SCALARS), max_size=2).map(tuple),
    st.lists(
        st.builds(RowDifference, PARTS, st.none() | st.tuples(COUNTS, COUNTS, COUNTS), st.none(), COUNTS, COUNTS),
        max_size=2,
    ).map(tuple),
    st.lists(
        st.builds(
            NamedDifference,
            st.sampled_from(("finding", "waiver")),
            st.sampled_from(("new", "gone")),
            TEXTS,
            TEXTS,
            TEXTS,
        ),
        max_size=2,
    ).map(tuple),
    st.none() | POINTS,
    st.none() | POINTS,
)
CAUSES = st.builds(
    Causes,
    TEXTS,
    INSTANTS,
    st.dictionaries(
        TEXTS,
        st.builds(ObjectCause, st.sampled_from(Cause), st.dictionaries(TEXTS, st.sampled_from(Cause), max_size=2)),
        max_size=2,
    ),
    st.dictionaries(
        TEXTS,
        st.builds(RowsCause, st.lists(TEXTS, max_size=2).map(tuple), st.none() | COUNTS),
        max_size=2,
    ),
)
SPANS = st.integers(0, 10**9).map(lambda seconds: timedelta(seconds=seconds))
PLACES = st.lists(TEXTS, max_size=2).map(tuple)
PERCENT = st.floats(0, 100)
LAPSED = st.builds(Reason, st.just("waiver_expired"), st.tuples(TEXTS))
WAIVED = st.builds(Waived, NAMES, TEXTS, TEXTS, TEXTS, DAYS, st.none() | LAPSED, st.booleans())
CAMPAIGNS = st.builds(
    Campaign,
    address=st.builds(Address, st.just("Campaign"), NAMES, st.none() | NAMES),
    name=TEXTS,
    list=TEXTS,
    list_address=st.builds(Address, st.just("ContactList"), NAMES),
    dial_type=NAMES,
    status=NAMES,
    threshold=st.none() | PERCENT,
    policy=st.none() | NAMES,
    band=st.none() | NAMES,
    starts=MAYBE,
    ends=MAYBE,
    windows=st.lists(st.tuples(INSTANTS, INSTANTS), max_size=2).map(tuple),
    staffing=st.none() | st.builds(Staffing, COUNTS, PERCENT, SPANS, COUNTS),
    predictive=st.dictionaries(NAMES, SCALARS, max_size=2),
    starts_in=st.none() | SPANS,
    lasts=st.none() | SPANS,
    repeats=st.booleans(),
)
STATISTICS = st.none() | st.builds(Statistics, COUNTS, COUNTS, COUNTS, INSTANTS, INSTANTS)
HOURS = st.none() | st.floats(0, 10**6)
ROOM = st.builds(Headroom, PERCENT, PERCENT, PERCENT, COUNTS, st.none() | PERCENT)
SOME = st.none() | COUNTS
FORECASTS = st.none() | st.builds(Forecast, SOME, SOME, SOME, HOURS, HOURS, MAYBE, st.none() | ROOM)
PLANNED = st.fixed_dictionaries(
    {
        "campaign": CAMPAIGNS,
        "contacts": st.none() | COUNTS,
        "ceilings": st.dictionaries(NAMES, st.builds(Ceiling, PERCENT, TEXTS, TEXTS, st.booleans()), max_size=2),
        "exposure": st.none()
        | st.builds(
            Exposure,
            COUNTS,
            st.dictionaries(NAMES, COUNTS, max_size=2),
            COUNTS,
            st.lists(st.builds(Place, PLACES, PLACES, COUNTS), max_size=2).map(tuple),
        ),
        "shared": st.lists(st.builds(Shared, PARTS, TEXTS, COUNTS), max_size=2).map(tuple),
        "statistics": STATISTICS,
        "forecast": FORECASTS,
        "legs": st.lists(st.builds(CampaignLeg, st.sampled_from(Leg), st.sampled_from(LegState)), max_size=2).map(
            tuple
        ),
        "harbours": st.dictionaries(NAMES, st.builds(Harbour, PERCENT, PERCENT, st.none() | TEXTS), max_size=2),
    }
)


def planned(change: ObjectChange, judged: dict[str, Any]) -> Planned:
    return Planned(change=change, **judged)


def findings(objects: st.SearchStrategy[Address]) -> st.SearchStrategy[Finding]:
    return st.builds(Finding, NAMES, objects, TEXTS, st.none() | TEXTS, st.booleans(), SEVERITIES, DAYS)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    objects = draw(st.lists(object_changes(), max_size=2, unique_by=lambda change: str(change.address)))
    rows = draw(st.lists(row_changes(), max_size=2, unique_by=lambda change: str(change.address)))
    addresses = [each.address for each in objects] + [each.address for each in rows]
    known = st.sampled_from(addresses or [Address("Segment", "none")])
    most = min(2, len(addresses))
    needs = st.lists(known, max_size=most).map(tuple)
    return Plan(
        workspace=draw(NAMES),
        tenant=draw(NAMES),
        surfaces=draw(st.dictionaries(NAMES, TEXTS, max_size=2)),
        manifests=draw(TEXTS),
        as_of=draw(INSTANTS),
        tool_version=draw(TEXTS),
        objects=tuple(objects),
        rows=tuple(rows),
        accounts=tuple(draw(st.lists(accounts(), max_size=1))),
        steps=tuple(draw(st.lists(st.builds(Step, known, needs, writes=st.none() | COUNTS), max_size=most))),
        findings=tuple(draw(st.lists(findings(known), max_size=most))),
        budget=draw(st.builds(Budget, COUNTS, COUNTS, COUNTS)),
        created=draw(INSTANTS),
        campaigns=tuple(draw(st.builds(planned, st.just(change), PLANNED)) for change in objects),
        suppressions=tuple(draw(st.lists(st.builds(DoNotCall, PARTS, PARTS, MAYBE, SPANS), max_size=2))),
        rules=tuple(draw(st.lists(st.builds(CheckedRule, NAMES, TEXTS, SEVERITIES, PLACES), max_size=2))),
        waivers=tuple(draw(st.lists(WAIVED, max_size=2))),
        places=draw(st.dictionaries(NAMES, st.builds(Location, TEXTS, COUNTS, COUNTS), max_size=2)),
        causes=draw(st.none() | CAUSES),
        against=draw(st.none() | COMPARISONS),
    )


def written(plan: Plan) -> dict[str, Any]:
    """A plan as it is read from its file."""
    document: dict[str, Any] = orjson.loads(orjson.dumps(plan_document(plan)))
    return document


@quick
@given(plans())
def test_a_plan_that_is_written_and_read_is_the_same_plan(plan: Plan) -> None:
    opened = read_plan(written(plan), FOLDER, MEMBER_CHANGES.types)
    assert opened == plan
    assert plan_digest(opened) == plan_digest(plan)


@quick
@given(plans(), st.data())
def test_a_document_that_was_edited_anywhere_is_refused(plan: Plan, data: st.DataObject) -> None:
    document = written(plan)
    edited = copy.deepcopy(document)
    path = data.draw(st.sampled_from([path for path in leaves(document) if bound(path)]))
    part = edited
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = data.draw(
        st.sampled_from(["edited", -1, None, {"a": 1}]).filter(lambda value: value != part[path[-1]])
    )
    assert document_digest(edited) != document["digest"]
    with pytest.raises(Stale):
        read_plan(edited, FOLDER, MEMBER_CHANGES.types)


def bound(path: tuple[Any, ...]) -> bool:
    """Whether the digest binds a part of a document, and its format is not looked at before."""
    unbound = {("digest",), ("timestamp",), ("format_version",), ("request_budget", "reads")}
    # what was read of the time, the machine or the place of a manifest, and changes nothing of what is done
    told = path[0] in ("notices", "notice_details", "ledger", "places", "causes", "against") or path[:2] == (
        "impact",
        "data",
    )
    foreseen = path[0] == "campaigns" and path[2:3] in (("forecast",), ("statistics",), ("opens",))
    return path not in unbound and not told and not foreseen


def leaves(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a document that is not itself made of parts."""
    steps: list[Any] = (
        list(part) if isinstance(part, dict) else list(range(len(part))) if isinstance(part, list) else []
    )
    return [leaf for step in steps for leaf in leaves(part[step], (*path, step))] if steps else [path]


NOTICES = st.builds(lambda words, name: Notice("nothing_to_release", words, {"name": name}), TEXTS, TEXTS)


@quick
@given(plans(), INSTANTS, st.integers(0, 10**6), st.lists(NOTICES).map(tuple), FORECASTS, STATISTICS)
def test_how_and_when_a_plan_was_made_and_what_may_come_of_it_is_not_bound_by_its_digest(
    plan: Plan,
    created: datetime,
    reads: int,
    notices: tuple[Notice, ...],
    foreseen: Forecast | None,
    counted: Statistics | None,
) -> None:
    campaigns = tuple(replace(each, forecast=foreseen, statistics=counted) for each in plan.campaigns)
    budget = replace(plan.budget, reads=reads)
    told = replace(plan, created=created, budget=budget, notices=notices, campaigns=campaigns)
    assert plan_digest(told) == plan_digest(plan)


@quick
@given(st.builds(Address, NAMES, TEXTS.filter(lambda name: "[" not in name), st.none() | NAMES))
def test_an_address_of_a_manifest_is_read_back_as_it_was_written(address: Address) -> None:
    assert Address.parse(str(address)) == address


@quick
@given(TEXTS)
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    try:
        parsed = Address.parse(text)
    except ValueError as error:
        assert repr(text) in str(error)
    else:
        assert parsed.kind
        assert parsed.name


@quick
@given(st.lists(st.integers(0, 10_000) | st.none(), min_size=4, max_size=4).filter(lambda parts: parts != [None] * 4))
def test_a_duration_is_the_sum_of_its_parts(parts: list[int | None]) -> None:
    text = "".join(f"{part}{unit}" for part, unit in zip(parts, "dhms", strict=True) if part is not None)
    days, hours, minutes, seconds = (part or 0 for part in parts)
    assert parse_duration(text) == timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@quick
@given(st.text("0123456789dhms -+.", max_size=8))
def test_any_text_is_a_duration_or_is_refused(text: str) -> None:
    try:
        assert parse_duration(text) >= timedelta(0)
    except ValueError as error:
        assert repr(text) in str(error)
    else:
        assert text
        assert text[-1] in "dhms"


@quick
@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_an_instant_is_the_same_in_every_zone(instant: datetime, minutes: int) -> None:
    elsewhere = instant.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_instant(elsewhere.isoformat()) == instant == parse_instant(format_instant(elsewhere))
    assert format_instant(elsewhere) == format_instant(instant)
    assert parse_instant(format_instant(instant).lower()) == parse_instant(elsewhere.isoformat().lower()) == instant


@quick
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), NAMES, st.sampled_from(["", " ", "\n", "\r\n"]))
def test_a_mark_is_taken_off_as_it_was_put_on(description: str, workspace: str, behind: str) -> None:
    assert split_mark(with_mark(description, workspace) + behind) == (normalise_description(description), workspace)
    assert split_mark(description.replace("\n", "\r\n") + behind)[0] == normalise_description(description)
