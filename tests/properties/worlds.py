"""Any workspace, and any tenant that it may meet: owned, foreign and drifted things, and contacts of every sort."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from reconciler.simulator import Simulator

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
OWNER = "test"
CONTACTS = ("C1", "C2", "C3", "C4", "C5", "c1", "Ünal 7", "a'b\"c", "0008")
MANAGED = {"one": "First", "two": "Second", "three": "Third list"}
"""The manifests of the lists that segments fill, and the lists' live names."""
EVERYBODY, INVITED = "All customers", "Invited"
LEFT_OVER = st.sampled_from(("Left over", "one", "calls-0", "VIP [old]", "100 % [of", "[high]", "a/b"))
"""Names of what no manifest declares: any text, and now and then the very name of a manifest."""

Manifest = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Manifests, and what the tenant holds when they are first planned."""

    manifests: tuple[Manifest, ...]
    contacts: tuple[dict[str, Any], ...]
    interactions: tuple[dict[str, Any], ...]
    lists: dict[str, tuple[str, dict[str, dict[str, Any]]]]
    campaigns: tuple[dict[str, Any], ...]
    prune: bool

    def of_kind(self, kind: str) -> dict[str, dict[str, Any]]:
        """The specs of a kind, by name."""
        return {each["metadata"]["name"]: each["spec"] for each in self.manifests if each["kind"] == kind}

    def files(self, tenant: Simulator) -> str:
        """The manifests as text, with a Tenant manifest for an embedded tenant."""
        surfaces = {
            name: {
                "baseUrl": tenant.base_url(name),
                "tokenUrl": tenant.token_url(name),
                "rate": 9999,
                "burst": 999,
                "workers": 3,
            }
            for name in ("outbound", "lists")
        }
        credentials = {"clientId": {"env": "CXONE_CLIENT_ID"}, "clientSecret": {"env": "CXONE_CLIENT_SECRET"}}
        declared = manifest("Tenant", "embedded", {"credentials": credentials, "surfaces": surfaces})
        return "\n---\n".join(json.dumps(each) for each in (declared, *self.manifests))

    def fill(self, tenant: Simulator) -> None:
        """Make a tenant hold what it is to hold, and nothing else."""
        tenant.reset()
        tenant.store.add_contacts(self.contacts)
        tenant.store.add_interactions(self.interactions)
        for name, (description, members) in self.lists.items():
            tenant.store.add_list(name, members, description=description)
        for campaign in self.campaigns:
            tenant.store.add_campaign(**campaign)


def manifest(kind: str, name: str, spec: dict[str, Any]) -> Manifest:
    """A manifest."""
    return {"apiVersion": "cxone.reconciler/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


SCORES = (
    st.none()
    | st.sampled_from((0, 40, 70, 74.99, 74.995, 75, 75.0, 100))
    | st.integers(0, 10_000).map(lambda n: n / 100)
)
STATUSES = st.sampled_from((*["ACTIVE"] * 7, "ARCHIVED", "DELETED"))
DATA = st.fixed_dictionaries(
    {},
    optional={
        "priority": st.integers(1, 4) | st.just("2"),
        "score": st.integers(0, 10_000).map(lambda n: n / 100) | st.sampled_from(("77.5", "high")),
        "note": st.just("by hand"),
    },
)
MARK = f"(managed-by: reconciler/{OWNER})"
OWNERS = st.sampled_from(("", MARK, f"by hand {MARK}", f"by design {MARK}", "by hand"))
STRANGERS = st.sampled_from((*["by hand"] * 9, "(managed-by: reconciler/others)"))
DESCRIPTIONS = st.sampled_from(("", "by hand", "by design"))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A workspace and a tenant; the limits are loose, so that most plans may be applied."""
    ids = draw(st.just(list(CONTACTS)) | st.lists(st.sampled_from(CONTACTS), min_size=1, unique=True))
    contacts = [_contact(draw, each) for each in ids]
    members = st.lists(st.sampled_from(ids), unique=True)
    some = st.lists(st.sampled_from(ids), min_size=1, unique=True)
    lists: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
        name: ("", {each: {} for each in draw(st.permutations(ids) | some)}) for name in (EVERYBODY, INVITED)
    }
    segments = draw(st.sampled_from((["engagement"], ["bands"], ["history"], ["engagement", "history"])))
    free = draw(st.permutations(list(MANAGED)))
    manifests = [draw(_workspace(segments))]
    for segment in segments:
        count = draw(st.integers(1, 1 if segment == "engagement" else 2))
        manifests += draw(_segment(segment, free[:count]))
        free = free[count:]
    used = [
        each
        for each in MANAGED
        if any(each in spec["spec"]["lists"].values() for spec in manifests if spec["kind"] == "Segment")
    ]
    for name in used:
        manifests.append(manifest("ContactList", name, draw(_list_spec(MANAGED[name]))))
        if draw(st.sampled_from((True, True, True, False))):
            lists[MANAGED[name]] = (draw(OWNERS | STRANGERS), {each: draw(DATA) for each in draw(members)})
    campaigns: list[dict[str, Any]] = []
    if draw(st.booleans()):
        manifests.append(manifest("AbandonmentPolicy", "by-band", {"thresholds": {"high": 3, "low": 8}}))
        for number in range(draw(st.integers(1, 2))):
            manifests.append(manifest("Campaign", f"calls-{number}", draw(_campaign_spec(f"Calls {number}", used))))
            if draw(st.booleans()):
                campaigns.append({**draw(_live_campaign(list(lists))), "name": f"Calls {number}"})
    prune = draw(st.booleans())
    if draw(st.booleans()):
        name, owner = draw(LEFT_OVER), draw(OWNERS)
        lists[name] = (owner, {each: {} for each in draw(members)})
        if draw(st.booleans()):
            campaigns.append({**draw(_live_campaign([name])), "name": draw(LEFT_OVER), "description": owner})
    interactions = [] if "history" not in segments else draw(_interactions(ids))
    return World(tuple(manifests), tuple(contacts), tuple(interactions), lists, tuple(campaigns), prune)


def _contact(draw: st.DrawFn, contact: str) -> dict[str, Any]:
    score = draw(SCORES)
    return {"id": contact, "status": draw(STATUSES), **({} if score is None else {"engagementScore": score})}


@st.composite
def _workspace(draw: st.DrawFn, segments: list[str]) -> Manifest:
    spec: dict[str, Any] = {"asOf": AS_OF.isoformat()}
    if draw(st.sampled_from((True, True, True, True, True, False))):
        reason = "Every change is welcome here."
        spec["limits"] = {"removals": 100, "updates": 100}
        spec["overrides"] = [
            {"rule": "LIM-EMPTIED", "object": f"Segment/{each}", "reason": reason} for each in segments
        ]
        spec["overrides"] += [
            {"rule": "LIM-STOPPED", "object": f"Campaign/{each}", "reason": reason} for each in ("calls-0", "calls-1")
        ]
    return manifest("Workspace", OWNER, spec)


@st.composite
def _segment(draw: st.DrawFn, name: str, lists: list[str]) -> list[Manifest]:
    edge = draw(st.sampled_from((0, 40, 74.99, 75, 100)))
    bands = [{"name": "high", "from": 70}, {"name": "low", "from": 0, "priority": draw(st.integers(1, 3))}]
    scores: dict[str, dict[str, Any]] = {
        "engagement": {"engagement": {"threshold": edge}},
        "bands": {"engagement": {"bands": [{"name": "high", "from": 75}, {"name": "low", "from": 40, "to": 75}]}},
        "history": {"recencyFrequency": {"window": "30d", "bands": bands}},
    }
    types = draw(st.sampled_from((["voice"], ["chat", "voice"])))
    source: dict[str, Any] = {"contactList": {"name": EVERYBODY}}
    if name == "history":
        source = {"interactions": {"of": {"name": EVERYBODY}, "types": types}}
    delivery: dict[str, Any] = {"method": draw(st.sampled_from(("contactIds", "listContacts")))}
    delivery["chunkSize"] = draw(st.sampled_from((1, 2, 3, 500)))
    if delivery["method"] == "listContacts":
        delivery["attributes"] = draw(st.lists(st.sampled_from(("priority", "score")), unique=True))
    names = ["engaged"] if name == "engagement" else draw(st.permutations(["high", "low"]))
    spec: dict[str, Any] = {
        "source": name,
        "score": name,
        "lists": dict(zip(names, lists, strict=False)),
        "delivery": delivery,
    }
    membership = draw(st.sampled_from(("mirror", "mirror", "upsert", None)))
    if membership is not None:
        spec["membership"] = membership
    if draw(st.sampled_from((True, False, False))):
        spec["intersect"] = [{"name": INVITED}]
    return [
        manifest("ContactSource", name, source),
        manifest("ScoreModel", name, scores[name]),
        manifest("Segment", name, spec),
    ]


@st.composite
def _list_spec(draw: st.DrawFn, name: str) -> dict[str, Any]:
    return {
        "name": name,
        **draw(st.fixed_dictionaries({}, optional={"description": DESCRIPTIONS, "type": st.just("outbound")})),
    }


@st.composite
def _campaign_spec(draw: st.DrawFn, name: str, lists: list[str]) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "name": name,
        "dialType": draw(st.sampled_from(("predictive", "progressive"))),
        "list": draw(st.sampled_from(lists)),
        "abandonment": {"policy": "by-band", "band": draw(st.sampled_from(("high", "low")))},
        "schedule": draw(
            st.sampled_from(
                (
                    {"startsIn": "15m", "lasts": "8h"},
                    {"start": "2040-01-01T09:00:00+01:00", "lasts": "1d12h"},
                    {"start": "2040-01-01T08:00:00Z", "end": "2040-02-01T00:00:00Z"},
                )
            )
        ),
        "wrapUpCode": draw(st.sampled_from(("DONE", "SOLD"))),
        "status": draw(st.sampled_from(("draft", "active", "paused"))),
    }
    if spec["dialType"] == "predictive":
        optional = {"agentAvailabilityFactor": st.sampled_from((0.5, 1))}
        required = {"targetAnswerRate": st.sampled_from((0.25, 1)), "maxCallsInProgress": st.integers(1, 2)}
        spec["predictive"] = draw(st.fixed_dictionaries(required, optional=optional))
    return {**spec, **draw(st.fixed_dictionaries({}, optional={"description": DESCRIPTIONS}))}


@st.composite
def _live_campaign(draw: st.DrawFn, lists: list[str]) -> dict[str, Any]:
    settings = {"targetAnswerRate": 0.25, "maxCallsInProgress": draw(st.integers(1, 2)), "agentAvailabilityFactor": 0.5}
    return {
        "list_name": draw(st.sampled_from(lists)),
        "dialType": draw(st.sampled_from(("predictive", "progressive"))),
        "abandonThreshold": draw(st.sampled_from((3, 3.0, 5.5))),
        "startTime": "2040-01-01T08:00:00.000Z",
        "endTime": draw(st.sampled_from(("2040-02-01T00:00:00Z", "2040-01-02T20:00:00Z"))),
        "wrapUpCode": "DONE",
        "status": draw(st.sampled_from(("draft", "active"))),
        "predictiveDialingSettings": settings,
        **draw(st.fixed_dictionaries({}, optional={"description": OWNERS})),
    }


@st.composite
def _interactions(draw: st.DrawFn, contacts: list[str]) -> list[dict[str, Any]]:
    found = draw(
        st.lists(
            st.tuples(
                st.sampled_from(contacts),
                st.sampled_from(("voice", "voice", "voice", "chat", "email")),
                st.integers(1, 20 * 86_400) | st.sampled_from((-1, 0, 1, 30 * 86_400, 30 * 86_400 + 1)),
            ),
            min_size=3,
            max_size=25,
        )
    )
    found += [(contact, "voice", 86_400) for contact in contacts[:2]]
    return [
        {
            "id": f"I{number}",
            "contactId": contact,
            "type": kind,
            "startTime": (AS_OF - timedelta(seconds=ago)).isoformat().replace("+00:00", "Z"),
        }
        for number, (contact, kind, ago) in enumerate(found)
    ]


_CALLS = {
    "dialType": "progressive",
    "list": "one",
    "abandonment": {"policy": "by-band", "band": "high"},
    "schedule": {"startsIn": "15m", "lasts": "8h"},
    "wrapUpCode": "DONE",
    "status": "active",
}
BUSY = World(
    manifests=(
        manifest("Workspace", OWNER, {"asOf": AS_OF.isoformat(), "limits": {"removals": 100, "updates": 100}}),
        manifest("ContactSource", "engagement", {"contactList": {"name": EVERYBODY}}),
        manifest("ScoreModel", "engagement", {"engagement": {"threshold": 75}}),
        manifest("ContactList", "one", {"name": MANAGED["one"], "description": "by design"}),
        manifest(
            "Segment",
            "engagement",
            {
                "source": "engagement",
                "score": "engagement",
                "intersect": [{"name": INVITED}],
                "lists": {"engaged": "one"},
                "membership": "mirror",
                "delivery": {"method": "listContacts", "attributes": ["score", "priority"], "chunkSize": 1},
            },
        ),
        manifest("AbandonmentPolicy", "by-band", {"thresholds": {"high": 3}}),
        manifest("Campaign", "calls-0", {"name": "Calls 0", **_CALLS}),
    ),
    contacts=(
        *({"id": each, "status": "ACTIVE", "engagementScore": 80} for each in CONTACTS[:5]),
        {"id": CONTACTS[5], "status": "ACTIVE", "engagementScore": 74.99},
        {"id": CONTACTS[6], "status": "ARCHIVED", "engagementScore": 90},
    ),
    interactions=(),
    lists={
        EVERYBODY: ("", {each: {} for each in CONTACTS[:7]}),
        INVITED: ("", {each: {} for each in CONTACTS[1:7]}),
        MANAGED["one"]: (
            "by hand",
            {
                CONTACTS[0]: {"score": 80, "priority": 1},
                CONTACTS[1]: {"score": 80, "priority": 1},
                CONTACTS[2]: {"score": 79, "priority": 1},
                CONTACTS[5]: {},
                CONTACTS[6]: {},
            },
        ),
        "one": (MARK, {}),
    },
    campaigns=(),
    prune=True,
)
"""Adds, updates, removals, an adoption, a creation and a deletion, all at once."""
