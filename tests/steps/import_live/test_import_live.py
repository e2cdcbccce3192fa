"""Whatever a tenant holds, on every surface: what is imported loads, and differs in nothing from what is live."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.cxone import name_lookup
from reconciler.kinds import load_kinds, load_schema
from reconciler.model.desired_state import Desired
from reconciler.model.draft import Imported
from reconciler.model.live_state import Live, LiveObject
from reconciler.model.object_change import Action
from reconciler.model.reason import Reason
from reconciler.model.surface_wire import Wire
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.diff.object_diff import diff_declared
from reconciler.steps.import_live import import_live
from reconciler.steps.import_live.manifest_names import choose_names
from reconciler.steps.import_live.schema_fit import Unfit, fit
from reconciler.steps.load import load
from reconciler.steps.load.schema_check import list_faults
from reconciler.views.imported_files import describe_left_out, make_files
from tests.conftest import manifest
from tests.sample import examples
from tests.surfaces.conftest import APIS, added

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
CREDENTIALS = "credentials: {clientId: {env: A}, clientSecret: {env: B}}"
TENANTS = {
    "lists": "lists: {baseUrl: 'https://x.example', tokenUrl: 'https://x.example/t'}",
    "nice": "nice: {tokenUrl: 'https://x.example/t', issuer: 'https://x.example', scheduleZone: America/New_York}",
    "deskapi": "deskapi: {baseUrl: 'https://x.example', tokenUrl: 'https://x.example/t'}",
}
MARKS = ("", "", "", "", " (managed-by: reconciler/test)", " (managed-by: reconciler/other)")

odd = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
words = (
    st.sampled_from(
        (
            "FL winback",
            "FL: winback!",
            "no",
            "1e3",
            "0777",
            "~",
            "{{ x }}",
            "{% if %}",
            "a'b\"c",
            "# not",
            "- a",
            "x: y",
            "Ünal",
        )
    )
    | odd
)
texts = words | st.sampled_from(("line\nline", "call 212 555 0123", "jo@example.org", " ", "x" * 1001))
wild = (
    st.none() | st.booleans() | st.integers(-5, 200) | st.floats(-1, 12, width=16) | texts | st.lists(texts, max_size=2)
)


def body(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object of these fields, of which now and then one is not there."""
    missing = st.sampled_from(["", "", "", "", *fields])
    return st.builds(
        lambda whole, without: {name: value for name, value in whole.items() if name != without},
        st.fixed_dictionaries(fields),
        missing,
    )


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """One value more often than the others together."""
    return st.sampled_from((*[usual] * (2 * len(others)), *others))


marked = st.builds(lambda text, mark: f"{text}{mark}", texts, st.sampled_from(MARKS))
tuning = body(
    targetAnswerRate=mostly(0.3, 1, 0, "0.4", 7),
    maxCallsInProgress=mostly(20, 1, 2.5, None),
    agentAvailabilityFactor=st.floats(0, 1),
    vendorKnob=wild,
)
ids = mostly("1", "2", "9")
statuses = mostly("active", "Running", "PAUSED", "draft", "zombie", None)
LISTS = {
    "ContactList": body(description=marked, type=mostly("outbound", "Outbound", "inbound", None)),
    "Campaign": body(
        description=marked,
        dialType=mostly("predictive", "Progressive", "PREVIEW", "telepathic", None),
        status=statuses,
        wrapUpCode=words,
        abandonThreshold=st.sampled_from((3, 2.5, "4", 0.5, 3.3333333333, 12)),
        startTime=mostly("2027-01-05T14:00:00Z", "2027-01-06T00:00:00+02:00", "2027-01-05T00:00:00.5Z", "soon", None),
        endTime=mostly("2027-01-07T14:00:00Z", "2027-01-04T00:00:00Z", "20270107T000000Z", None),
        listId=ids,
        predictiveDialingSettings=tuning,
    ),
}


def blocks() -> st.SearchStrategy[dict[str, Any]]:
    """Settings of a skill, as far as its schema names some, and others."""
    known = load_schema("Skill")["properties"]["spec"]["properties"]
    named = {
        each: body(**dict.fromkeys(list(known[each].get("properties", ()))[:6], wild), other=wild)
        for each in ("generalSettings", "cpaSettings", "xsSettings", "retrySettings", "deliveryPreferences")
    }
    return body(**named, scheduleSettings=body(isScheduled=wild, mondayIsActive=st.booleans(), mondayStartTime=texts))


NICE = {
    "ContactList": body(status=st.just("Active")),
    "Campaign": body(
        isActive=st.just(True),
        isRunning=st.booleans(),
        outboundStrategy=st.sampled_from(("Personal Connection", "Manual")) | words,
        notes=st.builds(
            lambda text, tag, mark: f"{text}{tag}{mark}",
            texts,
            st.sampled_from(("", " [campaign 2027-01-05T14:00:00Z/2027-01-06T00:00:00Z]", " [skill]")),
            st.sampled_from(MARKS),
        ),
    ),
    "DncGroup": body(dncGroupDescription=marked),
}
DESK = {
    "ContactList": st.fixed_dictionaries({"sort": mostly("OUT", "IN")}),
    "Campaign": st.builds(
        lambda always, others: {**always, **others},
        st.fixed_dictionaries({"state": mostly("ON", "OFF", "NEW", "??"), "mode": mostly("G", "P", "V", "X")}),
        body(
            **{
                "cap": mostly(3, 2.5, 0.5),
                "from": st.just("2027-01-05T14:00:00Z"),
                "until": st.just("2027-01-06T00:00:00Z"),
                "code": words,
                "groupRef": ids,
                "keeper": mostly(None, "reconciler/test", "reconciler/other", "Jo"),
                "tuning": body(rate=mostly(0.3, 0), lines=mostly(1, 2.5)),
            }
        ),
    ),
}
SURFACES: Mapping[str, Mapping[str, Any]] = {"lists": LISTS, "nice": NICE, "deskapi": DESK}


@st.composite
def tenants(draw: st.DrawFn, surface: str) -> dict[str, list[LiveObject]]:
    """What a reader tells of a tenant on one surface."""
    found: dict[str, list[LiveObject]] = {}
    skills: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for kind, bodies in SURFACES[surface].items():
        several = draw(st.lists(st.tuples(words, bodies), min_size=1, max_size=4, unique_by=lambda each: each[0]))
        several += several[:1] if draw(st.integers(0, 9)) == 9 else []
        wire = load_kinds()[kind].surface([surface])
        assert wire is not None
        made = [
            {wire.id_field: str(at), wire.name_field: name, **fields} for at, (name, fields) in enumerate(several, 1)
        ]
        answers = [_answers(draw, wire) for _ in made]
        if kind == "Campaign" and surface == "nice":
            skills = list(zip(made, answers, strict=True))
        found[kind] = _understand(kind, wire, list(zip(made, answers, strict=True)), found)
    if surface == "nice":
        wire = load_kinds()["Skill"].surface([surface])
        assert wire is not None
        found["Skill"] = _understand("Skill", wire, skills, found)
    return found


def _answers(draw: st.DrawFn, wire: Wire) -> dict[str, Any]:
    """What the endpoints of an object's parts tell."""
    if wire.name != "nice" or not wire.parts:
        return {}
    if "scrubs" in (wire.holds or ()):
        return {
            each: [{"skillId": one} for one in draw(st.lists(ids, unique=True))]
            for each in ("scrubbedSkills", "contributingSkills")
        }
    return {**draw(blocks()), "callingLists": [{"id": each} for each in draw(st.lists(ids, max_size=2, unique=True))]}


def _understand(
    kind: str,
    wire: Wire,
    bodies: Sequence[tuple[dict[str, Any], dict[str, Any]]],
    known: Mapping[str, Sequence[LiveObject]],
) -> list[LiveObject]:
    """As `cxone/object_reader.py` does, without a network."""
    if wire.bind is not None:
        wire = wire.bind({"scheduleZone": "America/New_York"})
    made = []
    for each, answers in bodies:
        if wire.gone(each):
            continue
        fields = wire.read(each)
        for part in wire.parts:
            fields |= part.read([each, answers] if part.also else answers)
        owner = wire.ownership.split(fields)
        for reference in wire.references:
            names = {one.id: one.name for one in known.get(reference.kind, ())}
            told = fields.pop(reference.wire, None)
            if reference.many and told is not None:
                fields[reference.field] = dict.fromkeys(sorted(names[one] for one in told if one in names), True)
            elif told is not None:
                fields[reference.field] = names.get(str(told), f"(unknown {reference.kind} {told})")
        fields["name"] = each[wire.name_field]
        made.append(LiveObject(kind, fields["name"], each[wire.id_field], fields, owner))
    return list(name_lookup.split_alike(made, set()))


def workspace(root: Path, surface: str) -> Workspace:
    root.mkdir(parents=True, exist_ok=True)
    (root / "tenant.yaml").write_text(manifest("Tenant", "live", f"{CREDENTIALS}\nsurfaces:\n  {TENANTS[surface]}"))
    (root / "workspace.yaml").write_text(manifest("Workspace", "test", "asOf: 2026-07-01T00:00:00Z"))
    return Workspace(root, root / ".scratch", NOW)


def imported(desired: Desired, objects: Mapping[str, Sequence[LiveObject]], surface: str, **options: Any) -> Imported:
    return import_live(desired, objects, [surface], list_faults, lambda kind, name: True, **options)


def write(root: Path, found: Imported) -> None:
    for name, text in make_files(found).items():
        path = root / "imported" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "imported").mkdir(exist_ok=True)
    (root / "imported" / "left-out.yaml").write_text(describe_left_out(found) or "", encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def _another_api() -> Iterator[None]:
    with added(APIS):
        yield


@pytest.mark.parametrize("surface", sorted(SURFACES))
def test_what_is_imported_loads_and_differs_in_nothing_from_what_is_live(surface: str) -> None:
    @settings(
        max_examples=examples(60),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(tenants(surface))
    def holds(objects: dict[str, list[LiveObject]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            asked = workspace(Path(folder) / "w", surface)
            found = imported(load(asked, within_bounds=False), objects, surface)
            write(asked.root, found)
            desired = load(asked, within_bounds=False)
            live = Live(
                {kind: {each.name: each for each in held} for kind, held in objects.items()}, surfaces={surface: ""}
            )
            changes = list(diff_declared(desired, live))
            assert [each for each in changes if each.action is not Action.NO_OP] == []
            # every object is declared, or left out with a reason; and nothing is declared twice
            told = {(each.address.kind, each.live_name) for each in found.manifests if each.live_name is not None}
            left = {(each.kind, each.name) for each in found.left}
            missing = {
                (each.kind, each.name, each.id)
                for held in objects.values()
                for each in held
                if (each.kind, each.fields["name"]) not in told and (each.kind, each.name) not in left
            }
            also = {(each.id) for each in found.manifests if each.address.kind in ("Campaign", "Skill")}
            assert {each for each in missing if each[0] not in ("Campaign", "Skill") or each[2] not in also} == set()
            assert len(changes) == len(told)
            # a second time there is nothing left to write
            again = imported(desired, objects, surface)
            assert (again.manifests, again.declared) == ((), len(told))
            text = "".join(path.read_text(encoding="utf-8") for path in (asked.root / "imported").rglob("*.yaml"))
            assert "555 0123" not in re.sub(r"^ *name: .*$|^# .*$", "", text, flags=re.MULTILINE)

    holds()


def held(kind: str, name: str, **fields: Any) -> LiveObject:
    return LiveObject(kind, name, f"id-{name}", {"name": name, **fields})


def test_adopted_ones_say_nothing_of_it_and_only_lists_that_are_dialled_come_unasked(tmp_path: Path) -> None:
    window = {"startTime": "2027-01-05T14:00:00Z", "endTime": "2027-01-06T00:00:00Z"}
    calls = held("Campaign", "FL-1", dialType="preview", list="A", status="paused", wrapUpCode="X", **window)
    lists = [held("ContactList", each, type="outbound") for each in "AB"]
    desired = load(workspace(tmp_path / "w", "lists"), within_bounds=False)
    objects = {
        "Campaign": [calls, replace(calls, name="GA-1", id="id-GA-1", fields={**calls.fields, "name": "GA-1"})],
        "ContactList": lists,
    }
    found = import_live(
        desired, objects, ["lists"], list_faults, lambda kind, name: name.startswith("FL-"), adopts=True
    )
    assert [str(each.address) for each in found.manifests] == ["Campaign/fl-1", "ContactList/a"]
    assert [each.spec.get("adopt") for each in found.manifests] == [None, None]
    assert [Reason("import_needed") in each.notes for each in found.manifests] == [False, True]
    assert (found.unchosen, found.left) == (2, ())


def test_names_follow_from_the_live_names_alone() -> None:
    assert choose_names(["Zoë – Süd", "FL: 1", "FL 1", "日本", "x" * 80], {"zoe-sud"}) == {
        "Zoë – Süd": "zoe-sud-405d02",
        "FL 1": "fl-1",
        "FL: 1": "fl-1-1dacfd",
        "日本": "unnamed",
        "x" * 80: "x" * 63,
    }


def test_a_draft_that_lacks_what_its_schema_asks_for_is_none() -> None:
    from reconciler.model.resource_address import Address

    with pytest.raises(Unfit) as refused:
        fit(Address("Skill", "x"), {"name": "X"}, list_faults)
    assert refused.value.why == Reason("import_field_untold", ("strategy",))
    spec, left = fit(
        Address("Skill", "x"),
        {"name": "X", "strategy": "PC", "generalSettings": {"loadFresh": "yes", "new": 1}},
        list_faults,
    )
    assert spec == {"name": "X", "strategy": "PC"}
    assert dict(left) == {
        "generalSettings.loadFresh": Reason("import_value_not_allowed"),
        "generalSettings.new": Reason("import_not_in_schema"),
    }
